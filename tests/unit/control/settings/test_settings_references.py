"""Names that stand for something else: each that stands for nothing is told, and who uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, load_written
from sinkhole.control.settings.in_force import Change, SettingsInForce
from sinkhole.control.state.state import State
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import SettingsError

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]

KIDS = Change("groups", "kids", "set", {"rate_limit": 50})
TABLET = Change("clients", "Kids tablet", "set", {"ids": ["tab"], "group": "Kids"})
PHONE = Change("clients", "Phone", "set", {"ids": ["phone"], "group": "kids"})


def test_each_is_told_with_who_names_it(problems: Problems) -> None:
    text = (
        "schedules: [{name: bedtime, windows: [daily 21:00-22:00]}]\n"
        "groups:\n"
        "  - {name: kids, lists: [startr, foo], upstream: fam, schedules: [{when: bedtme}]}\n"
        "clients:\n"
        "  - {name: a, ids: [a], group: kidz}\n"
        "  - {name: b, ids: [b], group: grownups, schedules: [{when: x, upstream: y}]}\n"
    )
    assert problems(text) == [
        's.yaml:3: groups[0].lists[0]: "startr" is no list, but "kids" names it: did you mean '
        '"Starter"?',
        's.yaml:3: groups[0].lists[1]: "foo" is no list, but "kids" names it: write "Starter", or '
        "make a list of that name in filtering.lists",
        's.yaml:3: groups[0].upstream: "fam" is no upstream set, but "kids" asks it: write '
        '"default", or make a set of that name in upstream.sets',
        's.yaml:3: groups[0].schedules[0].when: "bedtme" is no schedule, but "kids" has something '
        'for it: did you mean "bedtime"?',
        *_OF_CLIENTS[2:],
    ]
    right = text.replace("[startr, foo]", "[STARTER]").replace("fam,", "default,")
    assert problems(right.replace("bedtme", "BEDTIME")) == _OF_CLIENTS


_OF_CLIENTS = [
    's.yaml:5: clients[0].group: "kidz" is no group, but "a" is in it: did you mean "kids"?',
    's.yaml:6: clients[1].group: "grownups" is no group, but "b" is in it: write "default" or '
    '"kids", or make a group of that name in groups',
    's.yaml:6: clients[1].schedules[0].when: "x" is no schedule, but "b" has something for it: '
    'write "bedtime", or make a schedule of that name in schedules',
    's.yaml:6: clients[1].schedules[0].upstream: "y" is no upstream set, but "b" asks it: write '
    '"default", or make a set of that name in upstream.sets',
]


def test_the_default_group_is_there_unwritten(loaded: Load) -> None:
    assert loaded("clients: [{name: a, ids: [a], group: DEFAULT}]").clients[0].group == "default"


@pytest.mark.parametrize("below", ["filtering: {blocking: {custom_ipv4: 192.0.2.80}}", ""])
def test_an_address_for_custom_ip_may_stand_further_down(
    loaded: Load, problems: Problems, below: str
) -> None:
    custom = "blocking: {mode: custom_ip}"
    text = f"{below}\ngroups: [{{name: kids, {custom}}}]\n"
    if below:
        assert loaded(text).groups[0].blocking is not None
        return
    assert "custom_ip needs an address" in problems(text)[0]
    group = "groups: [{name: kids, blocking: {custom_ipv6: '2001:db8::80'}}]\n"
    client = f"clients: [{{name: a, ids: [a], group: KIDS, {custom}}}]\n"
    assert loaded(group + client).clients[0].group == "KIDS"
    assert "clients[0].blocking.mode" in problems(group + client.replace("KIDS", "default"))[0]


async def test_a_group_that_clients_are_in_is_neither_removed_nor_renamed(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    in_force = SettingsInForce(None, {}, state)
    await in_force.load()
    await in_force.change([KIDS, TABLET, PHONE], SERVER)
    away = Change("groups", "kids", "remove")
    for changes in ([away], [away, Change("groups", "children", "set", {"rate_limit": 50})]):
        with pytest.raises(SettingsError) as refused:
            await in_force.change(changes, SERVER)
        told = str(refused.value)
        assert '"Kids" is no group, but "Kids tablet" is in it' in told
        assert '"kids" is no group, but "Phone" is in it' in told
    clients = [Change("clients", name, "remove") for name in ("Phone", "Kids tablet")]
    await in_force.change([away, *clients], SERVER)
    assert in_force.settings.groups == ()
    await state.close()


async def test_the_file_may_name_what_is_stored(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "clients: [{name: a, ids: [a], group: kids}]\nupstream: {routes: {a.test: x}}\n"
    )
    assert load_written(file, {}).clients[0].group == "kids"
    state = await State.open(tmp_path)
    in_force = SettingsInForce(None, {}, state)
    await in_force.load()
    servers = {"servers": ["192.0.2.1"]}
    await in_force.change([KIDS, Change("upstream.sets", "x", "set", servers)], SERVER)
    await in_force.close()
    in_force = SettingsInForce(file, {}, state)
    assert (await in_force.load()).groups[0].name == "kids"
    await state.close()


async def test_what_is_stored_and_left_out_takes_nothing_of_the_file_along(tmp_path: Path) -> None:
    """A list that a stored group names is gone from the file, where a client is in that group."""
    state = await State.open(tmp_path)
    in_force = SettingsInForce(None, {}, state)
    await in_force.load()
    await in_force.change([Change("groups", "kids", "set", {"lists": ["Starter"]})], SERVER)
    await in_force.close()
    file = tmp_path / "s.yaml"
    file.write_text("filtering: {lists: []}\nclients: [{name: a, ids: [a], group: kids}]\n")
    in_force = SettingsInForce(file, {}, state)
    settings = await in_force.load()
    assert settings.groups == () and settings.clients[0].group == "kids"
    assert '"Starter" is no list, but "kids" names it' in in_force.problems[0].text
    file.write_text("filtering: {lists: []}\nclients: [{name: a, ids: [a], group: kidz}]\n")
    with pytest.raises(SettingsError, match='"kidz" is no group, but "a" is in it'):
        await SettingsInForce(file, {}, state).load()
    await state.close()


async def test_rules_of_a_group_that_are_none_are_not_stored(tmp_path: Path) -> None:
    state = await State.open(tmp_path)
    in_force = SettingsInForce(None, {}, state)
    await in_force.load()
    for wrong in (
        Change("groups", "kids", "set", {"rules": ["||a.example^", "||b.example^$ctag="]}),
        Change("clients", "a", "set", {"ids": ["a"], "rules": ["! a comment"]}),
    ):
        with pytest.raises(SettingsError, match="is no rule that can be used"):
            await in_force.change([wrong], SERVER)
    await in_force.change([Change("groups", "kids", "set", {"rules": ["||a.example^"]})], SERVER)
    assert in_force.settings.groups[0].rules == ("||a.example^",)
    await state.close()
