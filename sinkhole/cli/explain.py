"""Who decides what about a name: the running server says, or else the settings, or list files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.offline import going_on_here
from sinkhole.cli import running_server
from sinkhole.control.explain import complete, explain, read_question
from sinkhole.control.explain.explainer import add_all_texts, inquiry_of, told_others
from sinkhole.control.explain.opinions import explain_queries, explain_rules
from sinkhole.control.explain.scene import Scene, applied, with_layers
from sinkhole.control.explain.whom import who_is_meant
from sinkhole.control.groups.moments import read_moment
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import with_temporary
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.clients import Clients
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.numbers import type_number
from sinkhole.model.errors import SinkholeError
from sinkhole.model.explanation import Decision, Explanation, RulesExplained


def about_queries(
    block_lists: Sequence[str], allow_lists: Sequence[str], queries: Iterable[str]
) -> Iterator[Decision]:
    """What list files decide about queries, one JSON object a line; see `explain_queries`."""
    return explain_queries(block_lists, allow_lists, queries)


def by_files(
    name: str, qtype: str, block_lists: Sequence[str], allow_lists: Sequence[str]
) -> RulesExplained:
    """What list files alone decide about a name.

    Raises SinkholeError for what is no name or type, ListError for a list that can't be read.
    """
    lists = [CompiledList.from_file(Path(each), each, "allow") for each in allow_lists]
    lists += [CompiledList.from_file(Path(each), each, "block") for each in block_lists]
    try:
        read_question(name, qtype, "")
        return {**explain_rules(Matcher(lists), name, type_number(qtype)), "from": "files"}
    except ValueError as error:
        raise SinkholeError(str(error)) from None


def by_server(settings: Settings, asked: Mapping[str, str], *, ask: bool = False) -> Explanation:
    """The explanation of the running server, else by the settings and the compiled lists.

    `asked` are name, type, client, at and also, as /api/explain takes them. The keys of what comes
    are those of /api/explain; `from` is "server" or "settings", with the reason in `no_server`.
    Raises SinkholeError for what is no name, type or client, when the server can't answer, and when
    it does not run but has to `ask` an upstream.
    """
    try:
        read_question(asked["name"], asked["type"], "")
    except ValueError as error:
        raise SinkholeError(str(error)) from None
    try:
        return running_server.explanation(settings, asked, ask=ask)
    except running_server.NoServer as error:
        if ask:
            raise SinkholeError(f"--ask needs the running server: {error}") from None
        try:
            return {**by_settings(settings, asked), "no_server": str(error)}
        except ValueError as misunderstood:
            raise SinkholeError(str(misunderstood)) from None


def by_settings(settings: Settings, asked: Mapping[str, str]) -> Explanation:
    """As without a server: what its own pipeline would do, short of asking an upstream, with what
    is stored as paused. ValueError as of `Explainer.explain`."""
    question, _ = read_question(asked["name"], asked["type"], "")
    maker, now_s = PolicyMaker(settings), time.time()
    at, also = asked.get("at", ""), asked.get("also", "")
    at_s = read_moment(at, now_s, maker.household.zone) if at else now_s
    library = Library(with_categories(settings), settings.data_dir)
    library.load_now()
    going_on = asyncio.run(going_on_here(settings.data_dir)).after(max(at_s - now_s, 0.0))
    lists = with_temporary(library.lists, [text for text, _ in going_on.rules])
    pauses = [each for each, _ in going_on.pauses]
    policy = Classes().policy(Plan.of(maker, lists, at_s, pauses))
    clients = Clients(policy)
    meant = who_is_meant(asked.get("client", ""), settings)
    inquiry = inquiry_of(question, clients, meant, settings, time.monotonic())
    scene = Scene(at_s, policy, maker.household, going_on.pauses)
    inquiry = with_layers(inquiry, scene)
    explained = explain(inquiry)
    others = told_others(inquiry, clients, who_is_meant(also, settings) if also else None)
    add_all_texts(explained, inquiry.matcher, others)
    owner = inquiry.recognised.owner
    applies = applied(scene, owner.name if owner else "")
    folder, told = settings.data_dir.resolve(), [row for row, _ in others]
    known = library.status()
    return complete(explained, asked["name"], "settings", folder, known, applies, told)
