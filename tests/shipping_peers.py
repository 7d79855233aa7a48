"""Who copies of the log are shipped to: receivers with decoders of their own, which share no code
with what sends.

`dnstap_of` reads protobuf as its specification says, field by field; `Receiver` speaks frame
streams from the receiver's side, and can be slow, deaf or rude.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
DNSTAP: Final = b"protobuf:dnstap.Dnstap"

TOP: Final = {1: "identity", 2: "version", 3: "extra", 14: "message", 15: "type"}
MESSAGE: Final = {
    1: "type", 2: "socket_family", 3: "socket_protocol", 4: "query_address",
    5: "response_address", 6: "query_port", 7: "response_port", 8: "query_time_sec",
    9: "query_time_nsec", 10: "query_message", 11: "query_zone", 12: "response_time_sec",
    13: "response_time_nsec", 14: "response_message", 15: "policy", 16: "http_protocol",
}  # fmt: skip
POLICY: Final = {1: "type", 2: "rule", 3: "action", 4: "match", 5: "value"}


def fields_of(data: bytes) -> list[tuple[int, int | bytes]]:
    """Number and value of each field; ValueError for what is no message."""
    found: list[tuple[int, int | bytes]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise ValueError("a varint has no end")
            byte = data[at]
            at += 1
            number += (byte % 128) << shift
            shift += 7
            if byte < 128:
                return number

    while at < len(data):
        field, kind = divmod(varint(), 8)
        value: int | bytes
        if kind == 0:
            value = varint()
        elif kind == 2:
            size = varint()
            value = data[at : at + size]
            at += size
        elif kind == 5:
            (value,) = struct.unpack_from("<I", data, at)
            at += 4
        else:
            raise ValueError(f"there is no wire type {kind} in dnstap")
        if at > len(data):
            raise ValueError("a field is cut")
        found.append((field, value))
    return found


def named(data: bytes, names: dict[int, str]) -> dict[str, Any]:
    """A message by names; each field stands there once."""
    fields = fields_of(data)
    assert len({field for field, _ in fields}) == len(fields)
    return {names[field]: value for field, value in fields}


def dnstap_of(frame: bytes) -> dict[str, Any]:
    """All of a frame: the fields of its message, with `identity`, `version`, `extra`, `policy`."""
    top = named(frame, TOP)
    assert top.pop("type") == 1
    message = named(top.pop("message"), MESSAGE)
    assert message["type"] == 6
    if "policy" in message:
        message["policy"] = named(message["policy"], POLICY)
    return {**top, **message}


class Heard(NamedTuple):
    """A control frame, and the content types in it."""

    kind: int
    types: list[bytes]


class Receiver:
    """Takes frame streams at `where`, a path or ("127.0.0.1", port)."""

    def __init__(self, where: Path | tuple[str, int], answer: int = ACCEPT) -> None:
        self.where = where
        self.frames: list[bytes] = []
        self.heard: list[int] = []
        self.connections = 0
        self.answer = answer
        self.reads = asyncio.Event()
        self.reads.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def target(self) -> str:
        if isinstance(self.where, Path):
            return f"unix:{self.where}"
        return f"tcp://{self.where[0]}:{self.where[1]}"

    async def start(self) -> None:
        if isinstance(self.where, Path):
            self._server = await asyncio.start_unix_server(self._serve, self.where)
        else:
            self._server = await asyncio.start_server(self._serve, *self.where)
            self.where = self._server.sockets[0].getsockname()[:2]

    async def vanish(self) -> None:
        """End, and every connection without a word."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self.reads.set()
        while self._writers:
            await asyncio.sleep(0.01)
        await self._server.wait_closed()
        if isinstance(self.where, Path):
            self.where.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._talk(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await self.reads.wait()
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            if size:
                assert START in self.heard, "data comes behind START"
                self.frames.append(await reader.readexactly(size))
                continue
            heard = await _control(reader)
            self.heard.append(heard.kind)
            if heard.kind == READY:
                assert heard.types == [DNSTAP]
                if self.answer:
                    writer.write(_control_frame(self.answer, DNSTAP))
            elif heard.kind == START:
                assert heard.types == [DNSTAP]
            elif heard.kind == STOP:
                writer.write(_control_frame(FINISH))
                return
            else:
                raise AssertionError(f"no sender says {heard.kind}")


async def _control(reader: asyncio.StreamReader) -> Heard:
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    payload = await reader.readexactly(size)
    (kind,) = struct.unpack_from(">I", payload)
    at, types = 4, []
    while at < size:
        field, length = struct.unpack_from(">II", payload, at)
        assert field == 1
        types.append(payload[at + 8 : at + 8 + length])
        at += 8 + length
    assert at == size
    return Heard(kind, types)


def _control_frame(kind: int, *types: bytes) -> bytes:
    payload = struct.pack(">I", kind)
    for each in types:
        payload += struct.pack(">II", 1, len(each)) + each
    return struct.pack(">II", 0, len(payload)) + payload


@contextlib.asynccontextmanager
async def receiving(
    where: Path | tuple[str, int] = ("127.0.0.1", 0), answer: int = ACCEPT
) -> AsyncIterator[Receiver]:
    """A receiver, until the end."""
    receiver = Receiver(where, answer)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.vanish()
