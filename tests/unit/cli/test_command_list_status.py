"""What `lists status` shows, as a table, in words and as JSON."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from command_line import CommandLine
from list_house import Server

from sinkhole.control.querylog.schema import open_database


def hit(folder: Path, list_name: str, count: int) -> None:
    """As if a list had blocked `count` queries two hours ago."""

    async def write() -> None:
        database, _ = await open_database(folder / "data" / "querylog.db")
        start = int(time.time()) // 3600 * 3600 - 7200
        await database.rows("INSERT INTO list VALUES (1, 'fetched-1', ?, 0)", (list_name,))
        await database.rows("INSERT INTO by_list VALUES (?, 1, ?)", (start, count))
        await database.close()

    asyncio.run(write())


def test_the_status_is_a_table_for_people(house: CommandLine) -> None:
    lines = house("lists", "status").out.splitlines()
    assert lines[0].split()[:4] == ["List", "State", "Names", "Unique"]
    assert [line.split("  ")[0] for line in lines[1:4]] == ["Fetched [1]", "Mine", "Off"]
    assert "missing" in lines[1] and "never" in lines[1]
    house("lists", "update")
    hit(house.folder, "Fetched [1]", 1234)
    line = house("lists", "status").out.splitlines()[1]
    assert line.split() == [
        "Fetched", "[1]", "ready", "1", "1", "1,234", "1,234", "1", *["just", "now"] * 2,
    ]  # fmt: skip


def test_everything_about_one_list_is_told_by_its_name(house: CommandLine) -> None:
    house("lists", "update")
    hit(house.folder, "Fetched [1]", 7)
    told = house("lists", "status", "fetched [1]").out
    for words in (
        f"Fetched [1]: ready, a list that blocks, in {house.config}:1",
        "1 names in 1 rules, 1 in no other list",
        "7 queries in the last day, 7 in the last week",
        "checked   just now, changed just now",
        "s to fetch",
        "1 version kept",
        "refused   1 lines",
        "1  more than one word on a line",
        "line 3: two words",
    ):
        assert words in told
    told = house("lists", "status", "Nobody")
    assert told.code == 1
    assert "there are Fetched [1], Mine, Off" in told.err


def test_status_leaves_nothing_behind(house: CommandLine) -> None:
    assert house("lists", "status").code == 0
    assert not (house.folder / "data").exists()


def test_json_of_the_status_has_what_the_api_has(house: CommandLine) -> None:
    house("lists", "update")
    fetched = house("lists", "status", "--json").json()[0]
    assert fetched["names"] == fetched["refused"] == fetched["unique"] == fetched["versions"] == 1
    assert fetched["error"] is fetched["quarantine"] is fetched["hits_day"] is None
    assert fetched["refused_samples"] == [
        {"line": 3, "text": "two words", "reason": "more than one word on a line"}
    ]
    assert house("lists", "status", "Fetched [1]", "--json").json() == fetched


def test_what_went_wrong_stands_below_the_table(house: CommandLine, server: Server) -> None:
    server.status = 500
    house("lists", "update")
    assert "Fetched [1]: HTTP status 500" in house("lists", "status").out
    assert "trouble   HTTP status 500" in house("lists", "status", "Fetched [1]").out


def test_what_is_wrong_beyond_a_single_list_is_told_too(house: CommandLine) -> None:
    house.settle(filtering={"lists": [], "rules": ["two words"]})
    told = house("lists", "status", "--json")
    assert (told.code, told.json()) == (0, [])
    assert "two words" in told.err


def test_who_added_a_list_is_told(house: CommandLine) -> None:
    path = house.folder / "mine.txt"
    assert house("lists", "add", f"file:{path}", "--name", "Added").code == 0
    assert "a list that blocks, added by hand" in house("lists", "status", "Added").out
    rows = {row["name"]: row for row in house("lists", "status", "--json").json()}
    assert rows["Added"]["added"] and not rows["Mine"]["added"]
