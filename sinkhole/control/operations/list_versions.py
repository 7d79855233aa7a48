"""Lists fetched, and which version of one is in use."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from sinkhole.control.lists.diff import SAMPLES, Difference
from sinkhole.control.lists.progress import Step
from sinkhole.control.lists.state import Version
from sinkhole.control.operations.house import House
from sinkhole.control.operations.kept_lists import kept
from sinkhole.control.operations.lists import ListInfo, ListName, Lists, info_of, list_all
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import from_lists, refusal
from sinkhole.model.actor import Actor, Permission

UPDATE = "lists.update"

MOST_NAMES: Final = 5000
"""Names told of each kind of change."""

# ---- fetching ----------------------------------------------------------------------------------


class UpdateInput(Input):
    """Which lists to fetch, and how thoroughly."""

    names: list[str] | None = Field(
        default=None, max_length=500, description="Their names; all enabled lists without any."
    )
    force: bool = Field(
        default=False, description="Fetch what is unchanged, too, and use what would be held back."
    )


class Updated(Lists):
    """The lists after an update."""

    updated: int = Field(description="Lists that another version was put in use of.")
    failed: list[str] = Field(
        description="Those asked for that could not be updated, or whose new version is held back."
    )


class ListStep(Output):
    """Where the update of one list is."""

    name: str
    phase: Literal["fetching", "compiling", "changed", "unchanged", "held back", "failed"] = Field(
        description="The last four are ends."
    )
    done_bytes: int = Field(description="Bytes that have come.")
    total_bytes: int | None = Field(description="Bytes that will; null while nobody knows.")
    note: str = Field(description="What to tell people, such as why it failed.")


class Progress(Output):
    """How the update that is running does, or the last one did."""

    underway: bool
    lists: list[ListStep] = Field(description="In the order in which they were begun.")


@operation(UPDATE, Permission.LISTS_WRITE, changes=True)
async def update(house: House, actor: Actor, given: UpdateInput) -> Updated:
    """Fetch the lists now, all or some, and use what is new.

    Answers when that is done, which may take minutes; `lists.progress` tells meanwhile. One update
    at a time: while another is running it is refused (`update_underway`).
    """
    refused = refusal(
        "conflict", "update_underway", "the lists are being updated already; wait for it to end"
    )
    names = None if not given.names else [(await kept(house, name)).name for name in given.names]
    with house.underway.one_of(1, UPDATE, refused), from_lists("conflict", "list_not_chosen"):
        house.underway.list_steps.clear()
        count = await house.library.update(names, force=given.force, progress=_watch(house))
    if not house.is_serving:  # a server counts by itself, in its own time
        await house.library.count_unique()
    found = await list_all.run(house, actor, Nothing())
    asked = [row for row in found.lists if row.enabled and (names is None or row.name in names)]
    failed = [row.name for row in asked if row.error is not None or row.quarantine is not None]
    return Updated(lists=found.lists, problems=found.problems, updated=count, failed=failed)


@operation("lists.progress", Permission.LISTS_READ)
async def progress(house: House, actor: Actor, given: Nothing) -> Progress:
    """Tell how the update of the lists does that is running, or how the last one did."""
    return Progress(
        underway=house.underway.count(UPDATE) > 0,
        lists=[
            ListStep(
                name=step.list_name,
                phase=step.phase.value,
                done_bytes=step.done_bytes,
                total_bytes=step.total_bytes,
                note=step.note,
            )
            for step in house.underway.list_steps.values()
        ],
    )


class _Watch:
    """Keeps the newest step of each list."""

    def __init__(self, steps: dict[str, Step]) -> None:
        self._steps = steps

    def __call__(self, step: Step) -> None:
        self._steps[step.list_name] = step


def _watch(house: House) -> _Watch:
    return _Watch(house.underway.list_steps)


# ---- versions ----------------------------------------------------------------------------------


VersionUse = Literal["in use", "held back", "before"]


class ListVersion(Output):
    """A version of a list that is kept."""

    use: VersionUse
    since: float = Field(description="When it came, in seconds since 1970.")
    names: int
    rules: int
    size_bytes: int = Field(description="Its size, unpacked.")

    @classmethod
    def of(cls, version: Version, use: VersionUse) -> ListVersion:
        """A version, and what it is used for."""
        return cls(
            use=use,
            since=version.since,
            names=version.names,
            rules=version.rules,
            size_bytes=version.size_bytes,
        )


class Versions(Output):
    """The versions of a list, the newest first."""

    name: str
    versions: list[ListVersion]
    can_roll_back: bool = Field(description="Whether an older version can be put in use.")


class VersionSide(Output):
    """One of two versions that are compared."""

    since: float = Field(description="When it came, in seconds since 1970.")
    names: int


class DiffWanted(ListName):
    """Which list, and how much of what differs."""

    most: int = Field(
        default=SAMPLES, ge=1, le=MOST_NAMES, description="Names told of each kind of change."
    )


class ListDifference(Output):
    """What the newest two versions of a list differ in; `||example.org^` stands for the name and
    all below it."""

    name: str
    old: VersionSide
    new: VersionSide
    new_is: Literal["in use", "held back"] = Field(
        description='Which version is the new one; with "held back" the old one is in use.'
    )
    added: int = Field(description="Names that came.")
    removed: int = Field(description="Names that went.")
    added_samples: list[str] = Field(description="The first of them.")
    removed_samples: list[str] = Field(description="The first of them.")


@operation("lists.accept", Permission.LISTS_WRITE, changes=True)
async def accept(house: House, actor: Actor, given: ListName) -> ListInfo:
    """Use the version of a list that is held back.

    The names it blocks are not held against later versions.
    """
    name = await _enabled(house, given.name)
    with from_lists("conflict", "list_has_no_versions"):
        await house.library.accept(name)
    return await info_of(house, actor, name)


@operation("lists.rollback", Permission.LISTS_WRITE, changes=True)
async def roll_back(house: House, actor: Actor, given: ListName) -> ListInfo:
    """Use the version of a list before the one in use, until its source says something new."""
    name = await _enabled(house, given.name)
    with from_lists("conflict", "list_has_no_versions"):
        await house.library.roll_back(name)
    return await info_of(house, actor, name)


@operation("lists.diff", Permission.LISTS_READ)
async def diff(house: House, actor: Actor, given: DiffWanted) -> ListDifference:
    """Tell which names came and went with the newest version of a list.

    Compares what is held back with what is in use, else what is in use with the version before.
    """
    name = await _enabled(house, given.name)
    with from_lists("conflict", "list_has_no_versions"):
        found: Difference = await house.library.diff(name, given.most)
    return ListDifference.model_validate(found)


@operation("lists.versions", Permission.LISTS_READ)
async def versions(house: House, actor: Actor, given: ListName) -> Versions:
    """Show the versions of a list that are kept."""
    name = await _enabled(house, given.name)
    state = house.library.state_of(name)
    found = [ListVersion.of(each, "before") for each in state.previous]
    found += [ListVersion.of(state.used, "in use")] if state.used else []
    found += [ListVersion.of(state.held, "held back")] if state.held else []
    found.sort(key=lambda each: -each.since)
    return Versions(name=name, versions=found, can_roll_back=state.older is not None)


class Coverage(Output):
    """How much of a list no other one has."""

    name: str
    kind: Literal["block", "allow"]
    names: int
    unique: int | None = Field(
        description="Names that no other list of its kind has or covers; null until counted."
    )
    unique_percent: float | None


class Overlap(Output):
    """What each list adds to the others."""

    lists: list[Coverage]


@operation("lists.overlap", Permission.LISTS_READ)
async def overlap(house: House, actor: Actor, given: Nothing) -> Overlap:
    """Tell how many names of each list in use no other list has.

    The server counts them by itself when a list has changed, which takes a while.
    """
    if not house.is_serving:
        await house.library.count_unique()
    return Overlap(
        lists=[
            Coverage(
                name=row["name"],
                kind=row["kind"],
                names=row["names"],
                unique=row["unique"],
                unique_percent=_percent(row["unique"], row["names"]),
            )
            for row in house.library.status()
            if row["state"] == "ready"
        ]
    )


def _percent(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else round(100 * part / whole, 1)


async def _enabled(house: House, name: str) -> str:
    """The list's name as it is written; RequestError for one that is not there or not in use."""
    entry = await kept(house, name)
    if not entry.enabled:
        text = f"the list {entry.name!r} is disabled; enable it first"
        raise refusal("conflict", "list_not_chosen", text)
    return entry.name
