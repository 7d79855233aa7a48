"""What a list would do, before it is used."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from pydantic import Field

from sinkhole.control.explain.trial import trial_of_list
from sinkhole.control.lists.progress import Watch, unwatched
from sinkhole.control.operations.house import House
from sinkhole.control.operations.lists import Kind, check_source, chosen
from sinkhole.control.operations.operation import Input, Output, operation
from sinkhole.control.operations.refusals import from_lists, refusal
from sinkhole.control.operations.trials import DAYS, MOST_DAYS, LogEffect, on_log, whose
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.masking import masked_address

PREVIEW = "lists.preview"


class PreviewInput(Input):
    """A list that is not in use, and how many days of the log it is tried on."""

    source: str = Field(
        min_length=1,
        max_length=4000,
        description="An id of the catalogue, or an address (https:, http: or file:).",
        examples=["hagezi-pro"],
    )
    kind: Kind = Field(
        default="block", description="Whether its names would be blocked or allowed."
    )
    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS)
    client: str = Field(
        default="",
        max_length=200,
        description="Try it on what this client asked only: a name, id or address.",
        examples=["Kids tablet"],
    )
    group: str = Field(
        default="",
        max_length=200,
        description="Try it on what those asked who are in this group now.",
        examples=["kids"],
    )


class ListPreview(Output):
    """A list that is not in use, and what it would have changed."""

    name: str
    url: str
    kind: Kind
    names: int
    rules: int
    refused: int = Field(description="Lines that hold no rule sinkhole knows.")
    size_bytes: int
    suspicion: str = Field(description='Why it would be held back; "" where it would not.')
    log: LogEffect | None
    log_error: str | None = Field(description="Why the log could not be read.")


@operation(PREVIEW, Permission.LISTS_WRITE)
async def preview(house: House, actor: Actor, given: PreviewInput) -> ListPreview:
    """Tell what a list would have changed of the queries of the last days, before it is used.

    It counts for those who would be asked by it: for groups and clients with lists of their choice
    only if it is among these. It is fetched and compiled aside, which may take a minute; nothing is
    enabled and nothing is left behind. One at a time.
    """
    return await previewed(house, actor, given)


async def previewed(
    house: House, actor: Actor, given: PreviewInput, watch: Watch = unwatched
) -> ListPreview:
    """The preview of a list, telling `watch` how far it is; the log's part of it for those who may
    read the log."""
    entry = await asyncio.to_thread(chosen, given.source, None, given.kind)
    check_source(actor, entry.url)
    audience = house.audience()
    meant = whose(house, audience, given.client, given.group)
    refused = refusal(
        "too_many", "too_many_underway", "another list is being tried out; wait for that to end"
    )
    async with _aside(house.underway.one_of(1, PREVIEW, refused)) as folder:
        with from_lists("unavailable", "list_unavailable"):
            found = await house.library.preview(entry, folder, watch)
        compiled = found.compiled
        try:
            trial = await asyncio.to_thread(trial_of_list, audience, compiled)
            log: LogEffect | None = None
            log_error: str | None = f"it takes the permission {Permission.LOG_READ}"
            if actor.may(Permission.LOG_READ):
                log, log_error = await on_log(house, trial, given.days, meant)
            return ListPreview(
                name=compiled.name,
                url=masked_address(entry.url),
                kind=entry.kind,
                names=compiled.names,
                rules=compiled.rules,
                refused=compiled.report.refused,
                size_bytes=found.size_bytes,
                suspicion=found.suspicion,
                log=log,
                log_error=log_error,
            )
        finally:
            compiled.close()


@asynccontextmanager
async def _aside(place: AbstractContextManager[None]) -> AsyncIterator[Path]:
    """A folder that is gone afterwards, while a place for the work is held."""
    with place:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sinkhole-"))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
