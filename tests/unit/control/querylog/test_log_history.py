from __future__ import annotations

import ipaddress
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from log_kit import batch, blocked, fill, report

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog import filters as filters_module
from sinkhole.control.querylog.aside import set_aside
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.schema import open_database
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Batch, Report
from sinkhole.model.verdict import Outcome, Verdict

NOW = 1_700_000_000.0

REPORTS = [
    report("www.example.org"),
    report("www.example.org", qtype=28),
    report("www.example.org", Outcome.FORWARDED, upstream="192.0.2.53:53"),
    report("mail.example.net", Outcome.FAILED, rcode=2, detail="no answer in time"),
    report("mail.example.net", Outcome.STALE, qtype=15),
    blocked("ads.example.com"),
    blocked("ads.example.com", line=8),
    report("cdn.example.com", Outcome.BLOCKED_ANSWER, hop="tracker.example.net"),
    report("nas.home.example", Outcome.LOCAL, qtype=65),
    report("safe.example.org", Outcome.REWRITTEN),
    report("rare.example.org", Outcome.REFUSED, rcode=5),
    report(".", Outcome.MALFORMED, qtype=0, rcode=1),
]
CLIENTS = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


@pytest.fixture
async def history(database: Database) -> AsyncIterator[History]:
    reader = Reader(database.path)
    yield History(reader)
    await reader.close()


def many_batches(count: int, seed: int) -> list[Batch]:
    """Batches over some days, most of them with common reports, few with any."""
    chance = random.Random(seed)
    batches = []
    for number in range(count):
        common = chance.random() < 0.9
        reports = [chance.choice(REPORTS[:2] if common else REPORTS) for _ in range(3)]
        moment = NOW - (count - number) * 900 + chance.random() * 60
        batches.append(batch(reports, chance.choice(CLIENTS), moment, chance.randrange(1, 9999)))
    return batches


async def every_page(history: History, limit: int = 200, **filters: Any) -> list[Any]:
    found: list[Any] = []
    before = None
    while True:
        page = await history.page(limit=limit, before=before, **filters)
        assert len(page["queries"]) == limit or page["next"] is None
        found += page["queries"]
        before = page["next"]
        if before is None:
            return found


def meets(row: Any, client: str = "", name: str = "", verdict: str = "", qtype: str = "") -> bool:
    """The same filters in the plainest way."""
    kind = "allowed" if not row["blocked"] else "blocked"
    outcome_kind = Outcome[row["outcome"].upper()].kind
    return (
        (not client or row["client"] == client)
        and (not name or name.lower() in row["name"])
        and (not verdict or verdict in (kind, outcome_kind))
        and (not qtype or row["type"] == qtype.upper())
    )


FILTERS: list[dict[str, Any]] = [
    {},
    {"client": "192.0.2.2"},
    {"name": "www"},
    {"name": "RARE.example"},
    {"name": "example"},
    {"verdict": "blocked"},
    {"verdict": "allowed"},
    {"verdict": "cached"},
    {"verdict": "forwarded"},
    {"verdict": "local"},
    {"verdict": "failed"},
    {"verdict": "refused"},
    {"qtype": "AAAA"},
    {"qtype": "mx"},
    {"name": "ads", "client": "2001:db8::1"},
    {"name": "example", "verdict": "failed", "client": "192.0.2.1"},
    {"verdict": "local", "qtype": "HTTPS"},
]


@pytest.mark.parametrize("most_names", [200, 2])
async def test_filters_find_exactly_the_rows_that_meet_them(
    database: Database, history: History, monkeypatch: pytest.MonkeyPatch, most_names: int
) -> None:
    monkeypatch.setattr(filters_module, "MOST_NAMES", most_names)
    await fill(database, many_batches(400, seed=5))
    everything = await every_page(history)
    assert len(everything) == 1200
    ids = [int(row["id"]) for row in everything]
    assert ids == sorted(ids, reverse=True)
    for wanted in FILTERS:
        found = await every_page(history, limit=37, **wanted)
        assert found == [row for row in everything if meets(row, **wanted)], wanted
        assert found, wanted


async def test_rows_are_found_after_minutes_were_folded_into_hours(
    database: Database, history: History
) -> None:
    from sinkhole.control.stats import Rollups

    await fill(database, many_batches(100, seed=6))
    everything = await every_page(history)
    rollups = Rollups(365 * 86_400)
    async with database.transaction():
        while await rollups.tidy(database, NOW + 9 * 86_400, NOW - 90_000, pressed=False):
            pass
    for wanted in FILTERS:
        assert await every_page(history, **wanted) == [r for r in everything if meets(r, **wanted)]


