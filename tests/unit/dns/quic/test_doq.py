"""Messages on streams of QUIC."""

from __future__ import annotations

import pytest

from sinkhole.dns.quic.doq import BrokenMessage, Messages, framed


def test_a_message_in_one_piece_or_byte_by_byte() -> None:
    messages = Messages(10)
    assert messages.feed(0, framed(b"whole"), True) == b"whole"
    assert len(messages) == 0
    for byte in framed(b"parts")[:-1]:
        assert messages.feed(4, bytes((byte,)), False) is None
    assert len(messages) == 1
    assert messages.feed(4, b"s", False) == b"parts"
    assert len(messages) == 0


def test_each_stream_by_itself() -> None:
    messages = Messages(10)
    assert messages.feed(0, b"\0\3a", False) is None
    assert messages.feed(4, b"\0\3x", False) is None
    assert messages.feed(0, b"bc", True) == b"abc"
    assert messages.feed(4, b"yz", True) == b"xyz"


@pytest.mark.parametrize(
    ("data", "end", "what"),
    [
        (b"", True, "ended a stream within a message"),
        (b"\0", True, "ended a stream within a message"),
        (b"\0\3ab", True, "ended a stream within a message"),
        (b"\0\3abcd", False, "sent more than one message on a stream"),
        (b"\0\x0b", False, "sent a message of 11 bytes"),
    ],
)
def test_what_is_no_message(data: bytes, end: bool, what: str) -> None:
    with pytest.raises(BrokenMessage, match=what):
        Messages(10).feed(0, data, end)


def test_what_is_forgotten_begins_anew() -> None:
    messages = Messages(10)
    assert messages.feed(0, b"\0\3a", False) is None
    messages.forget(0)
    messages.forget(0)
    assert messages.feed(0, framed(b"new"), True) == b"new"
