"""Netlink messages and attributes, as the kernel writes them."""

from __future__ import annotations

from sinkhole.model.netlink import DUMP, Message, attribute, attributes, message, messages


def test_messages_are_read_as_they_are_sent() -> None:
    sent = message(28, 0, b"first") + message(29, DUMP, b"second!!")
    assert list(messages(sent)) == [Message(28, 0, b"first"), Message(29, DUMP, b"second!!")]


def test_what_is_cut_ends_the_datagram() -> None:
    whole = message(28, 0, b"first")
    assert list(messages(whole + message(29, 0, b"second")[:-5])) == [Message(28, 0, b"first")]
    assert list(messages(b"\4\0\0\0" + bytes(12))) == []  # shorter than its own head


def test_attributes_by_their_type_without_its_flags() -> None:
    data = attribute(1, b"abc") + attribute(2 | 0x8000, b"nested") + attribute(1, b"later")
    assert attributes(data) == {1: b"later", 2: b"nested"}
    assert attributes(data[:-5]) == {1: b"abc", 2: b"nested"}
    assert attributes(b"\1\0\1\0") == {}
