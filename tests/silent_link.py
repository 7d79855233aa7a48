"""Servers for tests that ask nobody: behind them is a link that notes what it is asked."""

from __future__ import annotations

from typing import Any

from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.link import Cancel, Failure, LinkState, OnReply
from sinkhole.dns.wire.question import Question


class SilentLink:
    """Never answers by itself: a test calls what is in `asked`."""

    kind = "udp"

    def __init__(self, most: int = 500) -> None:
        self.most = most
        self.asked: list[tuple[Question, float, OnReply]] = []
        self.cancelled: list[Question] = []
        self.renewed = 0
        self.problem = ""
        self.fails: Failure | None = None
        """What it says at once, in place of asking."""

    def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def ask(self, question: Question, deadline: float, on_reply: OnReply) -> Cancel | Failure:
        if self.fails is not None:
            return self.fails
        self.asked.append((question, deadline, on_reply))
        return lambda: self.cancelled.append(question)

    def renew(self) -> None:
        self.renewed += 1

    def state(self) -> LinkState:
        return LinkState(problem=self.problem)


def server_named(name: str, **options: Any) -> Server:
    """A server that stays silent."""
    return Server(name, SilentLink(), **options)
