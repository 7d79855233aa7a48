"""What the pipeline makes of a query, and what it needs to go on with one.

The words that the listeners and the pipeline share: `answer_now` reacts to every query with one
of three things, and the listeners do nothing but carry them out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal, NamedTuple, Protocol

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.wire.question import Question, Shape
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError


class Drop(Enum):
    """The reaction that is no reply."""

    DROP = "drop"


class Transport(Enum):
    """How a query came; it decides how long a reply may be."""

    UDP = "udp"
    TCP = "tcp"


DROP: Final = Drop.DROP
UDP: Final = Transport.UDP
TCP: Final = Transport.TCP


class Waiting(NamedTuple):
    """A query that needs an upstream, and all that was found out about it."""

    query: bytes
    end: int
    shape: Shape
    client: Client
    transport: Transport
    key: bytes
    question: Question
    generation: int
    """That of the policy that let the question pass."""
    permit: Permit
    arrived: float


Reaction = bytes | Literal[Drop.DROP] | Waiting
"""Send this; stay silent; or hand it to `Pipeline.answer_then` along with how to send."""


class Exchanged(Protocol):
    """An upstream's reply and the upstream's name."""

    @property
    def reply(self) -> Reply: ...
    @property
    def server(self) -> str: ...


class Upstreams(Protocol):
    """What the pipeline needs of `upstream.Forwarder`."""

    def ask(self, question: Question, tell: Callable[[Exchanged | UpstreamError], None]) -> None:
        """Get a usable reply; `tell` is called once, with it or with why there is none in time.

        Raises UpstreamError at once, without calling `tell`, when it cannot even begin.
        """

    def is_loop_probe(self, question: Question) -> bool:
        """Whether this is a question we sent ourselves, come back as a client's."""
