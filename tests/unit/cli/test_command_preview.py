"""`lists preview`: what a list would change, judged by the log, with nothing left behind."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from command_line import CommandLine
from list_house import Server

from sinkhole.control.querylog.schema import open_database

CLIENTS = ("192.0.2.1", "192.0.2.2")


def ask(folder: Path, **queries: tuple[int, int]) -> None:
    """Log queries of two hours ago: how often each client asked for each name, `__` being a dot."""

    async def write() -> None:
        database, _ = await open_database(folder / "data" / "querylog.db")
        hour = int(time.time()) // 3600 * 3600 - 7200
        moment = hour * 1_000_000
        await database.rows(
            "INSERT INTO client VALUES (1, 1, ?, '', '', 0), (2, 2, ?, '', '', 0)", CLIENTS
        )
        for number, (name, counts) in enumerate(queries.items(), 1):
            text = name.replace("__", ".")
            await database.rows("INSERT INTO name VALUES (?, ?, ?, 0)", (number, number, text))
            entry = (hour, number, sum(counts))
            await database.rows(
                "INSERT INTO by_name (start, name, count, blocked) VALUES (?, ?, ?, 0)", entry
            )
            for client, count in enumerate(counts, 1):
                for _ in range(count):
                    moment += 1
                    row = (moment, client, number)
                    await database.rows("INSERT INTO query VALUES (?, ?, ?, 1, 9, 0, 0, 0)", row)
        await database.close()

    asyncio.run(write())


@pytest.fixture
def url(house: CommandLine, server: Server) -> str:
    server.body = b"||ads.example^\n||mine.example^\n||new.example^\nalso.example\nno rule\n"
    house("lists", "update")
    server.body += b"||more.example^\n||ads.example^\n"
    return f"http://127.0.0.1:{server.server_port}/other.txt"


def test_only_what_is_newly_blocked_counts(house: CommandLine, server: Server, url: str) -> None:
    ask(
        house.folder, ads__example=(5, 0), mine__example=(5, 0), www__more__example=(0, 6),
        more__example=(1, 1), fine__example=(2, 0),
    )  # fmt: skip
    before = sorted(path.name for path in house.folder.rglob("*"))
    told = house("lists", "preview", url, "--json").json()
    assert (told["names"], told["refused"], told["suspicion"]) == (5, 1, "")
    log = told["log"]
    assert (log["names_asked"], log["names"], log["queries"], log["queries_changed"]) == (
        5,
        2,
        20,
        8,
    )
    assert (log["percent"], log["partial"], told["log_error"]) == (40.0, False, None)
    assert [each["name"] for each in log["top"]] == ["www.more.example", "more.example"]
    assert log["top"][0]["clients"] == [{"client": "192.0.2.2", "queries": 6}]
    assert [who["client"] for who in log["top"][1]["clients"]] == list(CLIENTS)
    after = sorted(path.name for path in house.folder.rglob("*") if "-" not in path.suffix)
    assert after == before, "nothing is left behind"
    assert house("explain", "more.example", "--json").json()["verdict"] == "none"
    told_in_words = house("lists", "preview", url).out
    assert "It would newly block 2 of the 5 names asked for" in told_in_words
    assert "8 of 20 queries (40.0 %)" in told_in_words
    assert "www.more.example" in told_in_words and "192.0.2.2 (6)" in told_in_words


def test_an_allow_list_shows_what_it_would_free(house: CommandLine, url: str) -> None:
    ask(house.folder, ads__example=(3, 0), fine__example=(1, 0))
    told = house("lists", "preview", url, "--kind", "allow", "--json").json()
    assert told["log"]["names"] == 1
    assert told["log"]["top"][0]["name"] == "ads.example"
    assert (
        "newly allow again 1 of the 2 names"
        in house("lists", "preview", url, "--kind", "allow").out
    )


def test_a_list_that_would_be_held_back_says_so(
    house: CommandLine, server: Server, url: str
) -> None:
    server.body = b"||apple.com^\n"
    told = house("lists", "preview", url)
    assert "held back until you accept it: it would block captive.apple.com" in told.out


def test_without_a_log_the_list_itself_is_told(house: CommandLine, url: str) -> None:
    told = house("lists", "preview", url)
    assert told.code == 0
    assert "5 names, 6 rules" in told.out
    assert "not known" in told.out and "querylog.db" in told.out
    ask(house.folder)
    assert "no queries of the last 7 days" in house("lists", "preview", url).out


def test_a_list_that_cannot_be_had_is_exit_code_1(
    house: CommandLine, server: Server, url: str
) -> None:
    server.status = 404
    told = house("lists", "preview", url, "--json")
    assert (told.code, told.out) == (1, "")
    assert "HTTP status 404" in told.err
    assert house("lists", "preview", "hagezi-por").code == 1


def test_a_file_can_be_tried_too(house: CommandLine, url: str) -> None:
    path = house.folder / "own.txt"
    path.write_text("fine.example\n")
    ask(house.folder, fine__example=(1, 0))
    told = house("lists", "preview", f"file:{path}", "--json").json()
    assert told["log"]["percent"] == 100.0


def test_names_and_clients_are_told_as_people_know_them(
    house: CommandLine, server: Server, url: str
) -> None:
    server.body += b"||xn--mnchen-3ya.example^\n"
    house.settle(
        filtering={"lists": [], "private_sources": True},
        clients=[{"name": "TV", "addresses": ["192.0.2.2"]}],
    )
    ask(house.folder, **{"xn--mnchen-3ya__example": (1, 2)})
    (name,) = house("lists", "preview", url, "--json").json()["log"]["top"]
    assert (name["name"], name["name_unicode"]) == ("xn--mnchen-3ya.example", "münchen.example")
    assert name["clients"] == [
        {"client": "192.0.2.2", "queries": 2, "client_name": "TV"},
        {"client": "192.0.2.1", "queries": 1},
    ]
    told = house("lists", "preview", url).out
    assert "(münchen.example)" in told and "TV (2), 192.0.2.1 (1)" in told
