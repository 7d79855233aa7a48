from __future__ import annotations

import ipaddress
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from log_kit import batch, blocked, fill, patient, report

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog import filters as filters_module
from sinkhole.control.querylog import id_sets as id_sets_module
from sinkhole.control.querylog import search as search_module
from sinkhole.control.querylog.aside import set_aside
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import VERDICTS
from sinkhole.dns.wire.international import decoded
from sinkhole.dns.wire.name import from_text, to_text
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
CLIENTS = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "phone"]
CHANNELS = ["udp"] * 20 + ["tcp", "tls"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


@pytest.fixture
async def history(database: Database) -> AsyncIterator[History]:
    reader = Reader(database.path)
    yield patient(reader)
    await reader.close()


def many_batches(count: int, seed: int) -> list[Batch]:
    """Batches over some days, most of them with common reports, few with any."""
    chance = random.Random(seed)
    batches = []
    for number in range(count):
        common = chance.random() < 0.9
        reports = [chance.choice(REPORTS[:2] if common else REPORTS) for _ in range(3)]
        moment = NOW - (count - number) * 900 + chance.random() * 60
        duration_us, channel = chance.randrange(1, 9999), chance.choice(CHANNELS)
        batches.append(batch(reports, chance.choice(CLIENTS), moment, duration_us, channel))
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


def meets(row: Any, **wanted: str) -> bool:
    """The same filters in the plainest way."""
    of_row = {
        "client": (row["client"],),
        "verdict": (
            Outcome[row["outcome"].upper()].kind,
            "blocked" if row["blocked"] else "allowed",
        ),
        "qtype": (row["type"].lower(),),
        "transport": (row["transport"],),
    }
    name = wanted.pop("name", "")
    return name.lower() in row["name"] and all(
        value.lower() in of_row[key] for key, value in wanted.items()
    )


FILTERS: list[dict[str, Any]] = [
    {},
    *({"client": each} for each in ("192.0.2.2", "Phone")),
    *({"name": each} for each in ("www", "RARE.example", "example")),
    *({"verdict": each} for each in VERDICTS),
    *({"qtype": each} for each in ("AAAA", "mx")),
    *({"transport": each} for each in ("udp", "tls")),
    {"transport": "tcp", "verdict": "cached"},
    {"name": "ads", "client": "2001:db8::1"},
    {"name": "example", "verdict": "failed", "client": "192.0.2.1"},
    {"verdict": "local", "qtype": "HTTPS"},
]


@pytest.mark.parametrize(("most_names", "most_sought"), [(200, 1000), (1, 1000), (1, 2)])
async def test_filters_find_exactly_the_rows_that_meet_them(
    database: Database,
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    most_names: int,
    most_sought: int,
) -> None:
    monkeypatch.setattr(filters_module, "FEW", most_names)
    monkeypatch.setattr(filters_module, "MOST_ASKED", most_names)
    for module in (filters_module, id_sets_module):
        monkeypatch.setattr(module, "MOST_SOUGHT", most_sought)
    monkeypatch.setattr(id_sets_module, "VALUES_A_SLICE", 3)
    monkeypatch.setattr(search_module, "FIRST_ROWS", 20)
    monkeypatch.setattr(search_module, "FIRST_HOURS", 1)
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


@pytest.mark.parametrize("ahead_s", [7, 3 * 3600, 30 * 86_400, 365 * 86_400])
async def test_rows_later_than_now_come_last_and_none_is_missing(
    database: Database, ahead_s: float
) -> None:
    """They do not lead the log, and a page begun before goes on as it began."""
    await fill(database, many_batches(40, seed=8))
    await fill(database, [batch(REPORTS * 6, time_s=NOW + ahead_s)])
    now = NOW
    reader = Reader(database.path)
    history = patient(reader, clock=lambda: now)
    for wanted in ({}, {"client": "192.0.2.1"}, {"name": "www"}, {"verdict": "blocked"}):
        first = await history.page(limit=30, **wanted)
        now = NOW + 3600
        rows = first["queries"]
        while first["next"]:
            first = await history.page(limit=30, before=first["next"], **wanted)
            rows += first["queries"]
        now = NOW + 500 * 86_400
        in_time = await every_page(history, **wanted)
        now = NOW
        later = [row for row in in_time if row["time"] > NOW + 60]
        assert rows == [row for row in in_time if row["time"] <= NOW + 60] + later
        assert ahead_s == 7 or later
    await reader.close()


async def test_a_row_whose_client_or_account_is_lost_is_shown_all_the_same(
    database: Database, history: History
) -> None:
    """As a sweep by a clock that was wrong once left them."""
    await fill(database, many_batches(20, seed=9))
    count = len(await every_page(history))
    await database.rows("DELETE FROM client")
    rows = await every_page(history)
    assert len(rows) == count and {row["client"] for row in rows} == {""}
    await database.rows("DELETE FROM account")
    rows = await every_page(history)
    assert len(rows) == count and {row["outcome"] for row in rows} == {"unknown"}


async def test_rows_come_newest_first_without_being_sorted(
    database: Database, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, many_batches(400, seed=5))
    plans: list[str] = []
    await database.define("decoded", decoded)

    async def explained(self: Reader, sql: str, parameters: Any = ()) -> Any:
        if "query AS q" in sql:
            plan = await database.rows("EXPLAIN QUERY PLAN " + sql, parameters)
            plans.extend(str(row[3]) for row in plan)
        return await database.rows(sql, parameters)

    monkeypatch.setattr(Reader, "rows", explained)
    for sought in FILTERS:
        plans.clear()
        await history.page(**sought)
        assert any(plan.startswith("SEARCH q USING INTEGER PRIMARY KEY") for plan in plans)
        assert [plan for plan in plans if "TEMP B-TREE" in plan or "AUTOMATIC" in plan] == []


INTERNATIONAL = ["münchen.example.org", "straße.example.org", "пример.example.org"]


@pytest.mark.parametrize("most_sought", [1000, 0])
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("münchen", INTERNATIONAL[:1]),
        ("MÜNCHEN.example.ORG", INTERNATIONAL[:1]),
        ("ünch", INTERNATIONAL[:1]),
        ("nchen", INTERNATIONAL[:1]),
        ("xn--mnchen", INTERNATIONAL[:1]),
        ("ß", INTERNATIONAL[1:2]),
        ("ПРИМ", INTERNATIONAL[2:]),
        ("example.org", INTERNATIONAL),
        ("p\u0430ypal", ["xn--pypal-4ve.example.net"]),
        ("münster", []),
        ("\ud800", []),
    ],
)
async def test_international_names_are_found_and_shown_both_ways(
    database: Database,
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    most_sought: int,
    typed: str,
    expected: list[str],
) -> None:
    for module in (filters_module, id_sets_module):
        monkeypatch.setattr(module, "MOST_SOUGHT", most_sought)
    names = [*INTERNATIONAL, "xn--pypal-4ve.example.net", "xn--ib9b.example.net", "munich.example"]
    for name in reversed(names):
        await fill(database, [batch([report(name)], time_s=NOW)])
    rows = (await history.page(name=typed))["queries"]
    assert [row.get("name_unicode", row["name"]) for row in rows] == expected
    for row in rows:
        assert row["name"] == to_text(from_text(row.get("name_unicode", row["name"])))


