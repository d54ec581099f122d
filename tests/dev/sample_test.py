"""The sample's comparison must see every way in which the stream can differ from what was accepted."""

import copy
import datetime
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "deploy/dev/lib/sample"))
from device import Push
from events import compare
from journey import Deletion, Difference, Journey
from schemas import read_schemas, share_out

POOL, IDENTITY, NOW = "us-east-1:p", "us-east-1:i", 1700000000


def push(sync_count, **values):
    at = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    patches = [{"Op": "replace" if value else "remove", "Key": key, "SyncCount": 0,
                "DeviceLastModifiedDate": at} | ({"Value": value} if value else {})
               for key, value in values.items()]
    answered = [{"Key": key, "SyncCount": sync_count, "LastModifiedDate": at} for key in values]
    return Push(IDENTITY, "d", sync_count, patches, answered)


def event(sync_count, **values):
    common = {"identityPoolId": POOL, "identityId": IDENTITY, "dataSetName": "d",
              "datasetName": "d", "syncCount": sync_count, "payloadType": "Inline",
              "operation": "replace" if values else "remove", "lastModifiedDate": NOW * 1000}
    if not values:
        return common
    return common | {"kinesisSyncRecords": [
        {"key": key, "value": value, "op": "replace" if value else "remove",
         "syncCount": sync_count, "lastModifiedDate": NOW * 1000,
         "deviceLastModifiedDate": NOW * 1000} for key, value in values.items()]}


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.journeys = [Journey(IDENTITY, [push(1, a="1", b="2"), push(2, a=None),
                                            Deletion(IDENTITY, "d", 3)])]
        self.events = [event(1, a="1", b="2"), event(2, a=None), event(3)]

    def compare(self, events):
        return compare(POOL, self.journeys, events, NOW, NOW + 1)

    def test_equal_events_pass(self):
        self.assertEqual(0, self.compare(self.events))

    def test_repeats_are_counted_and_pass(self):
        self.assertEqual(2, self.compare(self.events + self.events[:2]))

    def test_a_lost_event_is_seen(self):
        for lost in range(3):
            with self.subTest(lost=lost), self.assertRaises(Difference):
                self.compare(self.events[:lost] + self.events[lost + 1:])

    def test_another_order_is_seen(self):
        with self.assertRaises(Difference):
            self.compare([self.events[1], self.events[0], self.events[2]])

    def test_an_event_too_many_is_seen(self):
        for extra in (event(4, a="x"), event(1, a="x") | {"datasetName": "other"}):
            with self.subTest(extra=extra), self.assertRaises(Difference):
                self.compare(self.events + [extra])

    def test_each_changed_field_is_seen(self):
        for name in ("identityPoolId", "dataSetName", "operation", "payloadType", "syncCount",
                     "lastModifiedDate"):
            with self.subTest(field=name), self.assertRaises(Difference):
                self.compare([self.events[0] | {name: 7}, *self.events[1:]])
        for name in ("key", "value", "op", "syncCount", "lastModifiedDate",
                     "deviceLastModifiedDate"):
            changed = copy.deepcopy(self.events)
            changed[0]["kinesisSyncRecords"][0][name] = 7
            with self.subTest(record_field=name), self.assertRaises(Difference):
                self.compare(changed)

    def test_a_missing_or_repeated_record_is_seen(self):
        records = self.events[0]["kinesisSyncRecords"]
        for changed in (records[:1], records + records[:1], []):
            with self.subTest(records=len(changed)), self.assertRaises(Difference):
                self.compare([self.events[0] | {"kinesisSyncRecords": changed}, *self.events[1:]])


class SchemasTest(unittest.TestCase):
    def test_reads_keys_and_defaults_and_leaves_out_empty_schemas(self):
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "a.gschema.xml").write_text(
                "<schemalist><schema id='b'><key name='k' type='s'><default l10n='messages'>"
                " 'x &amp; y' </default></key></schema><schema id='a'><child name='c'/></schema>"
                "</schemalist>")
            schemas = read_schemas(pathlib.Path(directory))
        self.assertEqual([("b", {"k": "'x & y'"})],
                         [(schema.id, schema.defaults) for schema in schemas])

    def test_shares_all_schemas_out_within_the_bounds(self):
        for number, sizes in ((3, [1, 1, 1]), (45, [15, 15, 15]), (61, [16, 15, 15, 15])):
            shares = share_out(list(range(number)), 3, 20)
            self.assertEqual(sizes, [len(share) for share in shares])
            self.assertEqual(list(range(number)), sorted(sum(shares, [])))


if __name__ == "__main__":
    unittest.main()
