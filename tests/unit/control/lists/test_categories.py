from __future__ import annotations

from sinkhole.control.lists.categories import (
    category_lists,
    wanted_categories,
    wanting,
    with_categories,
)
from sinkhole.control.settings import (
    ClientSettings,
    FilteringSettings,
    GroupSettings,
    ListSettings,
    Settings,
)
from sinkhole.control.settings.groups_schema import ScheduledSettings, ScheduleSettings

NSFW = "https://nsfw.oisd.nl/"


def settings_with(*lists: ListSettings) -> Settings:
    groups = (GroupSettings(name="kids", categories=("adult",)),)
    return Settings(filtering=FilteringSettings(lists=lists), groups=groups)


def test_the_lists_of_a_category_are_kept_beside_those_of_the_household() -> None:
    ads = ListSettings(name="Ads", url="https://lists.example.org/ads")
    found = with_categories(settings_with(ads)).lists
    assert [(each.name, each.url) for each in found[1:]] == [("adult: OISD nsfw", NSFW)]
    assert found[0] is ads


def test_the_household_may_have_a_category_itself() -> None:
    settings = Settings(filtering=FilteringSettings(lists=(), categories=("adult",)))
    assert [each.url for each in with_categories(settings).lists] == [NSFW]


def test_a_list_that_the_household_has_is_that_of_the_category() -> None:
    mine = ListSettings(name="Mine", url=NSFW)
    settings = settings_with(mine)
    assert category_lists(settings) == {"adult": (mine,)}
    assert with_categories(settings) is settings.filtering


def test_one_that_it_does_not_use_is_kept_for_the_category() -> None:
    settings = settings_with(ListSettings(name="Mine", url=NSFW, enabled=False))
    (found,) = with_categories(settings).lists
    assert found.enabled
    assert found.name == "Mine"


def test_another_list_of_that_name_is_another_list() -> None:
    mine = ListSettings(name="Adult: OISD NSFW", url="https://lists.example.org/mine")
    (found,) = category_lists(settings_with(mine))["adult"]
    assert found.name == "adult: OISD nsfw (catalogue)"


def test_it_is_known_who_has_a_category_if_only_for_a_time() -> None:
    settings = Settings(
        schedules=(ScheduleSettings(name="bedtime", windows=("daily 21:00-07:00",)),),
        filtering=FilteringSettings(lists=(), categories=("malware",)),
        groups=(
            GroupSettings(name="kids", categories=("adult", "malware")),
            GroupSettings(name="things"),
        ),
        clients=(
            ClientSettings(
                name="TV",
                hosts=("tv.example.org",),
                schedules=(ScheduledSettings(when="bedtime", categories=("adult",)),),
            ),
        ),
    )
    assert [tuple(each) for each in wanting(settings)] == [
        ("malware", "household", ""),
        ("malware", "group", "kids"),
        ("adult", "group", "kids"),
        ("adult", "client", "TV"),
    ]
    assert wanted_categories(settings) == ("malware", "adult")
    assert wanting(Settings()) == []
