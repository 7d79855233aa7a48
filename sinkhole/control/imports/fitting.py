"""What of a plan fits beside the settings that are there: the rest is told, and left out.

What the settings file holds stays as it is, and so does whatever would take somebody's place, such
as an address that another client has. Then all that is left counts together.
"""

from __future__ import annotations

from typing import Final

from sinkhole.control.imports.plan import DEFAULT_GROUP, Here, Plan
from sinkhole.control.settings.changes import Change
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.settings.plain import merged, plain_of
from sinkhole.control.settings.quoting import place_text
from sinkhole.control.settings.schema import Settings
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError, SettingsError, SinkholeError
from sinkhole.model.masking import masked

MOST_ROUNDS: Final = 20
"""How often something is left out, as that may take something else along."""

Told = tuple[str, str, str]
"""A key, an item as people are shown it, and what is wrong with it."""


def here_of(settings: Settings) -> Here:
    """What an import should know of settings."""
    return Here({(each.url, each.kind): each.name for each in settings.filtering.lists})


async def fitting(settings: SettingsInForce, plan: Plan, actor: Actor) -> list[Change]:
    """The changes that can be made together; RequestError or SettingsError where what is wrong is
    with none of them."""
    changes = [_beside(each, settings.settings) for each in plan.changes]
    for _ in range(MOST_ROUNDS):
        try:
            await settings.change(changes, actor, dry_run=True)
        except (RequestError, SettingsError) as error:
            refused = _told_by(error)
            kept = [each for each in changes if not _is_refused(each, refused, plan)]
            if len(kept) == len(changes):
                raise
            changes = kept
        else:
            break
    return changes


def _beside(change: Change, settings: Settings) -> Change:
    """What is said of everybody is said beside what was said of them."""
    if (change.key, change.item) != ("groups", DEFAULT_GROUP):
        return change
    known = next((e for e in settings.groups if e.name == DEFAULT_GROUP), None)
    before = {} if known is None else plain_of(known)
    before.pop("name", None)
    if not before.get("schedules"):
        before.pop("schedules", None)
    return change._replace(value=merged(before, change.value))


def _told_by(error: SinkholeError) -> list[Told]:
    """The places that an error names."""
    if isinstance(error, SettingsError):
        return [
            (each.key, each.item, each.text) for each in error.told if not isinstance(each, str)
        ]
    more = error.more if isinstance(error, RequestError) else {}
    several = more.get("errors") or ([more] if more.get("key") else [])
    return [
        (str(each["key"]), str(each.get("item", "")), str(each.get("text", error)))
        for each in several
    ]


def _is_refused(change: Change, refused: list[Told], plan: Plan) -> bool:
    shown = masked(change.item).casefold()
    for key, item, text in refused:
        if key == change.key and masked(item).casefold() == shown:
            plan.left(place_text(change.key, change.item), text)
            return True
    return False
