"""Writing a stream with its pool's role, while STS, the role or the publisher's own keys fail: only a
role that refuses for good turns its stream off."""

import secrets

import grpc
import pytest

from fake_aws import ROLE, FakeAws
from ledger import assert_delivered, deliveries
from load import Load
from publishing import STREAM
from stack import POOL, SECRET_KEY, Stack
from waiting import eventually

PATIENCE = ("--role-patience", "1s")


def pool_of(stack):
    with stack.pools() as api:
        return api.GetPool(api.messages.GetPoolRequest(identity_pool_id=POOL), timeout=30).pool


def is_on(stack):
    return "STREAMING_STATUS_ENABLED" in str(pool_of(stack).stream)


def sts(**fault):
    return {"service": "sts", "operation": "AssumeRole", "kind": "error", **fault}


def test_all_arrives_while_sts_misbehaves_and_sessions_end(stack, fake, dataset):
    fake.add_faults(sts(status=400, code="Throttling"), sts(status=500, code="InternalFailure"),
                    sts(status=403, code="InvalidClientTokenId"), sts(kind="reset"))
    stack.start_publisher(fake.url, *PATIENCE).wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        eventually(lambda: deliveries(fake) > 0, "the role is assumed in the end")
        for _ in range(3):
            load.wait_for(50)
            assert fake.expire_sessions() > 0
            seen = deliveries(fake)
            eventually(lambda: deliveries(fake) > seen, "it is assumed anew")
        assert_delivered(fake, load.finish())
    assert fake.faults_pending() == 0
    assert is_on(stack)


def test_a_role_that_refuses_turns_the_stream_off_and_says_what_to_do(stack, fake, dataset):
    pool = pool_of(stack)
    fake.put_role(externalId=pool.role_external_id)
    publisher = stack.start_publisher(fake.url, *PATIENCE)
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]], writers=2) as load:
        eventually(lambda: deliveries(fake) > 0, "the external id is the pool's")
        fake.put_role(externalId="another one")
        fake.expire_sessions()
        eventually(lambda: not is_on(stack), "the stream is turned off")
        load.finish()
    reason = pool_of(stack).stream.disabled_reason
    assert ROLE in reason and "trust policy" in reason and pool.role_external_id in reason
    assert SECRET_KEY + '"' not in publisher.log.read_text()


def test_wrong_keys_of_the_publisher_never_turn_a_stream_off(stack, fake, dataset):
    stack.environment["TIDEMARK_PUBLISHER_SECRET_ACCESS_KEY"] = "not the secret"
    publisher = stack.start_publisher(fake.url, *PATIENCE)
    with Load([dataset.addresses["grpc"]], writers=2) as load:
        eventually(lambda: fake.calls().get("sts.AssumeRole", 0) > 3, "the keys are refused")
        assert "SignatureDoesNotMatch" in publisher.log.read_text()
        publisher.kill()
        publisher.environment["TIDEMARK_PUBLISHER_SECRET_ACCESS_KEY"] = SECRET_KEY
        publisher.start()
        assert_delivered(fake, load.finish())
    assert is_on(stack)


def test_a_clock_that_is_off_is_set_by_what_aws_answers(stack, fake, dataset):
    fake.set_clock(20 * 60)
    publisher = stack.start_publisher(fake.url, *PATIENCE)
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]], writers=2) as load:
        load.wait_for(50)
        assert_delivered(fake, load.finish())
    assert "clock differs from AWS's" in publisher.log.read_text()


def test_a_stream_that_is_being_created_is_waited_for(stack, fake, dataset):
    fake.hold_status("CREATING")
    stack.start_publisher(fake.url, *PATIENCE).wait_ready()
    with Load([dataset.addresses["grpc"]], writers=2) as load:
        eventually(lambda: fake.calls().get("kinesis.DescribeStreamSummary", 0) > 1, "it looks")
        assert is_on(stack)
        fake.hold_status("")
        assert_delivered(fake, load.finish())


def test_a_stream_of_another_account_is_written_with_a_role_of_that_account(stack, dataset):
    role = "arn:aws:iam::210987654321:role/streams"
    other = FakeAws(f"210987654321/{STREAM}")
    try:
        other.put_role(role)
        stack.set_role(role)
        stack.start_publisher(other.url, *PATIENCE).wait_ready()
        with Load([dataset.addresses["grpc"]], writers=2) as load:
            load.wait_for(20)
            assert_delivered(other, load.finish())
    finally:
        other.close()


def refusal(stack):
    """Why the stream can't be enabled."""
    with pytest.raises(grpc.RpcError) as raised:
        stack.enable_stream(STREAM)
    return raised.value.details()


def test_a_stream_is_enabled_only_once_it_can_be_written(server, fake, tmp_path):
    with Stack(tmp_path, server.dsn(), f"checks_{secrets.token_hex(4)}", check_streams=True) as stack:
        dataset = stack.start_dataset()
        stack.start_publisher(fake.url).wait_ready()
        fake.delete_role()
        assert "does not trust Tidemark" in refusal(stack)
        fake.put_role(externalId="another one")
        assert "does not trust Tidemark" in refusal(stack)
        fake.put_role(externalId=pool_of(stack).role_external_id, actions=["kinesis:PutRecords"])
        assert "may not call kinesis:DescribeStreamSummary" in refusal(stack)
        fake.put_role(externalId=pool_of(stack).role_external_id)
        fake.hold_status("CREATING")
        assert "is CREATING" in refusal(stack)
        fake.hold_status("")
        fake.delete_stream()
        assert "does not exist" in refusal(stack)
        fake.create_stream()
        stack.enable_stream(STREAM)
        with Load([dataset.addresses["grpc"]], writers=2) as load:
            load.wait_for(20)
            assert_delivered(fake, load.finish())
