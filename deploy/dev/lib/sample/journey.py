"""What happens to each dataset: two devices write, conflict, agree; one dataset is deleted."""

import dataclasses

from device import Device, Push


class Difference(Exception):
    """Something is not as it must be."""


@dataclasses.dataclass(frozen=True)
class Deletion:
    identity: str
    dataset: str
    sync_count: int


@dataclasses.dataclass
class Journey:
    """All that was done for an identity."""
    identity: str
    accepted: list = dataclasses.field(default_factory=list)  # Push and Deletion, in order
    synced: int = 0  # synchronizations that succeeded, pulls among them
    conflicts: int = 0


def require(condition, text):
    if not condition:
        raise Difference(text)


def travel(client, pool, identity, schemas):
    """Syncs an identity's schemas, a dataset each, from two devices, and checks every step."""
    journey = Journey(identity)
    for schema in schemas:
        sync_schema(journey, client, pool, schema)
    check_listing(client, pool, identity, schemas)
    delete_dataset(journey, client, pool, schemas[-1])
    return journey


def sync_schema(journey, client, pool, schema):
    tablet, phone = (Device(client, pool, journey.identity, schema.id, name)
                     for name in ("tablet", "phone"))
    keys = sorted(schema.defaults)

    for key in keys:
        tablet.set(key, schema.defaults[key])
    synchronize(journey, tablet, expected_count=1)

    synchronize(journey, phone)
    require(phone.values() == schema.defaults, f"{schema.id}: the phone pulled other values")
    phone.set(keys[0], "'set on the phone'")
    if len(keys) > 1:
        phone.remove(keys[-1])
    synchronize(journey, phone, expected_count=2)

    tablet.set(keys[0], "'set on the tablet'")
    provoke_conflict(journey, tablet)
    synchronize(journey, tablet, expected_count=3)
    synchronize(journey, phone)

    wanted = schema.defaults | {keys[0]: "'set on the tablet'"}
    if len(keys) > 1:
        del wanted[keys[-1]]
    for device in (tablet, phone):
        require(device.values() == wanted, f"{schema.id}: the {device.name} holds other values")
    check_description(client, tablet, wanted)


def synchronize(journey, device, expected_count=None):
    push = device.synchronize()
    journey.synced += 1
    if push is not None:
        journey.accepted.append(push)
    require((push and push.sync_count) == expected_count,
            f"{device.dataset}: sync count {push and push.sync_count}, not {expected_count}")


def provoke_conflict(journey, device):
    """The other device was faster: the push is refused, and changes nothing."""
    conflict = device.client.exceptions.ResourceConflictException
    try:
        device.push()
    except conflict as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        require(status == 409, f"{device.dataset}: a conflict with status {status}, not 409")
        journey.conflicts += 1
        return
    raise Difference(f"{device.dataset}: a push against an old sync count was accepted")


def check_description(client, device, wanted):
    described = client.describe_dataset(**device.where)["Dataset"]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in wanted.items())
    have = described["NumRecords"], described["DataStorage"], described["LastModifiedBy"]
    require(have == (len(wanted), size, "tablet"), f"{device.dataset}: described as {have}, not "
            f"{len(wanted)} records, {size} bytes, by tablet")


def check_listing(client, pool, identity, schemas):
    listed = client.list_datasets(IdentityPoolId=pool, IdentityId=identity)["Datasets"]
    names = sorted(dataset["DatasetName"] for dataset in listed)
    require(names == [schema.id for schema in schemas], f"{identity}: lists {len(names)} datasets, "
            f"not {len(schemas)}")


def delete_dataset(journey, client, pool, schema):
    client.delete_dataset(IdentityPoolId=pool, IdentityId=journey.identity, DatasetName=schema.id)
    last = max(push.sync_count for push in journey.accepted
               if isinstance(push, Push) and push.dataset == schema.id)
    journey.accepted.append(Deletion(journey.identity, schema.id, last + 1))
