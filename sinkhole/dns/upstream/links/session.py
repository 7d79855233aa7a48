"""What a session is: one connection to a server on which many questions are underway at once.

`sessions.SessionLink` keeps questions and connections apart: it opens sessions, gives them
questions, and gives those of a session that dies to the next one. A session only speaks its
protocol: TCP and TLS (`stream`), HTTP/2 (`http2`), QUIC (`quic`), HTTP/3 (`http3`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from sinkhole.dns.upstream.links.link import OnReply
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError


class Asking:
    """One question underway on a link of sessions, until it is answered, fails or is cancelled.

    `session` is the one it was given to, `key` what that one knows it by (an id, a stream).
    `tries` counts the sessions it was given to so far. `edns` is whether to ask with EDNS: not so
    where the server said that it knows none.
    """

    __slots__ = ("deadline", "edns", "key", "on_reply", "question", "sent_at", "session", "tries")

    def __init__(self, question: Question, deadline: float, on_reply: OnReply) -> None:
        self.question = question
        self.deadline = deadline
        self.on_reply = on_reply
        self.session: Session | None = None
        self.key = 0
        self.sent_at = 0.0
        self.tries = 0
        self.edns = True


class Exhausted(UpstreamError):
    """No connection could be made as this machine has none left: no server is to blame."""


class Session(Protocol):
    """One connection, ready to be used. Nothing here raises.

    `address` is the IP address that it goes to.

    `room` is how many more questions it takes now; 0 while it is full, and for good when the server
    said that it takes no more (GOAWAY) or ids run out: it then lives on for what is underway.
    """

    address: str
    room: int

    def send(self, asking: Asking) -> None:
        """Ask, on the wire at the end of this turn of the loop; only where there is room."""
        ...

    def cancel(self, asking: Asking) -> None:
        """Forget a question that was sent: its answer is of no use any more."""
        ...

    def close(self) -> None:
        """Close the connection at once; nothing more is told."""
        ...


class SessionEvents(Protocol):
    """What a session tells its link."""

    def answered(self, asking: Asking, wire: bytes) -> None:
        """These bytes came as the answer, not yet looked at but for the framing."""
        ...

    def heard(self, session: Session, *, stray: bool = False) -> None:
        """Something came that answers no question underway, such as one that was cancelled; a
        `stray` answers nothing that was ever asked. The connection is alive: to be told where it is
        known, as nothing but patience depends on it."""
        ...

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        """The server took this one question ill (a stream reset, an HTTP status); with `retry` it
        was not worked on, and may be asked again on another session."""
        ...

    def has_room(self, session: Session) -> None:
        """It takes questions again, after `room` had been 0."""
        ...

    def ended(self, session: Session, what: str) -> None:
        """The connection is gone; whatever was underway on it is asked again by the link. `what`
        finishes a sentence that begins with the server's name."""
        ...


OpenSession = Callable[[SessionEvents, float], Awaitable[Session]]
"""Makes a connection, handshake and all, by the deadline; raises UpstreamError in words, Exhausted
where our own machine is the reason. A session that ends before it was handed over is not told of:
then this raises as well."""
