"""Why a question may go to an upstream: the third thing a policy can say, besides two replies."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.policy.routes import USUAL
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record
from sinkhole.model.verdict import NO_CAUSE, Cause, Outcome, Verdict


class Permit:
    """Leave to ask an upstream, and what is to be recorded of it.

    `allowed` is True where a rule names the question: what the answer leads to is not refused
    then. `front` are CNAME records made here that lead from the name asked for to the one to ask
    an upstream about; with them the `outcome` is LOCAL or REWRITTEN, and `cause` says by whom.
    `via` is the upstream set that is asked.
    """

    __slots__ = ("_forwarded", "allowed", "cached", "cause", "front", "outcome", "via")

    def __init__(
        self,
        cause: Cause = NO_CAUSE,
        *,
        allowed: bool = False,
        outcome: Outcome = Outcome.FORWARDED,
        front: tuple[Record, ...] = (),
        via: str = USUAL,
    ) -> None:
        self.cause = cause
        self.allowed = allowed
        self.outcome = outcome
        self.front = front
        self.via = via
        again = outcome if front else Outcome.CACHED
        self.cached = Verdict(again, cause, allowed)
        """On an answer that is given again."""
        self._forwarded: dict[str, Verdict] = {}

    def forwarded(self, server: str) -> Verdict:
        """On an answer that just came from a server. One for each: there are few different."""
        verdict = self._forwarded.get(server)
        if verdict is None:
            verdict = Verdict(self.outcome, self.cause, self.allowed, upstream=server)
            self._forwarded[server] = verdict
        return verdict

    def asked(self, question: Question) -> Question:
        """What to ask an upstream in place of a client's question."""
        front = self.front
        return question._replace(name=front[-1].rdata.lower()) if front else question

    def fits(self, answer: Answer) -> bool:
        """Whether an answer came the way we would now ask: of the same upstream set, and behind
        the same CNAMEs of ours."""
        front = self.front
        return (
            answer.via == self.via
            and answer.links == len(front)
            and all(
                record.rdata.lower() == target
                for record, target in zip(front, answer.targets, strict=False)
            )
        )


FREELY: Final = Permit()
"""The permit of names that no rule and no route names: nearly every one."""


@lru_cache(maxsize=1024)
def routed_to(via: str) -> Permit:
    """The permit of a name that no rule names, and a route does."""
    return Permit(via=via)


@lru_cache(maxsize=1024)
def allowed_by(cause: Cause, via: str = USUAL) -> Permit:
    """The permit of a name that a rule explicitly allows; there are few different ones."""
    return Permit(cause, allowed=True, via=via)
