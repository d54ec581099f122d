"""The push service in front of a faulty SNS and over a real dataset service."""

import concurrent.futures
import os
import re
import secrets
import uuid

import grpc
import pytest

from api import Api
from fake_aws import FakeAws
from gateway_stack import REGION
from stack import ACCESS_KEY, POOL, SECRET_KEY, Stack
from waiting import eventually

APPLE = "a1" * 32


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    keys = tmp_path_factory.mktemp("aws") / "keys"
    keys.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\n"
                    f"aws_secret_access_key = {SECRET_KEY}\n")
    running = FakeAws("unused", "--keys", keys)
    yield running
    running.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, fake):
    with Stack(tmp_path_factory.mktemp("stack"), os.environ["TIDEMARK_TEST_DSN"],
               f"push_{secrets.token_hex(4)}") as running:
        running.dataset = running.start_dataset()
        running.push = start(running, fake)
        yield running


def start(stack, fake, label=None):
    return stack.start_push(fake.url, "--sns-timeout", "1s", "--role-patience", "0s",
                            "--erase-interval", "50ms", label=label)


@pytest.fixture
def pool(stack, fake):
    """A pool of its own whose push role trusts Tidemark, with an application for GCM and one for
    APNS."""
    return make_pool(stack, fake)


class Pool:
    def __init__(self, stack):
        self.id = f"{REGION}:{uuid.uuid4()}"
        stack.create_pool(self.id)


def make_pool(stack, fake):
    pool = Pool(stack)
    pool.gcm = fake.create_application(secrets.token_hex(4), "GCM")
    pool.apns = fake.create_application(secrets.token_hex(4), "APNS")
    pool.role = f"arn:aws:iam::123456789012:role/push-{secrets.token_hex(4)}"
    stack.set_push(pool.gcm, pool.apns, role_arn=pool.role, pool=pool.id)
    with stack.pools() as api:
        found = api.GetPool(api.messages.GetPoolRequest(identity_pool_id=pool.id), timeout=30).pool
    pool.external_id = found.role_external_id
    fake.put_role(pool.role, externalId=pool.external_id)
    wait_for(stack, pool, "DEVICE_NOT_FOUND")
    return pool


def wait_for(stack, pool, expected):
    """Until the push service's copy of the pools has this one, and so says `expected` to who has no
    device."""
    def said():
        with pytest.raises(grpc.RpcError) as raised:
            Device(stack, pool).subscribe_to_all("none")
        return reason(raised.value) == expected
    eventually(said, f"the push service says {expected}")


def detail(error):
    """The google.rpc.ErrorInfo's reason, and the names of fields, as far as they can be read."""
    raw = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    return raw.decode("latin-1")


def reason(error):
    found = re.search(r"([A-Z_]{5,})\x12\x08tidemark", detail(error))
    return found and found[1]


class Device:
    """An app's view: calls in the name of its identity."""

    def __init__(self, stack, pool, identity=None, service=None):
        self.stack, self.pool = stack, pool
        self.identity = identity or f"{REGION}:{uuid.uuid4()}"
        self.api = Api((service or stack.push).addresses["grpc"], "push", "PushService")
        self.who = {"identity_pool_id": pool.id, "identity_id": self.identity}
        self.metadata = [("x-tidemark-caller", "identity"),
                         ("x-tidemark-principal", self.identity)]

    def call(self, method, **fields):
        request = getattr(self.api.messages, f"{method}Request")(**self.who, **fields)
        return getattr(self.api, method)(request, metadata=self.metadata, timeout=20)

    def register(self, token=None, platform="GCM"):
        self.token = secrets.token_hex(16) if token is None else token
        return self.call("RegisterDevice", platform=f"PLATFORM_{platform}",
                         token=self.token).device_id

    def subscribe(self, device, dataset):
        self.call("SubscribeToDataset", device_id=device, dataset_name=dataset)

    def unsubscribe(self, device, dataset):
        self.call("UnsubscribeFromDataset", device_id=device, dataset_name=dataset)

    def subscribe_to_all(self, device):
        self.call("SubscribeToAll", device_id=device)

    def devices(self):
        return list(self.call("ListDevices").devices)

    def deregister(self, device):
        self.call("DeregisterDevice", device_id=device)

    def write(self, dataset):
        """Creates a dataset."""
        with Api(self.stack.dataset.addresses["grpc"], "dataset", "DatasetService") as api:
            listed = api.ListRecords(api.messages.ListRecordsRequest(
                **self.who, dataset_name=dataset), timeout=20)
            request = api.messages.UpdateRecordsRequest(
                **self.who, dataset_name=dataset, sync_session_token=listed.sync_session_token)
            request.record_patches.add(op="OP_REPLACE", key="k", value="v")
            api.UpdateRecords(request, timeout=20)


def targets(stack, *asked):
    """For each (device, dataset, writer) the targets."""
    with Api(stack.push.addresses["grpc"], "push", "PushTargetService") as api:
        request = api.messages.ResolveTargetsRequest()
        for device, dataset, writer in asked:
            request.datasets.add(**device.who, dataset_name=dataset, writer_device_id=writer)
        return [list(one.targets) for one in api.ResolveTargets(request, timeout=20).datasets]


