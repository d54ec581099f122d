"""A sync trigger: the function of samples/trigger decides what of a device's patches is stored."""

import uuid

import grpc

from journey import require

DATASET = "profile"


def tidy_a_profile(dataset, pool, region):
    """Patches go through the function; returns how an address was stored."""
    identity = f"{region}:{uuid.uuid4()}"
    where = {"identity_pool_id": pool, "dataset_name": DATASET}

    def update(**values):
        token = dataset.ListRecords(identity, **where).sync_session_token
        patches = [{"key": key, "value": value, "op": "OP_REPLACE", "sync_count": 0}
                   for key, value in values.items()]
        return dataset.UpdateRecords(identity, **where, sync_session_token=token,
                                     record_patches=patches)

    try:
        update(email="no address")
    except grpc.RpcError as error:
        require("TRIGGER_FAILED" in str(error.trailing_metadata()), f"refused with {error}")
    else:
        require(False, "the trigger let pass what is no address")
    update(email=" Ada@Example.COM ", plan="gold")
    stored = {record.key: record.value for record in dataset.ListRecords(identity, **where).records}
    require(stored == {"email": "ada@example.com", "profile.updated": "ada@example.com"},
            f"the trigger's output is not what is stored: {stored}")
    return stored["email"]
