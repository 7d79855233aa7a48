"""Who decides what about a name, and why: for people, and for scripts as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sinkhole.errors import SinkholeError
from sinkhole.filter.match import Match, Matcher
from sinkhole.filter.trie import CompiledList
from sinkhole.wire.name import from_text
from sinkhole.wire.numbers import type_name, type_number


def explain(matcher: Matcher, name: str, qtype: int) -> dict[str, Any]:
    """The decision about a name and every list's opinion on it, in JSON's types.

    Keys: those of `explain_queries`, and `opinions`, a list of `list`, `kind`, `line`, `rule`,
    `allowed`, `important`, in the order of the lists. Raises ValueError for what is no name.
    """
    wire_name = from_text(name)
    explained = _decision(matcher, wire_name, qtype, name, type_name(qtype))
    explained["opinions"] = [
        {
            "list": opinion.list_name,
            "kind": opinion.kind,
            "line": opinion.match.cause.line,
            "rule": opinion.match.cause.rule,
            "allowed": opinion.match.allowed,
            "important": opinion.match.important,
        }
        for opinion in matcher.opinions(wire_name, qtype)
    ]
    return explained


def explain_queries(
    block_lists: Sequence[str], allow_lists: Sequence[str], queries: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """What list files decide about queries, without a server: one dict for each query, in order.

    `block_lists` and `allow_lists` are file names, and name the lists in the output. Each query
    is a line of JSON, `{"name", "type", "client": {"ip", "name", "tags"}}`, of which only `name`
    is needed; `type` is A without one. Empty lines are skipped. Each answer has the keys `name`,
    `type`, `verdict` ("block", "allow" or "none"), `rule`, `list`, `line` and `rewrite`, None
    where there is nothing to say.

    Raises ListError for a list that can't be read, and SinkholeError for a query that can't be
    understood, with the number of its line.
    """
    lists = [CompiledList.from_file(Path(name), name, "allow") for name in allow_lists]
    lists += [CompiledList.from_file(Path(name), name, "block") for name in block_lists]
    matcher = Matcher(lists)
    for number, line in enumerate(queries, start=1):
        if line.strip():
            name, wire_name, qtype, qtype_text = _read_query(number, line)
            yield _decision(matcher, wire_name, qtype, name, qtype_text)


def _decision(
    matcher: Matcher, wire_name: bytes, qtype: int, name: str, qtype_text: str
) -> dict[str, Any]:
    match = matcher.match(wire_name, qtype)
    return {
        "name": name,
        "type": qtype_text,
        "verdict": _verdict(match),
        "rule": matcher.rule_text(match.cause) if match else None,
        "list": match.cause.list_name if match else None,
        "line": match.cause.line if match else None,
        "rewrite": None,
    }


def _verdict(match: Match | None) -> str:
    if match is None:
        return "none"
    return "allow" if match.allowed else "block"


def _read_query(number: int, line: str) -> tuple[str, bytes, int, str]:
    """The name as given, its wire form, the type's number and the type as given."""
    try:
        query = json.loads(line)
    except (ValueError, RecursionError) as error:  # the latter for brackets without end
        raise SinkholeError(f"queries, line {number}: not JSON: {error}") from None
    if not isinstance(query, dict) or not isinstance(query.get("name"), str):
        raise SinkholeError(f'queries, line {number}: write an object such as {{"name": "a.org"}}')
    qtype_text = query.get("type", "A")
    try:
        wire_name = from_text(query["name"])
        qtype = type_number(qtype_text) if isinstance(qtype_text, str) else -1
    except ValueError as error:
        raise SinkholeError(f"queries, line {number}: {error}") from None
    if qtype < 0:
        raise SinkholeError(f'queries, line {number}: type {qtype_text!r} is not text like "A"')
    return query["name"], wire_name, qtype, qtype_text
