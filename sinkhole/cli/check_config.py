"""What is wrong with settings beyond their shape: own rules that are none, and what they name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.settings import ClientSettings, GroupSettings, Settings
from sinkhole.control.settings.load import load_written
from sinkhole.control.settings.quoting import shown
from sinkhole.control.state.state import FILE_NAME, State
from sinkhole.control.state.stored import Place
from sinkhole.model.errors import SettingsError, StorageError


def refuse_odd_rules(settings: Settings) -> None:
    """Raise SettingsError if the filter can't use some rules of the household, of a group or of a
    client; a line for each."""
    problems = [
        f"{origin.removeprefix('file ')}: {problem}"
        for origin, place, rules in _rules_in(settings)
        for problem in compile_own(rules, place_of=place)[1]
    ]
    if problems:
        raise SettingsError(problems)


def stored_with(file: Path | None, environ: Mapping[str, str]) -> Mapping[Place, Any] | None:
    """What is stored beside a settings file, which may name it; None where nobody can tell."""
    folder = load_written(file, environ).data_dir
    try:
        return asyncio.run(_stored_in(folder)) if (folder / FILE_NAME).exists() else None
    except (OSError, StorageError):
        return None


async def _stored_in(folder: Path) -> Mapping[Place, Any]:
    state = await State.look(folder)
    try:
        return dict(state.stored.values())
    finally:
        await state.close()


def _rules_in(settings: Settings) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """All rules of some settings: who set them, what they are called, and their texts."""
    key = "filtering.rules"
    yield settings.origin_of(key), key, settings.filtering.rules
    owners: dict[str, tuple[GroupSettings | ClientSettings, ...]]
    owners = {"groups": settings.groups, "clients": settings.clients}
    for key, each in ((key, each) for key, some in owners.items() for each in some):
        origin, place = settings.origin_of(key, each.name), f"{key} {shown(each.name)}"
        yield origin, f"{place} rules", each.rules or ()
        for scheduled in each.schedules:
            where = f"{place} schedules {shown(scheduled.when)} rules"
            yield origin, where, scheduled.rules or ()
