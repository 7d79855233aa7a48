from __future__ import annotations

from pathlib import Path

import pytest
from account_kit import PASSWORD, ROOT, People, refused, some_people

from sinkhole.model.actor import Actor, Permission


async def an_operator(people: People) -> Actor:
    await people.do("accounts.add", ROOT, name="Ben", password=PASSWORD, role="operator")
    return await people.enter("ben")


async def test_a_token_lets_a_program_in_until_it_is_removed(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        made = await people.do("tokens.add", anna, name="Home", permissions=["metrics"])
        assert made.secret.startswith("skh_") and len(made.secret) == 47
        assert (made.token.made_by, made.token.left_s, made.token.used) == ("Anna", None, None)
        actor = people.house.identity.of_token(made.secret, "192.0.2.9")
        assert actor is not None and actor.permissions == {Permission.METRICS}
        assert (actor.kind, actor.name, actor.id) == ("token", "Home", made.token.id)
        (shown,) = (await people.do("tokens.list", anna)).tokens
        assert shown.address == "192.0.2.9" and shown.used is not None
        assert made.secret not in f"{shown}{await people.house.state.audit.entries(10)}"
        await people.do("tokens.remove", anna, token="Home")
        assert people.house.identity.of_token(made.secret, "") is None


async def test_a_token_may_what_its_maker_may_and_no_more(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        await people.admin()
        ben = await an_operator(people)
        with refused("permission_missing"):
            await people.do("tokens.add", ben, name="a", permissions=["backup:read"])
        with refused("not_for_tokens"):
            await people.do("tokens.add", ben, name="a", permissions=["own:account"])
        both = ["stats:read", "lists:write"]
        made = await people.do("tokens.add", ben, name="a", permissions=both)
        await people.do("accounts.set_role", ROOT, name="ben", role="viewer")
        actor = people.house.identity.of_token(made.secret, "")
        assert actor is not None
        assert actor.permissions == {Permission.STATS_READ, Permission.LISTS_READ}
        (shown,) = (await people.do("tokens.list", ROOT)).tokens
        assert (shown.permissions, shown.may) == (sorted(both), ["lists:read", "stats:read"])
        await people.do("accounts.remove", ROOT, name="ben")
        assert people.house.identity.of_token(made.secret, "") is None
        assert (await people.do("tokens.list", ROOT)).tokens == []


async def test_who_may_change_settings_may_change_rules_and_lists_however(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna = await people.admin()
        made = await people.do("tokens.add", anna, name="a", permissions=["settings:write"])
        assert made.token.permissions == ["settings:write"]
        actor = people.house.identity.of_token(made.secret, "")
        assert actor is not None
        assert sorted(actor.permissions) == [
            *("lists:read", "lists:write", "rules:write", "settings:read", "settings:write")
        ]


async def test_people_see_and_remove_their_own_tokens(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        anna, ben = await people.admin(), await an_operator(people)
        await people.do("tokens.add", anna, name="hers", permissions=["metrics"])
        await people.do("tokens.add", ben, name="his", permissions=["metrics"])
        assert [each.name for each in (await people.do("tokens.list", ben)).tokens] == ["his"]
        with refused("no_such_token"):
            await people.do("tokens.remove", ben, token="hers")
        names = [each.name for each in (await people.do("tokens.list", anna)).tokens]
        assert names == ["hers", "his"]
        await people.do("tokens.remove", anna, token="his")


async def test_a_name_that_two_tokens_have_names_none(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        made = [
            await people.do("tokens.add", ROOT, name="a", permissions=["metrics"]) for _ in range(2)
        ]
        with refused("name_is_ambiguous"):
            await people.do("tokens.remove", ROOT, token="a")
        await people.do("tokens.remove", ROOT, token=made[0].token.id)
        assert people.house.identity.of_token(made[1].secret, "") is not None


async def test_a_token_for_a_time_ends(tmp_path: Path) -> None:
    async with some_people(tmp_path) as people:
        made = await people.do("tokens.add", ROOT, name="a", permissions=["metrics"], lasts_s=1e-6)
        assert people.house.identity.of_token(made.secret, "") is None
        assert (await people.do("tokens.list", ROOT)).tokens[0].left_s == 0


@pytest.mark.parametrize("name", ["", " ", "a\0b"])
async def test_names_that_no_token_may_have(tmp_path: Path, name: str) -> None:
    async with some_people(tmp_path) as people:
        with refused("bad_name"):
            await people.do("tokens.add", ROOT, name=name, permissions=["metrics"])
