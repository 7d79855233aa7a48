from __future__ import annotations

import time
from pathlib import Path

from account_kit import PASSWORD, ROOT, refused, some_people

from sinkhole.control.identity import totp


async def test_a_password_is_changed_by_who_knows_it_and_ends_all_other_sessions(
    tmp_path: Path,
) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        await people.enter("anna")
        with refused("wrong_password"):
            await people.do("own.set_password", anna, password="wrong", new_password="new password")
        with refused("bad_password"):
            await people.do("own.set_password", anna, password=PASSWORD, new_password="new")
        assert len((await people.do("own.sessions", anna)).sessions) == 2
        await people.do("own.set_password", anna, password=PASSWORD, new_password="new password")
        (session,) = (await people.do("own.sessions", anna)).sessions
        assert session.current and session.id == anna.id and session.agent == "Browser"
        with refused("wrong_credentials"):
            await people.enter("anna")


async def test_whoever_guesses_at_a_session_left_open_waits(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        for _ in range(6):
            with refused("wrong_password"):
                await people.do("own.second_factor_off", anna, password="wrong")
        with refused("locked_out"):
            await people.do("own.second_factor_off", anna, password=PASSWORD)
        assert await people.enter("anna")


async def test_sessions_are_ended_one_by_one_and_all_at_once(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        other = await people.enter("anna")
        await people.do("own.end_session", anna, id=other.id)
        with refused("no_such_session"):
            await people.do("own.end_session", anna, id=other.id)
        await people.enter("anna")
        assert (await people.do("own.sign_out_everywhere", anna)).sessions == 2
        assert (await people.do("own.sessions", anna)).sessions == []


async def test_nobody_ends_the_sessions_of_others(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        ben = await people.enter("ben")
        with refused("no_such_session"):
            await people.do("own.end_session", ben, id=anna.id)
        assert (await people.do("own.sign_out_everywhere", ben)).sessions == 1
        assert len((await people.do("own.sessions", anna)).sessions) == 1


async def test_a_second_factor_from_its_secret_to_its_end(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        begun = await people.do("own.second_factor_begin", anna, password=PASSWORD)
        assert begun.uri.startswith("otpauth://totp/sinkhole%3AAnna?secret=" + begun.secret)
        assert not (await people.do("own.show", anna)).second_factor
        with refused("wrong_code"):
            await people.do("own.second_factor_confirm", anna, code="no code")
        ahead = totp.code_at(begun.secret, totp.step_of(time.time()) + 60)
        with refused("clock_is_off"):
            await people.do("own.second_factor_confirm", anna, code=ahead)
        code = totp.code_at(begun.secret, totp.step_of(time.time()))
        codes = (await people.do("own.second_factor_confirm", anna, code=code)).codes
        shown = await people.do("own.show", anna)
        assert shown.second_factor and shown.recovery_codes == len(set(codes)) == 10
        with refused("second_factor_is_on"):
            await people.do("own.second_factor_begin", anna, password=PASSWORD)
        new = (await people.do("own.recovery_codes", anna, password=PASSWORD)).codes
        with refused("wrong_second_factor"):
            await people.enter("anna", second=codes[0])
        assert await people.enter("anna", second=new[0])
        await people.do("own.second_factor_off", anna, password=PASSWORD)
        assert await people.enter("anna")
        with refused("second_factor_is_off"):
            await people.do("own.recovery_codes", anna, password=PASSWORD)


async def test_a_second_factor_that_was_lost_is_given_up_by_another_admin(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        begun = await people.do("own.second_factor_begin", anna, password=PASSWORD)
        code = totp.code_at(begun.secret, totp.step_of(time.time()))
        await people.do("own.second_factor_confirm", anna, code=code)
        with refused("own_account"):
            await people.do("accounts.second_factor_off", anna, name="anna")
        await people.do("accounts.second_factor_off", ROOT, name="anna")
        assert await people.enter("anna")


async def test_a_user_of_the_machine_has_no_account_of_his_own(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        with refused("no_own_account"):
            await people.do("own.show", ROOT)
