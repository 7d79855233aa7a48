"""Rows of the state as others get them: what is told, what is left, and that it ends the same."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from boxes import ANNA, Box, a_box

from sinkhole.control.database import Database
from sinkhole.control.replication.entries import (
    Meeting,
    agree,
    agree_on_all,
    all_entries,
    by_clock,
    changed,
    conflicts,
    doubt,
    merge,
    met,
    write_meeting,
)
from sinkhole.control.replication.hub import Entry, Pulled
from sinkhole.control.settings.in_force import Change
from sinkhole.control.state.people import Token
from sinkhole.control.state.schema import packed
from sinkhole.model.errors import SinkholeError, StorageError
from sinkhole.model.stamp import Stamp, present


async def merged(box: Box, pulled: Pulled) -> frozenset[str]:
    return await box.state.merge(lambda own: merge(own, pulled))


async def agreed(box: Box, revision: int = 1) -> None:
    """Have all that is there told."""

    async def work(own: Database) -> None:
        await agree(own, await changed(own), revision)

    await box.state.merge(work)


async def test_of_settings_only_those_of_the_house_are_told(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        changes = [Change("dns.workers", value=2), Change("cache.max_ttl", value="2h")]
        await box.settings.change(changes, ANNA)
        told = (await box.state.read(all_entries)).values()
        assert [json.loads(each.key) for each in told if each.kind == "setting"] == [
            ["cache.max_ttl", ""]
        ]
        last = json.loads(next(each.value or "" for each in told if each.key == "[2]"))
        assert [change[0] for change in json.loads(last["changes"])] == ["cache.max_ttl"]
        stray = Entry("setting", '["dns.workers",""]', '{"position":9,"value":"7"}')
        assert not await merged(box, Pulled(1, [stray]))
        assert box.state.stored.values()["dns.workers", ""] == 2


async def test_use_of_a_token_is_of_each_machine(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.add_token("a" * 64)
        await agreed(box)
        people = box.state.people
        people.use_token(people.tokens["a" * 64], "192.0.2.7", 5.0)
        await people.write_uses()
        assert not await box.state.read(changed)
        (token,) = [
            each for each in (await box.state.read(all_entries)).values() if each.kind == "token"
        ]
        renamed = token._replace(value=(token.value or "").replace("backup", "nightly"))
        assert await merged(box, Pulled(2, [renamed])) == {"token"}
        assert people.tokens["a" * 64].address == "192.0.2.7"
        assert people.tokens["a" * 64].name == "nightly"


async def test_what_a_later_sinkhole_has_beside_is_left_alone(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        account = await box.add_account("anna")
        await agreed(box)
        (entry,) = [
            each for each in (await box.state.read(all_entries)).values() if each.kind == "account"
        ]
        value = {**json.loads(entry.value or ""), "role": "viewer", "colour": "blue"}
        later = [entry._replace(value=json.dumps(value)), Entry("holiday", '["may"]', "{}")]
        assert await merged(box, Pulled(2, later)) == {"account"}
        assert box.state.people.accounts[account.id].role == "viewer"
        assert not await box.state.read(changed), "it does not give back what it does not know"


async def test_an_account_gives_way_to_another_of_its_name(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.add_account("anna")
        (entry,) = [
            each for each in (await box.state.read(all_entries)).values() if each.kind == "account"
        ]
        await merged(box, Pulled(2, [entry._replace(key="[7]")]))
        assert set(box.state.people.accounts) == {7}


async def test_of_a_whole_state_only_what_was_agreed_on_goes(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.add_account("anna")
        await agreed(box)
        await box.add_account("otto")
        await merged(box, Pulled(2, [], is_whole=True))
        assert {each.name for each in box.state.people.accounts.values()} == {"otto"}
        await box.state.merge(agree_on_all)
        await merged(box, Pulled(3, [], is_whole=True))
        assert not box.state.people.accounts and not box.state.stored.values()


async def test_what_is_doubted_stays_where_a_whole_state_does_not_have_it(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.add_account("anna")
        await agreed(box, revision=5)
        await box.state.merge(lambda own: doubt(own, 4))
        await merged(box, Pulled(2, [], is_whole=True))
        assert {each.name for each in box.state.people.accounts.values()} == {"anna"}


async def test_conflicts_are_what_both_have_changed_in_different_ways(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        first = await box.add_account("anna")
        await agreed(box)
        there = await box.state.read(all_entries)
        key = next(key for key in there if key[0] == "account")
        await box.state.people.put_account(first.id, lambda _: first._replace(role="viewer"))
        here = (await box.state.read(all_entries))[key]
        same, other = Pulled(2, [here]), Pulled(2, [Entry(*key, None)])
        assert await box.state.read(lambda own: conflicts(own, same)) == []
        assert await box.state.read(lambda own: conflicts(own, other)) == [key]


async def test_what_is_doubted_is_told_again_and_so_is_what_is_gone(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.add_account("anna")
        await agreed(box, revision=5)
        gone = Entry("pause", '["all",""]', None)
        await box.state.merge(lambda own: agree(own, [gone], 6))
        assert not await box.state.read(changed)
        await box.state.merge(lambda own: doubt(own, 5))
        assert await box.state.read(changed) == [gone]
        await box.state.merge(lambda own: doubt(own, 4))
        assert {each.kind for each in await box.state.read(changed)} == {
            *("pause", "revision", "account")
        }


def _pause(began: Stamp) -> Entry:
    value = {"began": packed(began), "seconds": 600.0, "by": "anna (session)"}
    return Entry("pause", '["all",""]', packed(value))


async def test_a_pause_of_another_machine_lasts_as_long_here_however_long_this_one_runs(
    tmp_path: Path,
) -> None:
    async with a_box(tmp_path) as box:
        now = Stamp("here", 30 * 86_400.0, 1_000_000.0)
        began = Stamp("elsewhere", 17.0, now.wall_s - 60)
        await box.state.merge(
            lambda own: merge(own, Pulled(2, [_pause(began)]), lambda: now),
        )
        (pause,) = await box.state.pauses.load()
        assert pause.left_s(now) == 540
        later = Stamp("here", now.since_boot_s + 100, now.wall_s - 3600)
        assert pause.left_s(later) == 440, "the clock was set back, which changes nothing"
        assert not [each for each in await box.state.read(changed) if each.kind == "pause"]


async def test_when_it_was_begun_is_no_conflict(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.protection.begin(600.0, ANNA)
        (mine,) = [each for each in await box.state.read(changed) if each.kind == "pause"]
        same = Pulled(2, [by_clock(mine, -7)])
        assert same.entries != [mine]
        assert await box.state.read(lambda own: conflicts(own, same)) == []


def test_only_what_is_for_a_time_goes_by_a_clock() -> None:
    stamp = present()
    shown = by_clock(_pause(stamp), 3600)
    assert shown == _pause(stamp._replace(wall_s=stamp.wall_s + 3600))
    for other in (Entry("setting", '["a",""]', "{}"), Entry("pause", '["all",""]', None)):
        assert by_clock(other, 3600) == other


async def test_a_change_that_was_told_to_nobody_gives_way_with_its_number_and_stays(
    tmp_path: Path,
) -> None:
    async with a_box(tmp_path) as box:
        await agreed(box)
        await box.settings.change([Change("cache.max_ttl", value="2h")], ANNA, note="mine")
        number = box.state.stored.number
        value = {"time": 5.0, "actor": "otto", "note": "his", "undoes": 0, "changes": "[]"}
        await merged(box, Pulled(2, [Entry("revision", packed([number]), packed(value))]))
        notes = [(each.number, each.note) for each in await box.settings.revisions(2)]
        assert notes == [(number + 1, "mine"), (number, "his")]
        assert box.state.stored.number == number + 1


async def test_an_account_that_was_told_to_nobody_gives_way_with_its_number_and_stays(
    tmp_path: Path,
) -> None:
    async with a_box(tmp_path) as box:
        mine = await box.add_account("anna")
        people = box.state.people
        token = Token("a" * 64, mine.id, "backup", frozenset(), present())
        await people.add_token(token, lambda: None)
        (there,) = [
            each for each in (await box.state.read(all_entries)).values() if each.kind == "account"
        ]
        value = {**json.loads(there.value or ""), "name": "otto", "folded": "otto", "created": 9.0}
        his = Pulled(2, [there._replace(value=packed(value))])
        assert await box.state.read(lambda own: conflicts(own, his)) == []
        await merged(box, his)
        names = {number: each.name for number, each in people.accounts.items()}
        assert names == {mine.id: "otto", mine.id + 1: "anna"}
        assert people.tokens["a" * 64].account == mine.id + 1


async def test_which_state_was_joined_is_kept(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        assert await box.state.read(met) == Meeting()
        await box.state.merge(lambda own: write_meeting(own, Meeting("7", 9)))
    async with a_box(tmp_path) as box:
        assert await box.state.read(met) == Meeting("7", 9)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_changed_another_has_the_same_after_it_has_merged_it(
    tmp_path: Path, seed: int
) -> None:
    """Invariant: changes told in turn leave both with the same rows, and nothing to tell."""
    chance = random.Random(seed)
    async with a_box(tmp_path / "a") as one, a_box(tmp_path / "b") as other:
        revision = 0
        for _ in range(12):
            for box, peer in ((one, other), (other, one)):
                await _change(box, chance)
                revision += 1
                entries = await box.state.read(changed)
                await box.state.merge(partial(agree, entries=entries, revision=revision))
                await merged(peer, Pulled(revision, entries))
                assert not await peer.state.read(changed)
        here, there = await one.state.read(all_entries), await other.state.read(all_entries)
        assert here == there and len(here) > 5
        assert one.state.people.accounts == other.state.people.accounts


async def _change(box: Box, chance: random.Random) -> None:
    """Something that somebody may do; it may be refused."""
    name = chance.choice("abcdef")
    people = box.state.people
    account = people.named(name)
    doings: list[Any] = [
        lambda: box.settings.change([Change("groups", name, value={"name": name})], ANNA),
        lambda: box.settings.change([Change("groups", name, "remove")], ANNA),
        lambda: box.settings.change([Change("dns.workers", value=chance.randint(1, 4))], ANNA),
        lambda: box.settings.undo(box.state.stored.number, ANNA),
        lambda: box.add_account(name),
        lambda: people.remove_account(account.id if account else 0, lambda: None),
        lambda: box.add_token(name * 64),
        lambda: people.remove_token(name * 64),
    ]
    try:
        await chance.choice(doings)()
    except SinkholeError:
        return


STAMP = '["boot",1,2]'
TOKEN = {"account": 0, "name": "x", "permissions": "[]", "created": STAMP, "lasts_s": None}
ACCOUNT = {
    "name": "otto",
    "folded": "otto",
    "role": "admin",
    "password": "hash",
    "created": 1.0,
    "secret": "",
    "confirmed": 0,
    "counter": 0,
    "recovery": "[]",
}
REVISION = {"time": 1.0, "actor": "a", "note": "", "undoes": 0, "changes": "[]"}
PAUSE = {"began": STAMP, "seconds": 5.0, "by": "a"}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("token", ["ab"], {**TOKEN, "permissions": "{"}),
        ("token", ["ab"], {**TOKEN, "permissions": "5"}),
        ("token", ["ab"], {**TOKEN, "created": "[]"}),
        ("token", ["ab"], {**TOKEN, "created": 5}),
        ("token", ["ab"], {**TOKEN, "lasts_s": "long"}),
        ("token", ["ab"], {**TOKEN, "name": "\ud800"}),
        ("token", ["ab", "cd"], TOKEN),
        ("token", [], TOKEN),
        ("account", [9], {**ACCOUNT, "recovery": "["}),
        ("account", [9], {**ACCOUNT, "created": "then"}),
        ("account", [9], {**ACCOUNT, "created": float("inf")}),
        ("account", [9], {**ACCOUNT, "name": {}}),
        ("account", [9], []),
        ("account", [(1 << 63) - 1], ACCOUNT),
        ("setting", ["cache.size", ""], {"position": 5, "value": "{"}),
        ("setting", ["cache.size", ""], {"position": (1 << 63) - 1, "value": "1"}),
        ("setting", [5, ""], {"position": 5, "value": "1"}),
        ("setting", [], {"position": 5, "value": "1"}),
        ("revision", [9], {**REVISION, "changes": "[[]]"}),
        ("revision", [9], {**REVISION, "changes": "5"}),
        ("pause", ["moon", ""], PAUSE),
        ("pause", ["all", ""], {**PAUSE, "began": '["boot","one",2]'}),
        ("rule", ["||x^"], {**PAUSE, "seconds": "long", "note": ""}),
    ],
)
async def test_a_row_that_the_next_start_could_not_read_is_not_taken(
    kind: str, key: Any, value: Any, tmp_path: Path
) -> None:
    async with a_box(tmp_path) as box:
        await box.add_account("anna")
        before = await box.state.read(all_entries)
        entry = Entry(kind, packed(key), packed(value))
        fine = Entry("rule", '["||fine.example^"]', packed({**PAUSE, "note": ""}))
        with pytest.raises(StorageError):
            await merged(box, Pulled(5, [fine, entry]))
        with pytest.raises(StorageError):
            await box.state.read(lambda own: conflicts(own, Pulled(5, [entry])))
            await merged(box, Pulled(5, [entry]))
        assert await box.state.read(all_entries) == before
        await box.add_account("ben")
    async with a_box(tmp_path) as box:
        assert not box.state.read_only
        assert len(box.state.people.accounts) == 2
