from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from log_kit import blocked, report

from sinkhole.control.database import Database
from sinkhole.control.querylog import dictionary
from sinkhole.control.querylog.dictionary import ACCOUNTS, NAMES, Dictionary, account_key
from sinkhole.control.querylog.schema import open_database
from sinkhole.dns.wire.name import from_text
from sinkhole.model.verdict import Outcome


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


def wire_names(count: int, first: int = 0) -> list[bytes]:
    return [from_text(f"host{number}.example.org") for number in range(first, first + count)]


async def test_every_value_gets_one_number(database: Database) -> None:
    names = await Dictionary.load(database, NAMES)
    await names.learn(database, wire_names(700), 3600)
    numbers = dict(names.ids)
    await names.learn(database, wire_names(10), 3600)
    assert len(set(numbers.values())) == 700 and numbers == names.ids
    assert await database.value("SELECT count(*) FROM name") == 700


async def test_what_was_forgotten_is_found_again_under_its_number(database: Database) -> None:
    names = await Dictionary.load(database, NAMES)
    await names.learn(database, wire_names(300), 3600)
    before = dict(names.ids)
    names.forget()
    await names.learn(database, wire_names(600), 3600)
    assert {key: names.ids[key] for key in before} == before
    other = await Dictionary.load(database, NAMES)
    await other.learn(database, wire_names(601), 3600)
    assert other.ids.items() >= names.ids.items()


async def test_the_hour_of_the_last_use_is_kept(database: Database) -> None:
    names = await Dictionary.load(database, NAMES)
    await names.learn(database, wire_names(2), 3600)
    names.forget()
    await names.learn(database, wire_names(1), 7200)
    rows = await database.rows("SELECT text, seen FROM name ORDER BY id")
    assert rows == [("host0.example.org", 7200), ("host1.example.org", 3600)]


async def test_no_more_than_so_many_values_are_remembered(database: Database) -> None:
    names = await Dictionary.load(database, replace(NAMES, most=50))
    for first in range(0, 200, 20):
        wanted = wire_names(20, first)
        await names.learn(database, wanted, 3600)
        assert len(names.ids) <= 50 and all(name in names.ids for name in wanted)
    assert await database.value("SELECT count(*) FROM name") == 200


async def test_accounts_differ_in_everything_but_the_name(database: Database) -> None:
    accounts = await Dictionary.load(database, ACCOUNTS)
    keys = {
        account_key(report("a.example"), 0, ""),
        account_key(report("b.example"), 0, ""),
        account_key(report("a.example", qtype=28), 0, ""),
        account_key(report("a.example", Outcome.FORWARDED, upstream="192.0.2.53:53"), 0, ""),
        account_key(blocked(line=1), 1, "||ads.example^"),
        account_key(blocked(line=1), 1, "||ads.example^ of another version of the list"),
    }
    await accounts.learn(database, keys, 3600)
    assert len(set(accounts.ids.values())) == 5
    columns = (
        "qtype, rcode, outcome, list, line, rule, allowed, policy_group, hop, upstream, detail"
    )
    stored = set(await database.rows(f"SELECT {columns} FROM account"))
    assert stored == keys


async def test_two_new_values_of_one_hash_share_a_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "short_hash", lambda text: 1)
    names = await Dictionary.load(database, NAMES)
    one, two = wire_names(2)
    await names.learn(database, [one, two], 3600)
    assert names.ids[one] == names.ids[two]
    assert await database.value("SELECT count(*) FROM name") == 1
