from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sinkhole.control.state.state import State
from sinkhole.control.state.stored import KEPT, REMOVED, StoredChange
from sinkhole.model.actor import SERVER


def change(key: str, after: object, item: str = "", before: object = None) -> StoredChange:
    return StoredChange((key, item), before, after)


async def test_what_is_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    assert state.is_new and state.stored.number == 0 and not state.stored.values()
    changes = [
        change("web.listen", ["127.0.0.1:80"]),
        change("lists", {"url": "https://example.org/ü"}, "ads"),
        change("lists", REMOVED, "starter"),
        change("log.enabled", False),
    ]
    assert await state.stored.commit(changes, SERVER, "first") == 1
    again = [change("log.enabled", None, "", False), change("lists", {"url": ""}, "ads")]
    assert await state.stored.commit(again, SERVER, undoes=1) == 2
    seen = dict(state.stored.values())
    await state.close()
    state = await State.open(tmp_path)
    try:
        assert not state.is_new and state.stored.number == 2
        assert list(state.stored.values().items()) == list(seen.items())
        assert list(seen.items()) == [
            (("web.listen", ""), ["127.0.0.1:80"]),
            (("lists", "ads"), {"url": ""}),
            (("lists", "starter"), REMOVED),
        ]
        second, first = await state.stored.revisions(10)
        assert (first.number, first.actor, first.note) == (1, "sinkhole (server)", "first")
        assert first.changes == tuple(changes)
        assert (second.undoes, second.changes) == (1, tuple(again))
        assert await state.stored.revisions(10, before=2) == [first]
    finally:
        await state.close()


async def test_false_and_empty_values_are_told_from_none(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    try:
        changes = tuple(change(str(at), each) for at, each in enumerate((0, False, "", [], {})))
        await state.stored.commit(changes, SERVER)
        assert (await state.stored.revisions(1))[0].changes == changes
        assert len(state.stored.values()) == 5
    finally:
        await state.close()


async def test_old_revisions_go_and_numbers_never_come_back(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    for number in range(KEPT + 3):
        await state.stored.commit([change("a", number)], SERVER)
    await state.close()
    state = await State.open(tmp_path)
    try:
        found = await state.stored.revisions(1000)
        assert [each.number for each in found] == list(range(KEPT + 3, 3, -1))
        assert await state.stored.commit([], SERVER) == KEPT + 4
    finally:
        await state.close()


async def test_a_change_whose_caller_is_cancelled_is_whole(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    for turns in range(12):
        task = asyncio.create_task(state.stored.commit([change("a", turns)], SERVER))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    number = await state.stored.commit([change("b", 1)], SERVER)
    in_memory = dict(state.stored.values())
    await state.close()
    state = await State.open(tmp_path)
    try:
        assert (state.stored.number, dict(state.stored.values())) == (number, in_memory)
    finally:
        await state.close()
