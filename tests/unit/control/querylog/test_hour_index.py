from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from log_kit import DAY_S, batch, blocked, fill, report

from sinkhole.control.database import Database
from sinkhole.control.querylog import hour_index
from sinkhole.control.querylog.hour_index import (
    ANY,
    client_bits,
    index_hour,
    transport_bits,
    type_bits,
)
from sinkhole.control.querylog.retention import Retention
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import Rollups

HOUR = 1_700_000_000 // 3600 * 3600
NAMES = [report("a.example.org"), report("b.example.org", qtype=28)]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


async def mark(database: Database) -> int:
    return int(await database.value("SELECT value FROM meta WHERE key = 'indexed'"))


async def noted(database: Database, hour: int) -> list[int]:
    """How many accounts of an hour are noted, and the bits of its names, types and transports."""
    accounts = "SELECT count(*) FROM by_account WHERE start = ?"
    names = "SELECT sum(clients), sum(types) FROM by_name WHERE start = ?"
    clients = "SELECT sum(transports) FROM by_client WHERE start = ?"
    return [
        *(await database.rows(accounts, [hour]))[0],
        *(await database.rows(names, [hour]))[0],
        *(await database.rows(clients, [hour]))[0],
    ]


async def test_an_hour_is_noted_when_it_is_over(database: Database) -> None:
    await fill(database, [batch(NAMES, time_s=HOUR + 5)])
    await fill(database, [batch(NAMES[:1], "192.0.2.2", HOUR + 9, channel="tls")])
    assert not await index_hour(database, 0)
    assert not await index_hour(database, HOUR + 3600)
    assert await mark(database) == 0
    assert await index_hour(database, HOUR + 3660)
    assert await mark(database) == HOUR + 3600
    # The first client asked for both names by UDP, the second for one by TLS.
    both, first = client_bits([1, 2]), client_bits([1])
    assert await noted(database, HOUR) == [2, both + first, 1 + 2, 1 + transport_bits([2])]
    assert not await index_hour(database, HOUR + 9e6)


async def test_what_comes_into_an_hour_later_makes_it_be_noted_again(database: Database) -> None:
    for hour in (HOUR, HOUR + 3600):
        await fill(database, [batch(NAMES[:1], time_s=hour + 5)])
    while await index_hour(database, HOUR + 8000):
        pass
    await fill(database, [batch([blocked()], time_s=HOUR + 7)])
    assert await mark(database) == HOUR
    while await index_hour(database, HOUR + 8000):
        pass
    assert (await noted(database, HOUR))[0] == 2
    assert await mark(database) == HOUR + 7200


async def test_of_a_busy_hour_it_is_only_noted_that_it_may_have_anything(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hour_index, "MOST_ROWS", 1)
    await fill(database, [batch(NAMES, time_s=HOUR + 5)])
    assert await index_hour(database, HOUR + 9000)
    assert await database.rows("SELECT * FROM by_account") == [(HOUR, ANY, 0)]
    assert (await noted(database, HOUR))[1:] == [0, 0, 0]


async def test_hours_from_before_an_update_are_noted_beside_retention_and_go_with_their_rows(
    database: Database,
) -> None:
    for number in range(5):
        await fill(database, [batch(NAMES, time_s=HOUR + number * 3600 + 5)])
    retention = Retention(Rollups(365 * DAY_S), 90 * DAY_S, 1 << 30)
    now = HOUR + 20_000.0
    while await retention.step(database, now):
        pass
    hours = "SELECT count(DISTINCT start), min(start) FROM by_account"
    assert await database.rows(hours) == [(5, HOUR)]
    await database.rows("DELETE FROM query WHERE id < ?", [(HOUR + 7200) * 1_000_000])
    while await retention.step(database, now):
        pass
    assert await database.rows(hours) == [(3, HOUR + 7200)]


def test_bits_are_never_too_many_for_a_number() -> None:
    assert client_bits(range(1000)) == (1 << 62) - 1
    assert type_bits(range(1000)) < 128
    assert type_bits([1, 28]) & type_bits([65]) == 0
    assert transport_bits([0, 0, 2]) == 5
