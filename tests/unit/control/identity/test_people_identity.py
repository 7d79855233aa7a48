from __future__ import annotations

import asyncio
from pathlib import Path

import bcrypt
import pytest
from door_kit import ABROAD, DAY_S, HERE, HOME, PASSWORD, Time, a_door, refused

from sinkhole.control.identity import totp
from sinkhole.control.identity.passwords import Cost
from sinkhole.model.actor import PERMISSIONS
from sinkhole.model.errors import RequestError


async def test_the_first_account_is_made_by_the_code_and_only_once(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        code = door.identity.first_code
        assert len(code) == 9 and not door.identity.has_accounts
        with refused("wrong_code"):
            await door.identity.make_first("AAAA-AAAA", "Anna", PASSWORD, HERE)
        with refused("bad_password"):
            await door.identity.make_first(code, "Anna", "short", HERE)
        spoken = code.replace("-", " ").lower()
        signed = await door.identity.make_first(spoken, "Anna", PASSWORD, HERE, "Browser/1")
        assert (signed.actor.name, signed.actor.kind) == ("Anna", "session")
        assert signed.actor.permissions == PERMISSIONS["admin"]
        assert door.identity.of_session(signed.secret, HERE) == signed.actor
        assert door.identity.has_accounts and door.identity.first_code == ""
        with refused("not_the_first"):
            await door.identity.make_first(code, "Ben", PASSWORD, HERE)


async def test_two_who_make_the_first_account_at_once_get_one(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        code = door.identity.first_code
        made = await asyncio.gather(
            *(door.identity.make_first(code, name, PASSWORD, HERE) for name in ("Anna", "Ben")),
            return_exceptions=True,
        )
        assert sorted(isinstance(each, RequestError) for each in made) == [False, True]
        assert len(door.identity.accounts.all()) == 1


async def test_a_password_with_each_request_is_looked_at_once(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        (account,) = door.identity.accounts.all()
        actor = await door.identity.of_password(" anna ", PASSWORD, ABROAD)
        assert (actor.name, actor.kind, actor.account) == ("Anna", "password", account.id)
        assert actor.permissions == PERMISSIONS["admin"]
        for _ in range(10):  # until whoever is abroad has to wait
            with pytest.raises(RequestError):
                await door.identity.of_password("anna", "wrong", ABROAD)
        with refused("locked_out"):
            await door.identity.of_password("ANNA", PASSWORD, ABROAD)
        assert await door.identity.of_password(" anna ", PASSWORD, ABROAD) == actor
        await door.identity.accounts.set_password(account, "another horse battery")
        with refused("locked_out"):
            await door.identity.of_password(" anna ", PASSWORD, ABROAD)
        with refused("wrong_credentials"):
            await door.identity.of_password("", "", HOME)


async def test_signing_in_and_out(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        signed = await door.enter(" ANNA ")
        actor = door.identity.of_session(signed.secret, ABROAD)
        assert actor is not None and (actor.name, actor.address) == ("Anna", ABROAD)
        await door.identity.sign_out(actor)
        assert door.identity.of_session(signed.secret, HOME) is None
        for wrong in ("", "x", "x" * 1_000_000, "\ud800", signed.secret[:-1]):
            assert door.identity.of_session(wrong, HOME) is None
            assert door.identity.of_token(wrong, HOME) is None


async def test_unknown_names_and_wrong_passwords_are_told_alike(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        told = set()
        for name, password in (("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("\ud800", "x")):
            with pytest.raises(RequestError) as caught:
                await door.enter(name, password)
            told.add((caught.value.kind, caught.value.code, str(caught.value)))
        assert told == {
            ("unauthenticated", "wrong_credentials", "the name or the password is wrong")
        }


async def test_sessions_outlive_a_restart_and_no_wall_clock_ends_them(tmp_path: Path) -> None:
    time = Time()
    async with a_door(tmp_path, time) as door:
        secret = (await door.first()).secret
    for jump in (-365 * DAY_S, 31 * DAY_S, 365 * DAY_S):
        time.wall_s += jump
        async with a_door(tmp_path, time) as door:
            assert door.identity.of_session(secret, HOME) is not None
    time.pass_s(15 * DAY_S)
    async with a_door(tmp_path, time) as door:
        assert door.identity.of_session(secret, HOME) is None


async def test_the_second_factor_is_asked_for_and_a_code_counts_once(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        anna = door.identity.accounts.of((await door.first()).actor.account)
        secret = (await door.identity.second_factor.enrol(anna)).secret
        code = totp.code_at(secret, totp.step_of(door.time.wall_s))
        recovery = await door.identity.second_factor.confirm(anna, code)
        with refused("second_factor_needed"):
            await door.enter()
        with refused("wrong_second_factor"):
            await door.enter(second=code)
        door.time.pass_s(30)
        code = totp.code_at(secret, totp.step_of(door.time.wall_s))
        both = await asyncio.gather(
            door.enter(second=code), door.enter(second=code), return_exceptions=True
        )
        assert sorted(isinstance(each, RequestError) for each in both) == [False, True]
        assert await door.enter(second=recovery[3].upper())
        with refused("wrong_second_factor"):
            await door.enter(second=recovery[3])
    async with a_door(tmp_path, door.time) as door:
        with refused("wrong_second_factor"):
            await door.enter(second=recovery[3])
        assert await door.enter(second=recovery[4])


async def test_a_wrong_clock_keeps_a_code_out_and_the_text_says_why(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        anna = door.identity.accounts.of((await door.first()).actor.account)
        secret = (await door.identity.second_factor.enrol(anna)).secret
        right = totp.step_of(door.time.wall_s)
        recovery = await door.identity.second_factor.confirm(anna, totp.code_at(secret, right))
        door.time.wall_s += 365 * DAY_S
        with pytest.raises(RequestError, match="server's clock shows 2028-01-15"):
            await door.enter(second=totp.code_at(secret, right + 1))
        assert await door.enter(second=totp.code_at(secret, totp.step_of(door.time.wall_s)))
        door.time.wall_s -= 365 * DAY_S
        assert await door.enter(second=totp.code_at(secret, right + 1))
        door.time.wall_s = 0.0
        assert await door.enter(second=recovery[0])


async def test_whoever_failed_too_often_waits_and_a_known_device_does_not(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        device = (await door.enter()).device
        for number in range(40):
            with pytest.raises(RequestError):
                await door.enter(password="wrong", address=f"198.51.100.{number}")
        with refused("locked_out"):
            await door.enter(address="203.0.113.1")
        assert (await door.enter(address="203.0.113.1", device=device)).device == device
        assert await door.enter(address=HERE)
        with refused("locked_out"):
            await door.enter(address="203.0.113.1", device="not a device")
        door.time.pass_s(3601)
        assert await door.enter(address="203.0.113.1")


async def test_tries_with_a_right_password_and_no_code_lock_nobody_out(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        anna = door.identity.accounts.of((await door.first()).actor.account)
        secret = (await door.identity.second_factor.enrol(anna)).secret
        code = totp.code_at(secret, totp.step_of(door.time.wall_s))
        await door.identity.second_factor.confirm(anna, code)
        for _ in range(20):
            with refused("second_factor_needed"):
                await door.enter()
        for _ in range(6):
            with refused("wrong_second_factor"):
                await door.enter(second="000000")
        with refused("locked_out"):
            await door.enter(second="000000")


async def test_a_hash_of_before_is_made_anew_when_somebody_signs_in(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        before = door.identity.accounts.named("anna").password
        door.identity._passwords.cost = Cost(3, 1, 1)
        await door.enter()
        after = door.identity.accounts.named("anna").password
        assert before.startswith("scrypt$2$1$1$") and after.startswith("scrypt$3$1$1$")
        assert await door.enter()
        assert door.identity.accounts.named("anna").password == after


async def test_when_somebody_was_seen_is_stored_once_a_minute_and_at_the_end(
    tmp_path: Path,
) -> None:
    time = Time()
    async with a_door(tmp_path, time) as door:
        secret = (await door.first()).secret
        time.pass_s(50)
        actor = door.identity.of_session(secret, ABROAD)
        assert actor is not None
    async with a_door(tmp_path, time) as door:
        (session,) = door.identity.sessions.of(actor.account)
        assert (session.address, session.seen) == (ABROAD, time())


async def test_without_a_disk_one_can_sign_in_all_the_same(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.first()
        door.state._file.read_only = "the disk is full"
        signed = await door.enter()
        assert door.identity.of_session(signed.secret, HOME) is not None
        await door.identity.sign_out(signed.actor)
        assert door.identity.of_session(signed.secret, HOME) is None


async def test_an_imported_hash_is_good_once_and_then_ours(tmp_path: Path) -> None:
    imported = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    async with a_door(tmp_path) as door:
        accounts = door.identity.accounts
        account = await accounts.add_imported("Anna", imported, "admin")
        assert accounts.an_imported_hash() == imported
        with refused("wrong_credentials"):
            await door.identity.sign_in("Anna", "wrong horse", "", HERE, "")
        actor = await door.identity.of_password("anna", PASSWORD, HERE)
        assert actor.permissions == PERMISSIONS["admin"]
        assert accounts.an_imported_hash() == ""
        assert accounts.of(account.id).password.startswith("scrypt$")
        await door.identity.sign_in("Anna", PASSWORD, "", HERE, "")
        assert await door.identity.of_password("anna", PASSWORD, HERE) == actor


async def test_what_is_no_hash_or_no_free_name_makes_no_account(tmp_path: Path) -> None:
    imported = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    async with a_door(tmp_path) as door:
        await door.first()
        accounts = door.identity.accounts
        for name, hashed, code in (
            ("Ben", "$1$abc", "bad_password"),
            ("Ben", imported.replace("$04$", "$31$"), "bad_password"),
            ("anna", imported, "name_is_taken"),
            ("", imported, "bad_name"),
        ):
            with refused(code):
                accounts.check_imported(name, hashed)
            with refused(code):
                await accounts.add_imported(name, hashed, "operator")
        assert len(accounts.all()) == 1
