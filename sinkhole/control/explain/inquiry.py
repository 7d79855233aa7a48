"""A question, who asks it, and all that decides; and what would be decided if that changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sinkhole.control.explain.altered_rules import AlteredRules
from sinkhole.control.groups.effective import Layer
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.clients.identity import NOBODY, Identified
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.pipeline.decide_answer import came_this_way, decide_answer
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import decide_question
from sinkhole.dns.pipeline.replies import NOT_ALLOWED
from sinkhole.dns.policy.group import Filter, GroupPolicy
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.wire.question import Question
from sinkhole.model.verdict import Verdict


def rules_of(client: Client) -> Selection:
    """The rules that are asked for a client."""
    rules = client.policy.filter
    if not isinstance(rules, Selection):
        raise TypeError("these rules are on trial, and nobody's")
    return rules


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What decides about a question of a client, at a moment.

    `matcher` is the filter of the policy; `answer` is an upstream's answer where one is at hand.
    """

    question: Question
    client: Client
    policy: Policy
    matcher: Selection
    settings: Settings
    now: float
    answer: Answer | None = None
    altered: GroupPolicy | None = None
    """What is tried in place of what applies to the client."""
    recognised: Identified = NOBODY
    """Whom of the settings the client was taken for, and by what."""
    layers: tuple[Layer, ...] = ()
    """What its group and it say, later ones over earlier ones; none where rules for everybody are
    tried."""

    @property
    def group(self) -> GroupPolicy:
        """What applies to the client."""
        return self.altered or self.client.policy

    @property
    def view(self) -> View:
        """What the stages of the pipeline see the question by."""
        return View(self.policy, self.group, self.client.traits, address=self.client.packed)

    def decided(self) -> Ready | Permit:
        """What the stages of the pipeline make of the question."""
        return decide_question(self.question, self.view)

    def settled(self) -> Ready | Permit:
        """What becomes of the question: with an answer at hand, that or what is given instead."""
        decided, answer = self.decided(), self.answer
        if isinstance(decided, Ready) or answer is None:
            return decided
        if not came_this_way(self.question, self.view, answer, decided):
            return decided
        ready, report = decide_answer(self.question, self.view, answer, decided, "")
        return decided if report.verdict.outcome is decided.outcome else ready

    def verdict(self) -> Verdict:
        """What becomes of the question, and why, as far as is known."""
        if not self.client.allowed:
            return NOT_ALLOWED.verdict
        settled = self.settled()
        return settled.report.verdict if isinstance(settled, Ready) else settled.forwarded("")

    def with_rules(self, rules: Filter) -> Inquiry:
        """The same under other rules."""
        return self.with_parts(filter=rules)

    def with_parts(self, **parts: Any) -> Inquiry:
        """The same with other parts of what applies to the client."""
        return replace(self, altered=replace(self.group, **parts))

    def changed(self, added: tuple[str, ...] = (), **options: Any) -> Inquiry:
        """The same with rules added or taken out; `options` are those of `AlteredRules`."""
        return self.with_rules(AlteredRules(self.matcher, added, own=OWN_RULES, **options))
