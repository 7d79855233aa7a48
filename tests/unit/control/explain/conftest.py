"""A household by its settings, with a pipeline that upstreams of a script answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from settings_file import settings_from
from world import GROUP_PARTS, Clock, Script, question

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.control.explain import Explainer, Inquiry, explain
from sinkhole.control.explain.audience import Audience
from sinkhole.control.explain.explainer import inquiry_of
from sinkhole.control.explain.scene import Scene
from sinkhole.control.explain.whom import Meant
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.channel import TCP
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import type_number
from sinkhole.dns.wire.question import Question
from sinkhole.model.record import RecordBuffer

CLIENT = "192.0.2.7"


class House:
    """`rules` are own ones, `block` and `allow` the rules of a list each; the rest is settings."""

    def __init__(
        self,
        folder: Path,
        *,
        rules: Sequence[str] = (),
        block: Sequence[str] = (),
        allow: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        dns = {"allow": ["192.0.2.0/24", "127.0.0.1"]}
        tree = {"data_dir": str(folder), "dns": dns, **settings}
        self.settings = settings_from(tree)
        self.maker, self.classes = PolicyMaker(self.settings), Classes()
        policy = self._policy(rules, block, allow)
        self.clock, self.upstreams, self.table = Clock(), Script(), Table(1 << 20)
        self.limits = TtlLimits()
        self.pipeline = Pipeline(
            policy=policy,
            table=self.table,
            upstreams=self.upstreams,
            buffer=RecordBuffer(),
            limits=self.limits,
            clock=self.clock,
        )

    def _policy(self, rules: Sequence[str], block: Sequence[str], allow: Sequence[str]) -> Policy:
        lists = [CompiledList.from_rules(OWN_RULES, "block", rules)] if rules else []
        lists += [CompiledList.from_rules("Block", "block", block)]
        lists += [CompiledList.from_rules("Allow", "allow", allow)]
        self.plan = Plan.of(self.maker, lists, 0.0)
        self.matcher = self.plan.matcher
        return self.classes.policy(self.plan)

    @property
    def audience(self) -> Audience:
        """Everybody with the rules for each."""
        return self.plan.audience()

    def change(
        self, rules: Sequence[str] = (), block: Sequence[str] = (), allow: Sequence[str] = ()
    ) -> None:
        """Publish a policy with other rules."""
        self.pipeline.policy = self._policy(rules, block, allow)

    def publish(self, **parts: Any) -> None:
        """Publish a policy with these parts in place of those of the old one."""
        old = self.pipeline.policy
        own = {name: parts.pop(name) for name in GROUP_PARTS & parts.keys()}
        group = replace(old.group, generation=old.group.generation + 1, **own)
        self.pipeline.policy = replace(old, group=group, **parts)

    async def asks(self, name: str, qtype: str = "A") -> None:
        """A client asks, so that the table has the answer."""
        client = self.pipeline.clients.of(ip_address(CLIENT).packed)
        reaction = self.pipeline.answer_now(question(name, qtype), client, TCP, self.clock.now)
        if isinstance(reaction, Waiting):
            self.pipeline.answer_then(reaction, lambda reply: None)

    def inquiry(self, name: str, qtype: str = "A", client: str = CLIENT) -> Inquiry:
        asked = Question(from_text(name), type_number(qtype))
        meant = Meant(ip_address(client).packed)
        found = inquiry_of(asked, self.pipeline.clients, meant, self.settings, self.clock.now)
        return replace(found, matcher=self.matcher)

    def told(self, name: str, qtype: str = "A", client: str = CLIENT) -> dict[str, Any]:
        """What is explained of a question."""
        return explain(self.inquiry(name, qtype, client), self.table)

    def changes(self, name: str, qtype: str = "A") -> list[tuple[str, str, str, list[str]]]:
        """What would change it: effect, change, where, items."""
        return [
            (each["effect"], each["change"], each["where"], each["items"])
            for each in self.told(name, qtype)["changes"]
        ]

    async def scene(self, at_s: float | None) -> Scene:
        """What is in force; at a moment as well, as nothing here has a schedule."""
        return Scene(at_s or 0.0, self.pipeline.policy, self.maker.household)

    def explainer(self, ask: Any) -> Explainer:
        return Explainer(
            pipeline=self.pipeline,
            table=self.table,
            limits=lambda: self.limits,
            ask=ask,
            settings=lambda: self.settings,
            lists=lambda: [{"name": "Block", "state": "ready", "names": 1, "rules": 1}],
            clock=self.clock,
            scene=self.scene,
        )


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., House]:
    """`house(rules=[...], block=[...], **sections)`."""

    def build(**parts: Any) -> House:
        return House(tmp_path, **parts)

    return build