def report(stack, device, target, state):
    with Api(stack.push.addresses["grpc"], "push", "PushTargetService") as api:
        request = api.messages.ReportEndpointsRequest()
        request.reports.add(**device.who, device_id=target.device_id,
                            registration=target.registration, state=f"ENDPOINT_STATE_{state}")
        api.ReportEndpoints(request, timeout=20)


def fails(error, call, *arguments, **named):
    """Expects a call to fail with this reason; the error."""
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments, **named)
    assert reason(raised.value) == error, detail(raised.value)
    return raised.value


def endpoint_of(fake, token):
    return next((each for each in fake.endpoints() if each["token"] == token), None)


def test_a_device_from_its_registration_to_its_end(stack, fake, pool):
    app = Device(stack, pool)
    device = app.register()
    assert app.register(app.token) == device
    endpoint = endpoint_of(fake, app.token)
    assert endpoint["enabled"] and endpoint["customUserData"] == f"{pool.id}/{app.identity}"
    fails("DATASET_NOT_FOUND", app.subscribe, device, "notes")
    app.write("notes")
    app.subscribe(device, "notes")
    told, others, own = targets(stack, (app, "notes", ""), (app, "other", ""),
                                (app, "notes", device))
    assert [target.endpoint_arn for target in told] == [endpoint["arn"]]
    assert not others and not own
    app.unsubscribe(device, "notes")
    fails("SUBSCRIPTION_NOT_FOUND", app.unsubscribe, device, "notes")
    app.deregister(device)
    assert not app.devices() and endpoint_of(fake, app.token) is None
    assert app.register(app.token) == device


def test_a_disabled_endpoint_is_enabled_by_registering_again(stack, fake, pool):
    app = Device(stack, pool)
    device = app.register()
    app.subscribe_to_all(device)
    [[target]] = targets(stack, (app, "any", ""))
    fake.set_enabled(target.endpoint_arn, False)
    report(stack, app, target, "DISABLED")
    assert targets(stack, (app, "any", "")) == [[]]
    assert app.register(app.token) == device
    assert endpoint_of(fake, app.token)["enabled"]
    report(stack, app, target, "DISABLED")  # of the registration before
    [[again]] = targets(stack, (app, "any", ""))
    assert again.endpoint_arn == target.endpoint_arn and again.registration > target.registration


def test_a_deleted_endpoint_is_made_anew(stack, fake, pool):
    app = Device(stack, pool)
    device = app.register()
    before = endpoint_of(fake, app.token)["arn"]
    fake.delete_endpoint(before)
    assert app.register(app.token) == device
    [found] = app.devices()
    assert found.endpoint_arn == endpoint_of(fake, app.token)["arn"]


def test_an_endpoint_that_others_made_is_taken_over(stack, fake, pool):
    """As after a crash between SNS and the database: here the row is lost."""
    app = Device(stack, pool)
    app.register()
    arn = endpoint_of(fake, app.token)["arn"]
    fake.set_enabled(arn, False)
    stack.sql(f"DELETE FROM push.device WHERE endpoint_arn = '{arn}'")
    app.register(app.token)
    assert app.devices()[0].endpoint_arn == arn and endpoint_of(fake, app.token)["enabled"]


def test_tokens_with_odd_characters(stack, fake, pool):
    app = Device(stack, pool)
    for token in ("a&b=c%20+<>'\"", "caf\u00e9 \U0001f600", "x" * 4096):
        app.register(token)
        assert endpoint_of(fake, token)
    for token, platform in (("x" * 4097, "GCM"), ("a\nb", "GCM"), ("", "GCM"), ("token", "APNS"),
                            ("x", "UNSPECIFIED")):
        fails("INVALID_FIELD", app.register, token, platform)
    app.register(APPLE.upper(), "APNS")
    assert [each.platform for each in app.devices()].count(1) == 1


def test_what_is_not_configured(stack, pool):
    app = Device(stack, pool)
    fails("PUSH_NOT_CONFIGURED", app.register, "t", "ADM")
    assert not app.devices()
    bare = Pool(stack)
    wait_for(stack, bare, "PUSH_NOT_CONFIGURED")
    fails("PUSH_NOT_CONFIGURED", Device(stack, bare).register)


def test_applications_that_can_not_be_used(stack, fake, pool):
    app = Device(stack, pool)
    fake.set_enabled(pool.gcm, False)
    fails("PLATFORM_APPLICATION_NOT_USABLE", app.register)
    fake.delete_application(pool.gcm)
    assert pool.gcm in detail(fails("PLATFORM_APPLICATION_NOT_USABLE", app.register))


