"""Our settings for another program: the way back, and for what works with its files."""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic import Field

from sinkhole.control.imports.adguardhome.export import export_adguardhome
from sinkhole.control.operations.house import House
from sinkhole.control.operations.imports import ImportNote
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.model.actor import Actor, Permission

EXPORT: Final = "exports.adguardhome"


class ExportedSettings(Output):
    """A settings file of another program."""

    document: str = Field(description="Its text, with all secrets in it.")
    notes: list[ImportNote] = Field(description="What it can't hold, or means something else.")


@operation(EXPORT, Permission.BACKUP_READ, changes=True)
async def adguardhome(house: House, actor: Actor, given: Nothing) -> ExportedSettings:
    """Give the settings as an AdGuardHome.yaml.

    It changes nothing, but the audit keeps it, as all secrets are in it. What is for a group is
    written for each of its clients, as AdGuard Home has no groups.
    """
    done = await asyncio.to_thread(export_adguardhome, house.settings.settings)
    notes = [ImportNote(**each._asdict()) for each in done.notes]
    return ExportedSettings(document=done.text, notes=notes)
