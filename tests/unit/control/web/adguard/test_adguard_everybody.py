"""What is said for everybody: by the household, or by the group of whoever is in no other."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.web.adguard.everybody import changes_of, said

KEY = "filtering.categories"
IN_GROUP: dict[str, Any] = {
    "filtering": {"categories": ["malware"]},
    "groups": [{"name": "default", "categories": ["adult"], "rate_limit": 5}],
}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [({}, ()), (IN_GROUP, ("adult",)), ({**IN_GROUP, "groups": []}, ("malware",))],
)
def test_the_group_goes_before_the_household(tree: Any, expected: tuple[str, ...]) -> None:
    settings = Settings.model_validate(tree)
    assert said(settings, "categories", settings.filtering.categories) == expected


def test_what_is_changed_is_changed_where_it_is_said() -> None:
    settings = Settings.model_validate(IN_GROUP)
    (change,) = changes_of(settings, "categories", KEY, ("adult",), ["malware"])
    assert (change.key, change.item) == ("groups", "default")
    assert change.value == {"name": "default", "rate_limit": 5, "categories": ["malware"]}
    (change,) = changes_of(Settings(), "categories", KEY, (), ["malware"])
    assert (change.key, change.value) == (KEY, ["malware"])
    assert changes_of(settings, "categories", KEY, ("adult",), ["adult"]) == []
