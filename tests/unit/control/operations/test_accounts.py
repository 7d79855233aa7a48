from __future__ import annotations

import time
from pathlib import Path

import pytest
from account_kit import PASSWORD, ROOT, refused, some_people


async def test_accounts_are_made_shown_changed_and_removed(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        made = await people.do("accounts.add", anna, name=" Ben ", password=PASSWORD)
        assert (made.name, made.role, made.sessions) == ("Ben", "viewer", 0)
        with refused("name_is_taken"):
            await people.do("accounts.add", anna, name="BEN", password=PASSWORD)
        ben = await people.enter("ben")
        with refused("permission_missing"):
            await people.do("accounts.list", ben)
        changed = await people.do("accounts.set_role", anna, name="ben", role="operator")
        assert (changed.role, changed.sessions) == ("operator", 1)
        shown = await people.do("accounts.list", anna)
        assert [each.name for each in shown.accounts] == ["Anna", "Ben"]
        await people.do("accounts.remove", anna, name="ben")
        with refused("no_such_account"):
            await people.do("accounts.remove", anna, name="ben")
        with refused("wrong_credentials"):
            await people.enter("ben")


async def test_sessions_of_somebody_else_are_shown_and_ended_one_by_one(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        first, second = await people.enter("ben"), await people.enter("ben")
        shown = (await people.do("accounts.sessions", anna, name="BEN")).sessions
        assert {each.id for each in shown} == {first.id, second.id}
        assert (shown[0].address, shown[0].agent) == ("192.0.2.7", "Browser")
        await people.do("accounts.end_session", anna, name="ben", id=first.id)
        (left,) = (await people.do("accounts.sessions", ROOT, name="ben")).sessions
        assert left.id == second.id
        with refused("no_such_session"):
            await people.do("accounts.end_session", anna, name="ben", id=anna.id)
        with refused("permission_missing"):
            await people.do("accounts.sessions", second, name="anna")


async def test_there_is_always_an_admin(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        for act in (
            people.do("accounts.remove", anna, name="anna"),
            people.do("accounts.set_role", anna, name="anna", role="viewer"),
        ):
            with refused("last_admin"):
                await act
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD, role="admin")
        await people.do("accounts.set_role", anna, name="anna", role="viewer")
        with refused("last_admin"):
            await people.do("accounts.remove", ROOT, name="Ben")


async def test_the_first_account_is_an_admin_unless_told_and_then_refused(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        with refused("first_is_admin"):
            await people.do("accounts.add", ROOT, name="Anna", password=PASSWORD, role="viewer")
        made = await people.do("accounts.add", ROOT, name="Anna", password=PASSWORD)
        assert made.role == "admin"
        assert (
            await people.do("accounts.add", ROOT, name="Ben", password=PASSWORD)
        ).role == "viewer"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65, "\u202e"])
async def test_names_that_will_not_do(tmp_path: Path, name: str) -> None:
    async with some_people(tmp_path) as people:
        with refused("bad_name"):
            await people.do("accounts.add", ROOT, name=name, password=PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 1025, "Ännchen1", "PASSWORD123", "zzzzzzzzz"])
async def test_passwords_that_will_not_do(tmp_path: Path, password: str) -> None:
    async with some_people(tmp_path) as people:
        with refused("bad_password"):
            await people.do("accounts.add", ROOT, name="ännchen1", password=password)


async def test_somebody_elses_password_is_set_and_signs_him_out(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        await people.enter("ben")
        await people.do("accounts.set_password", anna, name="ben", password="battery staple")
        assert (await people.do("accounts.list", anna)).accounts[1].sessions == 0
        assert await people.enter("ben", "battery staple")
        with refused("own_account"):
            await people.do("accounts.set_password", anna, name="anna", password="battery staple")
        await people.do("accounts.set_password", ROOT, name="anna", password="battery staple")
        assert await people.enter("anna", "battery staple")


async def test_the_audit_has_what_was_done_and_no_secret(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        with refused("last_admin"):
            await people.do("accounts.remove", anna, name="anna")
        await people.do("own.set_password", anna, password=PASSWORD, new_password="battery staple")
        page = await people.do("audit.list", anna, limit=2)
        assert [each.operation for each in page.entries] == ["own.set_password", "accounts.remove"]
        assert "only admin" in page.entries[1].error
        rest = await people.do("audit.list", anna, cursor=page.next)
        assert [each.given for each in rest.entries] == [
            *({"agent": "Browser"}, {"name": "Anna", "role": "admin"})
        ]
        assert rest.next is None
        for text in (PASSWORD, "battery staple"):
            assert text not in f"{page}{rest}"


async def test_the_audit_is_looked_through(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        await people.do("own.set_password", await people.enter("ben"), **passwords())
        with refused("last_admin"):
            await people.do("accounts.remove", anna, name="anna")

        async def found(**wanted: object) -> list[str]:
            page = await people.do("audit.list", anna, **wanted)
            return [each.operation for each in page.entries]

        assert await found(actor=" BEN ") == ["own.set_password", "session.begin"]
        assert await found(operation="accounts.remove") == ["accounts.remove"]
        assert await found(operation="accounts.") == ["accounts.remove", *["accounts.add"] * 2]
        assert await found(operation="accounts", failed=True) == ["accounts.remove"]
        assert await found(actor="nobody") == []


async def test_an_account_says_when_somebody_signed_in_last(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        made = await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        assert made.signed_in is None
        ben = await people.enter("ben")
        (_, shown) = (await people.do("accounts.list", anna)).accounts
        assert shown.signed_in == pytest.approx(time.time(), abs=60)
        await people.do("own.end_session", ben, id=ben.id)
        (_, shown) = (await people.do("accounts.list", anna)).accounts
        assert shown.signed_in is not None  # the device is known still


def passwords() -> dict[str, str]:
    return {"password": PASSWORD, "new_password": "battery staple"}