async def test_clients_have_the_names_of_the_settings_as_they_are_now(database: Database) -> None:
    names = {"192.0.2.1": "TV"}
    reader = Reader(database.path)
    history = patient(reader, client_name=lambda address, device: names.get(address, ""))
    for client in ("192.0.2.1", "192.0.2.2"):
        await fill(database, [batch([report()], client, time_s=NOW)])

    async def called() -> dict[str, str | None]:
        rows = (await history.page())["queries"]
        return {row["client"]: row.get("client_name") for row in rows}

    assert await called() == {"192.0.2.1": "TV", "192.0.2.2": None}
    names["192.0.2.1"] = "Telly"
    assert await called() == {"192.0.2.1": "Telly", "192.0.2.2": None}
    await reader.close()


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
    empty = {"queries": [], "next": None, "looked_back_to": None}
    assert await history.page(verdict="blocked") == await history.page(name="no") == empty
    assert await history.page() == empty


async def test_without_a_database_reading_is_a_storage_error(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "nothing.db")
    with pytest.raises(StorageError, match=r"nothing\.db"):
        await patient(reader).page()
    await reader.close()


async def test_the_reader_follows_when_a_file_takes_the_place_of_another(
    database: Database,
) -> None:
    files = [1]
    reader = Reader(database.path, lambda: files[0])
    history = patient(reader)
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
