"""Compares every committed change with what arrived. Memory: 16 bytes for each change."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    committed: int
    arrived: int  # changes, however often each
    lost: int  # never arrived, and not parked
    reordered: int  # first deliveries that came after one of a higher count
    altered: int  # arrived otherwise than committed, or than before
    unknown: int  # arrived and never committed
    repeated: int  # deliveries after the first
    parked: int

    @property
    def good(self) -> bool:
        return not (self.lost or self.reordered or self.altered or self.unknown)


class Judge:
    """Is told of arrivals in their order, and of what was committed at the end."""

    def __init__(self) -> None:
        self.arrived = 0
        self.repeated = 0
        self._digests: dict[int, array[int]] = defaultdict(lambda: array("Q"))  # by count - 1
        self._missing: dict[int, set[int]] = {}  # counts below the highest that did not come yet
        self._reordered = 0
        self._altered = 0

    def note(self, dataset: int, count: int, digest: int) -> None:
        """A change of the dataset arrived."""
        digests = self._digests[dataset]
        expected = len(digests) + 1
        if count == expected:
            digests.append(digest)
            self.arrived += 1
        elif count > expected:
            self._missing.setdefault(dataset, set()).update(range(expected, count))
            digests.extend([0] * (count - expected))
            digests.append(digest)
            self.arrived += 1
        elif count in self._missing.get(dataset, ()):
            self._missing[dataset].remove(count)
            digests[count - 1] = digest
            self.arrived += 1
            self._reordered += 1
        else:
            self.repeated += 1
            self._altered += digests[count - 1] != digest

    def judge(self, committed: Iterable[tuple[int, int, int]],
              parked: Collection[tuple[int, int]] = ()) -> Verdict:
        """`committed`: (dataset, count, digest), each dataset's in order; `parked`: (dataset,
        count). Raises ValueError if counts of a dataset did not rise one by one."""
        counts: dict[int, int] = defaultdict(int)
        lost = altered = total = 0
        for dataset, count, digest in committed:
            total += 1
            counts[dataset] += 1
            if count != counts[dataset]:
                raise ValueError(f"dataset {dataset}: count {count} was given after "
                                 f"{counts[dataset] - 1}")
            if not self._came(dataset, count):
                lost += (dataset, count) not in parked
            elif self._digests[dataset][count - 1] != digest:
                altered += 1
        unknown = sum(self._came(dataset, count)
                      for dataset, digests in list(self._digests.items())
                      for count in range(counts[dataset] + 1, len(digests) + 1))
        return Verdict(total, self.arrived, lost, self._reordered, altered + self._altered, unknown,
                       self.repeated, len(parked))

    def _came(self, dataset: int, count: int) -> bool:
        return (count <= len(self._digests.get(dataset, ()))
                and count not in self._missing.get(dataset, ()))
