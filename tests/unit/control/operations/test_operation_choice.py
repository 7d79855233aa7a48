"""A name is blocked or allowed by the mildest rule that does, for whom and as long as wanted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import choice
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError
from sinkhole.model.verdict import Outcome

Build = Callable[..., Awaitable[BuiltHouse]]

KIDS = {
    "clients": [
        {"name": "Kids, tablet|1", "addresses": ["192.0.2.9"]},
        {"name": "Phone", "ids": ["phone"]},
    ]
}


async def outcome(built: BuiltHouse, name: str, client: str = "") -> str:
    return (await built.house.resolve(name, "A", client))["outcome"]


async def choose(built: BuiltHouse, name: str, action: str, **options: Any) -> choice.NameChosen:
    given = choice.NameChoice(name=name, action=action, **options)
    return await perform(choice.choose_name, built.house, OPERATOR, given)


def up(built: BuiltHouse, *names: str) -> None:
    for name in names:
        built.upstreams.says(name, "A", f"{name}. 60 A 192.0.2.80")


async def test_a_name_that_a_list_blocks_is_allowed_and_blocked_again(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    up(built, "ads.example")
    told = await choose(built, "ads.example", "allow")
    assert (told.done, told.add, told.remove) == (True, ["@@||ads.example^"], [])
    assert (told.before.list, told.after.outcome) == ("List 1", "forwarded")
    assert await outcome(built, "ads.example") == "forwarded"
    again = await choose(built, "ads.example", "block")
    assert (again.add, again.remove) == ([], ["@@||ads.example^"])
    assert await outcome(built, "ads.example") == "blocked"
    assert built.settings.settings.filtering.rules == ()


async def test_an_important_rule_takes_an_important_exception(build: Build) -> None:
    built = await build(lists=["||ads.example^$important"])
    up(built, "ads.example")
    told = await choose(built, "ads.example", "allow")
    assert told.add == ["@@||ads.example^$important"]
    assert await outcome(built, "ads.example") == "forwarded"


async def test_a_rule_of_the_file_stays_and_is_overruled(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^"]}})
    up(built, "ads.example")
    told = await choose(built, "ads.example", "allow")
    assert (told.add, told.remove) == (["@@||ads.example^"], [])
    assert await outcome(built, "ads.example") == "forwarded"


async def test_for_one_client_by_its_name(build: Build) -> None:
    built = await build(KIDS, lists=["||ads.example^"])
    up(built, "ads.example")
    told = await choose(built, "ads.example", "allow", client="192.0.2.9", scope="client")
    assert told.add == [r"@@||ads.example^$client='Kids\, tablet\|1'"]
    assert await outcome(built, "ads.example", "192.0.2.9") == "forwarded"
    assert await outcome(built, "ads.example", "192.0.2.7") == "blocked"


async def test_for_a_client_that_the_settings_do_not_know_by_its_address(build: Build) -> None:
    built = await build()
    up(built, "a.example")
    told = await choose(built, "a.example", "block", client="2001:db8::7", scope="client")
    assert told.add == ["||a.example^$client='2001:db8::7'"]
    assert await outcome(built, "a.example", "2001:db8::7") == "blocked"
    assert await outcome(built, "a.example", "192.0.2.7") == "forwarded"


async def test_for_a_client_that_is_known_by_an_id_only(build: Build) -> None:
    built = await build(KIDS)
    told = await choose(built, "a.example", "block", client="phone", scope="client")
    assert told.add == ["||a.example^$client='Phone'"]
    assert (told.before.outcome, told.after.outcome) == ("forwarded", "blocked")


async def test_for_a_time_beside_the_own_rules_and_a_new_choice_takes_its_place(
    build: Build,
) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^"]}})
    up(built, "ads.example")
    told = await choose(built, "ads.example", "allow", seconds=3600)
    assert (told.add, told.remove) == (["@@||ads.example^"], [])
    assert await outcome(built, "ads.example") == "forwarded"
    (made,) = built.house.temporary_rules.rules
    assert (made.seconds, made.note) == (3600, "ads.example")
    back = await choose(built, "Ads.Example.", "block", seconds=60)
    assert (back.add, back.ended) == ([], ["@@||ads.example^"])
    assert built.house.temporary_rules.rules == ()
    assert await outcome(built, "ads.example") == "blocked"


async def test_the_preview_tells_what_would_change_and_changes_nothing(build: Build) -> None:
    built = await build(KIDS, lists=["||ads.example^"])
    await built.log("ads.example", times=3, outcome=Outcome.BLOCKED)
    await built.log("x.ads.example", times=2, outcome=Outcome.BLOCKED, client="192.0.2.9")
    given = choice.NameChoice(name="ads.example", action="allow")
    told = await perform(choice.preview, built.house, VIEWER, given)
    assert (told.done, told.add) == (False, ["@@||ads.example^"])
    assert told.log is not None
    assert (told.log.names_freed, told.log.queries_freed) == (2, 5)
    one = choice.NameChoice(
        name="ads.example", action="allow", client="192.0.2.9", scope="client", seconds=60
    )
    told = await perform(choice.preview, built.house, VIEWER, one)
    assert told.log is not None
    assert (told.log.queries, told.log.names_freed, told.log.queries_freed) == (2, 1, 2)
    assert built.settings.settings.filtering.rules == ()
    assert built.house.temporary_rules.rules == ()


async def test_where_it_is_so_already_nothing_is_done(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    told = await choose(built, "ads.example", "block")
    assert (told.done, told.add, told.remove) == (False, [], [])
    assert "already" in told.note
    assert built.revisions == 0


async def test_what_no_rule_can_do_is_refused(build: Build) -> None:
    built = await build({"local": {"records": {"nas.home.arpa": ["192.0.2.5"]}}})
    with pytest.raises(RequestError) as refused:
        await choose(built, "nas.home.arpa", "block")
    assert (refused.value.kind, refused.value.code) == ("conflict", "nothing_to_change")
    with pytest.raises(RequestError) as nobody:
        await choose(built, "a.example", "block", scope="client")
    assert nobody.value.code == "client_unknown"
    with pytest.raises(RequestError) as unknown:
        await choose(built, "a.example", "block", client="Nobody")
    assert unknown.value.code == "client_unknown"
    with pytest.raises(RequestError) as no_name:
        await choose(built, "a..example", "block")
    assert no_name.value.code == "question_invalid"
