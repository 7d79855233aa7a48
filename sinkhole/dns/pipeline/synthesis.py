"""What DNS64 does between two questions to upstreams: for IPv6 addresses, then for the others.

Only what an upstream said is made better: names of the house, and what a list refuses or rewrites,
are answered before anybody is asked. Pure functions.
"""

from __future__ import annotations

from typing import Final

from sinkhole.dns.pipeline.decide_answer import may_lead_inside
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError

WORTH_ASKING_S: Final = 1.0
"""Where asking for IPv6 addresses has failed later than this, there is no time for a second try."""

_SAYS_NOTHING: Final = Reply(0, False, False, (), ())


def way_of(waiting: Waiting) -> tuple[Question, str, bytes, bytes]:
    """What is asked, of whom, with which DNS64, and what is told of the client: what was heard
    another way is of no use."""
    question, permit, view = waiting.question, waiting.permit, waiting.view
    dns64, subnet = view.policy.dns64_for(question), view.subnet(question, permit.via)
    return permit.asked(question), permit.via, dns64.settings if dns64 else b"", subnet


def lacking_ipv6(waiting: Waiting, outcome: Exchanged | UpstreamError, now: float) -> Reply | None:
    """The reply that says that a name has no IPv6 addresses; None where none are to be made.

    A server that fails for such questions is taken to say so (RFC 6147 §5.1.2), if it was quick.
    """
    dns64 = waiting.view.policy.dns64_for(waiting.question)
    if dns64 is None or isinstance(outcome, CrowdedError):
        return None
    if isinstance(outcome, UpstreamError):
        return _SAYS_NOTHING if now - waiting.arrived < WORTH_ASKING_S else None
    reply = dns64.without_excluded(outcome.reply)
    return reply if dns64.lacks_addresses(reply) else None


def with_ipv6_made(
    waiting: Waiting, outcome: Exchanged | UpstreamError, no_ipv6: Reply
) -> Exchanged | UpstreamError:
    """What became of the question for IPv4 addresses, as one for IPv6 addresses (§5.1.6)."""
    dns64 = waiting.view.policy.dns64_for(waiting.question)
    if isinstance(outcome, UpstreamError) or dns64 is None:
        return outcome
    is_refused = not (waiting.permit.front or may_lead_inside(waiting.question, waiting.view))
    made = dns64.made_of(outcome.reply, no_ipv6, private=is_refused)
    return outcome._replace(reply=made)
