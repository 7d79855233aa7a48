"""Who decides what about a name, and why: for people, and for scripts as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.dns.filter.language.line import Address, Kind
from sinkhole.dns.filter.match import Match, Matcher, Rewritten, about_name, match_of
from sinkhole.dns.filter.precedence import OVERRULED, Candidate, Winner
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.traits import NO_TRAITS, Criteria, Traits
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import Type, rcode_name, type_name, type_number
from sinkhole.dns.wire.text.rdata import rdata_to_text
from sinkhole.model.errors import SinkholeError
from sinkhole.model.explanation import Decision, RewriteText, RuleDecision, RuleOpinion
from sinkhole.model.verdict import Cause


def explain_rules(
    matcher: Selection,
    name: str,
    qtype: int,
    traits: Traits = NO_TRAITS,
    *,
    from_disk: bool = True,
) -> RuleDecision:
    """The decision about a name and every opinion on it, in the order of the lists.

    The `note` of an opinion says why it does not decide, and what makes the other stronger; it is
    "" for those that decide. Raises ValueError for what is no name.
    """
    wire_name = from_text(name)
    asked = _Query(name, wire_name, qtype, type_name(qtype), traits)
    explained = _decision(matcher, asked, from_disk=from_disk)
    heard = opinions_on(matcher, wire_name, qtype, traits, from_disk=from_disk)
    winner = next((each for each in heard if each.decides and _is_of(each, explained)), None)
    return {**explained, "opinions": [_told(each, qtype, winner) for each in heard]}


class Opinion(NamedTuple):
    """What one rule says that matches, whether it counts in the end or not.

    `decides` marks those that the decision is made of; `note` says why another one is not. `rank`
    is that of `precedence.Candidate`.
    """

    list_name: str
    kind: Kind
    match: Match
    decides: bool = True
    note: str = ""
    rank: tuple[int, ...] = ()


def opinions_on(
    matcher: Selection,
    name: bytes,
    qtype: int,
    traits: Traits = NO_TRAITS,
    *,
    from_disk: bool = True,
) -> list[Opinion]:
    """Every rule that matches a wire name, in the order of the lists, with its text.

    Without `from_disk`, texts that would have to be read from there are "".
    """
    lookup = about_name(name, qtype, traits)
    candidates = matcher.candidates(lookup)
    matcher.weigh(candidates, lookup)
    heard = [
        _opinion(each, builtin=number > 0)
        for number, found in enumerate(candidates)
        for each in found
    ]
    return [_with_text(matcher, each) for each in heard] if from_disk else heard


def _opinion(candidate: Candidate, *, builtin: bool) -> Opinion:
    source, rule = candidate.source, candidate.rule
    rewrites = (rule.rewrite,) if rule.rewrite and candidate.is_rewrite and not rule.allow else ()
    match = match_of(Winner(candidate, rewrites, rule.addresses), builtin=builtin)
    note = candidate.note
    return Opinion(source.name, source.kind, match, not note, note, candidate.rank)


def _with_text(matcher: Selection, opinion: Opinion) -> Opinion:
    cause = opinion.match.cause
    cause = Cause(cause.list_name, cause.line, matcher.rule_text(cause))
    return opinion._replace(match=opinion.match._replace(cause=cause))


def explain_queries(
    block_lists: Sequence[str], allow_lists: Sequence[str], queries: Iterable[str]
) -> Iterator[Decision]:
    """What list files decide about queries, without a server: a decision for each, in order.

    `block_lists` and `allow_lists` are file names, and name the lists in the output. Each query
    is a line of JSON, `{"name", "type", "client": {"ip", "name", "tags"}}`, of which only `name`
    is needed; `type` is A without one. Empty lines are skipped. Each answer has the keys `name`,
    `type`, `verdict` ("block", "allow", "rewrite" or "none"), `rule`, `list`, `line` and
    `rewrite`, None where there is nothing to say. A `rewrite` has the `rcode`, the `answers`
    (data of the records, a CNAME's being its target) and their `type`.

    Raises ListError for a list that can't be read, and SinkholeError for a query that can't be
    understood, with the number of its line.
    """
    lists = [CompiledList.from_file(Path(name), name, "allow") for name in allow_lists]
    lists += [CompiledList.from_file(Path(name), name, "block") for name in block_lists]
    matcher = Matcher(lists)
    for number, line in enumerate(queries, start=1):
        if line.strip():
            yield _decision(matcher, _read_query(number, line, matcher.criteria))


class _Query(NamedTuple):
    """A question: name and type as they were given, and what they mean."""

    name: str
    wire_name: bytes
    qtype: int
    qtype_text: str
    traits: Traits


def _decision(matcher: Selection, asked: _Query, *, from_disk: bool = True) -> Decision:
    match = matcher.match(asked.wire_name, asked.qtype, asked.traits)
    rewrite = match.rewrite if match else None
    rule = (matcher.rule_text(match.cause) if from_disk else match.cause.rule) if match else None
    return {
        "name": asked.name,
        "type": asked.qtype_text,
        "verdict": _verdict(match),
        "rule": rule,
        "list": match.cause.list_name if match else None,
        "line": match.cause.line if match else None,
        "rewrite": _rewrite(rewrite, asked.qtype) if rewrite else None,
    }


def _verdict(match: Match | None) -> str:
    if match is None:
        return "none"
    if match.rewrite is not None:
        return "rewrite"
    return "allow" if match.allowed else "block"


def _rewrite(rewrite: Rewritten, qtype: int) -> RewriteText:
    if rewrite.cname:
        answers, rtype = [to_text(rewrite.cname)], int(Type.CNAME)
    else:
        answers = [rdata_to_text(*record) for record in rewrite.records]
        rtype = rewrite.records[0][0] if rewrite.records else qtype
    return {"rcode": rcode_name(rewrite.rcode), "answers": answers, "type": type_name(rtype)}


def _is_of(opinion: Opinion, decision: Decision) -> bool:
    return (opinion.list_name, opinion.match.cause.line) == (decision["list"], decision["line"])


def _told(opinion: Opinion, qtype: int, winner: Opinion | None) -> RuleOpinion:
    match, note = opinion.match, opinion.note
    if note == OVERRULED and winner is not None:
        note = f"{note}: {_advantage(winner, opinion)}"
    return {
        "list": opinion.list_name,
        "kind": opinion.kind,
        "line": match.cause.line,
        "rule": match.cause.rule,
        "allowed": match.allowed,
        "important": match.important,
        "rewrite": _rewrite(match.rewrite, qtype) if match.rewrite else None,
        "builtin": match.builtin,
        "decides": opinion.decides,
        "note": note,
    }


_STRENGTHS: Final = (
    *("a hosts line or a bare name", "a rule such as ||name^"),
    *("an exception", "an exception"),
    *("a rule with $important", "a rule with $important"),
    *("an exception with $important", "an exception with $important"),
)
"""What a strength stands for, see `entry`."""

_TIES: Final = ("", "it has more modifiers", "its list comes first", "it names more of the name")
"""What decides between equally strong rules, by the place in their rank."""


def _advantage(winner: Opinion, loser: Opinion) -> str:
    """Why the one decides and not the other, both being rules that count; see `precedence`."""
    if winner.kind == "allow":
        if loser.kind != "allow":
            return "allow lists come before all other rules"
        if loser.list_name != winner.list_name:
            return "the first allow list decides"
    if winner.match.rewrite is not None:
        if loser.match.rewrite is None:
            return "rewrites come before rules that block or allow"
        if winner.match.rewrite.cname:
            return "the first CNAME decides among rewrites"
        if winner.match.rewrite.rcode:
            return "an error decides among rewrites that say no CNAME"
        return "it answers the type that is asked for"
    for place, (ours, theirs) in enumerate(zip(winner.rank, loser.rank, strict=True)):
        if ours != theirs and place == 0:
            return f"{_STRENGTHS[ours]} beats {_STRENGTHS[theirs]}"
        if ours != theirs and place < len(_TIES):
            return _TIES[place]
    return "its line comes first"


def _read_query(number: int, line: str, criteria: Criteria) -> _Query:
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
        traits = _read_client(query.get("client") or {}, criteria)
    except ValueError as error:
        raise SinkholeError(f"queries, line {number}: {error}") from None
    if qtype < 0:
        raise SinkholeError(f'queries, line {number}: type {qtype_text!r} is not text like "A"')
    return _Query(query["name"], wire_name, qtype, qtype_text, traits)


def _read_client(client: Any, criteria: Criteria) -> Traits:
    """The traits of a client; ValueError if it is not written as it should be."""
    if not isinstance(client, dict):
        raise ValueError('client is not an object such as {"ip": "192.0.2.1"}')
    ip, name, tags = client.get("ip") or "", client.get("name") or "", client.get("tags") or []
    if not isinstance(ip, str) or not isinstance(name, str):
        raise ValueError("client: ip and name are texts")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("client: tags is a list of texts")
    address: Address | None = ip_address(ip) if ip else None
    return criteria.traits(address, [name] if name else [], tags)
