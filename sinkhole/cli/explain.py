"""Who decides what about a name: the running server says, or else the settings, or list files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sinkhole.app.from_settings import PolicyMaker
from sinkhole.cli import running_server as asking
from sinkhole.control.explain import Inquiry, about_lists, add_texts, read_question, tell
from sinkhole.control.explain.opinions import explain, explain_queries
from sinkhole.control.lists.library import Library
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.clients import Clients
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.numbers import type_number
from sinkhole.model.errors import SinkholeError


def about_queries(
    block_lists: Sequence[str], allow_lists: Sequence[str], queries: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """What list files decide about queries, one JSON object a line; see `explain_queries`."""
    return explain_queries(block_lists, allow_lists, queries)


def by_files(
    name: str, qtype: str, block_lists: Sequence[str], allow_lists: Sequence[str]
) -> dict[str, Any]:
    """What list files alone decide about a name: the keys of `filter.explain`, and `from`.

    Raises SinkholeError for what is no name or type, ListError for a list that can't be read.
    """
    lists = [CompiledList.from_file(Path(each), each, "allow") for each in allow_lists]
    lists += [CompiledList.from_file(Path(each), each, "block") for each in block_lists]
    try:
        read_question(name, qtype, "")
        return explain(Matcher(lists), name, type_number(qtype)) | {"from": "files"}
    except ValueError as error:
        raise SinkholeError(str(error)) from None


def by_server(
    settings: Settings, name: str, qtype: str, client: str, *, ask: bool = False
) -> dict[str, Any]:
    """The story as the running server tells it, else by the settings and the compiled lists.

    Its keys are those of /api/explain; `from` is "server" or "settings", with the reason in
    `no_server`. Raises SinkholeError for what is no name, type or address, when the server can't
    answer, and when it does not run but has to `ask` an upstream.
    """
    try:
        read_question(name, qtype, client)
    except ValueError as error:
        raise SinkholeError(str(error)) from None
    try:
        return asking.explanation(settings, name, qtype, client, ask=ask)
    except asking.NoServer as error:
        if ask:
            raise SinkholeError(f"--ask needs the running server: {error}") from None
        return by_settings(settings, name, qtype, client) | {"no_server": str(error)}


def by_settings(settings: Settings, name: str, qtype: str, client: str) -> dict[str, Any]:
    """The story without a server: what its own pipeline would do, short of asking an upstream."""
    question, packed = read_question(name, qtype, client)
    library = Library(settings.filtering, settings.data_dir)
    library.load_now()
    maker = PolicyMaker(settings)
    matcher = Matcher(library.lists, maker.builtin)
    policy = maker.policy(matcher, generation=1)
    asker = Clients(policy.access).of(packed)
    told = tell(Inquiry(question, asker, policy, matcher, settings, time.monotonic()))
    add_texts(told, matcher)
    told |= {"name": name, "from": "settings"}
    return told | about_lists(settings, library.status())
