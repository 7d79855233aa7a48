"""Frame streams, in which dnstap is sent: frames with their length, and a handshake around them.

The sender says READY with what it has, the receiver ACCEPT; then come START, frames of data, and
STOP, to which the receiver says FINISH when it has all of them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from sinkhole.model.errors import WireError

DNSTAP: Final = b"protobuf:dnstap.Dnstap"
"""The content type of dnstap."""

MOST_CONTROL: Final = 512
"""Bytes of a control frame, behind its length."""

HEAD_SIZE: Final = 8
"""What stands in front of a control frame: a length of 0, which is an escape, and its own."""

_CONTENT_TYPE: Final = 1
_LONGEST_TYPE: Final = 256


class Control(IntEnum):
    """The kinds of control frames."""

    ACCEPT = 1
    START = 2
    STOP = 3
    READY = 4
    FINISH = 5


class ControlFrame(NamedTuple):
    """A control frame, with the content types in it."""

    kind: int
    content_types: tuple[bytes, ...] = ()

    def accepts(self, content_type: bytes) -> bool:
        """Whether what is sent as this is wanted: a frame that names nothing takes anything."""
        return not self.content_types or content_type in self.content_types


def data_frame(data: bytes) -> bytes:
    """A frame of data, which may not be empty."""
    return len(data).to_bytes(4, "big") + data


def control_frame(kind: Control, *content_types: bytes) -> bytes:
    """A control frame, with its escape."""
    payload = int(kind).to_bytes(4, "big")
    for each in content_types:
        payload += _CONTENT_TYPE.to_bytes(4, "big") + len(each).to_bytes(4, "big") + each
    return bytes(4) + len(payload).to_bytes(4, "big") + payload


def control_size(head: bytes) -> int:
    """How long the control frame is whose first HEAD_SIZE bytes these are; WireError if it is
    none."""
    size = int.from_bytes(head[4:8], "big")
    if len(head) != HEAD_SIZE or any(head[:4]) or not 4 <= size <= MOST_CONTROL:
        raise WireError("there is no control frame of frame streams")
    return size


def read_control(payload: bytes) -> ControlFrame:
    """The control frame behind such a head; WireError for what is none."""
    kind, rest = int.from_bytes(payload[:4], "big"), payload[4:]
    if len(payload) < 4:
        raise WireError("a control frame ends too early")
    found = []
    while rest:
        is_cut = len(rest) < 8
        field, size = int.from_bytes(rest[:4], "big"), int.from_bytes(rest[4:8], "big")
        content, rest = rest[8 : 8 + size], rest[8 + size :]
        if is_cut or len(content) != size or size > _LONGEST_TYPE:
            raise WireError("a field of a control frame has a wrong length")
        if field == _CONTENT_TYPE:
            found.append(content)
    return ControlFrame(kind, tuple(found))
