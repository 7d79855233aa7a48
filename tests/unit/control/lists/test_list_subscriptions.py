"""Which lists there are: of the settings, and added by command."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import Shelf

from sinkhole.control.lists.added import AddedList, AddedLists
from sinkhole.control.lists.subscriptions import Subscriptions
from sinkhole.model.errors import ListError

MORE = AddedList("More", "https://more.example.net/more.txt")


@pytest.fixture
def added(shelf: Shelf) -> AddedLists:
    return AddedLists(shelf.lists)


@pytest.fixture
def subscriptions(shelf: Shelf, added: AddedLists) -> Subscriptions:
    return Subscriptions(shelf.settings(), added)


def names(subscriptions: Subscriptions) -> list[str]:
    return [each.name for each in subscriptions.all]


def test_added_lists_come_after_those_of_the_settings(
    subscriptions: Subscriptions, added: AddedLists
) -> None:
    assert names(subscriptions) == ["Ads", "Good"]
    assert not subscriptions.refresh()
    added.change(lambda lists: (MORE,))
    before = subscriptions.all
    assert subscriptions.refresh()
    assert names(subscriptions) == ["Ads", "Good", "More"]
    assert subscriptions.all[:2] == before, "what stays is the same object"
    assert [subscriptions.is_added(each) for each in subscriptions.all] == [False, False, True]
    assert not subscriptions.refresh()
    added.change(lambda lists: ())
    assert subscriptions.refresh()
    assert names(subscriptions) == ["Ads", "Good"]


def test_a_list_that_is_switched_off_is_no_longer_enabled(
    subscriptions: Subscriptions, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    subscriptions.refresh()
    assert subscriptions.find("More").active
    added.change(lambda lists: (replace(MORE, enabled=False),))
    assert subscriptions.refresh()
    with pytest.raises(ListError, match="there are Ads, Good"):
        subscriptions.find("More")


def test_a_name_of_the_settings_wins_and_the_added_one_is_pointed_out(
    subscriptions: Subscriptions, added: AddedLists
) -> None:
    added.change(lambda lists: (AddedList("ADS", "https://example.net/a.txt"), MORE))
    subscriptions.refresh()
    assert names(subscriptions) == ["Ads", "Good", "More"]
    (problem,) = subscriptions.problems
    assert "'ADS'" in problem and "sinkhole lists remove" in problem


def test_an_address_of_the_settings_wins_and_the_added_one_says_so(
    shelf: Shelf, subscriptions: Subscriptions, added: AddedLists
) -> None:
    added.change(lambda lists: (AddedList("Again", f"file:{shelf.ads}"),))
    subscriptions.refresh()
    assert subscriptions.all[2].same_as == "Ads"
    assert not subscriptions.all[2].active


def test_a_damaged_file_keeps_what_was_known_and_is_pointed_out(
    subscriptions: Subscriptions, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    subscriptions.refresh()
    added.path.write_text("{")
    assert not subscriptions.refresh()
    assert names(subscriptions) == ["Ads", "Good", "More"]
    assert "is damaged" in subscriptions.problems[0]
    assert not subscriptions.is_complete
    added.path.unlink()
    subscriptions.refresh()
    assert (names(subscriptions), subscriptions.problems) == (["Ads", "Good"], [])
    assert subscriptions.is_complete


def test_a_file_that_can_be_read_again_is_noticed_though_it_is_the_same(
    subscriptions: Subscriptions, added: AddedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    added.change(lambda lists: (MORE,))

    def refused(path: Path, *given: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        assert not subscriptions.refresh()
        assert "Permission denied" in subscriptions.problems[0]
    assert subscriptions.refresh()
    assert (names(subscriptions), subscriptions.problems) == (["Ads", "Good", "More"], [])


def test_hosts_are_where_enabled_lists_come_from_and_were_led_to(
    subscriptions: Subscriptions, added: AddedLists
) -> None:
    off = AddedList("Off", "https://off.example.net/", enabled=False)
    added.change(lambda lists: (MORE, off))
    subscriptions.refresh()
    more = subscriptions.find("More")
    more.state = replace(more.state, answered_by="https://cdn.example.com/more.txt")
    assert subscriptions.hosts() == {"more.example.net", "cdn.example.com"}


def test_other_settings_keep_the_objects_of_lists_that_stay(
    shelf: Shelf, subscriptions: Subscriptions, added: AddedLists
) -> None:
    added.change(lambda lists: (MORE,))
    subscriptions.refresh()
    ads, _, more = subscriptions.all
    settings = shelf.settings(lists=shelf.settings().lists[:1])
    subscriptions.apply(settings)
    assert subscriptions.all == [ads, more]
