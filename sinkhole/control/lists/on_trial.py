"""The lists that there would be by other settings, without fetching anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.dns.filter.trie import CompiledList


class ListsOnTrial(NamedTuple):
    """Lists in their order, own rules first, and the names of those that are `missing`, as they
    were not fetched yet."""

    lists: tuple[CompiledList, ...]
    missing: tuple[str, ...]


def lists_on_trial(
    in_use: Sequence[CompiledList],
    before: FilteringSettings,
    after: FilteringSettings,
    data_dir: Path,
) -> ListsOnTrial:
    """What `after` would have of the lists `in_use`, which are those of `before`, and of what was
    fetched some time.

    Reads the disk and changes nothing there; takes milliseconds a list that is not in use, and as
    long as own rules take to compile, where these are others.
    """
    own = [each for each in in_use if each.kept_text and each.name == OWN_RULES]
    by_name = {each.name: each for each in in_use if each not in own}
    known = {each.name: each for each in before.lists}
    wanted = _wanted(after)
    unknown = tuple(
        each for each in wanted if known.get(each.name) != each or each.name not in by_name
    )
    rules = () if after.rules == before.rules else after.rules
    aside = Library(after.model_copy(update={"lists": unknown, "rules": rules}), data_dir)
    aside.load_now()
    read = {each.name: each for each in aside.lists}
    if after.rules != before.rules:
        own = [each for each in aside.lists if each.kept_text and each.name == OWN_RULES]
    found = [(read if each in unknown else by_name).get(each.name) for each in wanted]
    missing = tuple(each.name for each in unknown if each.name not in read)
    return ListsOnTrial((*own, *(each for each in found if each is not None)), missing)


def _wanted(settings: FilteringSettings) -> list[ListSettings]:
    """The lists that are used: of those that share address and kind, the first."""
    found: dict[str, ListSettings] = {}
    for each in settings.lists:
        if each.enabled:
            found.setdefault(each.id, each)
    return list(found.values())
