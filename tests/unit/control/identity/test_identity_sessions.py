from __future__ import annotations

from pathlib import Path

import pytest
from door_kit import DAY_S, HOME, Time, a_door

from sinkhole.control.identity import sessions as subject


async def test_a_session_ends_when_it_is_idle_and_in_any_case_at_last(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        secret = (await door.first()).secret
        door.time.pass_s(13.9 * DAY_S)
        assert door.identity.of_session(secret, HOME) is not None
        door.time.pass_s(14 * DAY_S)
        assert door.identity.of_session(secret, HOME) is None
        secret = (await door.enter()).secret
        for _ in range(8):
            door.time.pass_s(11 * DAY_S)
            assert door.identity.of_session(secret, HOME) is not None
        door.time.pass_s(2 * DAY_S)
        assert door.identity.of_session(secret, HOME) is None


async def test_settings_make_them_shorter(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        secret = (await door.first()).secret
        door.identity.sessions.idle_s = 60
        door.time.pass_s(59)
        assert door.identity.of_session(secret, HOME) is not None
        door.time.pass_s(60)
        assert door.identity.of_session(secret, HOME) is None


async def test_over_a_boot_the_wall_clock_counts_and_one_set_back_ends_nothing(
    tmp_path: Path,
) -> None:
    time = Time()
    async with a_door(tmp_path, time) as door:
        secret = (await door.first()).secret
    time.boots, time.since_boot_s, time.wall_s = 2, 5.0, 0.0
    async with a_door(tmp_path, time) as door:
        assert door.identity.of_session(secret, HOME) is not None


async def test_sessions_and_devices_are_bounded_and_those_used_last_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_SESSIONS", 3)
    monkeypatch.setattr(subject, "MOST_DEVICES", 2)
    async with a_door(tmp_path) as door:
        first = await door.first()
        made = []
        for _ in range(4):
            door.time.pass_s(10)
            door.identity.of_session(first.secret, HOME)
            door.time.pass_s(10)
            made.append(await door.enter())
        live = [each.id for each in door.identity.sessions.of(first.actor.account)]
        assert live == [made[3].actor.id, first.actor.id, made[2].actor.id]
        anna = door.identity.accounts.named("anna")
        known = [door.identity.sessions.known_device(anna, each.device) for each in made]
        assert known == [False, False, True, True]
    async with a_door(tmp_path, door.time) as door:
        assert len(door.identity.sessions.of(first.actor.account)) == 3
        assert len(door.state.people.devices) == 2


async def test_sessions_that_are_over_are_removed_when_somebody_signs_in(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        door.time.pass_s(100 * DAY_S)
        await door.enter()
        assert len(door.state.people.sessions) == 1


async def test_a_device_is_of_one_account(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        device = (await door.first()).device
        ben = await door.identity.accounts.add("Ben", "battery staple", "viewer")
        assert not door.identity.sessions.known_device(ben, device)
        assert not door.identity.sessions.known_device(None, device)


async def test_what_browsers_say_of_themselves_is_bounded_text(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        signed = await door.identity.sign_in(
            "anna", "correct horse", "", HOME, "a\0b\x1b" + "x" * 1000
        )
        sessions = door.identity.sessions.of(signed.actor.account)
        (session,) = (each for each in sessions if each.id == signed.actor.id)
        assert session.agent == ("ab" + "x" * 1000)[:200]
