"""One stream session, with a transport that only remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pretended_stream import QUESTION, opened

from sinkhole.dns.upstream.links.session import Asking
from sinkhole.dns.upstream.links.stream import MOST_AT_ONCE, MOST_STRAYS, StreamSession


def drawing(*ids: int) -> Callable[[int], bytes]:
    left = [*ids]
    return lambda size: left.pop(0).to_bytes(size, "big")


def sent(session: StreamSession) -> Asking:
    asking = Asking(QUESTION, 1.0, print)
    session.send(asking)
    return asking


def answer(session: StreamSession, key: int) -> None:
    session.data_received(b"\0\4" + key.to_bytes(2, "big") + b"ok")


async def test_what_is_asked_in_one_turn_leaves_as_one_write() -> None:
    session, pipe, _ = opened(drawing(1, 2, 3))
    sent(session)
    sent(session)
    assert pipe.written == b""
    await asyncio.sleep(0)
    assert pipe.written.count(QUESTION.name) == 2
    sent(session)
    await asyncio.sleep(0)
    assert pipe.written.count(QUESTION.name) == 3


async def test_ids_underway_are_not_used_twice() -> None:
    session, _, _ = opened(drawing(7, 7, 8))
    assert (sent(session).key, sent(session).key) == (7, 8)


async def test_the_id_of_a_cancelled_question_waits_for_its_answer() -> None:
    session, _, heard = opened(drawing(7, 7, 8, 7))
    session.cancel(sent(session))
    assert session.room == MOST_AT_ONCE - 1
    assert sent(session).key == 8
    answer(session, 7)
    assert (heard.alive, heard.strays, heard.answers) == (1, 0, [])
    assert session.room == MOST_AT_ONCE - 1
    assert sent(session).key == 7


async def test_an_answer_comes_once() -> None:
    session, _, heard = opened(drawing(7))
    asking = sent(session)
    answer(session, 7)
    answer(session, 7)
    assert heard.answers == [(asking, b"\0\7ok")]
    assert heard.strays == 1


async def test_many_strays_end_the_session() -> None:
    session, pipe, heard = opened()
    for _ in range(MOST_STRAYS - 1):
        answer(session, 7)
    assert not pipe.is_aborted
    session.data_received(b"\0\0" * 3)  # nor can an empty message be an answer
    assert pipe.is_aborted
    assert heard.strays == MOST_STRAYS
    assert heard.end == "answered questions that were not asked"
    assert session.room == 0


async def test_room_that_comes_back_is_told() -> None:
    session, _, heard = opened(drawing(*range(MOST_AT_ONCE)))
    for _ in range(MOST_AT_ONCE):
        sent(session)
    assert session.room == 0
    answer(session, 7)
    answer(session, 8)
    assert (session.room, heard.room) == (2, 1)


async def test_a_server_that_reads_nothing_is_sent_nothing() -> None:
    session, _, heard = opened(drawing(1, 2))
    sent(session)
    session.pause_writing()
    assert session.room == 0
    answer(session, 1)
    assert session.room == 0
    session.resume_writing()
    assert (session.room, heard.room) == (MOST_AT_ONCE, 1)


async def test_what_a_lost_connection_is_called() -> None:
    session, _, heard = opened()
    session.connection_lost(None)
    assert heard.end == "closed the connection"
    session, _, heard = opened()
    session.connection_lost(OSError(104, "Connection reset by peer"))
    assert heard.end == "broke the connection (Connection reset by peer)"
    assert session.room == 0


async def test_closing_tells_nothing_and_sends_nothing_more() -> None:
    session, pipe, heard = opened()
    sent(session)
    session.close()
    session.connection_lost(None)
    session.resume_writing()
    await asyncio.sleep(0)
    assert pipe.is_aborted
    assert (pipe.written, heard.end, heard.room, session.room) == (b"", "", 0, 0)
