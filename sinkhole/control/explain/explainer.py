"""Explains questions to a running server; and what any explanation needs: questions read, texts of
rules added."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from sinkhole.control.devices.devices import Devices
from sinkhole.control.explain.explanation import explain
from sinkhole.control.explain.inquiry import Inquiry, rules_of
from sinkhole.control.explain.scene import SceneAt, applied, for_other, for_others, with_layers
from sinkhole.control.explain.whom import Meant, asking, who_is_meant
from sinkhole.control.groups.moments import read_moment
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.clients import Clients
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type, type_number
from sinkhole.dns.wire.options import scope_of
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError, WireError
from sinkhole.model.explanation import (
    Applied,
    Explanation,
    ForOthers,
    ListBrief,
    QuestionExplained,
)
from sinkhole.model.verdict import Cause

Ask = Callable[[Question, str], Awaitable[Exchanged]]
"""Puts a question to an upstream set, "" for the usual one."""


def read_question(name: str, qtype: str, client: str) -> tuple[Question, bytes]:
    """The question, and the packed address of the client, this machine without one.

    Raises ValueError, with a text fit for the user, for what is no name, type or address.
    """
    if "://" in name:
        raise ValueError(f"{name!r} is a web address; ask about the name in it: {_host(name)}")
    address = ip_address(client or "127.0.0.1")
    if getattr(address, "scope_id", None):
        raise ValueError(f"{client!r} has a zone behind the %; leave it out")
    address = getattr(address, "ipv4_mapped", None) or address
    return Question(from_text(name), type_number(qtype)), address.packed


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]


def add_texts(told: Any, matcher: Selection) -> None:
    """Read the texts of rules that only the disk knows, all over an explanation; blocks on it."""
    if isinstance(told, dict):
        if told.get("rule") == "" and told.get("line"):
            told["rule"] = matcher.rule_text(Cause(told["list"], told["line"]))
        told = list(told.values())
    for each in told if isinstance(told, list) else ():
        add_texts(each, matcher)


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains what a running server does, which may have other lists and settings each time.

    `ask` puts a question to the upstreams, and nothing else of the server takes note of it.
    """

    pipeline: Pipeline
    table: Table
    limits: Callable[[], TtlLimits]
    ask: Ask
    settings: Callable[[], Settings]
    lists: Callable[[], Sequence[ListStatus]]
    clock: Callable[[], float]
    scene: SceneAt
    devices: Callable[[], Devices | None] = lambda: None

    async def explain(
        self,
        name: str,
        qtype: str,
        client: str,
        *,
        ask: bool = False,
        at: str = "",
        also: str = "",
    ) -> Explanation:
        """The explanation of a question of somebody, as `who_is_meant` has it, by what is in use
        now, or will be `at` a moment, as `read_moment` has it.

        What it is for others is told of all, or of one who is meant by `also`. With `ask`, a name
        that would be forwarded is asked for. Raises ValueError as these functions and
        `read_question` do, and UpstreamError when no upstream answers.
        """
        settings = self.settings()
        question, _ = read_question(name, qtype, "")
        meant = who_is_meant(client, settings, self.devices())
        other = who_is_meant(also, settings, self.devices()) if also else None
        if at and ask:
            raise ValueError("upstreams can be asked now only: leave out either at or ask")
        scene = await self.scene(None)
        clients, table = self.pipeline.clients, self.table if not at else None
        if at:
            moment_s = read_moment(at, scene.at_s, scene.household.zone)
            scene = await self.scene(moment_s)
            clients = Clients(scene.policy)
        heard = await self._hear(self._inquiry(question, clients, meant)) if ask else None
        inquiry = with_layers(self._inquiry(question, clients, meant), scene)
        explained = explain(inquiry, table, heard)
        others = told_others(inquiry, clients, other)
        await asyncio.to_thread(add_all_texts, explained, inquiry.matcher, others)
        data_dir = await asyncio.to_thread(settings.data_dir.resolve)
        owner = inquiry.recognised.owner
        applies = applied(scene, owner.name if owner else "")
        told = [row for row, _ in others]
        return complete(explained, name, "server", data_dir, self.lists(), applies, told)

    def inquiry(self, question: Question, meant: Meant) -> Inquiry:
        """A question of who is meant, by what is in use now."""
        return self._inquiry(question, self.pipeline.clients, meant)

    def _inquiry(self, question: Question, clients: Clients, meant: Meant) -> Inquiry:
        return inquiry_of(question, clients, meant, self.settings(), self.clock())

    async def _hear(self, inquiry: Inquiry) -> Answer | None:
        question = inquiry.question
        decided = inquiry.decided()
        if isinstance(decided, Ready) or not inquiry.client.allowed:
            return None
        via, front = decided.via, decided.front
        subnet = inquiry.view.subnet(question, via)
        asked = decided.asked(question)._replace(subnet=subnet)
        exchanged = await self.ask(asked, via)
        reply, dns64 = exchanged.reply, inquiry.policy.dns64_for(question)
        if dns64 is not None and dns64.lacks_addresses(reply := dns64.without_excluded(reply)):
            others = await self.ask(asked._replace(qtype=Type.A), via)
            reply = dns64.made_of(others.reply, reply, private=True)
        try:
            scope = scope_of(reply.subnet, subnet)
            answer = answer_of(reply, question, self.limits(), self.clock(), front, via=via)
            settings = dns64.settings if dns64 else b""
            return answer._replace(dns64=settings, subnet=subnet if scope else b"")
        except WireError as error:
            raise UpstreamError(exchanged.server, str(error)) from None


def inquiry_of(
    question: Question, clients: Clients, meant: Meant, settings: Settings, now: float
) -> Inquiry:
    """A question of who is meant, under the Policy of these clients."""
    client, recognised = asking(clients, meant, settings)
    rules = rules_of(client)
    return Inquiry(question, client, clients.policy, rules, settings, now, recognised=recognised)


def told_others(
    inquiry: Inquiry, clients: Clients, other: Meant | None
) -> list[tuple[ForOthers, Selection]]:
    """What a question comes to for one other client, or for all, each with the rules for it."""
    if other is None:
        return for_others(inquiry, clients.policy)
    client, (owner, _) = asking(clients, other, inquiry.settings)
    return [for_other(inquiry, client, owner.name if owner else "")]


def add_all_texts(
    explained: Any, rules: Selection, others: Iterable[tuple[ForOthers, Selection]]
) -> None:
    """As `add_texts`, also to what is told of others."""
    add_texts(explained, rules)
    for row, its_rules in others:
        add_texts(row, its_rules)


def complete(
    explained: QuestionExplained,
    name: str,
    source: str,
    data_dir: Path,
    lists: Sequence[ListStatus],
    applies: Applied,
    others: Sequence[ForOthers] = (),
) -> Explanation:
    """The explanation with the name as it was asked for, where the lists are, how each stands."""
    rows: list[ListBrief] = [
        {"name": each["name"], "state": each["state"], "names": each["names"]} for each in lists
    ]
    where = {"from": source, "data_dir": str(data_dir), "lists": rows}
    who = {"applies": applies, "others": list(others)}
    whole = {**explained, "name": name, **where, **who}
    return cast(Explanation, whole)
