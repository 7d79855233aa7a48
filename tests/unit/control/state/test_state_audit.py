from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.state import audit as subject
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER, Actor
from sinkhole.model.clock import TrustedClock
from sinkhole.model.stamp import Stamp

DAY_S = 86_400.0
ANNA = Actor("session", "anna", frozenset(), "ab", 1, "192.0.2.7")


async def test_the_audit_says_who_did_what_and_when(tmp_path: Path) -> None:
    state = await State.open(tmp_path, now=lambda: Stamp("b", 1.0, 1_800_000_000.0))
    try:
        await state.audit.note(ANNA, "protection.pause", {"seconds": 60})
        await state.audit.note(SERVER, "lists.update", {}, "no server answered")
        second, first = await state.audit.entries(10)
        assert first[1:] == (
            *(1_800_000_000.0, "anna", "session", "192.0.2.7", "protection.pause"),
            *({"seconds": 60}, ""),
        )
        assert (second.actor, second.error) == ("sinkhole", "no server answered")
        assert await state.audit.entries(10, before=second.id) == [first]
        assert await state.audit.entries(1) == [second]
    finally:
        await state.close()


async def test_what_cannot_be_kept_fails_nobody_and_is_a_problem(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    try:
        await state._file.copied(lambda database: database.rows("PRAGMA query_only = 1"))
        await state.audit.note(ANNA, "protection.pause", {})
        assert [each.code for each in state.problems] == ["state.not_written"]
        await state._file.copied(lambda database: database.rows("PRAGMA query_only = 0"))
        await state.audit.note(ANNA, "protection.resume", {})
        assert state.problems == [] and len(await state.audit.entries(10)) == 1
    finally:
        await state.close()


async def test_the_audit_is_bounded_in_number_and_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "KEPT", 3)
    state = await State.open(tmp_path)
    try:
        for number in range(5):
            await state.audit.note(ANNA, f"a.{number}", {"text": "x" * 10_000})
        found = await state.audit.entries(10)
        assert [each.operation for each in found] == ["a.4", "a.3", "a.2"]
        assert found[0].given == {"keys": ["text"]}
    finally:
        await state.close()


async def test_old_entries_go_and_none_because_a_clock_jumped(tmp_path: Path) -> None:
    wall_s, elapsed_s = 1_800_000_000.0, 0.0
    state = await State.open(tmp_path, now=lambda: Stamp("b", elapsed_s, wall_s))
    clock = TrustedClock(DAY_S)

    def run(seconds: float, step_s: float = 60) -> None:
        nonlocal wall_s, elapsed_s
        for _ in range(int(seconds / step_s)):
            elapsed_s, wall_s = elapsed_s + step_s, wall_s + step_s
            clock.read(elapsed_s, wall_s)

    async def left() -> list[str]:
        await state.audit.trim(clock)
        return [each.operation for each in await state.audit.entries(10)]

    try:
        run(2 * DAY_S)
        await state.audit.note(ANNA, "first", {})
        wall_s += 400 * DAY_S  # for half a day
        run(DAY_S / 2)
        assert await left() == ["first"]
        wall_s -= 400 * DAY_S
        run(2 * DAY_S)
        assert await left() == ["first"]
        run(300 * DAY_S, 3600)
        await state.audit.note(ANNA, "second", {})
        run(100 * DAY_S, 3600)
        assert await left() == ["second"]
    finally:
        await state.close()
