"""What a link is: one way to ask one server, whatever transport is behind it.

Everything that is peculiar to a transport (sockets, connections, streams, retransmission, framing,
certificates) ends here. Above it `forwarder` decides who is asked when, and `health` remembers how
each server does; neither knows how a question travels.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import inf
from typing import NamedTuple, Protocol

from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply


class Blame(Enum):
    """What a failure is about."""

    NAME = "name"
    """Silence, or what cannot be read: perhaps only this name is to blame."""
    SERVER = "server"
    """No name can be to blame: nobody listens, no handshake, a wrong certificate."""
    NOBODY = "nobody"
    """Our own side: no descriptor left, too many questions underway."""


class LinkAnswer(NamedTuple):
    """A reply that is about the question: well-formed, with any rcode.

    Truncated only where nothing longer can be had. `rtt_s` is from the query that was answered to
    its answer; None where that says nothing of the server's speed, as a handshake is in it. `over`
    is the transport that it came by, such as "udp", "tcp" or "tls"; `before` says, as a Failure
    does, what came of asking otherwise first, "" where nothing had to be.
    """

    reply: Reply
    rtt_s: float | None
    over: str
    before: str = ""


class Failure(NamedTuple):
    """Why there is no answer. `what` finishes a sentence that begins with the server's name."""

    what: str
    blame: Blame


OnReply = Callable[[LinkAnswer | Failure], None]
"""Called at most once, and never before `ask` has returned or after the question was cancelled."""

Cancel = Callable[[], None]
"""Forget the question: nothing more is told of it. Harmless when it has ended."""


class LinkState(NamedTuple):
    """What people are shown of a link; times are those of its clock.

    `address` is the IP address it asks at now, "" while none is known; `connected_at` is when its
    connection was made, None where there is none. `problem` is why it cannot be asked at all, and
    what to do. Counted are messages that answered nothing we asked (`strays`), and questions that
    found no descriptor or memory on our side (`unsent`); `forged_at` is when the last suspicion
    arose that somebody forges answers.
    """

    address: str = ""
    connected_at: float | None = None
    problem: str = ""
    strays: int = 0
    unsent: int = 0
    forged_at: float = -inf


class Link(Protocol):
    """One way to ask one server. `most` is how many questions may be underway at once.

    Never raises: what goes wrong is a Failure.
    """

    kind: str
    """The transport, as in the URL of the settings: udp, tcp, tls, https, h3 or quic."""
    most: int

    def start(self) -> None:
        """Begin, within a running event loop; needs no network yet."""
        ...

    async def close(self) -> None:
        """Close everything. Questions must have been cancelled before."""
        ...

    def ask(self, question: Question, deadline: float, on_reply: OnReply) -> Cancel | Failure:
        """Ask; `on_reply` hears what became of it, by the deadline at the latest.

        A Failure at once where nothing could be sent: then `on_reply` is not called.
        """
        ...

    def renew(self) -> None:
        """The network may have changed: what is connected is not to be trusted any more.

        Connections are dropped, and questions underway are asked again on new ones.
        """
        ...

    def state(self) -> LinkState:
        """What people are shown."""
        ...
