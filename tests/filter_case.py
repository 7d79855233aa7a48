r"""Tables of the rule language: lists and queries, and what the lists must say about them.

A table is made of calls of `says`, each with the lines of a list and the queries it is asked:

    says("||example.org^", "@@||good.example.org^", block="example.org", allow="good.example.org")
    says("||example.org^$dnstype=AAAA", block="example.org/AAAA", none="example.org/A")
    says("||nas.example^$dnsrewrite=192.0.2.1", rewrite={"nas.example": "A 192.0.2.1"})

A query is a name, or `name/TYPE`; several stand with spaces between them. What is rewritten is
written as in a zone file, without final dots: records with ` + ` between them, `CNAME target`, an
rcode, or `empty` for NOERROR without records. `check` asks the compiled lists and once more, by
way of files and JSON, what `sinkhole explain` asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dnslib import RR, DNSBuffer

from sinkhole.control.explain.opinions import explain_queries
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import rcode_name, type_number

AnyCase = TypeVar("AnyCase", "Case", "AddressCase")


class Asker(NamedTuple):
    """Who asks: what `$client` and `$ctag` go by."""

    ip: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()


NOBODY = Asker()


class Listed(NamedTuple):
    """One list: what it is for, and its lines."""

    kind: Kind
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def block(*lines: str) -> Listed:
    """A block list."""
    return Listed("block", lines)


def allow(*lines: str) -> Listed:
    """An allow list."""
    return Listed("allow", lines)


@dataclass(frozen=True)
class Case:
    """A query to some lists, with the verdict they must give and the line that must decide."""

    lists: tuple[Listed, ...]
    query: str
    verdict: str
    answer: str = ""
    place: tuple[int, int] | None = None
    asker: Asker = field(default=NOBODY)

    def __str__(self) -> str:
        """What tells this case from all others: its id."""
        texts = (("allow: " * (each.kind == "allow")) + each.text for each in self.lists)
        who = [self.asker.ip, self.asker.name, *self.asker.tags]
        rules = " || ".join(" ; ".join(text.split("\n")) for text in texts)
        return " ".join(filter(None, [rules, "<-", self.query, *who]))

    @property
    def name(self) -> str:
        return self.query.rpartition("/")[0] or self.query

    @property
    def qtype(self) -> str:
        return self.query.rpartition("/")[2] if "/" in self.query else "A"


def says(
    *rules: str | Listed,
    block: str = "",
    allow: str = "",
    none: str = "",
    rewrite: Mapping[str, str] | None = None,
    line: int = 0,
    in_list: int = 1,
    asker: Asker = NOBODY,
) -> list[Case]:
    """Cases for some lists, or for one block list of these lines.

    With `line` it is that line, of the list `in_list` from 1, that must have decided.
    """
    lists = tuple(each for each in rules if isinstance(each, Listed))
    if not lists:
        lists = (Listed("block", tuple(each for each in rules if isinstance(each, str))),)
    place = (in_list, line) if line else None
    asked = [(query, "block", "") for query in block.split()]
    asked += [(query, "allow", "") for query in allow.split()]
    asked += [(query, "none", "") for query in none.split()]
    asked += [(query, "rewrite", answer) for query, answer in (rewrite or {}).items()]
    return [Case(lists, query, verdict, answer, place, asker) for query, verdict, answer in asked]


def table(*groups: Iterable[AnyCase]) -> list[AnyCase]:
    """All cases of a topic; no two may be the same."""
    cases = [case for group in groups for case in group]
    ids = [str(case) for case in cases]
    twice = {each for each in ids if ids.count(each) > 1}
    assert not twice, f"cases that stand in the table twice: {twice}"
    return cases


def compiled(lists: Iterable[Listed]) -> list[CompiledList]:
    """The lists in memory; their names are "1", "2", and so on."""
    numbered = enumerate(lists, start=1)
    return [CompiledList.from_rules(str(number), kind, lines) for number, (kind, lines) in numbered]


def traits(matcher: Matcher, asker: Asker) -> frozenset[str]:
    """What of the rules' criteria holds for who asks."""
    address = ip_address(asker.ip) if asker.ip else None
    return matcher.criteria.traits(address, [asker.name] if asker.name else [], asker.tags)


def matched(case: Case) -> Match | None:
    """What the compiled lists say."""
    matcher = Matcher(compiled(case.lists))
    qtype = type_number(case.qtype)
    return matcher.match(from_text(case.name), qtype, traits(matcher, case.asker))


def check(case: Case, folder: Path) -> None:
    """The lists say what they must, and so does the explanation of it."""
    match = matched(case)
    same(verdict_of(match), case.verdict)
    if match is not None and case.place:
        same((int(match.cause.list_name), match.cause.line), case.place)
    if match is not None and case.verdict == "rewrite":
        same(rewritten(match), expected_rewrite(case.answer))
    _check_explained(case, folder)


def same(got: object, expected: object) -> None:
    """Fail where they differ, saying how."""
    assert got == expected, f"got {got!r}, expected {expected!r}"


def verdict_of(match: Match | None) -> str:
    """The word for a match."""
    if match is None:
        return "none"
    if match.rewrite is not None:
        assert not match.allowed
        return "rewrite"
    return "allow" if match.allowed else "block"


