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
    pushes: int
    milliseconds: int  # from the sync's answer to the push at the endpoint, the first one


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
    devices = {name: Device(sync, pool, identity, DATASET, register(push, pool, identity, token))
               for name, token in tokens.items()}
    devices["tablet"].set("theme", "'dark'")
    devices["tablet"].synchronize()  # A dataset must exist before it can be subscribed to.
    for device in devices.values():
        push.SubscribeToDataset(identity, identity_pool_id=pool, dataset_name=DATASET,
                                device_id=device.name)
    devices["phone"].set("theme", "'light'")
    devices["phone"].synchronize()
    began = time.monotonic()
    wait_for(endpoints, tokens["tablet"], expected(pool, identity, 2), patience)
    milliseconds = round((time.monotonic() - began) * 1000)
    sync.delete_dataset(IdentityPoolId=pool, IdentityId=identity, DatasetName=DATASET)
    for token in tokens.values():
        wait_for(endpoints, token, expected(pool, identity, 3), patience)
    require(expected(pool, identity, 2) not in endpoints.payloads(tokens["phone"]),
            "the phone was told what it wrote itself")
    pushes = sum(len(endpoints.payloads(token)) for token in tokens.values())
    for device in devices.values():
        push.DeregisterDevice(identity, identity_pool_id=pool, device_id=device.name)
    return PushSummary(pushes, milliseconds)


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
