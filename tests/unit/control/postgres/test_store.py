"""What is read of the database is what is read of the file that was sent there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sharing_kit import MAC, NOW, Kit, questions, shared

from sinkhole.control.querylog import History, LogStore, Sought, SoughtName, SqliteStore
from sinkhole.control.querylog.recent_names import RecentNames
from sinkhole.control.querylog.recent_queries import RecentQueries
from sinkhole.control.querylog.views import thaw
from sinkhole.control.stats import Statistics

DAY_S = 86_400

SOUGHT = [
    Sought(),
    Sought(from_s=NOW - 7200 - 60, to_s=NOW - 3600 + 60),
    Sought(text="example.net"),
    Sought(text="192.0.2.9"),
    Sought(text="münchen"),
    Sought(names=(SoughtName("www"),)),
    Sought(names=(SoughtName("example.org", "exact"),)),
    Sought(names=(SoughtName("example.org", "below"), SoughtName("shop", "part"))),
    Sought(names=(SoughtName("no such name"),)),
    Sought(clients=("192.0.2.7",)),
    Sought(clients=(MAC,)),
    Sought(clients=("192.0.2.0/24",)),
    Sought(devices=(MAC,)),
    Sought(groups=("kids",)),
    Sought(lists=("Starter",)),
    Sought(lists=("Starter", "Other")),
    Sought(upstreams=("first",)),
    Sought(transports=("tls", "tcp")),
    Sought(rcodes=("SERVFAIL",)),
    Sought(verdicts=("blocked",)),
    Sought(verdicts=("allowed",)),
    Sought(types=("AAAA",)),
    Sought(answers=("198.51.100.0/24",)),
    Sought(answers=("192.0.2.1",)),
    Sought(verdicts=("blocked",), groups=("kids",), text="shop"),
]


@pytest.fixture
async def kit(tmp_path: Path, postgres_url: str) -> AsyncIterator[Kit]:
    async with shared(tmp_path / "querylog.db", postgres_url, keep_s=90 * DAY_S) as kit:
        for each in questions():
            kit.buffer.append(each)
        await kit.written(12)
        yield kit


@pytest.fixture
def stores(kit: Kit) -> tuple[LogStore, LogStore]:
    """The file and the database."""
    assert not isinstance(kit.log.store, SqliteStore)
    return SqliteStore(kit.log.reader()), kit.log.store


def alike(queries: list[Any]) -> list[Any]:
    """Rows without what each store has of its own: its numbers, and what the node is called."""
    return [{k: v for k, v in row.items() if k not in ("node", "list_id")} for row in queries]


async def test_all_that_is_sought_is_found(stores: tuple[LogStore, LogStore]) -> None:
    for sought in SOUGHT:
        mine, theirs = [
            alike((await History(store, search_s=1e6).search(sought))["queries"])
            for store in stores
        ]
        assert theirs == mine, sought
    assert len(mine) == 1
    for text in ("192.0.2.7", "2001:db8::7", MAC):
        mine, theirs = [alike((await History(s).page(client=text))["queries"]) for s in stores]
        assert theirs == mine and mine


async def test_pages_follow_one_another(stores: tuple[LogStore, LogStore]) -> None:
    for store in stores:
        history, cursor, found = History(store, search_s=1e6), None, []
        for _ in range(4):
            page = await history.search(Sought(), limit=3, cursor=cursor)
            found += [row["id"] for row in page["queries"]]
            cursor = page["next"]
        assert cursor is None and len(found) == len(set(found)) == 12
        assert found == sorted(found, key=int, reverse=True)
        assert (await history.row(int(found[0])) or {})["id"] == found[0]
        assert await history.row(1) is None
        exported = b"".join([each async for each in history.export(Sought(), "csv")])
        assert exported.count(b"\n") == 13


async def test_a_frozen_view_is_the_same_later(stores: tuple[LogStore, LogStore]) -> None:
    for store in stores:
        history = History(store)
        view = await history.freeze(Sought(lists=("Other",), clients=("192.0.2.7",), text="shop"))
        (row,) = (await history.search(thaw(view)))["queries"]
        assert row["name"] == "shop.example.net"


async def test_sums_and_statistics_are_the_same(stores: tuple[LogStore, LogStore]) -> None:
    for sought in (Sought(from_s=NOW - DAY_S), Sought(from_s=NOW - DAY_S, groups=("kids",))):
        mine, theirs = [
            await History(store, lambda: NOW, search_s=1e6).sums(sought, 600) for store in stores
        ]
        for told in (mine, theirs):
            for key in ("top_names", "top_blocked", "top_lists"):
                told[key].sort(key=lambda each: each["name"])
        assert theirs == mine
    for period in ("1h", "24h", "7d", "30d"):
        mine, theirs = [
            await Statistics(store.counts, clock=lambda: NOW).summary(period) for store in stores
        ]
        for told in (mine, theirs):  # those of equal counts may stand in any order
            for key in ("top_names", "top_blocked", "top_clients"):
                told[key].sort(key=lambda each: sorted(map(str, each.values())))
        assert theirs == mine, period
    begin = int(NOW) // DAY_S * DAY_S - 9 * DAY_S
    mine, theirs = [
        await Statistics(store.counts, clock=lambda: NOW).steps(begin, DAY_S) for store in stores
    ]
    assert (theirs[0], sorted(theirs[1])) == (mine[0], sorted(mine[1]))
    mine, theirs = [await Statistics(s.counts, clock=lambda: NOW).list_hits() for s in stores]
    assert theirs == mine == {"Starter": {"day": 3, "week": 3}, "Other": {"day": 1, "week": 1}}


async def test_trials_read_the_same(stores: tuple[LogStore, LogStore]) -> None:
    mine, theirs = [await asked_lately(store) for store in stores]
    assert theirs == mine


async def asked_lately(store: LogStore) -> tuple[Any, ...]:
    names = RecentNames(store, DAY_S, lambda: NOW)
    pages = [each async for page in names.pages() for each in page]
    texts = {each.number: each.name for each in pages}
    counts = sorted((texts[n], *who, q) for n, who, q in await names.counts(list(texts)))
    queries = RecentQueries(store, DAY_S, lambda: NOW)
    askers = {each.number: each.text for each in await queries.askers()}
    asked = await queries.asked(queries.start_s, queries.end_s)
    written = await queries.texts([name for _, name, _, _ in asked])
    some = [number for number, text in askers.items() if text == "192.0.2.7"]
    return (
        sorted((each.name, each.queries) for each in pages),
        counts,
        sorted((*who, count) for who, count in await names.askers()),
        sorted(askers.values()),
        sorted((askers[who], written[name], t, n) for who, name, t, n in asked),
        len(await queries.asked(queries.start_s, queries.end_s, some)),
    )
