"""Which lists there are: of the settings, and added by command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shelf import Shelf

from sinkhole.control.lists.added import AddedList, AddedLists
from sinkhole.control.lists.roster import Roster
from sinkhole.model.errors import ListError

MORE = AddedList("More", "https://more.example.net/more.txt")


@pytest.fixture
def added(shelf: Shelf) -> AddedLists:
    return AddedLists(shelf.lists)


@pytest.fixture
def roster(shelf: Shelf, added: AddedLists) -> Roster:
    return Roster(shelf.settings(), added)


def names(roster: Roster) -> list[str]:
    return [item.name for item in roster.items]


def test_added_lists_come_after_those_of_the_settings(roster: Roster, added: AddedLists) -> None:
    assert names(roster) == ["Ads", "Good"]
    assert not roster.refresh()
    added.change(lambda lists: (MORE,))
    before = roster.items
    assert roster.refresh()
    assert names(roster) == ["Ads", "Good", "More"]
    assert roster.items[:2] == before, "what stays is the same object"
    assert [roster.is_added(item) for item in roster.items] == [False, False, True]
    assert not roster.refresh()
    added.change(lambda lists: ())
    assert roster.refresh()
    assert names(roster) == ["Ads", "Good"]


def test_a_list_that_is_switched_off_is_no_longer_enabled(
    roster: Roster, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    roster.refresh()
    assert roster.find("More").active
    added.change(lambda lists: (replace(MORE, enabled=False),))
    assert roster.refresh()
    with pytest.raises(ListError, match="there are Ads, Good"):
        roster.find("More")


def test_a_name_of_the_settings_wins_and_the_added_one_is_pointed_out(
    roster: Roster, added: AddedLists
) -> None:
    added.change(lambda lists: (AddedList("ADS", "https://example.net/a.txt"), MORE))
    roster.refresh()
    assert names(roster) == ["Ads", "Good", "More"]
    (problem,) = roster.problems
    assert "'ADS'" in problem and "sinkhole lists remove" in problem


def test_an_address_of_the_settings_wins_and_the_added_one_says_so(
    shelf: Shelf, roster: Roster, added: AddedLists
) -> None:
    added.change(lambda lists: (AddedList("Again", f"file:{shelf.ads}"),))
    roster.refresh()
    assert roster.items[2].same_as == "Ads"
    assert not roster.items[2].active


def test_a_damaged_file_keeps_what_was_known_and_is_pointed_out(
    roster: Roster, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    roster.refresh()
    added.path.write_text("{")
    assert not roster.refresh()
    assert names(roster) == ["Ads", "Good", "More"]
    assert "is damaged" in roster.problems[0]
    added.path.unlink()
    roster.refresh()
    assert (names(roster), roster.problems) == (["Ads", "Good"], [])


def test_hosts_are_where_enabled_lists_come_from_and_were_led_to(
    roster: Roster, added: AddedLists
) -> None:
    off = AddedList("Off", "https://off.example.net/", enabled=False)
    added.change(lambda lists: (MORE, off))
    roster.refresh()
    item = roster.find("More")
    item.state = replace(item.state, answered_by="https://cdn.example.com/more.txt")
    assert roster.hosts() == {"more.example.net", "cdn.example.com"}


def test_other_settings_keep_the_items_of_lists_that_stay(
    shelf: Shelf, roster: Roster, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    roster.refresh()
    ads, _, more = roster.items
    settings = shelf.settings(lists=shelf.settings().lists[:1])
    roster.use(settings)
    assert roster.items == [ads, more]
