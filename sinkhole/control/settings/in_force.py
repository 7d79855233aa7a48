"""The settings in force, and the one way to change them: checked, applied, then kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from sinkhole.control.settings.added_lists import put_away
from sinkhole.control.settings.changes import (
    Change,
    Refusal,
    after,
    all_told,
    inverse,
    planned,
)
from sinkhole.control.settings.differences import Difference, differences
from sinkhole.control.settings.first_start import Beginning, beginning
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.left_out import LeftOut, problem_of, taken_names
from sinkhole.control.settings.load import Resolved, resolve
from sinkhole.control.settings.masking import masked_plain
from sinkhole.control.settings.quoting import misfit
from sinkhole.control.settings.renaming import Renamed, followed, removals_in, renames_in
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.sources import Written, read_written
from sinkhole.control.settings.values import Elsewhere
from sinkhole.control.state.file import BehindError
from sinkhole.control.state.state import State
from sinkhole.control.state.stored import Place, StoredChange, StoredRevision
from sinkhole.model.actor import SERVER, Actor
from sinkhole.model.errors import RequestError, SinkholeError, StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.status import Problem
from sinkhole.model.tasks import Tasks

__all__ = ["Apply", "Change", "Changed", "Difference", "SettingsInForce"]

MOST_WAITING: Final = 100
"""Changes that wait for one another; what comes beyond is refused."""

CLOSE_PATIENCE_S: Final = 5.0
"""How long a change that is underway may go on when sinkhole is told to stop."""

MOST_UNDONE: Final = 50
"""Revisions whose changes are kept, and can be taken back."""


class Apply(Protocol):
    """What puts other settings in force; whatever it raises, all is as it was."""

    async def __call__(self, settings: Settings, *, patient: bool = False) -> list[str]:
        """The keys that wait for a restart. SettingsError for what cannot be had, such as an
        address to listen on; `patient`, that is told among the problems and tried again: where a
        file was edited, and where a change is taken back."""
        ...


MOST_TRIES: Final = 5
"""How often a change is made anew because another sinkhole was quicker."""

OnRenamed = Callable[[Renamed], Awaitable[None]]


class Changed(NamedTuple):
    """What a change did, or would do: the revision in force, the keys that wait, the settings as
    they are then, or would be, and by which number it can be taken back, 0 where nothing was
    stored."""

    revision: str
    differences: tuple[Difference, ...]
    waits: tuple[str, ...]
    settings: Settings
    number: int = 0

    def __repr__(self) -> str:
        return f"Changed({self.revision}, {self.differences})"  # settings have secrets in them


Work = Callable[[], Awaitable[Changed]]
"""A change, which may be made more than once until it is stored."""


class SettingsInForce:
    """The settings that the server runs by, from `load` to `close`.

    `settings` is what is in force, `revision` changes with every change, of the file as well: it is
    the ETag of the settings. `apply` is set by who runs the server; without it settings are only
    kept.
    """

    settings: Settings
    revision: str

    def __init__(
        self,
        config: Path | None,
        environ: Mapping[str, str],
        state: State,
        apply: Apply | None = None,
        *,
        faults: Faults | None = None,
    ) -> None:
        self.apply = apply
        self.on_renamed: OnRenamed | None = None
        """Told each time that something has another name, or is no more, after it is in force."""
        self.settings, self.revision = Settings(), ""
        self._config = config
        self._environ = environ
        self._state = state
        self._written: Written | None = None
        self._left_out: tuple[LeftOut, ...] = ()
        self._beginning = Beginning()
        self._unstored: tuple[StoredChange, ...] = ()
        self._lock = asyncio.Lock()
        self._tasks = Tasks("settings", MOST_WAITING, faults)

    async def load(self) -> Settings:
        """Read file, environment and what is stored; SettingsError for what is wrong in the first
        two, while stored values that no longer fit are left out, see `problems`."""
        async with self._lock:
            written = await asyncio.to_thread(read_written, self._config, self._environ)
            resolved = await self._resolved(written)
            if await self._begin(resolved.settings):
                resolved = await self._resolved(written)
            self._take(written, resolved)
        return self.settings

    async def close(self) -> None:
        """Let a change that is underway come to its end."""
        await self._tasks.close(CLOSE_PATIENCE_S)

    @property
    def problems(self) -> list[Problem]:
        """Stored values that are left out, and what else a person should know."""
        return [
            *map(problem_of, self._left_out),
            *self._beginning.problems,
            *taken_names(self.settings),
        ]

    async def change(
        self,
        changes: Sequence[Change],
        actor: Actor,
        *,
        revision: str | None = None,
        dry_run: bool = False,
        note: str = "",
        renamed: Sequence[Renamed] = (),
    ) -> Changed:
        """Change what is stored: checked whole, applied, committed; undone if committing fails.

        RequestError: "conflict" (code `revision_is_old` where somebody was quicker; `held_by_file`
        or `held_by_environment`, with `where` such as "/etc/sinkhole/sinkhole.yaml:14" in more).
        SettingsError for values that don't fit. Either tells everything at once. `dry_run` only
        tells. `renamed` is what has another name by it, where it is not the same else.

        Whoever waits for it may go away: a change that has begun comes to its end.
        """

        async def work() -> Changed:
            self._refuse_old(revision)
            stored = self._state.stored.values()
            plan = await asyncio.to_thread(planned, changes, self.settings, stored)
            return await self._store(
                *(plan.changes, actor, note),
                refused=plan.refused,
                dry_run=dry_run,
                renamed=renamed,
            )

        return await self._alone(work)

    async def undo(
        self, number: int, actor: Actor, *, revision: str | None = None, dry_run: bool = False
    ) -> Changed:
        """Take one revision back, as a revision of its own; RequestError ("conflict") where what it
        changed has been changed since in a way that can't be told apart."""

        async def work() -> Changed:
            self._refuse_old(revision)
            found = await self._state.stored.revisions(MOST_UNDONE)
            plan = inverse(number, found, self.settings, self._state.stored.values())
            note = f"revision {number} taken back"
            return await self._store(plan, actor, note, undoes=number, dry_run=dry_run)

        return await self._alone(work)

    async def reload(self, *, dry_run: bool = False) -> Changed:
        """Read file and environment again, as on SIGHUP; SettingsError leaves all as it was, and so
        does `dry_run`, which only tells. What is stored goes on naming what has another name in the
        file now."""

        async def work() -> Changed:
            written = await asyncio.to_thread(read_written, self._config, self._environ)
            resolved = await self._resolved(written)
            found = await asyncio.to_thread(differences, self.settings, resolved.settings)
            renames = renames_in(found)
            if plan := followed(renames, self._state.stored.values()):
                resolved = await self._resolved(written, plan)
                found = await asyncio.to_thread(differences, self.settings, resolved.settings)
            if dry_run:
                return Changed(self.revision, found, (), resolved.settings)
            waits = await self._apply(resolved.settings, patient=True)
            if plan and not self._state.read_only:
                await self._commit(plan, SERVER, "another name in the settings file")
            self._take(written, resolved)
            await self._tell_renamed([*renames, *removals_in(found, renames)])
            return Changed(self.revision, found, tuple(waits), self.settings)

        return await self._alone(work)

    async def take_stored(self) -> Changed:
        """Put in force what is stored now, where another sinkhole has changed it; what cannot be
        had of it is waited for. SettingsError leaves all as it was."""

        async def work() -> Changed:
            written = self._loaded()
            resolved = await self._resolved(written)
            found = await asyncio.to_thread(differences, self.settings, resolved.settings)
            waits = await self._apply(resolved.settings, patient=True) if found else []
            self._take(written, resolved)
            renames = renames_in(found)
            await self._tell_renamed([*renames, *removals_in(found, renames)])
            return Changed(self.revision, found, tuple(waits), self.settings)

        return await self._alone(work)

    async def revisions(self, limit: int, before: int | None = None) -> list[StoredRevision]:
        """The newest revisions, as people may see them: with secrets masked."""
        found = await self._state.stored.revisions(limit, before)
        return [each._replace(changes=tuple(map(_masked, each.changes))) for each in found]

    async def _begin(self, settings: Settings) -> bool:
        """Store what stood elsewhere before there was state.db; whether there was anything.

        Only when all is on the disk is it put away where it stood, so that a crash in between loses
        nothing. Where nothing can be stored it is in force all the same.
        """
        stored, folder = self._state.stored, settings.data_dir / "lists"
        is_first = not stored.number
        found = await asyncio.to_thread(
            beginning, folder, settings, stored.values(), is_first=is_first
        )
        self._beginning, self._unstored = found, found.changes
        with contextlib.suppress(StorageError):  # which `State` tells; the next start tries again
            if self._state.read_only:
                return bool(found.changes)
            if found.changes or is_first:  # by the first revision is known that this was done
                await stored.commit(found.changes, SERVER, "what there was at the first start")
            self._unstored = ()
            if found.added is not None:
                await asyncio.to_thread(put_away, folder, is_whole=found.added.is_whole)
        return bool(found.changes)

    # ---- one at a time -----------------------------------------------------------------------

    async def _alone(self, work: Work) -> Changed:
        """Do this when all before it is done, to its end, even if nobody waits any more."""
        doing = self._outcome(work)
        task = self._tasks.start("change", doing)
        if task is None:
            doing.close()
            text = "too many changes of settings are waiting, try again later"
            raise RequestError("too_many", "too_many_changes", text)
        outcome: Changed | SinkholeError = await asyncio.shield(task)
        if isinstance(outcome, SinkholeError):
            raise outcome
        return outcome

    async def _outcome(self, work: Work) -> Changed | SinkholeError:
        """What became of it: an error of the person who asked is no fault of ours. It is done anew
        where another sinkhole with the same state was quicker."""
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                async with self._lock:
                    return await work()
            except SinkholeError as error:
                if not isinstance(error, BehindError) or not tries_left:
                    return error
            try:
                await self._state.catch_up()
            except SinkholeError as error:
                return error
        raise AssertionError("the last try returns")

    async def _store(
        self,
        plan: Sequence[StoredChange],
        actor: Actor,
        note: str,
        *,
        undoes: int = 0,
        refused: Sequence[Refusal] = (),
        dry_run: bool,
        renamed: Sequence[Renamed] = (),
    ) -> Changed:
        """Check, apply and commit; what is in force and what is stored change both or neither."""
        written = self._loaded()
        resolved = await self._resolved(written, plan)
        if refused := [*refused, *self._not_in_use(resolved, plan)]:
            raise all_told(refused)
        found = await asyncio.to_thread(differences, self.settings, resolved.settings)
        if dry_run or not plan:
            return Changed(self.revision, found, (), resolved.settings)
        if self._state.read_only:
            raise RequestError("unavailable", "state_is_read_only", self._state.read_only)
        waits = await self._apply(resolved.settings)
        await self._commit(plan, actor, note, undoes)
        self._take(written, resolved)
        number = self._state.stored.number
        renames = dict.fromkeys((*renamed, *renames_in(found)))
        await self._tell_renamed([*renames, *removals_in(found, renames)])
        return Changed(self.revision, found, tuple(waits), self.settings, number)

    async def _commit(
        self, plan: Sequence[StoredChange], actor: Actor, note: str, undoes: int = 0
    ) -> None:
        """Store what has been applied; where that fails, what was in force before is again."""
        try:
            await self._state.stored.commit(plan, actor, note, undoes)
        except BaseException:
            await self._apply(self.settings, patient=True)
            raise

    async def _tell_renamed(self, renamed: Iterable[Renamed]) -> None:
        if self.on_renamed is not None:
            for each in renamed:
                await self.on_renamed(each)

    async def _resolved(self, written: Written, plan: Sequence[StoredChange] = ()) -> Resolved:
        """What all layers come to with a plan; in a thread, as it takes a while and reads files."""
        stored = after(self._state.stored.values(), [*self._unstored, *plan])
        is_complete = not self._state.read_only
        elsewhere = None if is_complete else Elsewhere()
        resolving = partial(resolve, is_complete=is_complete, elsewhere=elsewhere)
        return await asyncio.to_thread(resolving, written, stored)

    async def _apply(self, settings: Settings, *, patient: bool = False) -> list[str]:
        return await self.apply(settings, patient=patient) if self.apply is not None else []

    def _take(self, written: Written, resolved: Resolved) -> None:
        self._written = written
        self.settings, self._left_out = resolved
        self.revision = f"{self._state.stored.number}-{written.digest}"

    def _loaded(self) -> Written:
        if self._written is None:
            raise RequestError("unavailable", "not_loaded", "the settings were not read yet")
        return self._written

    # ---- what is refused ---------------------------------------------------------------------

    def _refuse_old(self, revision: str | None) -> None:
        if revision is not None and revision != self.revision:
            text = "the settings have been changed meanwhile: look at them again"
            raise RequestError("conflict", "revision_is_old", text, {"revision": self.revision})

    def _not_in_use(self, resolved: Resolved, plan: Sequence[StoredChange]) -> list[Refusal]:
        """What of a plan would not be in use, and what it would put out of use."""
        before = {each.place for each in self._left_out}
        touched = {each.place: position for position, each in enumerate(plan)}
        found = [
            each for each in resolved.left_out if each.place in touched or each.place not in before
        ]
        found.sort(key=lambda each: touched.get(each.place, len(plan)))
        plain = {**self._state.stored.values(), **{each.place: each.after for each in plan}}
        return [
            Refusal(misfit(each.place[0], _spelled(each.place, plain), each.reason))
            for each in found
        ]


def _masked(change: StoredChange) -> StoredChange:
    key = change.place[0]
    before, value = masked_plain(key, change.before), masked_plain(key, change.after)
    return StoredChange(change.place, before, value)


def _spelled(place: Place, plain: Mapping[Place, Any]) -> str:
    """The item of a place as it was written: "TV" where "tv" identifies it."""
    key, item = place
    return COLLECTIONS[key].name_in(item, plain.get(place)) if key in COLLECTIONS else item
