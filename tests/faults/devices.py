"""Devices of one identity, which are told of changes, and the changes."""

import json
import secrets

from api import Api
from stack import POOL

IDENTITY = "us-east-1:00000000-0000-0000-0000-0000000000aa"
AS_IDENTITY = [("x-tidemark-caller", "identity"), ("x-tidemark-principal", IDENTITY)]


class Device:
    """A device of IDENTITY, subscribed to all its datasets."""

    def __init__(self, push, token, platform="GCM"):
        self.push = push
        with Api(push.addresses["grpc"], "push", "PushService") as api:
            self.id = api.RegisterDevice(api.messages.RegisterDeviceRequest(
                identity_pool_id=POOL, identity_id=IDENTITY, platform=f"PLATFORM_{platform}",
                token=token), timeout=30, metadata=AS_IDENTITY).device_id
            api.SubscribeToAll(api.messages.SubscribeToAllRequest(
                identity_pool_id=POOL, identity_id=IDENTITY, device_id=self.id),
                timeout=30, metadata=AS_IDENTITY)
        self.endpoint = self.describe().endpoint_arn

    def describe(self):
        with Api(self.push.addresses["grpc"], "push", "PushService") as api:
            devices = api.ListDevices(api.messages.ListDevicesRequest(
                identity_pool_id=POOL, identity_id=IDENTITY), timeout=30,
                metadata=AS_IDENTITY).devices
        return next(device for device in devices if device.device_id == self.id)

    def counts(self, fake):
        """The sync counts it was told."""
        return [int(json.loads(push["payload"])["fcmV1Message"]["message"]["data"]["syncCount"])
                for push in fake.pushes(self.endpoint)]


def write(dataset, device="", name="prefs"):
    """A change by that device; the dataset's count after it."""
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        messages = api.messages
        known = api.ListRecords(messages.ListRecordsRequest(
            identity_pool_id=POOL, identity_id=IDENTITY, dataset_name=name), timeout=30,
            metadata=AS_IDENTITY)
        request = messages.UpdateRecordsRequest(
            identity_pool_id=POOL, identity_id=IDENTITY, dataset_name=name, device_id=device,
            sync_session_token=known.sync_session_token, request_id=secrets.token_hex(8))
        request.record_patches.add(
            op="OP_REPLACE", key="key", value=str(known.dataset_sync_count),
            sync_count=known.records[0].sync_count if known.records else 0)
        answer = api.UpdateRecords(request, timeout=30, metadata=AS_IDENTITY)
        return answer.records[0].sync_count
