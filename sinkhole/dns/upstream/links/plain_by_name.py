"""Plain DNS to a server that is given by name: `udp://dns.example.org`.

A question waits until an address is known, then goes the way of `plain`. The address is asked for
again while questions come, as it may have changed, and at once when it failed.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.link import Blame, Cancel, Failure, LinkAnswer, LinkState, OnReply
from sinkhole.dns.upstream.links.plain import MOST_PER_SERVER, PlainLink
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.tasks import Tasks

ASK_AGAIN_S: Final = 60.0
"""How old an address may be before it is asked for again; mostly it is still known."""


class _Waiting:
    """A question until an address is found for it; then `cancel` is that of the way it goes."""

    __slots__ = ("cancel", "deadline", "on_reply", "question")

    def __init__(self, question: Question, deadline: float, on_reply: OnReply) -> None:
        self.question = question
        self.deadline = deadline
        self.on_reply = on_reply
        self.cancel: Cancel | None = None


class PlainByName:
    """A `Link` to where `addresses` say that the server is."""

    kind = "udp"

    def __init__(
        self, addresses: Addresses, port: int, engine: PlainEngine, most: int = MOST_PER_SERVER
    ) -> None:
        self.most = most
        self._addresses = addresses
        self._port = port
        self._engine = engine
        self._tasks = Tasks("address of an upstream", 1)
        self._link: PlainLink | None = None
        self._ip = ""
        self._found_at = 0.0
        self._waiting: dict[_Waiting, None] = {}

    def start(self) -> None:
        """Begin, within a running event loop."""
        self._engine.start(self)

    async def close(self) -> None:
        """Close everything; questions must have been cancelled before."""
        await self._tasks.close()
        await self._engine.leave(self)

    def ask(self, question: Question, deadline: float, on_reply: OnReply) -> Cancel | Failure:
        """Ask where the server is known to be, or as soon as that is known."""
        now = self._engine.clock()
        if self._link is None or now - self._found_at >= ASK_AGAIN_S:
            self._tasks.start("find", self._find_later(deadline))  # one at a time
        if self._link is not None:
            return self._link.ask(question, deadline, partial(self._heard, self._ip, on_reply))
        waiting = _Waiting(question, deadline, on_reply)
        self._waiting[waiting] = None
        return partial(self._cancel, waiting)

    def renew(self) -> None:
        """Another network may have another address for it."""
        self._found_at = -ASK_AGAIN_S

    def state(self) -> LinkState:
        """That of the address in use."""
        return LinkState() if self._link is None else self._link.state()

    def _cancel(self, waiting: _Waiting) -> None:
        self._waiting.pop(waiting, None)
        if waiting.cancel is not None:
            waiting.cancel()

    async def _find_later(self, deadline: float) -> None:
        try:
            ips = await self._addresses.find(deadline)
        except UpstreamError as error:
            self._fail(Failure(error.cause, Blame.SERVER))
            return
        self._found_at = self._engine.clock()
        if ips[0] != self._ip:
            self._ip = ips[0]
            self._link = PlainLink(self._ip, self._port, self._engine, self.most)
        self._send_waiting()

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        assert self._link is not None
        for each in waiting:
            hear = partial(self._heard, self._ip, each.on_reply)
            asked = self._link.ask(each.question, each.deadline, hear)
            if isinstance(asked, Failure):
                self._engine.tell(each.on_reply, asked)
            else:
                each.cancel = asked

    def _fail(self, failure: Failure) -> None:
        """Tell those that have no address to go to; the old one, if there is one, stays in use."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting:
            self._engine.tell(each.on_reply, failure)

    def _heard(self, ip: str, on_reply: OnReply, outcome: LinkAnswer | Failure) -> None:
        if isinstance(outcome, LinkAnswer):
            self._addresses.worked(ip)
        elif outcome.blame is not Blame.NOBODY:
            self._addresses.failed(ip)
            self._found_at = -ASK_AGAIN_S
        on_reply(outcome)
