"""Several sinkholes with one state: what is changed on one is on all, and ends the same on all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from boxes import ANNA, Box, a_box, until
from postgres_server import PostgresServer

from sinkhole.control.database import Database, Row
from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.state_hub import PostgresHub
from sinkhole.control.replication.hub import HubAwayError, Pulled
from sinkhole.control.replication.replica import OpenHub
from sinkhole.control.settings.in_force import Change
from sinkhole.control.state.people import Device, Session
from sinkhole.control.state.state import State
from sinkhole.model.errors import RequestError
from sinkhole.model.stamp import present

TTL = "cache.max_ttl"


@pytest.fixture
def hub(postgres_url: str) -> OpenHub:
    return partial(PostgresHub.open, postgres_url)


@asynccontextmanager
async def server_of(url: str) -> AsyncIterator[Server]:
    server = await Server.connect(url)
    try:
        yield server
    finally:
        await server.close()


def group(name: str) -> Change:
    return Change("groups", name, value={"name": name})


def groups(box: Box) -> set[str]:
    return {each.name for each in box.settings.settings.groups}


def has_two(box: Box) -> bool:
    """Whether there are two pauses, and two rules for a time."""
    return len(box.protection.pauses) == 2 == len(box.rules.rules)


def agree(*boxes: Box) -> bool:
    """Whether all have the same settings stored by hand, of those that are shared."""
    return len({repr(dict(each.state.stored.values())) for each in boxes}) == 1


async def test_the_first_gives_what_it_has_and_others_take_it(tmp_path: Path, hub: OpenHub) -> None:
    async with a_box(tmp_path / "attic") as attic, a_box(tmp_path / "cellar") as cellar:
        await attic.settings.change([group("kids"), Change(TTL, value="2h")], ANNA, note="mine")
        await attic.add_account("anna")
        await attic.add_token("a" * 64)
        await cellar.settings.change([group("things")], ANNA)
        await cellar.add_account("otto")
        attic.follow(hub)
        await attic.joined(1)
        cellar.follow(hub)
        await until(lambda: groups(cellar) == {"kids"})
        assert cellar.settings.settings.cache.max_ttl == 7200
        assert cellar.applied[-1] == cellar.settings.settings
        assert {each.name for each in cellar.state.people.accounts.values()} == {"anna"}
        assert cellar.state.people.tokens == attic.state.people.tokens
        assert (await cellar.settings.revisions(1))[0].note == "mine"
        assert [each.reason for each in await cellar.state.backups.all()] == ["restore"]
        assert not await attic.state.backups.all(), "nothing of it was replaced"


async def test_a_change_on_any_is_on_all_and_can_be_taken_back_there(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await attic.settings.change([group("kids")], ANNA)
        await until(lambda: groups(cellar) == {"kids"})
        await cellar.settings.change([group("things")], ANNA)
        await until(lambda: groups(attic) == {"kids", "things"})
        await attic.settings.undo(cellar.state.stored.number, ANNA)
        await until(lambda: groups(cellar) == {"kids"} == groups(attic))
        assert agree(attic, cellar)
        assert not await cellar.state.backups.all() and not await attic.state.backups.all()


async def test_settings_of_a_machine_stay_there(tmp_path: Path, hub: OpenHub) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await cellar.settings.change([Change("dns.workers", value=2)], ANNA)
        changes = [Change("log.level", value="debug"), Change(TTL, value="3h")]
        await attic.settings.change(changes, ANNA)
        await until(lambda: cellar.settings.settings.cache.max_ttl == 10_800)
        assert cellar.settings.settings.dns.workers == 2
        assert cellar.settings.settings.log.level == "info"
        assert attic.settings.settings.dns.workers != 2
        (seen, *_) = await cellar.settings.revisions(1)
        assert [change.place[0] for change in seen.changes] == [TTL]
        assert not await cellar.state.backups.all()


async def test_what_is_changed_on_two_at_once_ends_the_same_on_both(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        for turn in range(5):
            await asyncio.gather(
                attic.settings.change([Change(TTL, value=f"{turn + 1}h")], ANNA),
                cellar.settings.change([Change(TTL, value=f"{turn + 1}m")], ANNA),
                attic.settings.change([group(f"a{turn}")], ANNA),
                cellar.settings.change([group(f"c{turn}")], ANNA),
                attic.add_account(f"anna{turn}"),
                cellar.add_account(f"otto{turn}"),
            )
        names = {f"{owner}{turn}" for owner in "ac" for turn in range(5)}
        await until(lambda: groups(attic) == names == groups(cellar))
        await until(lambda: attic.state.stored.number == cellar.state.stored.number)
        assert agree(attic, cellar)
        await until(lambda: _shared(attic) == _shared(cellar))
        await until(lambda: attic.state.people.accounts == cellar.state.people.accounts)
        assert len(attic.state.people.accounts) == 10


async def test_who_names_an_old_revision_is_refused(tmp_path: Path, hub: OpenHub) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        seen = cellar.settings.revision
        await attic.settings.change([group("kids")], ANNA)
        await until(lambda: groups(cellar) == {"kids"})
        with pytest.raises(RequestError, match="changed meanwhile"):
            await cellar.settings.change([group("things")], ANNA, revision=seen)


async def test_pauses_and_rules_for_a_time_are_on_all(tmp_path: Path, hub: OpenHub) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await asyncio.gather(
            attic.protection.begin(600.0, ANNA, "group", "kids"),
            cellar.protection.begin(None, ANNA),
            attic.rules.add(["||ads.example^"], 600.0, ANNA, "attic's"),
            cellar.rules.add(["||ads.example.net^"], 600.0, ANNA),
        )
        for box in (attic, cellar):
            await until(partial(has_two, box))
        left_s = cellar.protection.left_s(cellar.protection.pauses[0])
        assert left_s is None or left_s <= 600
        await cellar.protection.end(ANNA, "group", "kids")
        await until(lambda: [each.scope for each in attic.protection.pauses] == ["all"])
        number = next(each.number for each in attic.rules.rules if each.note == "attic's")
        await attic.rules.remove([number])
        await until(lambda: cellar.rules.texts == ["||ads.example.net^"])


async def test_who_gets_another_password_elsewhere_is_signed_out_here(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        anna, otto = await attic.add_account("anna"), await attic.add_account("otto")
        people = cellar.state.people
        await until(lambda: len(people.accounts) == 2)
        for digest, account in (("a" * 64, anna.id), ("b" * 64, otto.id)):
            session = Session(digest, account, "192.0.2.7", "a browser", present(), present())
            await people.sign_in(session, Device(digest, account, 1.0), (), ())
        await attic.state.people.put_account(anna.id, lambda _: anna._replace(password="another"))
        await until(lambda: set(people.sessions) == {"b" * 64})
        await attic.state.people.remove_account(otto.id, lambda: None)
        await until(lambda: not people.sessions and not people.devices)


async def test_without_the_hub_only_pauses_can_be_changed_and_are_told_later(
    tmp_path: Path, hub: OpenHub, postgres: PostgresServer, postgres_url: str
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await attic.settings.change([group("kids")], ANNA)
        await until(lambda: groups(cellar) == {"kids"})
        async with server_of(postgres_url) as server:
            await server.rows("CHECKPOINT")  # it does not wait for its disk, and is killed
        postgres.stop()
        try:
            with pytest.raises(HubAwayError, match="database"):
                await attic.settings.change([group("things")], ANNA)
            assert groups(attic) == {"kids"}, "as before"
            with pytest.raises(HubAwayError):
                await attic.add_account("anna")
            await attic.protection.begin(600.0, ANNA)
            assert not attic.protection.is_on and cellar.protection.is_on
            await until(lambda: bool(cellar.replica and cellar.replica.problem))
        finally:
            postgres.start()
        await until(lambda: not cellar.protection.is_on)
        await attic.joined()
        await attic.settings.change([group("things")], ANNA)
        await until(lambda: groups(cellar) == {"kids", "things"})
        assert not await attic.state.backups.all() and not await cellar.state.backups.all()


async def test_a_sinkhole_that_was_stopped_catches_up_and_tells_what_was_done_meanwhile(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic:
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await attic.settings.change([group("kids"), group("things")], ANNA)
            await until(lambda: groups(cellar) == {"kids", "things"})
        await attic.settings.change([Change("groups", "things", "remove")], ANNA)
        async with a_box(tmp_path / "cellar") as cellar:  # as a command does without a server
            await cellar.settings.change([Change("filtering.blocking.ttl", value="7s")], ANNA)
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await until(lambda: groups(cellar) == {"kids"})
            await until(lambda: attic.settings.settings.filtering.blocking.ttl == 7)
            await until(lambda: agree(attic, cellar))


async def test_what_was_changed_in_both_places_is_as_it_is_at_the_hub(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic:
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await cellar.settings.change([group("kids")], ANNA)
            await until(lambda: groups(attic) == {"kids"})
        async with a_box(tmp_path / "cellar") as cellar:
            await cellar.settings.change([Change(TTL, value="7m")], ANNA)
        await attic.settings.change([Change(TTL, value="7h")], ANNA)
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await until(lambda: cellar.settings.settings.cache.max_ttl == 7 * 3600)
            assert len(await cellar.state.backups.all()) == 1
            await until(lambda: agree(attic, cellar))


async def test_a_backup_that_is_restored_on_one_is_what_all_have(
    tmp_path: Path, hub: OpenHub, copied: Callable[[State], Awaitable[Database]]
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await attic.settings.change([group("kids")], ANNA)
        await attic.add_account("anna")
        earlier = await copied(attic.state)
        await attic.settings.change([group("things")], ANNA)
        await attic.add_account("otto")
        await until(lambda: len(cellar.state.people.accounts) == 2)
        await attic.state.replace(earlier)
        await attic.settings.take_stored()
        await until(lambda: groups(cellar) == {"kids"} == groups(attic))
        await until(lambda: len(cellar.state.people.accounts) == 1)
        await cellar.settings.change([group("guests")], ANNA)
        await until(lambda: groups(attic) == {"kids", "guests"})


async def test_a_hub_that_has_lost_something_is_told_it_again(
    tmp_path: Path, hub: OpenHub, postgres_url: str
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic:
        await attic.settings.change([group("kids"), group("things")], ANNA)
        before = await _saved(postgres_url)
        await attic.settings.change([Change("groups", "things", "remove"), group("guests")], ANNA)
    await _restored(postgres_url, before)
    async with a_box(tmp_path / "attic", hub) as attic, a_box(tmp_path / "cellar", hub) as cellar:
        await until(lambda: groups(cellar) == {"kids", "guests"} == groups(attic))
        await cellar.settings.change([group("things")], ANNA)
        await until(lambda: groups(attic) == {"kids", "guests", "things"})
        assert agree(attic, cellar)


_STATE = (
    ("state", "kind, key, value, position, revision"),
    ("meta", "key, value"),
    ("state_revision", "revision"),
)


async def _saved(url: str) -> list[list[Row]]:
    async with server_of(url) as server:
        return [await server.rows(f"SELECT {what} FROM {table}") for table, what in _STATE]


async def _restored(url: str, saved: list[list[Row]]) -> None:
    async with server_of(url) as server, server.transaction() as session:
        for (table, what), rows in zip(_STATE, saved, strict=True):
            await session.rows(f"DELETE FROM {table}")
            await session.copy(table, what.split(", "), rows)


def _shared(box: Box) -> tuple[object, ...]:
    settings = box.settings.settings
    return settings.cache.max_ttl, settings.groups


async def test_what_a_hub_has_lost_comes_back_also_where_another_has_changed_something_since(
    tmp_path: Path, hub: OpenHub, postgres_url: str
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic:
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await attic.settings.change([group("kids")], ANNA)
            await until(lambda: groups(cellar) == {"kids"})
        before = await _saved(postgres_url)
        await attic.settings.change([Change(TTL, value="7h")], ANNA)
        await attic.unfollow()
        await _restored(postgres_url, before)
        async with a_box(tmp_path / "cellar", hub) as cellar:  # it knows nothing of what is lost
            await cellar.settings.change([group("things")], ANNA)
            attic.follow(hub)
            await until(lambda: groups(attic) == {"kids", "things"} == groups(cellar))
            await until(lambda: cellar.settings.settings.cache.max_ttl == 7 * 3600)
            await until(lambda: agree(attic, cellar))


async def test_who_has_nothing_is_not_the_first(tmp_path: Path, hub: OpenHub) -> None:
    async with a_box(tmp_path / "new", hub) as new, a_box(tmp_path / "attic") as attic:
        await attic.settings.change([group("kids")], ANNA)
        await attic.add_account("anna")
        attic.follow(hub)
        await until(lambda: groups(new) == {"kids"})
        await until(lambda: new.state.people.accounts == attic.state.people.accounts)
        assert groups(attic) == {"kids"} and not await attic.state.backups.all()
        await new.settings.change([group("things")], ANNA)
        await until(lambda: groups(attic) == {"kids", "things"})


class _Slow(PostgresHub):
    """Reads what is there, and goes on only when somebody else has told what he has."""

    others_turn: asyncio.Event
    my_turn: asyncio.Event

    async def pull(self, after: int) -> Pulled:
        pulled = await super().pull(after)
        self.others_turn.set()
        await self.my_turn.wait()
        return pulled


async def test_of_two_that_find_nothing_at_once_one_is_the_first(
    tmp_path: Path, hub: OpenHub, postgres_url: str
) -> None:
    _Slow.others_turn, _Slow.my_turn = asyncio.Event(), asyncio.Event()
    async with a_box(tmp_path / "attic") as attic, a_box(tmp_path / "cellar") as cellar:
        await attic.add_account("anna")
        await attic.settings.change([group("kids")], ANNA)
        await cellar.add_account("bea")
        await cellar.add_account("otto")
        cellar.follow(partial(_Slow.open, postgres_url))
        await _Slow.others_turn.wait()
        attic.follow(hub)
        await attic.joined(1)
        _Slow.my_turn.set()
        await until(lambda: groups(cellar) == {"kids"})
        await until(lambda: attic.state.people.accounts == cellar.state.people.accounts)
        assert [each.name for each in attic.state.people.accounts.values()] == ["anna"]
        assert len(await cellar.state.backups.all()) == 1


async def test_a_hub_that_refuses_keeps_no_pause_from_being_stored(
    tmp_path: Path, hub: OpenHub, postgres_url: str
) -> None:
    async with a_box(tmp_path / "attic", hub) as attic, server_of(postgres_url) as server:
        await attic.add_account("anna")
        await server.rows("ALTER TABLE state ADD CONSTRAINT none CHECK (revision < 0) NOT VALID")
        with pytest.raises(HubAwayError, match="refuses"):
            await attic.settings.change([group("kids")], ANNA)
        assert attic.replica and not attic.replica.status.is_reached, "and nobody tries it again"
        await attic.protection.begin(600.0, ANNA)
        assert len(await attic.state.pauses.load()) == 1
        assert not attic.state.problems, "nothing is wrong with the file"
        await server.rows("ALTER TABLE state DROP CONSTRAINT none")
        async with a_box(tmp_path / "cellar", hub) as cellar:
            await until(lambda: not cellar.protection.is_on)


async def test_who_had_many_revisions_before_he_joined_leaves_those_of_the_others(
    tmp_path: Path, hub: OpenHub
) -> None:
    async with a_box(tmp_path / "cellar") as cellar:
        for turn in range(55):
            await cellar.settings.change([Change(TTL, value=f"{turn + 1}h")], ANNA)
        async with a_box(tmp_path / "attic", hub) as attic:
            await attic.settings.change([group("kids")], ANNA, note="attic's")
            cellar.follow(hub)
            await until(lambda: groups(cellar) == {"kids"})
            await cellar.settings.change([group("things")], ANNA)
            await until(lambda: groups(attic) == {"kids", "things"})
            for box in (attic, cellar):
                notes = [each.note for each in await box.settings.revisions(9)]
                assert notes[:2] == ["", "attic's"]
