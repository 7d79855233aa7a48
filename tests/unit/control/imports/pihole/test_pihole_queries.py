"""The long-term database of Pi-hole, row by row: what becomes of each, in every version."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from past_kit import FTL_TABLES, MADE, all_of, record_of, write_ftl, write_lines

from sinkhole.control.imports.pihole.queries import UPSTREAM_REFUSED, PiholeQueries
from sinkhole.dns.wire.name import ROOT, from_text
from sinkhole.model.verdict import Outcome

AT = 1_767_323_045.25
OLD_TABLES = """
CREATE TABLE ftl (id INTEGER PRIMARY KEY NOT NULL, value BLOB NOT NULL);
CREATE TABLE queries (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
    type INTEGER NOT NULL, status INTEGER NOT NULL, domain TEXT NOT NULL, client TEXT NOT NULL,
    forward TEXT);
"""

STATUSES: dict[int, tuple[Outcome, str, str, str]] = {
    0: (Outcome.FAILED, "", "", ""),
    1: (Outcome.BLOCKED, "Ads", "", ""),
    2: (Outcome.FORWARDED, "", "", ""),
    3: (Outcome.CACHED, "", "", ""),
    4: (Outcome.BLOCKED, "own rules", "", ""),
    5: (Outcome.BLOCKED, "own rules", "", ""),
    6: (Outcome.BLOCKED_ANSWER, "", "", UPSTREAM_REFUSED),
    9: (Outcome.BLOCKED_ANSWER, "Ads", "ads.example.net", ""),
    10: (Outcome.BLOCKED_ANSWER, "own rules", "ads.example.net", ""),
    12: (Outcome.FORWARDED, "", "", ""),
    14: (Outcome.FORWARDED, "", "", ""),
    15: (Outcome.REFUSED, "", "", ""),
    16: (Outcome.BLOCKED, "special domains", "", ""),
    17: (Outcome.STALE, "", "", ""),
    18: (Outcome.BLOCKED_ANSWER, "", "", UPSTREAM_REFUSED),
}


async def told(path: Path, *rows: dict[str, Any], tables: str = FTL_TABLES) -> Any:
    whole = [{"timestamp": AT, **row} for row in rows]
    log = await PiholeQueries.open(write_ftl(path, whole, tables), {7: "Ads"})
    return await all_of(log.pieces(0))


@pytest.mark.parametrize("status", STATUSES)
async def test_what_became_of_a_query_is_told_in_our_words(tmp_path: Path, status: int) -> None:
    more = {"reply_type": 4, "additional_info": "ads.example.net"}
    by_list = {"list_id": -9} if status in (1, 9) else {"list_id": -1}
    piece = await told(tmp_path / "ftl.db", {"status": status, **more, **by_list})
    verdict = record_of(piece.batches[0])[0].verdict
    found = (verdict.outcome, verdict.cause.list_name, verdict.hop, verdict.detail)
    assert found == STATUSES[status]
    assert not verdict.allowed


async def test_what_was_allowed_is_told(tmp_path: Path) -> None:
    piece = await told(tmp_path / "ftl.db", {"list_id": 3}, {"list_id": -9}, {"list_id": None})
    verdicts = [record_of(each)[0].verdict for each in piece.batches]
    assert [(e.allowed, e.cause.list_name) for e in verdicts] == [
        *((True, "own rules"), (True, "Ads")),
        (False, ""),
    ]


async def test_texts_times_types_and_replies_come_along(tmp_path: Path) -> None:
    path = tmp_path / "ftl.db"
    rows: list[dict[str, Any]] = [
        {"domain": 1, "client": 1, "forward": 1, "reply_type": 2, "reply_time": 0.0025},
        {"type": 16, "forward": "2001:db8::1#53", "reply_type": 7},
        {"type": 1099, "reply_type": 8},
        {"type": 14},
    ]
    write_ftl(path, [{"timestamp": AT, **row} for row in rows])
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO domain_by_id VALUES (1, 'nas.example.org')")
        database.execute("INSERT INTO client_by_id VALUES (1, '2001:db8::7', 'tv')")
        database.execute("INSERT INTO forward_by_id VALUES (1, '192.0.2.1#53')")
    log = await PiholeQueries.open(path, {})
    assert log.identity == f"pihole {MADE}"
    piece = await all_of(log.pieces(0))
    (report, who), *others = map(record_of, piece.batches)
    assert (piece.batches[0].time_s, piece.batches[0].duration_us) == (AT, 2500)
    assert (report.name, who.text) == (from_text("nas.example.org"), "2001:db8::7")
    assert (report.qtype, report.rcode, report.verdict.upstream) == (1, 3, "192.0.2.1:53")
    found = [(each.qtype, each.rcode, each.verdict.outcome) for each, _ in others]
    assert found[0] == (65, 2, Outcome.FAILED)
    assert found[1][:2] == (999, 5)
    assert found[2][0] == 65_535
    assert others[0][0].verdict.upstream == "[2001:db8::1]:53"


async def test_what_was_hidden_there_is_hidden_here(tmp_path: Path) -> None:
    piece = await told(tmp_path / "ftl.db", {"domain": "hidden"}, {"client": "0.0.0.0"})
    (report, who), (_, nobody) = map(record_of, piece.batches)
    assert (report.name, who.telling.names, who.telling.client) == (ROOT, False, True)
    assert (nobody.telling.names, nobody.telling.client) == (True, False)


async def test_rows_are_read_from_a_number_on(tmp_path: Path) -> None:
    path = write_ftl(tmp_path / "ftl.db", [{"timestamp": AT}] * 5)
    log = await PiholeQueries.open(path, {})
    assert (await all_of(log.pieces(0))).position == 5
    assert len((await all_of(log.pieces(3))).batches) == 2
    assert (await all_of(log.pieces(5))).batches == []


async def test_the_first_version_has_texts_and_no_replies(tmp_path: Path) -> None:
    piece = await told(tmp_path / "ftl.db", {"forward": "192.0.2.1"}, tables=OLD_TABLES)
    report, who = record_of(piece.batches[0])
    assert (report.verdict.outcome, report.verdict.upstream) == (Outcome.FORWARDED, "192.0.2.1")
    assert (report.name, who.text) == (from_text("www.example.org"), "192.0.2.7")


async def test_damaged_rows_are_passed_over_and_counted(tmp_path: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"domain": "a..b"},
        {"domain": 77},
        {"client": "nobody"},
        {"status": 99},
        {"type": "x"},
        {"timestamp": "soon"},
        {"list_id": "x"},
    ]
    piece = await told(tmp_path / "ftl.db", *odd, {})
    assert (len(piece.batches), piece.damaged) == (1, len(odd))


async def test_another_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pihole-FTL\.db can't be read"):
        await PiholeQueries.open(write_lines(tmp_path / "text", "x" * 5000), {})
    views = "CREATE TABLE ftl (id, value); CREATE VIEW queries AS SELECT 1 AS id"
    with sqlite3.connect(tmp_path / "views.db") as database:
        database.executescript(views)
    with pytest.raises(ValueError, match="it lacks the table of queries"):
        await PiholeQueries.open(tmp_path / "views.db", {})


async def test_texts_that_are_no_utf8_stop_nothing(tmp_path: Path) -> None:
    path = write_ftl(tmp_path / "ftl.db", [{"timestamp": AT}] * 3)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE query_storage SET forward = CAST(x'ff' AS TEXT) WHERE id = 0")
        database.execute("UPDATE query_storage SET client = CAST(x'ff' AS TEXT) WHERE id = 1")
    piece = await all_of((await PiholeQueries.open(path, {})).pieces(0))
    assert [record_of(e)[0].verdict.upstream for e in piece.batches] == ["\ufffd", ""]
    assert piece.damaged == 1
