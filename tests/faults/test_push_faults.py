"""Devices are told of changes whatever fails meanwhile, and streams never wait for them."""

import pytest

from devices import Device, write
from fake_aws import ROLE, FakeAws
from publishing import STREAM, start_publisher
from waiting import eventually


@pytest.fixture
def fake():
    running = FakeAws(STREAM)
    yield running
    running.close()


@pytest.fixture
def push(stack, fake, dataset):
    """The push service, of whose pool devices are told."""
    stack.set_push(fake.create_application("app"), role_arn=ROLE)
    return stack.start_push(fake.url)


def told(fake, phone, count):
    eventually(lambda: phone.counts(fake) and max(phone.counts(fake)) == count,
               f"the device is told of {count}", seconds=30)


def publisher_of(stack, fake, **more):
    return start_publisher(stack, fake, "--push", stack.push_address, "--sns-endpoint", fake.url,
                           "--lease-ttl", "1s", **more)


def test_a_push_that_waits_is_sent_after_its_publisher_was_killed(stack, fake, dataset, push):
    phone, pad = Device(push, "phone"), Device(push, "pad")
    publisher = publisher_of(stack, fake)
    publisher.wait_ready()
    told(fake, pad, write(dataset, phone.id))
    fake.add_faults({"operation": "Publish", "kind": "error", "status": 500,
                     "code": "InternalError", "times": 0})
    count = write(dataset, phone.id)
    eventually(lambda: fake.faults_struck() > 0, "it fails")
    publisher.kill()
    fake.forget_faults()
    assert count not in pad.counts(fake)
    publisher_of(stack, fake, label="next").wait_ready()
    told(fake, pad, count)
    assert phone.counts(fake) == [], "who wrote is not told"


def test_streams_go_on_while_sns_hangs_and_the_push_service_is_away(stack, fake, dataset, push):
    phone, pad = Device(push, "phone"), Device(push, "pad")
    publisher_of(stack, fake).wait_ready()
    fake.add_faults({"operation": "Publish", "kind": "hang", "times": 2})
    count = write(dataset, phone.id)
    eventually(lambda: fake.faults_struck() > 0, "it hangs")
    eventually(lambda: len(fake.records()) == 1, "the stream has it")
    stack.stop(push)
    for _ in range(5):
        count = write(dataset, phone.id)
    eventually(lambda: len(fake.records()) == 6, "the stream has the others")
    pad.push = stack.start_push(fake.url, label="again")
    told(fake, pad, count)


def test_an_endpoint_that_is_disabled_is_marked_until_its_device_registers(stack, fake, dataset,
                                                                            push):
    phone, pad = Device(push, "phone"), Device(push, "pad")
    publisher_of(stack, fake).wait_ready()
    fake.set_enabled(pad.endpoint, False)
    write(dataset, phone.id)
    eventually(lambda: pad.describe().state == 2, "it is marked")
    calls = fake.calls()["sns.Publish"]
    told(fake, phone, write(dataset, pad.id))
    write(dataset, phone.id)
    eventually(lambda: len(fake.records()) == 3, "the stream has all")
    assert fake.calls()["sns.Publish"] == calls + 1, "it is not tried again"
    pad = Device(push, "pad")
    told(fake, pad, write(dataset, phone.id))
