"""A query as a syslog message (RFC 5424), whose text is the object of `json_lines`."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Final

from sinkhole.control.settings.shipping_schema import SyslogFacility
from sinkhole.control.shipping.json_lines import Line
from sinkhole.model.record import Batch

FACILITIES: Final[dict[str, int]] = {
    "user": 1,
    "daemon": 3,
    **{f"local{number}": 16 + number for number in range(8)},
}
"""The numbers of the facilities that may be set (RFC 5424 §6.2.1)."""

MOST_DATAGRAM: Final = 2048
"""Bytes of a message over UDP that every receiver should take (RFC 5426 §3.2); of a longer one the
answers are left out."""

MOST_MESSAGE: Final = 8192
"""The same over TCP and a socket: more is cut by many."""

_INFORMATIONAL: Final = 6
_NO_NAME: Final = re.compile(r"[^!-~]")
_LONGEST_HOST: Final = 255


class Syslog:
    """Makes messages of one facility, of this machine; `has_length` puts their length in front, as
    is done over TCP (RFC 6587 §3.4.1)."""

    def __init__(
        self, facility: SyslogFacility, host: str, *, most: int, has_length: bool = False
    ) -> None:
        self._priority = FACILITIES[facility] * 8 + _INFORMATIONAL
        self._host = _NO_NAME.sub("", host)[:_LONGEST_HOST] or "-"
        self._most = most
        self._has_length = has_length
        self._head = ""

    def begin(self, batch: Batch) -> None:
        """The next messages are of this batch."""
        at = datetime.fromtimestamp(batch.time_s, UTC).isoformat(timespec="microseconds")
        self._head = f"<{self._priority}>1 {at[:-6]}Z {self._host} sinkhole {os.getpid()} query - "

    def message(self, line: Line) -> bytes:
        """One query of the batch."""
        text = self._head + line.whole
        if len(text) > self._most:
            text = self._head + line.short
        return (f"{len(text)} {text}" if self._has_length else text).encode()
