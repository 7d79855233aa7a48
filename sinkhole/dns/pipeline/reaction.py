"""What the pipeline makes of a query, and what it needs to go on with one.

The words that the listeners and the pipeline share: `answer_now` reacts to every query with one
of four things, and the listeners do nothing but carry them out.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, NamedTuple

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.pipeline.holding import Held
from sinkhole.dns.pipeline.permit import FREELY, Permit
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.wire.question import HEADER_SIZE, Question, Shape


class Drop(Enum):
    """The reaction that is no reply."""

    DROP = "drop"


DROP: Final = Drop.DROP


class Waiting(NamedTuple):
    """A query that needs an upstream, and all that was found out about it."""

    query: bytes
    end: int
    shape: Shape
    client: Client
    channel: Channel
    key: bytes
    question: Question
    view: View
    """What it was seen by when it was let pass."""
    permit: Permit
    arrived: float


def waiting_of(
    policy: Policy,
    wire: bytes,
    end: int,
    shape: Shape,
    client: Client,
    channel: Channel,
    key: bytes,
    now: float,
) -> Waiting:
    """A query with all that is found out about it, before it is decided."""
    question = shape.question(key[: end - HEADER_SIZE])
    view = View(policy, client.policy, client.traits, shape.qclass, client.packed)
    return Waiting(wire, end, shape, client, channel, key, question, view, FREELY, now)


Reaction = bytes | Literal[Drop.DROP] | Waiting | Held
"""Send this; stay silent; or hand it to `Pipeline.answer_then` along with how to send."""
