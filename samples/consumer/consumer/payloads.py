"""Fetching the records of an event that was too large for its stream.

The URL is a secret while it lives: whoever has it reads the records. So neither it nor what a
library says of it reaches a log or an error's text: only the host does."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.client import HTTPException

from .events import Event, EventError, Record, parse_records

# Statuses that another attempt may mend.
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class PayloadError(Exception):
    """The records can't be had at the moment: another run may get them."""


class PayloadGone(PayloadError):
    """The records can't be had at this URL any more."""


class Payloads:
    """Follows `kinesisSyncRecordsURL`, through redirects. Attempts: in all; what goes wrong for a
    while is tried again after a pause that doubles, from 0.2 s."""

    def __init__(self, attempts: int = 6, timeout: float = 30,
                 sleep: Callable[[float], None] = time.sleep):
        self._attempts = attempts
        self._timeout = timeout
        self._sleep = sleep

    def fetch(self, event: Event) -> list[Record]:
        """The records of an event with a URL. Raises PayloadGone, PayloadError, EventError."""
        host = urllib.parse.urlsplit(event.url).hostname or "an unnamed host"
        pause, problem = 0.2, ""
        for attempt in range(self._attempts):
            if attempt > 0:
                self._sleep(pause)
                pause *= 2
            try:
                return self._get(event.url)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in _TRANSIENT:
                    raise _gone(event, host, error.code) from None
                problem = f"status {error.code}"
            except (OSError, HTTPException, ValueError) as error:  # ValueError: no JSON, no URL
                problem = type(getattr(error, "reason", error)).__name__
        raise PayloadError(f"the records of {event.name} could not be read from {host} in "
                           f"{self._attempts} attempts: {problem}. Is {host} reachable from here? "
                           "Run the consumer again: it goes on at this event.")

    def _get(self, url: str) -> list[Record]:
        if not url.startswith(("https://", "http://")):
            raise EventError("kinesisSyncRecordsURL is no http or https URL")
        with urllib.request.urlopen(url, timeout=self._timeout) as answer:
            return parse_records(json.load(answer))


def _gone(event: Event, host: str, status: int) -> PayloadGone:
    return PayloadGone(
        f"the records of {event.name} can't be read from {host}: status {status}. The URL has "
        "expired, or the object is gone, as happens to a consumer that lags behind for longer than "
        "the publisher's URLs live. Ask the operators for a bulk publish of the pool, which sends "
        "the dataset anew, and run the consumer with --skip-missing-payloads: it notes the count as "
        "missed and goes on.")
