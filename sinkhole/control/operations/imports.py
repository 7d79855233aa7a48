"""Settings of other programs: told first, then made ours in one change that can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.imports.adguardhome.reader import read_adguardhome
from sinkhole.control.imports.as_file import as_file
from sinkhole.control.imports.blocky.reader import read_blocky
from sinkhole.control.imports.fitting import fitting, here_of
from sinkhole.control.imports.pihole.reader import read_files, read_pihole
from sinkhole.control.imports.plan import Here, Plan
from sinkhole.control.imports.unpacked import text_of
from sinkhole.control.operations.house import House
from sinkhole.control.operations.imported_accounts import take_accounts
from sinkhole.control.operations.operation import Input, Output, Upload, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.operations.settings import ChangeResult, result_of
from sinkhole.model.actor import Actor, Permission

Source = Literal["adguardhome", "pihole", "blocky"]

IMPORT: Final = "imports.settings"


class ImportOptions(Input):
    """Which program a file is of, and what is to become of it."""

    source: Source = Field(description="The program that wrote the file.")
    listeners: bool = Field(
        default=False, description="Take where it listens and its certificate, too."
    )
    dry_run: bool = Field(default=False, description="Only tell what would change.")
    as_file: bool = Field(
        default=False,
        description="Give it as the text of a settings file of its own, and change nothing.",
    )


class ImportWanted(ImportOptions, Upload):
    """A file of another program."""


class Taken(Output):
    """How much there is of one kind."""

    what: str = Field(examples=["list", "rule", "client", "setting"])
    count: int


class ImportNote(Output):
    """Something that is not the same here."""

    kind: Literal["differs", "left"] = Field(
        description="differs: taken, but not quite the same here; left: not taken."
    )
    about: str = Field(description="Where it stands in the file, or which setting it is about.")
    text: str


class Imported(Output):
    """What was taken, or would be."""

    source: str = Field(examples=["AdGuard Home, schema 34"])
    taken: list[Taken]
    notes: list[ImportNote]
    change: ChangeResult | None = Field(description="What it changes; null for a file.")
    document: str = Field(description="The settings file, if one was asked for.")
    accounts: list[str] = Field(description="Who has an account here now, or would have.")
    lists: list[str] = Field(
        description="What its lists are called here, by their numbers there: for who takes its "
        "query log as well.",
        examples=[["1700000000=Ads"]],
    )


@operation(
    IMPORT,
    Permission.SETTINGS_WRITE,
    changes=True,
    audited=frozenset({"source", "listeners", "as_file"}),
)
async def settings(house: House, actor: Actor, given: ImportWanted) -> Imported:
    """Take over the settings of AdGuard Home (AdGuardHome.yaml), Pi-hole (a Teleporter archive,
    pihole.toml or gravity.db) or blocky (config.yml).

    All that can be taken counts together, as one revision that can be taken back. What the settings
    file holds stays as it is. The notes tell in words what is not quite the same here, and what is
    not taken. Accounts of AdGuard Home are made with the passwords that they have there, for who
    may make accounts; where there is none yet, the first is an admin. They are not taken back with
    the rest.
    """
    underway = refusal("conflict", "too_many_underway", "settings are being imported already")
    with house.underway.one_of(1, IMPORT, underway):
        here = Here() if given.as_file else here_of(house.settings.settings)
        plan = await _plan(house, given, here)
        if given.as_file:
            for name in plan.accounts:
                plan.left(f"users {name}", "accounts stand in no settings file")
            document = await asyncio.to_thread(as_file, plan)
            return _told(plan, None, document=document)
        changes = await fitting(house.settings, plan, actor)
        note = f"imported from {plan.source}"
        done = await house.settings.change(changes, actor, dry_run=given.dry_run, note=note)
        accounts = await take_accounts(house, actor, plan, dry_run=given.dry_run)
        return _told(plan, result_of(done, dry_run=given.dry_run), accounts)


async def _plan(house: House, given: ImportWanted, here: Here) -> Plan:
    with understood("import_invalid"):
        if given.source == "pihole":
            async with house.state.backups.workplace("import-") as folder:
                files = await read_files(given.file, folder)
            return await asyncio.to_thread(read_pihole, files, here, listeners=given.listeners)
        return await asyncio.to_thread(_plan_of_text, given, here)


def _plan_of_text(given: ImportWanted, here: Here) -> Plan:
    read = read_adguardhome if given.source == "adguardhome" else read_blocky
    path: Path = given.file
    return read(text_of(path), here, listeners=given.listeners)


def _told(
    plan: Plan, change: ChangeResult | None, accounts: Sequence[str] = (), document: str = ""
) -> Imported:
    kinds = [*plan.taken, *((("account", len(accounts)),) if accounts else ())]
    return Imported(
        source=plan.source,
        taken=[Taken(what=what, count=count) for what, count in kinds],
        notes=[ImportNote(**each._asdict()) for each in plan.notes],
        change=change,
        document=document,
        accounts=list(accounts),
        lists=[f"{number}={name}" for number, name in plan.numbers.items()],
    )
