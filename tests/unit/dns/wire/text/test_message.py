"""Replies as text for people."""

from __future__ import annotations

import dnslib
import pytest

from sinkhole.dns.wire.text.message import describe
from sinkhole.model.errors import WireError


def test_a_reply_is_described_in_zone_file_text() -> None:
    record = dnslib.DNSRecord.question("example.org").reply()
    record.add_answer(*dnslib.RR.fromZone("example.org. 60 A 192.0.2.1"))
    assert describe(bytes(record.pack())) == ("NOERROR", ["example.org. 60 IN A 192.0.2.1"])


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, b"\0\0\x81\x80\0\1\0\0\0\0\0\0\xc0\x0c"])
def test_garbage_is_one_kind_of_error(wire: bytes) -> None:
    with pytest.raises(WireError):
        describe(wire)
