"""Invariant: however a stream of messages is cut into pieces, every answer reaches who asked, once
and whole, and any other bytes raise nothing and are kept within bounds."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from pretended_stream import QUESTION, opened

from sinkhole.dns.upstream.links.session import Asking
from sinkhole.dns.upstream.links.stream import MOST_AT_ONCE


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [piece for piece in [*pieces, data] if piece]


@given(
    st.lists(st.binary(max_size=600), min_size=1, max_size=8),
    st.lists(st.integers(1, 400), max_size=30),
)
@settings(deadline=None)
def test_answers_in_pieces(bodies: list[bytes], sizes: list[int]) -> None:
    async def life() -> None:
        session, pipe, heard = opened()
        askings = [Asking(QUESTION, 1.0, print) for _ in bodies]
        for asking in askings:
            session.send(asking)
        await asyncio.sleep(0)
        assert session.room == MOST_AT_ONCE - len(askings)
        assert pipe.written.count(QUESTION.name) == len(askings)
        wires = [
            asking.key.to_bytes(2, "big") + body
            for asking, body in zip(askings, bodies, strict=True)
        ]
        stream = b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires)
        for piece in cut(stream, sizes):
            session.data_received(piece)
        assert heard.answers == list(zip(askings, wires, strict=True))
        assert session.room == MOST_AT_ONCE

    asyncio.run(life())


@given(st.lists(st.binary(max_size=100), max_size=50))
@settings(deadline=None)
def test_any_bytes(pieces: list[bytes]) -> None:
    session, pipe, heard = opened()
    for piece in pieces:
        if not pipe.is_aborted:
            session.data_received(piece)
    assert heard.answers == []
    assert len(session._in) <= 2 + 0xFFFF
    assert pipe.is_aborted == bool(heard.end)
