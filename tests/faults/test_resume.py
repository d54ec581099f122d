"""A stream that is turned off and on again: from now, or from where it stopped."""

import grpc
import pytest

from api import Api
from ledger import assert_delivered, read_stream
from load import Load
from publishing import start_publisher, status_of
from stack import POOL
from waiting import eventually


def turn_on(stack, resume):
    with stack.pools() as api:
        request = api.messages.UpdatePoolRequest(resume_stream=resume)
        request.pool.identity_pool_id = POOL
        request.pool.stream.status = 1  # ENABLED
        request.update_mask.paths.append("stream.status")
        return api.UpdatePool(request, timeout=30).pool.stream


def is_off(publisher):
    return status_of(publisher, POOL).state == 3  # OFF


@pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])
def test_a_resumed_stream_goes_on_where_it_stopped(stack, fake, dataset, restart):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        stack.disable_stream()
        eventually(lambda: is_off(publisher), "the publisher hears of it")
        if restart:
            publisher.kill()
        load.wait_for(200)
        if restart:
            publisher.start()
        epoch = turn_on(stack, resume=True).epoch
        assert epoch == 1
        load.wait_for(50)
        assert_delivered(fake, load.finish())
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        destination, = api.GetStatus(api.messages.GetStatusRequest()).destinations
        assert destination.gapped_through == 0


def test_a_stream_that_is_turned_on_without_it_begins_from_now(stack, fake, dataset):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()

    def write(updates):
        with Load([dataset.addresses["grpc"]]) as load:
            load.wait_for(updates)
            return load.finish()

    before = write(50)
    assert_delivered(fake, before)
    stack.disable_stream()
    missed = write(50)
    assert turn_on(stack, resume=False).epoch == 2
    after = write(50)
    assert_delivered(fake, before + after)
    assert not read_stream(fake).keys() & {(update.identity, update.dataset) for update in missed}


def test_what_was_never_on_can_not_be_resumed(stack, fake, dataset):
    with stack.pools() as api:
        request = api.messages.UpdatePoolRequest(resume_stream=True)
        request.pool.identity_pool_id = POOL
        request.pool.stream.stream_name = "another"
        request.update_mask.paths.append("stream.stream_name")
        with pytest.raises(grpc.RpcError) as refused:
            api.UpdatePool(request, timeout=30)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "resume_stream" in refused.value.details()
