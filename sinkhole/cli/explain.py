"""Who decides what about a name: the running server says, or else the settings, or list files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sinkhole.app.from_settings import PolicyMaker
from sinkhole.cli import running_server
from sinkhole.control.explain import Inquiry, add_texts, complete, explain, read_question
from sinkhole.control.explain.opinions import explain_queries, explain_rules
from sinkhole.control.lists.library import Library
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


def by_server(
    settings: Settings, name: str, qtype: str, client: str, *, ask: bool = False
) -> Explanation:
    """The explanation of the running server, else by the settings and the compiled lists.

    Its keys are those of /api/explain; `from` is "server" or "settings", with the reason in
    `no_server`. Raises SinkholeError for what is no name, type or address, when the server can't
    answer, and when it does not run but has to `ask` an upstream.
    """
    try:
        read_question(name, qtype, client)
    except ValueError as error:
        raise SinkholeError(str(error)) from None
    try:
        return running_server.explanation(settings, name, qtype, client, ask=ask)
    except running_server.NoServer as error:
        if ask:
            raise SinkholeError(f"--ask needs the running server: {error}") from None
        return {**by_settings(settings, name, qtype, client), "no_server": str(error)}


def by_settings(settings: Settings, name: str, qtype: str, client: str) -> Explanation:
    """As without a server: what its own pipeline would do, short of asking an upstream."""
    question, packed = read_question(name, qtype, client)
    library = Library(settings.filtering, settings.data_dir)
    library.load_now()
    maker = PolicyMaker(settings)
    matcher = Matcher(library.lists, maker.builtin)
    policy = maker.policy(matcher, generation=1)
    asker = Clients(policy.access).of(packed)
    explained = explain(Inquiry(question, asker, policy, matcher, settings, time.monotonic()))
    add_texts(explained, matcher)
    return complete(explained, name, "settings", settings.data_dir.resolve(), library.status())
