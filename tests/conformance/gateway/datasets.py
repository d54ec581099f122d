"""One dataset of one identity, as tests use it through boto3."""


class Dataset:
    def __init__(self, client, pool, identity, name="prefs"):
        self.client = client
        self.name = {"IdentityPoolId": pool, "IdentityId": identity, "DatasetName": name}

    def list(self, **more):
        return self.client.list_records(**self.name, **more)

    def token(self):
        return self.list()["SyncSessionToken"]

    def update(self, *patches, token=None, **more):
        return self.client.update_records(
            **self.name, SyncSessionToken=token or self.token(), RecordPatches=list(patches), **more)

    def describe(self):
        return self.client.describe_dataset(**self.name)["Dataset"]

    def delete(self):
        return self.client.delete_dataset(**self.name)["Dataset"]


def replace(key, value, count=0, **more):
    return {"Op": "replace", "Key": key, "Value": value, "SyncCount": count, **more}


def remove(key, count=0, **more):
    return {"Op": "remove", "Key": key, "SyncCount": count, **more}
