"""C++ sources as the layer check sees them: place, includes, string literals."""

import dataclasses
import functools
import pathlib
import re

DIRECTORIES = ("common", "services", "cli", "client", "tests")

# One token that matters: raw string, string, character, comment. In this order, a quote inside a
# comment or a comment sign inside a string is taken for what it is.
TOKENS = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\((?P<raw>.*?)\)(?P=tag)"'
    r'|"(?P<string>(?:[^"\\\n]|\\.)*)"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'"
    r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Source:
    path: str  # From the root, with slashes.
    text: str

    @property
    def parts(self):
        return self.path.split("/")

    @property
    def service(self):
        """The service it belongs to, if any."""
        return self.parts[1] if self.parts[0] == "services" and len(self.parts) > 2 else None

    @property
    def part(self):
        """The part of common/ it belongs to, if any."""
        return self.parts[1] if self.parts[0] == "common" and len(self.parts) > 2 else None

    @property
    def layer(self):
        """`domain`, `store`, `rpc`...; empty for a service's own files, such as main.cc."""
        return self.parts[2] if self.service and len(self.parts) > 3 else ""

    @property
    def is_test(self):
        stem = pathlib.PurePosixPath(self.path).stem
        return (stem.endswith(("_test", "_pgtest", "_mototest", "_e2etest", "_contract"))
                or self.path.startswith(("tests/", "common/testing/")) or "/testing/" in self.path)

    @property
    def is_cli(self):
        return self.parts[0] == "cli"

    @property
    def is_domain(self):
        return self.layer == "domain"

    @property
    def is_wiring(self):
        """main.cc and its helpers construct everything, so they see every layer."""
        return self.service is not None and self.layer == ""

    @property
    def may_see_requests(self):
        """wire/ is the gateway's rpc/: between Amazon's protocol and the services' messages."""
        return (self.layer in ("rpc", "wire") or self.is_wiring
                or self.is_test and not self.is_domain)

    @property
    def may_hold_sql(self):
        """Postgres stores are told by their names: postgres_store.cc, pg_reader.cc, postgres/..."""
        if self.part in ("pg", "testing"):
            return True
        place = "/".join(self.parts[3:])
        return self.layer == "store" and re.search(r"(^|[/_])(pg|postgres)", place) is not None

    @functools.cached_property
    def lines(self):
        return self.text.count("\n")

    @functools.cached_property
    def includes(self):
        """(line, header) of each #include."""
        return [(self._line_at(match.start()), match[1]) for match in INCLUDE.finditer(self.text)]

    @functools.cached_property
    def strings(self):
        """(line, content) of each string literal; neighbours that the compiler joins are joined."""
        found, end = [], None
        for match in TOKENS.finditer(self.text):
            content = match["raw"] if match["raw"] is not None else match["string"]
            if content is None:
                continue
            if end is not None and not self.text[end:match.start()].strip():
                found[-1] = (found[-1][0], found[-1][1] + content)
            else:
                found.append((self._line_at(match.start()), content))
            end = match.end()
        return found

    def _line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1


def read_sources(root: pathlib.Path):
    paths = sorted(path for directory in DIRECTORIES for path in (root / directory).rglob("*")
                   if path.suffix in (".cc", ".h") and "node_modules" not in path.parts)
    return [Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
            for path in paths]
