"""Lists that one sinkhole fetches and another takes: two libraries, one web server, one place."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from offering import House, rules
from shelf import until

from sinkhole.control.lists import exchange


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path) as house:
        yield house


async def test_what_one_has_fetched_the_other_takes(house: House) -> None:
    attic, cellar = house.box("attic"), house.box("cellar")
    async with attic.running():
        await until(lambda: attic.names == 500)
        await until(lambda: bool(house.place.offers))
    async with cellar.running():
        await until(lambda: cellar.names == 500)
    assert house.served == [200]
    assert (attic.status["taken_from"], cellar.status["taken_from"]) == ("", "attic")
    assert cellar.status["checked"] == attic.status["checked"]


async def test_two_that_begin_together_fetch_once(house: House) -> None:
    house.held = True
    attic, cellar = house.box("attic"), house.box("cellar")
    async with attic.running():
        await until(lambda: house.waiting == 1)
        async with cellar.running():
            await until(lambda: cellar.place.asked > 1)
            house.let_go.set()
            await until(lambda: (attic.names, cellar.names) == (500, 500))
    assert house.served == [200]


async def test_what_is_known_is_looked_at_once_for_both_and_content_comes_only_if_new(
    house: House,
) -> None:
    attic, cellar = house.box("attic"), house.box("cellar")
    async with attic.running():
        await until(lambda: bool(house.place.offers))
        async with cellar.running():
            await until(lambda: cellar.names == 500)
            house.now += 26 * 3600
            await until(lambda: attic.status["checked"] == cellar.status["checked"] == house.now)
            assert (house.served, house.place.taken) == ([200, 304], 1)
            house.body = rules(501)
            house.now += 26 * 3600
            await until(lambda: (attic.names, cellar.names) == (501, 501))
    assert (house.served, house.place.taken) == ([200, 304, 200], 2)


async def test_a_person_who_asks_hears_of_the_source_and_so_do_the_others(house: House) -> None:
    attic, cellar = house.box("attic"), house.box("cellar")
    await attic.library.update()
    await cellar.library.update()
    assert house.served == [200, 200]
    house.body = rules(501)
    house.now += 26 * 3600
    await cellar.library.update(force=True)
    async with attic.running():
        await until(lambda: attic.status["taken_from"] == "cellar")
    assert attic.names == 501
    assert house.served == [200, 200, 200]


async def test_what_is_offered_is_held_back_as_if_it_had_been_fetched(house: House) -> None:
    attic, cellar = house.box("attic"), house.box("cellar")
    await cellar.library.update()
    house.body = rules(5)
    await attic.library.update()
    house.now += 26 * 3600
    await attic.library.update()
    async with cellar.running():
        await until(lambda: cellar.status["quarantine"] is not None)
    assert cellar.names == 500
    assert house.served == [200, 200, 304]


async def test_an_offer_that_is_too_old_counts_for_nothing(house: House) -> None:
    await house.box("attic").library.update()
    house.now += 26 * 3600
    cellar = house.box("cellar")
    async with cellar.running():
        await until(lambda: cellar.names == 500)
    assert (house.served, cellar.status["taken_from"]) == ([200, 200], "")


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(rules(500))[:-9],
        gzip.compress(rules(499)),
        gzip.compress(b"<html>moved</html>"),
        gzip.compress(b"\n" * (3 << 20)),
        b"no gzip",
        b"",
    ],
    ids=["cut-off", "another", "no-list", "too-large", "not-packed", "gone"],
)
async def test_content_that_is_not_what_was_offered_is_fetched(house: House, packed: bytes) -> None:
    await house.box("attic").library.update()
    ((content_hash, _),) = house.place.contents.items()
    house.place.contents[content_hash] = packed
    cellar = house.box("cellar")
    async with cellar.running():
        await until(lambda: cellar.names == 500)
    assert (house.served, cellar.status["taken_from"]) == ([200, 200], "")


async def test_where_the_place_is_away_each_fetches_for_itself(house: House) -> None:
    house.place.is_away = True
    for name in ("attic", "cellar"):
        box = house.box(name)
        async with box.running():
            await until(lambda box=box: box.names == 500)
        assert box.status["error"] is None
    assert house.served == [200, 200]


async def test_a_place_that_is_silent_keeps_nobody_waiting_for_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PATIENCE_S", 0.05)
    house.place.is_silent = True
    attic = house.box("attic")
    async with attic.running():
        await until(lambda: attic.names == 500)


async def test_a_failure_lets_the_others_look(house: House) -> None:
    house.status = 503
    attic = house.box("attic")
    async with attic.running():
        await until(lambda: attic.status["error"] is not None)
        await until(lambda: not house.place.claims)
    house.status = 200
    cellar = house.box("cellar")
    async with cellar.running():
        await until(lambda: bool(house.place.offers))
    house.now += 100
    async with attic.running():  # which need not ask the source again
        await until(lambda: attic.names == 500)
    assert house.served == [503, 200]


async def test_files_of_this_machine_are_no_business_of_others(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("||mine.example^\n")
    box = house.box("attic", f"file:{tmp_path / 'mine.txt'}")
    async with box.running():
        await until(lambda: box.names == 1)
    assert (house.place.asked, house.place.offers) == (0, {})
