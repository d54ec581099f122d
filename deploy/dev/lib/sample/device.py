"""A device that keeps one dataset offline and synchronizes it, as Amazon's client libraries do."""

import dataclasses
import datetime


@dataclasses.dataclass(frozen=True)
class Held:
    """A record as the server had it when this device last heard of it."""
    value: str | None  # None: removed
    sync_count: int


@dataclasses.dataclass(frozen=True)
class Push:
    """A synchronization that the server accepted: what was sent, and the records it answered."""
    identity: str
    dataset: str
    sync_count: int
    patches: list
    answered: list


class Device:
    def __init__(self, client, pool, identity, dataset, name):
        self.client, self.name, self.identity, self.dataset = client, name, identity, dataset
        self.where = {"IdentityPoolId": pool, "IdentityId": identity, "DatasetName": dataset}
        self.held = {}  # key -> Held
        self.changes = {}  # key -> value, or None to remove
        self.sync_count = 0
        self.token = None

    def set(self, key, value):
        self.changes[key] = value

    def remove(self, key):
        self.changes[key] = None

    def values(self):
        """The live records, with the changes made here."""
        values = {key: held.value for key, held in self.held.items()} | self.changes
        return {key: value for key, value in values.items() if value is not None}

    def synchronize(self):
        """Pulls, then pushes what was changed here; on both sides changed, this device wins."""
        self.pull()
        return self.push() if self.changes else None

    def pull(self):
        page = {}
        while True:
            page = self.client.list_records(
                **self.where, LastSyncCount=self.sync_count, MaxResults=1024,
                **({"NextToken": page["NextToken"]} if page else {}))
            for record in page["Records"]:
                self.held[record["Key"]] = Held(record.get("Value"), record["SyncCount"])
            if not page.get("NextToken"):
                break
        self.sync_count, self.token = page["DatasetSyncCount"], page["SyncSessionToken"]

    def push(self):
        """Sends the changes against the counts known here: a conflict if others were faster."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        patches = [self._patch(key, value, now) for key, value in sorted(self.changes.items())]
        answer = self.client.update_records(**self.where, SyncSessionToken=self.token,
                                            DeviceId=self.name, RecordPatches=patches)
        for record in answer["Records"]:
            self.held[record["Key"]] = Held(record.get("Value"), record["SyncCount"])
        self.changes = {}
        sync_count = max(record["SyncCount"] for record in answer["Records"])
        if sync_count == self.sync_count + 1:  # Nobody else wrote since the pull.
            self.sync_count = sync_count
        return Push(self.identity, self.dataset, sync_count, patches, answer["Records"])

    def _patch(self, key, value, now):
        patch = {"Op": "remove" if value is None else "replace", "Key": key,
                 "SyncCount": self.held[key].sync_count if key in self.held else 0,
                 "DeviceLastModifiedDate": now}
        return patch if value is None else patch | {"Value": value}
