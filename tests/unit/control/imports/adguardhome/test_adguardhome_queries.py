"""The query log of AdGuard Home, line by line: what becomes of each, and where it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from past_kit import all_of, answer, line, record_of, write_lines

from sinkhole.control.imports.adguardhome.queries import MOST_LINE, AdGuardQueries
from sinkhole.control.imports.past import MOST_IN_PIECE
from sinkhole.dns.wire.name import from_text
from sinkhole.model.verdict import Outcome

LISTS = {1_700_000_001: "Ads"}
AT = "2026-01-02T03:04:05.123456789Z"


async def told(path: Path, *lines: str, after: int = 0) -> Any:
    log = await AdGuardQueries.open(write_lines(path, *lines), LISTS)
    return await all_of(log.pieces(after))


def blocked(text: str, number: int = 0) -> dict[str, Any]:
    return {"Reason": 3, "IsFiltered": True, "Rules": [{"Text": text, "FilterListID": number}]}


CASES: dict[str, tuple[dict[str, Any], tuple[Outcome, str, str, bool]]] = {
    "forwarded": ({"Upstream": "192.0.2.1:53"}, (Outcome.FORWARDED, "", "", False)),
    "cached": ({"Upstream": "192.0.2.1:53", "Cached": True}, (Outcome.CACHED, "", "", False)),
    "made there": ({}, (Outcome.LOCAL, "", "", False)),
    "no answer": ({"Answer": None}, (Outcome.FAILED, "", "", False)),
    "failed": (
        {"Upstream": "192.0.2.1:53", "Answer": answer("www.example.org", rcode=2)},
        (Outcome.FAILED, "", "", False),
    ),
    "allowed": (
        {"Upstream": "x", "Result": {"Reason": 1, "Rules": [{"Text": "@@||example.org^"}]}},
        (Outcome.FORWARDED, "own rules", "@@||example.org^", True),
    ),
    "a list": (
        {"Result": blocked("||example.org^", 1_700_000_001)},
        (Outcome.BLOCKED, "Ads", "||example.org^", False),
    ),
    "a list that is not known": (
        {"Result": blocked("||example.org^", 5)},
        (Outcome.BLOCKED, "list 5", "||example.org^", False),
    ),
    "an older version": (
        {"Result": {"Reason": 3, "Rule": "||example.org^", "FilterID": 1_700_000_001}},
        (Outcome.BLOCKED, "Ads", "||example.org^", False),
    ),
    "a target": (
        {"Result": blocked("||a^"), "OrigAnswer": answer("www.example.org")},
        (Outcome.BLOCKED_ANSWER, "own rules", "||a^", False),
    ),
    "safe browsing": ({"Result": {"Reason": 4}}, (Outcome.BLOCKED, "safe browsing", "", False)),
    "parental": ({"Result": {"Reason": 5}}, (Outcome.BLOCKED, "parental control", "", False)),
    "invalid": ({"Result": {"Reason": 6}}, (Outcome.REFUSED, "", "", False)),
    "safe search": ({"Result": {"Reason": 7}}, (Outcome.REWRITTEN, "safe search", "", False)),
    "a service": ({"Result": {"Reason": 8}}, (Outcome.BLOCKED, "services", "", False)),
    "a rewrite": ({"Result": {"Reason": 9}}, (Outcome.LOCAL, "local records", "", False)),
    "hosts": ({"Result": {"Reason": 10}}, (Outcome.LOCAL, "hosts file", "", False)),
    "a rule's rewrite": (
        {"Result": {"Reason": 11, "Rules": [{"Text": "||a^$dnsrewrite=b"}]}},
        (Outcome.REWRITTEN, "own rules", "||a^$dnsrewrite=b", False),
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_became_of_a_query_is_told_in_our_words(tmp_path: Path, case: str) -> None:
    more, expected = CASES[case]
    piece = await told(tmp_path / "querylog.json", line(AT, **more))
    assert piece.damaged == 0
    verdict = record_of(piece.batches[0])[0].verdict
    found = (verdict.outcome, verdict.cause.list_name, verdict.cause.rule, verdict.allowed)
    assert found == expected
    if verdict.outcome in (Outcome.FORWARDED, Outcome.CACHED):
        assert verdict.upstream == more["Upstream"]


async def test_time_client_transport_and_answer_come_along(tmp_path: Path) -> None:
    first = line(AT, CP="doh", CID="tablet", QT="AAAA", Answer=answer("www.example.org", rcode=3))
    second = line("2026-01-02T04:04:06+01:00", "Nas.Example.org.")
    piece = await told(tmp_path / "querylog.json", first, second)
    (one, two), (report, who) = piece.batches, record_of(piece.batches[0])
    assert (one.time_s, one.duration_us, one.channel) == (1_767_323_045.123456, 2500, "https")
    assert (who.text, who.group, report.qtype, report.rcode, report.answered) == (
        *("tablet", "", 28, 3),
        b"",
    )
    assert two.time_s == 1_767_323_046.0
    report, who = record_of(two)
    assert (report.name, who.text) == (from_text("nas.example.org"), "192.0.2.7")
    assert report.answered == bytes.fromhex("c00c 0001 0001 0000012c 0004 c0000208")


async def test_what_cannot_be_read_is_passed_over_and_counted(tmp_path: Path) -> None:
    odd = [
        "{",
        "7",
        "x" * (3 * MOST_LINE),
        line("yesterday"),
        line(AT, QT="NOTYPE"),
        line(AT, IP="nobody"),
        line(AT, CP="carrier pigeon"),
        line(AT, QH="a..b"),
        line(AT, Answer=7),
        line(AT, Result=[7]),
        line(AT, Elapsed="x"),
        "[" * 100_000,
    ]
    fine = line(AT, Answer="AAAA", Elapsed=-1)
    piece = await told(tmp_path / "querylog.json", line(AT), *odd, "", fine)
    assert (len(piece.batches), piece.damaged) == (2, len(odd))
    assert record_of(piece.batches[1])[0].verdict.outcome is Outcome.FAILED
    assert piece.batches[1].duration_us == 0


async def test_it_goes_on_where_it_ended_also_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "querylog.json"
    first = await told(path, line(AT))
    size = path.stat().st_size
    assert first.position == size
    with path.open("a") as file:
        file.write(line(AT, "second.example.org")[:40])
    log = await AdGuardQueries.open(path, LISTS)
    assert (await all_of(log.pieces(size))).batches == [], "it is still being written"
    with path.open("a") as file:
        file.write(line(AT, "second.example.org")[40:])
    again = await AdGuardQueries.open(path, LISTS)
    (batch,) = (await all_of(again.pieces(size))).batches
    assert record_of(batch)[0].name == from_text("second.example.org")


async def test_a_file_is_known_again_by_its_first_line(tmp_path: Path) -> None:
    names = ("querylog.json", "querylog.json.1", "other.json")
    lines = ((line(AT),), (line(AT), line(AT)), (line(AT, "a.example.org"),))
    paths = [write_lines(tmp_path / name, *some) for name, some in zip(names, lines, strict=True)]
    one, grown, other = [(await AdGuardQueries.open(each, {})).identity for each in paths]
    assert one == grown != other
    with pytest.raises(ValueError, match="no query log of AdGuard Home"):
        await AdGuardQueries.open(write_lines(tmp_path / "odd", *["[]"] * 500), {})


async def test_a_file_may_be_empty_or_begin_with_half_a_line(tmp_path: Path) -> None:
    assert (await told(tmp_path / "empty")).batches == []
    piece = await told(tmp_path / "half", "ple.org", line(AT))
    assert (len(piece.batches), piece.damaged) == (1, 1)


async def test_pieces_are_bounded_and_in_order(tmp_path: Path) -> None:
    late = line("2026-01-02T03:04:06Z", "late.example.org")
    lines = [late, *[line(AT)] * MOST_IN_PIECE]
    log = await AdGuardQueries.open(write_lines(tmp_path / "querylog.json", *lines), {})
    pieces = [len(piece.batches) async for piece in log.pieces(0)]
    assert pieces == [MOST_IN_PIECE, 1]
    piece = await anext(log.pieces(0))
    assert record_of(piece.batches[-1])[0].name == from_text("late.example.org")


@pytest.mark.parametrize("odd", [rb"\ud800", rb"\uDC00", b"\xed\xa0\x80"])
async def test_half_a_character_stands_as_a_question_mark(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "querylog.json"
    entry = line(AT, CID="tab ODD", Upstream="ODD", Result=blocked("||ODD^"))
    path.write_bytes(entry.encode().replace(b"ODD", odd) + b"\n")
    (batch,) = (await all_of((await AdGuardQueries.open(path, {})).pieces(0))).batches
    report, who = record_of(batch)
    for text in (who.text, report.verdict.upstream, report.verdict.cause.rule):
        assert "?" in text and text.encode()
