"""Stored values that are not in use, and what else a person should know about settings in force."""

from __future__ import annotations

from typing import NamedTuple

from sinkhole.control.settings.filtering_schema import LATER_NAMES
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.quoting import place_text
from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.stored import Place
from sinkhole.model.status import Problem


class LeftOut(NamedTuple):
    """A stored value that is not in use: that of an item the file has as well, or one that no
    longer fits. `reason` is in words."""

    place: Place
    reason: str
    is_held: bool = False


def problem_of(left_out: LeftOut) -> Problem:
    """That a stored value is not in use."""
    key, item = left_out.place
    if left_out.is_held:
        what = COLLECTIONS[key].what
        text = f"the {what} {item!r} that was added is not in use: the settings file has one, too"
        return Problem("settings.held_by_file", "notice", text, "remove one of the two")
    text = f"{place_text(key, item)}: the stored value is not in use: {left_out.reason}"
    return Problem("settings.left_out", "warning", text, "set it anew, or reset it")


def taken_names(settings: Settings) -> list[Problem]:
    """Of lists that are called as the log calls what is no list."""
    advice = "give the list another name: else the two are told apart there by their rules only"
    return [
        Problem(
            "settings.name_taken",
            "notice",
            f"the list {each.name!r} is called as the log calls what is no list",
            advice,
        )
        for each in settings.filtering.lists
        if each.name.casefold() in LATER_NAMES
    ]
