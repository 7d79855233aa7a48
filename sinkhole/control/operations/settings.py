"""Settings: every key shown, changed, taken back; the same for items of keyed collections.

What the settings file or the environment hold is refused, with the place where it can be changed.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.settings.describe import Described, described
from sinkhole.control.settings.in_force import Change, Changed
from sinkhole.control.settings.json_schema import json_schema
from sinkhole.control.state.stored import REMOVED, StoredRevision
from sinkhole.model.actor import Actor, Permission

MOST_NOTE: Final = 500
MOST_REVISIONS: Final = 50

Revision = Field(
    default=None,
    max_length=100,
    description="What `settings.show` gave: refused if somebody was quicker. Without it, it is not"
    " asked.",
)
DryRun = Field(default=False, description="Only tell what would change.")

# ---- what is shown -----------------------------------------------------------------------------


class SettingItem(Output):
    """One item of a keyed collection."""

    name: str
    value: Any = Field(description="Its value; secrets are masked by `***`.")
    origin: str = Field(examples=["default", "stored", "file /etc/sinkhole/sinkhole.yaml:14"])
    locked: str = Field(description="Where it is held and can be changed; empty if here.")
    secret: bool = Field(description="Whether something in it is masked.")


class Setting(Output):
    """One key of the settings."""

    key: str = Field(examples=["upstream.timeout"])
    title: str
    help: str
    accepts: dict[str, Any] = Field(description="What it takes, as JSON Schema.")
    syntax: str = Field(description="The same in a few words, where the help does not say it.")
    unit: str
    default: Any
    value: Any = Field(description="What is in force; secrets are masked by `***`.")
    origin: str = Field(examples=["default", "stored", "file /etc/sinkhole/sinkhole.yaml:14"])
    locked: str = Field(description="Where it is held and can be changed; empty if here.")
    at_once: bool = Field(description="Whether a change counts without a restart.")
    secret: bool = Field(description="Whether something in the value is masked.")
    items: list[SettingItem] | None = Field(
        description="The items of a keyed collection, which are set and held one by one."
    )


class AllSettings(Output):
    """Every key, and the revision that a change can be made by."""

    revision: str
    settings: list[Setting]


class Which(Input):
    """Which keys."""

    below: str = Field(
        default="",
        max_length=100,
        description="A key, or a section such as `filtering`; everything without it.",
    )


@operation("settings.show", Permission.SETTINGS_READ)
async def show(house: House, actor: Actor, given: Which) -> AllSettings:
    """Show every setting: its value, who set it, its default, what it means and takes.

    Secrets are masked for everybody. Where a masked value is sent back unchanged, it stays as it
    is.
    """
    revision, settings = house.settings.revision, house.settings.settings
    found = await asyncio.to_thread(described, settings)
    chosen = [each for each in found if _is_below(each.key, given.below)]
    return AllSettings(revision=revision, settings=[_setting(each) for each in chosen])


def _is_below(key: str, section: str) -> bool:
    return not section or key == section or key.startswith(f"{section}.")


def _setting(found: Described) -> Setting:
    items = None
    if found.items is not None:
        items = [SettingItem(**each._asdict()) for each in found.items]
    return Setting(**{**found._asdict(), "items": items})


class SettingsSchema(Output):
    """What a settings file may hold."""

    document: dict[str, Any] = Field(description="JSON Schema, draft 2020-12.")


@operation("settings.schema", Permission.SETTINGS_READ)
async def schema(house: House, actor: Actor, given: Nothing) -> SettingsSchema:
    """Give the JSON Schema of settings files, for editors and programs."""
    return SettingsSchema(document=await asyncio.to_thread(json_schema))


# ---- changes -----------------------------------------------------------------------------------


class SettingChange(Input):
    """What is wanted of one key, or of one item of a keyed collection."""

    key: str = Field(max_length=100, examples=["upstream.timeout"])
    item: str = Field(
        default="",
        max_length=70_000,
        description="The item's name; without it, a whole collection is meant.",
    )
    action: Literal["set", "reset", "remove"] = Field(
        default="set",
        description="Store a value, forget what is stored, or do without an item, also one of the"
        " default.",
    )
    value: Any = Field(default=None, examples=["2s"])


class Changes(Input):
    """Changes that are made together, or not at all."""

    changes: list[SettingChange] = Field(min_length=1, max_length=5000)
    revision: str | None = Revision
    dry_run: bool = DryRun
    note: str = Field(default="", max_length=MOST_NOTE, description="Why, for who looks later.")


class ChangedPlace(Output):
    """One place whose value becomes another; null where there is none."""

    key: str
    item: str
    before: Any
    after: Any


class ChangeResult(Output):
    """What changed, or would change."""

    revision: str
    number: int = Field(
        description="Of the revision that this made, to take it back by; 0 where it made none."
    )
    differences: list[ChangedPlace]
    waits: list[str] = Field(description="Keys that wait for a restart.")
    dry_run: bool


@operation(
    "settings.change",
    Permission.SETTINGS_WRITE,
    changes=True,
    audited=frozenset({"note"}),
)
async def change(house: House, actor: Actor, given: Changes) -> ChangeResult:
    """Change settings: checked whole, applied at once, then kept.

    All changes count together, or none does. What they did stands among the revisions, and can be
    taken back.
    """
    wanted = [Change(each.key, each.item, each.action, each.value) for each in given.changes]
    done = await house.settings.change(
        wanted, actor, revision=given.revision, dry_run=given.dry_run, note=given.note
    )
    return result_of(done, dry_run=given.dry_run)


def result_of(done: Changed, *, dry_run: bool = False) -> ChangeResult:
    """What a change did, as an operation gives it."""
    places = [ChangedPlace(**each._asdict()) for each in done.differences]
    return ChangeResult(
        revision=done.revision,
        number=done.number,
        differences=places,
        waits=list(done.waits),
        dry_run=dry_run,
    )


@operation("settings.reload", Permission.SETTINGS_WRITE, changes=True)
async def reload(house: House, actor: Actor, given: Nothing) -> ChangeResult:
    """Read the settings file and the environment again, and apply what is different.

    A mistake in the file leaves all as it was.
    """
    return result_of(await house.settings.reload())


# ---- revisions ---------------------------------------------------------------------------------


class RevisionsWanted(Input):
    """Which revisions."""

    limit: int = Field(default=20, ge=1, le=MOST_REVISIONS)
    before: int | None = Field(default=None, ge=1, description="Only those before this number.")


class StoredPlace(Output):
    """What became of one stored value; null where none was or is stored, `"removed"` where an item
    of the default is not wanted."""

    key: str
    item: str
    before: Any
    after: Any


class SettingsRevision(Output):
    """One change of the stored settings."""

    number: int
    time: float = Field(description="Seconds since 1970.")
    actor: str = Field(examples=["anna (session)"])
    note: str
    undoes: int = Field(description="The revision that this one took back, or 0.")
    changes: list[StoredPlace]


class Revisions(Output):
    """The newest revisions first."""

    revisions: list[SettingsRevision]


@operation("settings.revisions", Permission.SETTINGS_READ)
async def revisions(house: House, actor: Actor, given: RevisionsWanted) -> Revisions:
    """Show who changed what and when; the last 50 changes are kept."""
    found = await house.settings.revisions(given.limit, given.before)
    return Revisions(revisions=[_revision(each) for each in found])


def _revision(found: StoredRevision) -> SettingsRevision:
    places = [
        StoredPlace(key=key, item=item, before=_told(before), after=_told(after))
        for (key, item), before, after in found.changes
    ]
    return SettingsRevision(**{**found._asdict(), "changes": places})


def _told(value: Any) -> Any:
    return "removed" if value is REMOVED else value


class UndoWanted(Input):
    """Which revision to take back."""

    number: int = Field(ge=1)
    revision: str | None = Revision
    dry_run: bool = DryRun


@operation("settings.undo", Permission.SETTINGS_WRITE, changes=True)
async def undo(house: House, actor: Actor, given: UndoWanted) -> ChangeResult:
    """Take one revision back, as a revision of its own.

    Refused where what it changed has been changed since.
    """
    done = await house.settings.undo(
        given.number, actor, revision=given.revision, dry_run=given.dry_run
    )
    return result_of(done, dry_run=given.dry_run)
