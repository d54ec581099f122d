"""Push sync: what one device writes wakes the identity's other device, through SNS."""

import dataclasses
import json
import time
import uuid

from device import Device
from journey import require

DATASET = "settings"


@dataclasses.dataclass(frozen=True)
class PushSummary:
    pushes: int  # each compared
    milliseconds: int  # from a sync's answer to the push at the other device's endpoint


class Endpoints:
    """What moto's SNS endpoints were sent, by the token of their device."""

    def __init__(self, http_get, moto):
        self.http_get, self.url = http_get, f"{moto}/moto-api/data.json"

    def payloads(self, token):
        """The GCM payloads' data, oldest count first."""
        endpoints = self.http_get(self.url)["sns"].get("PlatformEndpoint", [])
        messages = [message for endpoint in endpoints if endpoint["token"] == token
                    for message in endpoint["messages"].values()]
        return sorted((data_of(message) for message in messages),
                      key=lambda data: int(data["syncCount"]))


def data_of(message):
    return json.loads(json.loads(message)["GCM"])["fcmV1Message"]["message"]["data"]


def wake_the_other_device(push, sync, endpoints, pool, region, patience):
    """Two devices subscribe to a dataset; each change by one is told to the other alone."""
    identity = f"{region}:{uuid.uuid4()}"
    tokens = {name: f"sample-{name}-{uuid.uuid4()}" for name in ("tablet", "phone")}
    tablet, phone = devices = [
        Device(sync, pool, identity, DATASET, register(push, pool, identity, token))
        for token in tokens.values()]

    pushes = []

    def told(name, sync_count):
        """Waits until that device is."""
        wait_for(endpoints, tokens[name], expected(pool, identity, sync_count), patience)
        pushes.append((name, sync_count))

    write(tablet, "'dark'")  # A dataset must exist before it can be subscribed to.
    for device in devices:
        push.SubscribeToDataset(identity, identity_pool_id=pool, dataset_name=DATASET,
                                device_id=device.name)
    write(tablet, "'light'")
    told("phone", 2)  # Before it writes: changes that are told together are told to all writers.
    write(phone, "'dark'")
    began = time.monotonic()
    told("tablet", 3)
    milliseconds = round((time.monotonic() - began) * 1000)
    sync.delete_dataset(IdentityPoolId=pool, IdentityId=identity, DatasetName=DATASET)
    for name in tokens:
        told(name, 4)
    for name, own in (("tablet", 2), ("phone", 3)):
        require(expected(pool, identity, own) not in endpoints.payloads(tokens[name]),
                f"the {name} was told what it wrote itself")
    for device in devices:
        push.DeregisterDevice(identity, identity_pool_id=pool, device_id=device.name)
    return PushSummary(len(pushes), milliseconds)


def write(device, value):
    device.set("theme", value)
    device.synchronize()


def register(push, pool, identity, token):
    return push.RegisterDevice(identity, identity_pool_id=pool,
                               platform="PLATFORM_GCM", token=token).device_id


def expected(pool, identity, sync_count):
    return {"source": "cognito-sync", "identityPoolId": pool, "identityId": identity,
            "datasetName": DATASET, "syncCount": str(sync_count)}


def wait_for(endpoints, token, wanted, patience):
    deadline = time.monotonic() + patience
    while wanted not in endpoints.payloads(token):
        require(time.monotonic() < deadline,
                f"no push {wanted} came within {patience} s, but {endpoints.payloads(token)}")
        time.sleep(0.02)
