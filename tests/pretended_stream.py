"""A stream session on a transport that only remembers, and who hears what it tells.

session, pipe, heard = opened()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sinkhole.dns.upstream.entropy import Entropy
from sinkhole.dns.upstream.links.session import Asking, Session
from sinkhole.dns.upstream.links.stream import StreamSession
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question

QUESTION = Question(from_text("example.org"), 1)


class Pipe(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def abort(self) -> None:
        self.is_aborted = True


class Heard:
    """What the session tells."""

    def __init__(self) -> None:
        self.answers: list[tuple[Asking, bytes]] = []
        self.alive = self.strays = self.room = 0
        self.end = ""

    def answered(self, asking: Asking, wire: bytes) -> None:
        self.answers.append((asking, wire))

    def heard(self, session: Session, *, stray: bool = False) -> None:
        self.alive += 1
        self.strays += stray

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        raise AssertionError("nothing is refused by a stream")

    def has_room(self, session: Session) -> None:
        self.room += 1

    def ended(self, session: Session, what: str) -> None:
        assert not self.end
        self.end = what


def opened(draw: Callable[[int], bytes] | None = None) -> tuple[StreamSession, Pipe, Heard]:
    heard, pipe = Heard(), Pipe()
    session = StreamSession(heard, draw or Entropy().draw, padded=False)
    session.connection_made(pipe)
    return session, pipe, heard
