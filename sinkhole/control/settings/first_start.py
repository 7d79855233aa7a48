"""What begins with state.db: lists that commands had added, and the one list of new servers.

A new server subscribes to one list besides the starter list. A server that was there before goes on
as it was: it begins to fetch nothing that its owner did not name, and loses nothing that it had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.control.settings.added_lists import Added, aside, read_added
from sinkhole.control.settings.filtering_schema import ListSettings
from sinkhole.control.settings.keyed import COLLECTIONS, NAME
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.stored import Place, StoredChange
from sinkhole.model.errors import StorageError
from sinkhole.model.status import Problem

SUBSCRIBED: Final = ListSettings(
    name="AdGuard DNS filter",
    url="https://adguardteam.github.io/AdGuardSDNSFilter/Filters/filter.txt",
)
"""What new servers subscribe to. Up to now the settings file that was installed had it, so a server
with a file of its own may not."""

_LISTS: Final = "filtering.lists"
_NOT_STATES: Final = frozenset({"added.json", "unique.json"})


class Beginning(NamedTuple):
    """What is to be stored; `added` is what was read of the file of added lists, None without one.

    `problems` are to be shown as long as they last.
    """

    changes: tuple[StoredChange, ...] = ()
    added: Added | None = None
    problems: tuple[Problem, ...] = ()


def beginning(
    folder: Path, settings: Settings, stored: Mapping[Place, Any], *, is_first: bool
) -> Beginning:
    """Look at the folder of lists for what is to be stored; asks the disk.

    `settings` are those of file and environment, and what is stored. `is_first` says that nothing
    was ever stored.
    """
    changes: dict[Place, StoredChange] = {}
    problems: list[Problem] = []
    added = None
    try:
        added = read_added(folder)
    except StorageError as error:
        advice = "give it to the user that runs sinkhole (chown); its lists are not in use"
        problems.append(Problem("lists.added_unreadable", "error", str(error), advice))
    for entry in (*(added.lists if added else ()), *_subscribed(folder, settings, is_first)):
        place = (_LISTS, COLLECTIONS[_LISTS].id_of(entry[NAME]))
        if place[1] and place not in stored:
            changes.setdefault(place, StoredChange(place, None, dict(entry)))
    if (added is not None and not added.is_whole) or aside(folder):
        problems.append(_not_whole(folder))
    return Beginning(tuple(changes.values()), added, tuple(problems))


def _subscribed(folder: Path, settings: Settings, is_first: bool) -> list[Mapping[str, Any]]:
    """The list of new servers, where this is one, or one that had it by the installed file.

    Who has written which lists there shall be has those.
    """
    if not is_first or settings.origin_of(_LISTS) not in ("default", "stored"):
        return []
    is_new = not _has_states(folder)
    return [plain_of(SUBSCRIBED)] if is_new or _is_in_use(folder, SUBSCRIBED.id) else []


def _has_states(folder: Path) -> bool:
    """Whether any list was ever in use here."""
    return any(path.name not in _NOT_STATES for path in folder.glob("*.json"))


def _is_in_use(folder: Path, list_id: str) -> bool:
    """Whether a list was in use up to now: its state is there, and does not say that it left."""
    try:
        state = json.loads((folder / f"{list_id}.json").read_bytes())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True  # what can't be read is there
    return not (isinstance(state, dict) and state.get("unused_since"))


def _not_whole(folder: Path) -> Problem:
    path = aside(folder) or folder
    text = f"{path} has lists that were added by command and could not be read"
    advice = "look into it, add them again, and remove the file"
    return Problem("lists.added_damaged", "warning", text, advice)
