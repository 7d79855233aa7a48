"""The folder of lists: copies, tries and states. One rename commits an update.

    <id>.json          the state: names all files below of this list
    <id>.json.aside    a state that could not be read, or not whole, when a new one was written
    <id>.<hash>.txt    a copy as it came from the source, unpacked
    <id>.<hash>.trie   what was compiled from that copy
    <id>.<hash>.txt.gz the copy of an older version, see `versions`
    .work-<random>/    where one process fetches and compiles, see `workplace`
    .lock              held by the one process that reads, judges and commits, for moments
    .compiling         held by the one process that compiles a list

A new copy and trie get names of their own and reach the disk first; then the state that names
them replaces the old one by a rename. Killed at any point, the folder holds the old files or the
new ones, and some that no state names: `sweep` removes those. But only a list whose state can be
read has leftovers: as long as it can't, nobody knows what it names, and all files stay. The
status of a list is kept here and not in a database so that it changes in that same rename.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sinkhole.control.lists.recovery import versions_found
from sinkhole.control.lists.state import Remembered, SubscriptionState, Version, from_json
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.workplace import Workplace, sweep_workplaces
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError
from sinkhole.model.files import SHARED, FileLock, make_folder, move_into_place, write_atomically

UNUSED_GRACE_S: Final = 7 * 86_400.0
"""How long the files of a list are kept after it left the settings: a mistake costs nothing."""

LOCK_PATIENCE_S: Final = 10.0
COMPILE_PATIENCE_S: Final = 300.0
_LOCK_POLL_S: Final = 0.02
# Only names of this shape are ever removed: people put files of their own everywhere. The dot in
# front is what the compiler gives to a file it has not finished.
_OURS: Final = re.compile(r"(\.?)([a-z0-9-]+-(?:block|allow)-[0-9a-f]{12})\.([a-z0-9_.]+)")


class ListStore:
    """The folder of lists. Methods wait for the disk and raise StorageError, except `locked`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file_name: str) -> Path:
        """A file of the folder, by the name a state gives it."""
        return self.folder / file_name

    def name(self, list_id: str, content_hash: str, ending: str) -> str:
        """What a finished file of a list is called."""
        return f"{list_id}.{content_hash}.{ending}"

    def workplace(self) -> Workplace:
        """A place to fetch and compile in, to be removed by the caller. Only under the lock."""
        with _disk(self.folder):
            return Workplace.make(self.folder)

    def read(self, list_id: str) -> Remembered:
        """What the list's status file says; one that can't be read is not the same as none."""
        path = self._state_path(list_id)
        try:
            found = from_json(path.read_bytes())
        except FileNotFoundError:
            if not self._aside(list_id).exists():
                return Remembered()
            found = Remembered(None, "was set aside, and no new one came")
        except OSError as error:
            found = Remembered(None, f"can't be read: {error.strerror or error}")
        return found._replace(trouble=found.trouble and f"its status, {path}, {found.trouble}")

    def write(self, list_id: str, state: SubscriptionState) -> None:
        """Commit: from here on the list is what `state` says, even after a power failure.

        What could not be read, or not whole, is kept aside: the last such file of each list.
        """
        path = self._state_path(list_id)
        with _disk(self.folder):
            if self.read(list_id).trouble and path.exists():
                path.replace(self._aside(list_id))
            write_atomically(path, [state.to_json()], mode=SHARED)

    def keep(self, part: Path, list_id: str, content_hash: str, ending: str) -> str:
        """Give a finished part its lasting name, which is returned; no state names it yet.

        Only under the lock, and till it is committed: nobody knows that it is no leftover.
        """
        name = self.name(list_id, content_hash, ending)
        with _disk(self.folder):
            move_into_place(part, self.path(name))
        return name

    def size_bytes(self, state: SubscriptionState) -> int:
        """The room that all files of a list take."""
        total = 0
        for name in state.files:
            with contextlib.suppress(OSError):  # lost files take none
                total += self.path(name).stat().st_size
        return total

    def sweep(self, known_ids: Collection[str] | None, now: float) -> None:
        """Remove leftovers, and lists that left the settings UNUSED_GRACE_S ago.

        `known_ids` is None while nobody can tell which lists there are: then none has left. Only
        under the lock: what another process is writing looks like a leftover.
        """
        files: dict[str, set[str]] = defaultdict(set)
        with _disk(self.folder):
            sweep_workplaces(self.folder)
            for path in self.folder.iterdir():
                if (ours := _OURS.fullmatch(path.name)) and path.is_file():
                    files[ours[2]].add(path.name)
        for list_id, names in files.items():
            is_known = known_ids is None or list_id in known_ids
            leftovers = names - self._needed(list_id, names, now, is_known=is_known)
            with _disk(self.folder):
                for name in leftovers:
                    self.path(name).unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def locked(self, patience_s: float = LOCK_PATIENCE_S) -> AsyncIterator[None]:
        """Hold the folder's lock, for moments: never while a server or a compiler is waited for.

        Raises StorageError when another process keeps it for longer than `patience_s`, or the
        folder can't be made. The lock ends with the process that holds it, however it ends.
        """
        async with self._holding(".lock", patience_s, "updating the lists"):
            yield

    @contextlib.asynccontextmanager
    async def compiling(self) -> AsyncIterator[None]:
        """Be the one that compiles, of all processes; StorageError after COMPILE_PATIENCE_S.

        To be taken before the folder's lock, never under it.
        """
        async with self._holding(".compiling", COMPILE_PATIENCE_S, "compiling a list"):
            yield
        await asyncio.sleep(2 * _LOCK_POLL_S)  # else who waits in another process had no chance

    @contextlib.asynccontextmanager
    async def _holding(self, name: str, patience_s: float, doing: str) -> AsyncIterator[None]:
        lock = await asyncio.to_thread(self._open_lock, name)
        try:
            deadline = asyncio.get_running_loop().time() + patience_s
            while not lock.take_now():
                if asyncio.get_running_loop().time() >= deadline:
                    raise StorageError(
                        f"{self.folder}: another sinkhole is {doing}; try again later"
                    )
                await asyncio.sleep(_LOCK_POLL_S)
            yield
        finally:
            lock.release()

    def _needed(
        self, list_id: str, names: Collection[str], now: float, *, is_known: bool
    ) -> set[str]:
        """The files of a list to be kept, of these; notes since when it is unused."""
        found = self.read(list_id)
        if found == Remembered():
            return set()
        state = found.state
        unused_since = None if is_known else min((state and state.unused_since) or now, now)
        if unused_since is not None and now - unused_since > UNUSED_GRACE_S:
            return set()
        if state is None and not is_known:
            state = self._found_state(list_id)
        if state is not None and unused_since != state.unused_since:
            self.write(list_id, replace(state, unused_since=unused_since))
        if state is None or found.trouble or not is_known:
            return {self._aside(list_id).name, *filter(_is_finished, names)}
        return {self._state_path(list_id).name, self._aside(list_id).name, *state.files}

    def _found_state(self, list_id: str) -> SubscriptionState:
        """A state that names what is there of a list that nobody knows any more."""
        kind = "allow" if "-allow-" in list_id[-len("-allow-0123456789ab") :] else "block"
        newest, *_ = (*versions_found(self.folder, list_id), None)
        return SubscriptionState("", kind, used=newest)

    def _aside(self, list_id: str) -> Path:
        return self.folder / f"{list_id}.json.aside"

    def _state_path(self, list_id: str) -> Path:
        return self.folder / f"{list_id}.json"

    def _open_lock(self, name: str) -> FileLock:
        lock = FileLock(self.folder / name)
        with _disk(self.folder):
            make_folder(self.folder)
            lock.open()
        return lock


def _is_finished(name: str) -> bool:
    """Whether a file is whole: no part, and no draft of one."""
    return not (name.startswith(".") or name.endswith((".part", ".new")))


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Translate what the operating system says about the folder."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}") from error


def map_version(store: ListStore, subscription: Subscription, version: Version) -> CompiledList:
    """Map what was compiled of a version; ListError when it is missing, damaged or too old."""
    if not version.compiled:
        raise ListError(subscription.name, "not compiled")
    compiled, source = store.path(version.compiled), store.path(version.source)
    return CompiledList.map(compiled, subscription.name, subscription.kind, source)
