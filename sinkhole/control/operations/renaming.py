"""Another name for a client, a group or a schedule, everywhere at once; and what follows from one.

What is stored beside the settings has names in it as well: pauses, rules for a time, the log. It
follows each time that something has another name, be it by an operation, by one that is taken
back, or in the settings file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import Field

from sinkhole.control.operations.choice import FOR_CLIENT
from sinkhole.control.operations.house import House
from sinkhole.control.operations.household import CLIENTS, GROUPS, SCHEDULES, Named
from sinkhole.control.operations.operation import operation
from sinkhole.control.operations.settings import ChangeResult, result_of
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.renaming import Renamed, renamed, rule_for_renamed
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.temporary_rules import TemporaryRule, TemporaryRules
from sinkhole.model.actor import Actor, Permission


class Renaming(Named):
    """Which item, and what it is to be called."""

    to: str = Field(min_length=1, max_length=100, examples=["children"])


@operation("clients.rename", Permission.SETTINGS_WRITE, changes=True)
async def rename_client(house: House, actor: Actor, given: Renaming) -> ChangeResult:
    """Give a client another name, also in rules for it and where its queries are ignored.

    Its pause goes on, and its queries in the log are found by the new name. One change, which can
    be taken back as one; refused where the settings file holds any of it.
    """
    return await _rename(house, actor, CLIENTS, given)


@operation("groups.rename", Permission.SETTINGS_WRITE, changes=True)
async def rename_group(house: House, actor: Actor, given: Renaming) -> ChangeResult:
    """Give a group another name, which its clients move to.

    Its pause goes on, and its queries in the log are found by the new name. One change, which can
    be taken back as one; refused where the settings file holds any of it.
    """
    return await _rename(house, actor, GROUPS, given)


@operation("schedules.rename", Permission.SETTINGS_WRITE, changes=True)
async def rename_schedule(house: House, actor: Actor, given: Renaming) -> ChangeResult:
    """Give a schedule another name, also for the groups and clients that go by it.

    One change, which can be taken back as one; refused where the settings file holds any of it.
    """
    return await _rename(house, actor, SCHEDULES, given)


async def _rename(house: House, actor: Actor, key: str, given: Renaming) -> ChangeResult:
    name = given.to.strip()
    changes = renamed(house.settings.settings, key, given.name, name)
    note = f"{COLLECTIONS[key].what} {given.name} renamed to {name}"
    done = await house.settings.change(
        changes, actor, revision=given.revision, dry_run=given.dry_run, note=note
    )
    return result_of(done, dry_run=given.dry_run)


# ---- what follows ------------------------------------------------------------------------------


async def follow(
    protection: Protection,
    temporary_rules: TemporaryRules,
    rename_in_log: Callable[[str, str], None],
    found: Renamed,
) -> None:
    """Have all that is stored beside the settings go over to another name; `rename_in_log` that of
    a group, as others are looked up when the log is read. What was paused and is no more is not
    paused either: something else may get its name some day."""
    scope, old, new = found
    if not new:
        await protection.drop(scope, old)
        return
    await protection.rename(scope, old, new)
    if scope == "client":
        await temporary_rules.rewrite(partial(_for_renamed, old, new))
    if scope == "group":
        rename_in_log(old, new)


def _for_renamed(old: str, new: str, rule: TemporaryRule) -> TemporaryRule:
    note, end = rule.note, FOR_CLIENT + old
    if note.endswith(end):
        note = note.removesuffix(end) + FOR_CLIENT + new
    return rule._replace(text=rule_for_renamed(rule.text, old, new), note=note)
