"""Which lists there are: those of the settings, in their order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shelf import Shelf

from sinkhole.control.lists.subscriptions import Subscriptions
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.model.errors import ListError

MORE = ListSettings(name="More", url="https://more.example.net/more.txt")


@pytest.fixture
def subscriptions(shelf: Shelf) -> Subscriptions:
    return Subscriptions(shelf.settings())


def names(subscriptions: Subscriptions) -> list[str]:
    return [each.name for each in subscriptions.all]


def with_more(shelf: Shelf, *more: ListSettings) -> FilteringSettings:
    return shelf.settings(lists=(*shelf.settings().lists, *more))


def test_lists_come_and_go_and_what_stays_is_the_same_object(
    shelf: Shelf, subscriptions: Subscriptions
) -> None:
    assert names(subscriptions) == ["Ads", "Good"]
    before = subscriptions.all
    subscriptions.apply(with_more(shelf, MORE))
    assert names(subscriptions) == ["Ads", "Good", "More"]
    assert subscriptions.all[:2] == before
    ads, _, more = subscriptions.all
    subscriptions.apply(shelf.settings(lists=(shelf.settings().lists[0], MORE)))
    assert subscriptions.all == [ads, more]


def test_a_list_that_is_switched_off_is_no_longer_enabled(
    shelf: Shelf, subscriptions: Subscriptions
) -> None:
    subscriptions.apply(with_more(shelf, MORE))
    assert subscriptions.find("More").active
    subscriptions.apply(with_more(shelf, MORE.model_copy(update={"enabled": False})))
    with pytest.raises(ListError, match="there are Ads, Good"):
        subscriptions.find("More")


def test_of_two_lists_with_one_address_the_first_counts_and_the_other_says_so(
    shelf: Shelf, subscriptions: Subscriptions
) -> None:
    subscriptions.apply(with_more(shelf, ListSettings(name="Again", url=f"file:{shelf.ads}")))
    assert subscriptions.all[2].same_as == "Ads"
    assert not subscriptions.all[2].active


def test_hosts_are_where_enabled_lists_come_from_and_were_led_to(
    shelf: Shelf, subscriptions: Subscriptions
) -> None:
    off = ListSettings(name="Off", url="https://off.example.net/a.txt", enabled=False)
    subscriptions.apply(with_more(shelf, MORE, off))
    more = subscriptions.find("More")
    more.state = replace(more.state, answered_by="https://cdn.example.com/more.txt")
    assert subscriptions.hosts() == {"more.example.net", "cdn.example.com"}