Answer = tuple[str, bytes, tuple[tuple[int, bytes], ...]]


def rewritten(match: Match) -> Answer:
    """Rcode, CNAME target and records of a rewrite."""
    assert match.rewrite is not None
    return rcode_name(match.rewrite.rcode), match.rewrite.cname, tuple(match.rewrite.records)


def expected_rewrite(answer: str) -> Answer:
    """The same as the table writes it."""
    if answer.startswith("CNAME "):
        return "NOERROR", from_text(answer.removeprefix("CNAME ")), ()
    if answer == "empty" or " " not in answer:
        return "NOERROR" if answer == "empty" else answer, b"", ()
    return "NOERROR", b"", tuple(record(text) for text in answer.split(" + "))


def record(text: str) -> tuple[int, bytes]:
    """Type and data of one record, as dnslib has them."""
    rtype, _, data = text.partition(" ")
    target = b"\0"
    if rtype in ("HTTPS", "SVCB"):  # of these dnslib reads one, without the names of targets
        priority, name, *parameters = data.split(" ")
        target, data = from_text(name), " ".join([priority, ".", *parameters])
    buffer = DNSBuffer()
    as_written = "HTTPS" if rtype == "SVCB" else rtype
    RR.fromZone(f"example.org. 1 IN {as_written} {data}")[0].rdata.pack(buffer)
    rdata = bytes(buffer.data)
    return type_number(rtype), rdata if target == b"\0" else rdata[:2] + target + rdata[3:]


def _check_explained(case: Case, folder: Path) -> None:
    files: list[tuple[Kind, str]] = []
    for number, each in enumerate(case.lists, start=1):
        path = folder / f"{number}.txt"
        path.write_bytes((each.text + "\n").encode("utf-8", "surrogateescape"))
        files.append((each.kind, str(path)))
    client = {"ip": case.asker.ip, "name": case.asker.name, "tags": list(case.asker.tags)}
    query = json.dumps({"name": case.name, "type": case.qtype, "client": client})
    block_lists = [path for kind, path in files if kind == "block"]
    allow_lists = [path for kind, path in files if kind == "allow"]
    (explained,) = explain_queries(block_lists, allow_lists, [query])
    same(explained["verdict"], case.verdict)
    if case.verdict != "none":
        place = [path for _, path in files].index(explained["list"]) + 1, explained["line"]
        same(place, case.place or place)
        lines = case.lists[place[0] - 1].lines
        same(explained["rule"], lines[place[1] - 1].removeprefix("\ufeff").strip())
    _check_explained_rewrite(case, explained["rewrite"])


def _check_explained_rewrite(case: Case, explained: dict[str, Any] | None) -> None:
    if case.verdict != "rewrite" or explained is None:
        same(explained, None)
        return
    rcode, cname, records = expected_rewrite(case.answer)
    same(explained["rcode"], rcode)
    data = [text.partition(" ")[2] for text in case.answer.split(" + ") if cname or records]
    same(explained["answers"], data)
    if data:
        same(explained["type"], case.answer.partition(" ")[0])


@dataclass(frozen=True)
class AddressCase:
    """An address in an answer, and whether the rules of one block list refuse it."""

    rules: tuple[str, ...]
    query: str
    blocked: bool
    asker: Asker = field(default=NOBODY)

    def __str__(self) -> str:
        """What tells this case from all others: its id."""
        who = [self.asker.ip, self.asker.name, *self.asker.tags]
        return " ".join(filter(None, [" ; ".join(self.rules), "<-", self.query, *who]))


def says_of(
    *rules: str, block: str = "", none: str = "", asker: Asker = NOBODY
) -> list[AddressCase]:
    """Cases for addresses in answers: `192.0.2.1`, or `192.0.2.1/HTTPS` for the record's type."""
    asked = [(query, True) for query in block.split()]
    asked += [(query, False) for query in none.split()]
    return [AddressCase(rules, query, blocked, asker) for query, blocked in asked]


def check_address(case: AddressCase) -> None:
    """The lists refuse the address, or don't: what allows or rewrites has no say in answers."""
    matcher = Matcher(compiled([Listed("block", case.rules)]))
    text, _, rtype = case.query.partition("/")
    address = ip_address(text)
    number = type_number(rtype or ("A" if address.version == 4 else "AAAA"))
    found = matcher.match_address(address.packed, number, traits(matcher, case.asker))
    refuses = found is not None and not found.allowed and found.rewrite is None
    assert refuses == case.blocked
    if refuses:
        assert matcher.checks_addresses


def reading_of(*lines: str) -> str:
    """What the last of these lines is read as: rule, comment, ignored or `refused: reason`."""
    before = CompiledList.from_rules("", "block", lines[:-1]).report
    report = CompiledList.from_rules("", "block", lines).report
    assert report.lines == len(lines)
    if report.refused > before.refused:
        assert report.samples[-1].line == len(lines)
        return f"refused: {report.samples[-1].reason}"
    counted = ("rules", "comments", "ignored")
    (kind,) = (each for each in counted if getattr(report, each) > getattr(before, each))
    return kind.removesuffix("s")