async def test_pages_do_not_shift_while_rows_are_added(
    database: Database, history: History
) -> None:
    await fill(database, many_batches(40, seed=7))
    everything = await every_page(history)
    first = await history.page(limit=50)
    await fill(database, [batch(REPORTS, time_s=NOW + 1)])
    second = await history.page(limit=50, before=first["next"])
    assert first["queries"] + second["queries"] == everything[:100]
    assert len(await every_page(history)) == len(everything) + len(REPORTS)


async def test_a_row_says_everything_about_a_verdict(database: Database, history: History) -> None:
    entry = report(
        "cdn.example.com",
        Outcome.BLOCKED_ANSWER,
        qtype=65,
        cause=blocked(line=9).verdict.cause,
        group="children",
        hop="tracker.example.net",
        upstream="192.0.2.53:53",
        detail="a few words",
    )
    await fill(database, [batch([entry], time_s=NOW, duration_us=12_345)])
    (row,) = (await history.page())["queries"]
    assert row == {
        "id": "1700000000000000",
        "time": NOW,
        "client": "192.0.2.1",
        "name": "cdn.example.com",
        "type": "HTTPS",
        "outcome": "blocked_answer",
        "blocked": True,
        "rcode": "NOERROR",
        "list": "Starter",
        "line": 9,
        "rule": "||rule9^",
        "hop": "tracker.example.net",
        "upstream": "192.0.2.53:53",
        "group": "children",
        "detail": "a few words",
        "duration_ms": 12.345,
    }


async def test_names_of_any_bytes_are_shown_as_text(database: Database, history: History) -> None:
    odd = Report(b"\x08<b>\x00\xff.'\"\x07example\x00", 1, 0, Verdict(Outcome.CACHED))
    shown = "<b>\\000\\255\\.'\\\".example"
    await fill(database, [batch([odd, report(".", qtype=2)], time_s=NOW)])
    names = [row["name"] for row in (await history.page())["queries"]]
    assert names == [".", shown]
    (found,) = (await history.page(name="<b>"))["queries"]
    assert found["name"] == shown


async def test_a_query_refused_unseen_has_neither_name_nor_type(
    database: Database, history: History
) -> None:
    await fill(database, [batch([REPORTS[-1]], time_s=NOW)])
    (row,) = (await history.page(verdict="refused"))["queries"]
    assert (row["name"], row["type"], row["rcode"]) == ("", "", "FORMERR")


async def test_addresses_are_found_in_any_spelling(database: Database, history: History) -> None:
    await fill(database, [batch([report()], str(ipaddress.ip_address("2001:db8::a")), NOW)])
    found = (await history.page(client="2001:0DB8:0::A"))["queries"]
    assert len(found) == 1
    assert (await history.page(client="no address"))["queries"] == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"limit": 0}, "limit is 0; it may be 1 to 200"),
        ({"limit": 201}, "limit is 201"),
        ({"before": "x' OR 1"}, "before is .* `next` of another page"),
        ({"before": "9" * 40}, "before is"),
        ({"before": "١٢"}, "before is"),
        ({"verdict": "evil"}, "verdict is 'evil'; it may be one of blocked, allowed, cached"),
        ({"qtype": "NOTYPE"}, "'NOTYPE' is not a record type"),
    ],
)
async def test_what_is_not_understood_is_told(
    history: History, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        await history.page(**asked)


async def test_an_empty_log_has_an_empty_page(history: History) -> None:
    assert await history.page(verdict="blocked") == {"queries": [], "next": None}
    assert await history.page() == {"queries": [], "next": None}


async def test_without_a_database_reading_is_a_storage_error(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "nothing.db")
    with pytest.raises(StorageError, match=r"nothing\.db"):
        await History(reader).page()
    await reader.close()


async def test_the_reader_follows_when_a_file_takes_the_place_of_another(
    database: Database,
) -> None:
    files = [1]
    reader = Reader(database.path, lambda: files[0])
    history = History(reader)
    await fill(database, [batch([report("old.example.org")], time_s=NOW)])
    assert len((await history.page())["queries"]) == 1
    set_aside(database.path, "broken")
    fresh, _ = await open_database(database.path)
    try:
        assert len((await history.page())["queries"]) == 1
        files[0] += 1
        assert (await history.page())["queries"] == []
    finally:
        await reader.close()
        await fresh.close()


async def test_a_closed_reader_stays_closed(database: Database) -> None:
    reader = Reader(database.path)
    await reader.rows("SELECT 1")
    await reader.close()
    with pytest.raises(StorageError):
        await reader.rows("SELECT 1")
