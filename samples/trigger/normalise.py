"""A sync trigger for AWS Lambda: tidies what users type, and keeps what only the server may set.

Handler: `normalise.handler`. Tidemark calls it before it stores what a device sends; what it returns
is what is stored (docs/guide/sync-triggers.md).

    email            is stored trimmed and in lower case; what is no address is refused
    plan             is the server's business: what a device sends for it is left out
    profile.updated  is added whenever the e-mail address changes
"""

import re

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
RESERVED = {"plan"}


class Refused(Exception):
    """Lambda hands it on as a function error: the sync is refused, and nothing is stored."""


def handler(event, context):
    records = event["datasetRecords"]
    for key in RESERVED & records.keys():
        if changes(records[key]):
            del records[key]  # Left out: the device gets the stored value back.
    email = records.get("email")
    if email and changes(email) and email["op"] == "replace":
        email["newValue"] = normalised(email["newValue"])
        records["profile.updated"] = {"newValue": email["newValue"], "op": "replace"}
    return event


def changes(record):
    """Records that the device did not touch come along with the value they have."""
    return record["op"] == "remove" or record["newValue"] != record.get("oldValue")


def normalised(email):
    email = email.strip().lower()
    if not EMAIL.fullmatch(email):
        raise Refused("email: not an address")  # Without the address: it would be in the logs.
    return email
