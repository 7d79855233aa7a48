"""dnstap to receivers that are well, deaf, rude, hanging, gone and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from shipping_peers import ACCEPT, FINISH, READY, START, STOP, Receiver, receiving

from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping import sockets, stream
from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.frame_stream import FrameStream
from sinkhole.control.shipping.frame_streams import data_frame


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (sockets, stream):
        monkeypatch.setattr(each, "PATIENCE_S", 1.0)


def to(receiver: Receiver) -> FrameStream:
    return FrameStream(Target.parse(receiver.target, ("unix", "tcp"), 6000))


async def came(receiver: Receiver, *frames: bytes) -> None:
    async with asyncio.timeout(20):
        while receiver.frames != list(frames):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_unix", [True, False])
async def test_the_handshake_goes_both_ways(tmp_path: Path, is_unix: bool) -> None:
    where = tmp_path / "tap" if is_unix else ("127.0.0.1", 0)
    async with receiving(where) as receiver:
        carrier = to(receiver)
        await carrier.send([data_frame(b"one"), data_frame(b"two")])
        await carrier.send([data_frame(b"three")])
        await carrier.close()
        assert receiver.frames == [b"one", b"two", b"three"], "all there before FINISH"
        assert receiver.heard == [READY, START, STOP] and receiver.connections == 1
        await carrier.close()


@pytest.mark.parametrize("answer", [FINISH, START])
async def test_who_does_not_accept_is_told(answer: int) -> None:
    async with receiving(answer=answer) as receiver:
        with pytest.raises(NotSentError, match="does not accept") as error:
            await to(receiver).send([data_frame(b"one")])
        assert (error.value.sent, error.value.lost) == (0, 0)


async def test_who_never_answers_is_not_waited_for(impatient: None) -> None:
    async with receiving(answer=0) as receiver:
        with pytest.raises(NotSentError, match="no answer in time") as error:
            await to(receiver).send([data_frame(b"one")])
        assert error.value.lost == 0


async def test_who_does_not_read_is_not_waited_for(impatient: None) -> None:
    async with receiving() as receiver:
        carrier = to(receiver)
        await carrier.send([data_frame(b"one")])
        await came(receiver, b"one")
        receiver.reads.clear()
        with pytest.raises(NotSentError, match="no answer in time") as error:
            await carrier.send([data_frame(b"x" * 60_000)] * 500)
        assert error.value.lost == 500
        receiver.reads.set()
        await carrier.send([data_frame(b"two")])
        assert receiver.connections == 2
        receiver.reads.clear()
        await carrier.close()


@pytest.mark.parametrize("is_unix", [True, False])
async def test_who_goes_and_comes_back_misses_nothing_sent_later(
    tmp_path: Path, is_unix: bool
) -> None:
    async with receiving(tmp_path / "tap" if is_unix else ("127.0.0.1", 0)) as receiver:
        carrier = to(receiver)
        await carrier.send([data_frame(b"one")])
        await came(receiver, b"one")
        await receiver.vanish()
        with pytest.raises(NotSentError, match=r"refused|no such file") as error:
            await carrier.send([data_frame(b"two")])
        assert error.value.lost == 0
        await receiver.start()
        await carrier.send([data_frame(b"two")])
        await came(receiver, b"one", b"two")
        await carrier.close()


async def test_a_receiver_that_closes_instead_of_saying_finish_is_no_trouble() -> None:
    async with receiving() as receiver:
        carrier = to(receiver)
        await carrier.send([data_frame(b"one")])
        await came(receiver, b"one")
        await receiver.vanish()
        await carrier.close()
        await receiver.start()
    assert ACCEPT == 1
