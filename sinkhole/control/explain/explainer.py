"""Explains questions to a running server; and what any explanation needs: questions read, texts of
rules added."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from sinkhole.control.explain.explanation import explain
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type, type_number
from sinkhole.dns.wire.options import scope_of
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError, WireError
from sinkhole.model.explanation import Explanation, ListBrief, QuestionExplained
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


def add_texts(told: Any, matcher: Matcher) -> None:
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
    matcher: Callable[[], Matcher]
    settings: Callable[[], Settings]
    lists: Callable[[], Sequence[ListStatus]]
    clock: Callable[[], float]

    async def explain(
        self, name: str, qtype: str, client: str, *, ask: bool = False
    ) -> Explanation:
        """The explanation of a question, by what is in use now.

        With `ask`, a name that would be forwarded is asked for. Raises ValueError as
        `read_question` does, and UpstreamError when no upstream answers.
        """
        question, packed = read_question(name, qtype, client)
        heard = await self._hear(question, packed) if ask else None
        inquiry = self.inquiry(question, packed)
        explained = explain(inquiry, self.table, heard)
        await asyncio.to_thread(add_texts, explained, inquiry.matcher)
        data_dir = await asyncio.to_thread(inquiry.settings.data_dir.resolve)
        return complete(explained, name, "server", data_dir, self.lists())

    def inquiry(self, question: Question, packed: bytes, client_id: str = "") -> Inquiry:
        """A question of the client at an address, or of one that calls itself something there, by
        what is in use now."""
        clients = self.pipeline.clients
        return Inquiry(
            question,
            clients.identified(packed, client_id) if client_id else clients.of(packed),
            self.pipeline.policy,
            self.matcher(),
            self.settings(),
            self.clock(),
        )

    async def _hear(self, question: Question, packed: bytes) -> Answer | None:
        inquiry = self.inquiry(question, packed)
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


def complete(
    explained: QuestionExplained,
    name: str,
    source: str,
    data_dir: Path,
    lists: Sequence[ListStatus],
) -> Explanation:
    """The explanation with the name as it was asked for, where the lists are, how each stands."""
    rows: list[ListBrief] = [
        {"name": each["name"], "state": each["state"], "names": each["names"]} for each in lists
    ]
    whole = {**explained, "name": name, "from": source, "data_dir": str(data_dir), "lists": rows}
    return cast(Explanation, whole)