def test_a_role_that_refuses_is_told_and_works_again_once_it_is_mended(stack, fake, pool):
    app = Device(stack, pool)
    fake.put_role(pool.role, externalId="0" * 32)

    def refused():  # three times at least, before it counts
        with pytest.raises(grpc.RpcError) as raised:
            app.register(APPLE, "APNS")
        assert reason(raised.value) in ("ROLE_NOT_USABLE", "SERVICE_UNAVAILABLE")
        return reason(raised.value) == "ROLE_NOT_USABLE"
    eventually(refused, "the role is not usable", 60)
    fake.put_role(pool.role, externalId=pool.external_id)

    def registered():
        try:
            return app.register(APPLE, "APNS")
        except grpc.RpcError as error:
            assert reason(error) in ("ROLE_NOT_USABLE", "SERVICE_UNAVAILABLE")
    eventually(registered, "the role is usable again", 60)


@pytest.mark.parametrize("fault", ["Throttling", "InternalError", "hang"])
def test_sns_that_fails_or_hangs_is_unavailable_and_nothing_is_left_half_done(stack, fake, pool,
                                                                             fault):
    app = Device(stack, pool)
    app.register(APPLE, "APNS")  # the role is assumed
    strike = {"kind": "hang"} if fault == "hang" else {
        "kind": "error", "code": fault, "status": 500 if fault == "InternalError" else 400}
    fake.add_faults({"operation": "CreatePlatformEndpoint", "times": 2, **strike})
    try:
        error = fails("SERVICE_UNAVAILABLE", app.register)
        assert error.code() == grpc.StatusCode.UNAVAILABLE and "RetryInfo" in detail(error)
    finally:
        fake.forget_faults()
    assert len(app.devices()) == 1
    app.register(app.token)
    assert len(app.devices()) == 2


def test_of_identities_that_register_one_token_at_once_one_has_it(stack, fake, pool):
    token = secrets.token_hex(16)
    apps = [Device(stack, pool) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(len(apps)) as threads:
        ids = list(threads.map(lambda app: app.register(token), apps))
    assert len(set(ids)) == len(apps)
    assert sum(len(app.devices()) for app in apps) == 1
    assert len([each for each in fake.endpoints() if each["token"] == token]) == 1


def test_only_identities_register_and_only_for_themselves(stack, pool):
    app = Device(stack, pool)
    device = app.register()
    other = Device(stack, pool, app.identity)
    other.metadata = Device(stack, pool).metadata
    for call in (other.register, other.devices):
        fails("NOT_AUTHORIZED", call)
    for call in (other.deregister, other.subscribe_to_all):
        fails("NOT_AUTHORIZED", call, device)
    developer = Device(stack, pool, app.identity)
    developer.metadata = [("x-tidemark-caller", "developer")]
    fails("NOT_AUTHORIZED", developer.register)
    fails("NOT_AUTHORIZED", developer.subscribe, device, "notes")
    assert [each.device_id for each in developer.devices()] == [device]
    developer.subscribe_to_all(device)
    assert developer.devices()[0].subscribed_to_all
    fails("DEVICE_NOT_FOUND", Device(stack, pool).subscribe_to_all, device)


def test_settings_are_checked_before_they_are_used(stack, fake, pool):
    def check(*arns, external_id=pool.external_id):
        with Api(stack.push.addresses["grpc"], "push", "PushTargetService") as api:
            api.CheckSettings(api.messages.CheckSettingsRequest(
                application_arns=arns, role_arn=pool.role, role_external_id=external_id),
                timeout=20)

    check(pool.gcm, pool.apns)
    fails("ROLE_NOT_USABLE", check, pool.gcm, external_id="f" * 32)
    fake.set_enabled(pool.apns, False)
    error = fails("PLATFORM_APPLICATION_NOT_USABLE", check, pool.gcm, pool.apns)
    assert pool.apns in detail(error)
    for unusable in (pool.gcm + "x", fake.create_application("app", account="999999999999")):
        error = fails("PLATFORM_APPLICATION_NOT_USABLE", check, unusable)
        assert unusable in detail(error)


def test_devices_of_deleted_pools_are_forgotten(stack, fake, pool):
    kept, gone = make_pool(stack, fake), pool
    Device(stack, gone).register()
    Device(stack, kept).register()

    def left(pool):
        return stack.sql(f"SELECT count(*) FROM push.device WHERE pool_id = '{pool.id}'")

    stack.stop(stack.push)  # nobody runs while it is deleted
    assert left(gone) == "1"
    with stack.pools() as api:
        api.DeletePool(api.messages.DeletePoolRequest(identity_pool_id=gone.id, force=True),
                       timeout=30)
    assert left(gone) == "1"
    stack.push = start(stack, fake, label="push-again")
    eventually(lambda: left(gone) == "0", "the deleted pool's devices are forgotten")
    assert left(kept) == "1"


def test_no_token_is_logged_or_kept(stack, fake, pool):
    app = Device(stack, pool)
    app.register("hush-hush-hush")
    fails("INVALID_FIELD", app.register, "hush-hush\x01")
    fake.add_faults({"operation": "SetEndpointAttributes", "kind": "error", "times": 2,
                     "code": "InternalError", "status": 500})
    fails("SERVICE_UNAVAILABLE", app.register, "hush-hush-hush")
    fake.forget_faults()
    for service in stack.services:
        assert "hush" not in service.log.read_text()
    assert stack.sql("SELECT count(*) FROM push.device AS d WHERE d::text LIKE '%hush%'") == "0"
