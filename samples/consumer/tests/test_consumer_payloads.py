"""Following S3 URLs."""

import http.server
import json
import threading
import traceback

import pytest
from histories import change, encode_records

from consumer.events import EventError
from consumer.payloads import PayloadError, PayloadGone, Payloads

SECRET = "X-Amz-Signature=verysecret"
RECORDS = change(7, ("a", "x"), ("b", None)).records


@pytest.fixture
def server():
    """Answers each request with the next of `answers`: (status, headers, body)."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            status, headers, body = self.server.answers.pop(0)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *unused):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


GOOD = (200, {}, json.dumps(encode_records(RECORDS)).encode())


def fetch(server, *answers, url=None):
    server.answers = list(answers)
    event = change(7)
    event.url, event.records = url or f"{server.url}/secret-path?{SECRET}", None
    pauses = []
    try:
        return Payloads(attempts=4, sleep=pauses.append).fetch(event), pauses
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        assert SECRET not in told and "secret-path" not in told
        raise


def test_the_records_are_read(server):
    assert fetch(server, GOOD) == (RECORDS, [])
    assert server.asked == [f"/secret-path?{SECRET}"]


def test_redirects_are_followed(server):
    there = (307, {"Location": f"{server.url}/there?{SECRET}"}, b"")
    assert fetch(server, there, GOOD) == (RECORDS, [])
    assert server.asked[1] == f"/there?{SECRET}"


def test_what_fails_for_a_while_is_tried_again(server):
    cut = (200, {"Content-Length": "1000"}, b"[")
    assert fetch(server, (503, {}, b""), (500, {}, b""), cut, GOOD) == (RECORDS, [0.2, 0.4, 0.8])


def test_an_end_of_patience_says_so(server):
    with pytest.raises(PayloadError, match="sync count 7 .*127.0.0.1 in 4 attempts: status 503"):
        fetch(server, *[(503, {}, b"")] * 4)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_expired_url_says_what_to_do(server, status):
    with pytest.raises(PayloadGone, match=f"status {status}.*bulk publish"):
        fetch(server, (status, {}, b"<Error/>"))


def test_an_unreachable_host_is_named(server):
    with pytest.raises(PayloadError, match="127.0.0.1"):
        fetch(server, url=f"http://127.0.0.1:1/secret-path?{SECRET}")


@pytest.mark.parametrize("answer", [b"{}", b"[7]"])
def test_what_is_no_array_of_records_is_refused(server, answer):
    with pytest.raises(EventError):
        fetch(server, (200, {}, answer))


def test_other_schemes_are_not_followed(server):
    with pytest.raises(EventError):
        fetch(server, url=f"file:///secret-path?{SECRET}")
