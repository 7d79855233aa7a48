"""Control frames of frame streams: as receivers read them, and as they come."""

from __future__ import annotations

import pytest

from sinkhole.control.shipping.frame_streams import (
    DNSTAP,
    HEAD_SIZE,
    Control,
    ControlFrame,
    control_frame,
    control_size,
    data_frame,
    read_control,
)
from sinkhole.model.errors import WireError


def test_frames_are_written_as_the_protocol_has_them() -> None:
    assert data_frame(b"abc") == b"\0\0\0\3abc"
    assert control_frame(Control.STOP).hex() == "000000000000000400000003"
    assert control_frame(Control.READY, b"a:b").hex() == (
        "000000000000000f000000040000000100000003" + b"a:b".hex()
    )


@pytest.mark.parametrize("types", [(), (DNSTAP,), (b"a", b"b" * 256)])
def test_control_frames_are_read_as_they_were_written(types: tuple[bytes, ...]) -> None:
    frame = control_frame(Control.ACCEPT, *types)
    assert control_size(frame[:HEAD_SIZE]) == len(frame) - HEAD_SIZE
    assert read_control(frame[HEAD_SIZE:]) == ControlFrame(Control.ACCEPT, types)


def test_a_receiver_that_names_no_type_takes_any() -> None:
    assert ControlFrame(Control.ACCEPT).accepts(DNSTAP)
    assert ControlFrame(Control.ACCEPT, (b"other", DNSTAP)).accepts(DNSTAP)
    assert not ControlFrame(Control.ACCEPT, (b"other",)).accepts(DNSTAP)


@pytest.mark.parametrize(
    "head", ["", "00000000", "0000000000000003", "0000000000000201", "0000000100000004"]
)
def test_what_is_no_control_frame_is_refused(head: str) -> None:
    with pytest.raises(WireError):
        control_size(bytes.fromhex(head))


@pytest.mark.parametrize(
    "payload", ["", "000000", "0000000100000001", "000000010000000100000002ff", "00000001" + "00"]
)
def test_a_control_frame_that_is_cut_is_refused(payload: str) -> None:
    with pytest.raises(WireError):
        read_control(bytes.fromhex(payload))


def test_fields_that_nobody_knows_are_passed_over() -> None:
    payload = bytes.fromhex("000000010000000700000001ff000000010000000161")
    assert read_control(payload) == ControlFrame(Control.ACCEPT, (b"a",))
    assert read_control(bytes.fromhex("00000063")) == ControlFrame(0x63)
