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


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bad name", "has ' ' in it"),
        ("*.ads.example", r"has '\*' in it"),
        ("||ads.example^", r"has '\|' in it"),
        ("192.0.2.1", "is an address"),
        ("https://ads.example/x", "ask about the name in it: ads.example"),
    ],
)
async def test_what_is_no_name_of_a_host_is_refused(build: Build, name: str, told: str) -> None:
    built = await build()
    with pytest.raises(RequestError, match=told):
        await choose(built, name, "block")
    assert built.settings.settings.filtering.rules == ()


async def test_an_odd_name_of_the_log_is_blocked_as_it_stands_there(build: Build) -> None:
    built = await build()
    assert (await choose(built, r"bad\032name.example", "block")).add == [r"||bad\032name.example^"]


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


async def test_who_may_not_ask_has_names_blocked_and_allowed_all_the_same(build: Build) -> None:
    built = await build({"dns": {"allow": ["192.0.2.0/24"]}}, lists=["||ads.example^"])
    up(built, "ads.example", "games.example")
    assert (await choose(built, "ads.example", "allow")).add == ["@@||ads.example^"]
    assert (await choose(built, "games.example", "block")).after.outcome == "blocked"
    told = await choose(built, "more.example", "block", client="198.51.100.7", scope="client")
    assert told.add == ["||more.example^$client='198.51.100.7'"]
    assert told.note == "198.51.100.7 may not ask at all: it is not in dns.allow"
    assert await outcome(built, "ads.example", "192.0.2.9") == "forwarded"
    assert await outcome(built, "games.example", "192.0.2.9") == "blocked"


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


async def test_what_was_blocked_for_its_answer_is_allowed_when_that_is_forgotten(
    build: Build,
) -> None:
    built = await build(lists=["||target.example^"])
    answer = "hidden.example 60 IN CNAME x.target.example\nx.target.example 60 IN A 192.0.2.80"
    built.upstreams.says("hidden.example", "A", answer)
    assert await outcome(built, "hidden.example") == "blocked_answer"
    given = choice.NameChoice(name="hidden.example", action="allow", client="192.0.2.7")
    known = await perform(choice.preview, built.house, VIEWER, given)
    assert (known.before.outcome, known.add) == ("blocked_answer", ["@@||hidden.example^"])
    built.clock.now += 86_400
    told = await choose(built, "hidden.example", "allow", client="192.0.2.7")
    assert (told.done, told.add) == (True, ["@@||hidden.example^"])
    assert told.note.startswith("no rule refuses the name itself")
    assert (told.before.outcome, told.before.allowed) == ("forwarded", False)
    assert (told.after.outcome, told.after.allowed) == ("forwarded", True)
    assert await outcome(built, "hidden.example") == "forwarded"
    revisions = built.revisions
    again = await choose(built, "hidden.example", "allow")
    assert (again.done, again.add, again.remove) == (False, [], [])
    assert again.note == "that name is allowed already"
    assert built.revisions == revisions


async def test_an_exception_for_a_time_gives_way_to_one_for_good(build: Build) -> None:
    built = await build()
    await choose(built, "a.example", "allow", seconds=60)
    told = await choose(built, "a.example", "allow")
    assert (told.add, told.ended) == (["@@||a.example^"], ["@@||a.example^"])
    assert built.settings.settings.filtering.rules == ("@@||a.example^",)


async def test_a_block_for_a_time_is_ended_by_allowing_and_nothing_is_added(build: Build) -> None:
    built = await build()
    await choose(built, "a.example", "block", seconds=60)
    told = await choose(built, "a.example", "allow")
    assert (told.done, told.add, told.ended) == (True, [], ["||a.example^"])
    assert built.settings.settings.filtering.rules == ()
    assert built.house.temporary_rules.rules == ()


async def test_a_name_that_safe_search_rewrites_is_blocked_for_one_client(build: Build) -> None:
    tree = {"filtering": {"safe_search": {"google": True}}, **KIDS}
    built = await build(tree)
    await built.log("www.google.com", times=3, outcome=Outcome.REWRITTEN, client="192.0.2.9")
    wanted = {"name": "www.google.com", "client": "192.0.2.9", "scope": "client"}
    given = choice.NameChoice.model_validate({**wanted, "action": "block"})
    told = await perform(choice.preview, built.house, VIEWER, given)
    assert (told.before.outcome, told.after.outcome) == ("rewritten", "blocked")
    assert told.log is not None
    assert (told.log.queries_blocked, told.log.queries_freed) == (3, 0)
    done = await choose(built, "www.google.com", "block", client="192.0.2.9", scope="client")
    assert done.add == [r"||www.google.com^$client='Kids\, tablet\|1'"]
    assert await outcome(built, "www.google.com", "192.0.2.9") == "blocked"


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


async def test_a_preview_for_one_client_counts_all_of_its_addresses(build: Build) -> None:
    mac = "02:00:5e:10:00:01"
    groups = [{"name": "kids", "allow_only": True}]
    clients = [{"name": "Tablet", "macs": [mac], "group": "kids"}]
    built = await build({"groups": groups, "clients": clients})
    for client in ("192.0.2.8", "2001:db8::1"):
        await built.log("www.example.org", client=client, device=mac)
    await built.log("www.example.org")
    given = choice.NameChoice(
        name="www.example.org", action="allow", client="Tablet", scope="client"
    )
    told = await perform(choice.preview, built.house, VIEWER, given)
    assert told.add == ["@@||www.example.org^$client='Tablet'"]
    assert (told.before.list, told.after.allowed) == ("allow only", True)
    assert told.log is not None
    assert (told.log.queries, told.log.queries_freed) == (2, 2)


async def test_who_is_refused_nothing_takes_no_rule(build: Build) -> None:
    groups = [{"name": "free", "filtering": False}]
    clients = [{"name": "TV", "addresses": ["192.0.2.9"], "group": "free"}]
    built = await build({"groups": groups, "clients": clients})
    with pytest.raises(RequestError, match="nothing is refused to TV: its group free"):
        await choose(built, "a.example", "block", client="TV", scope="client")
