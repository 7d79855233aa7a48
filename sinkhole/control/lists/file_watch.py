"""Being told by the kernel when files change (inotify), instead of looking at them all the time.

Looking every few seconds would keep disks and laptops from sleeping. What the kernel can't tell
(other systems than Linux, changes that another machine makes on a shared disk) is left to the look
that is taken now and then in any case.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Iterable
from pathlib import Path
from struct import Struct
from typing import Final

SETTLE_S: Final = 0.3
"""How long after a first sign the look is taken; also the least time between two looks."""

_ATTRIBUTES, _WRITTEN, _ARRIVED = 0x4, 0x8, 0x80  # IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_TO
_CREATED, _REMOVED = 0x100, 0x200  # IN_CREATE, IN_DELETE
_ITSELF_REMOVED, _ITSELF_MOVED = 0x400, 0x800  # IN_DELETE_SELF, IN_MOVE_SELF
_NO_LONGER_WATCHED: Final = 0x8000  # IN_IGNORED

_IN_FOLDER: Final = _ARRIVED | _REMOVED
"""Files of ours get their names by a rename."""

_AMONG_OTHERS: Final = _IN_FOLDER | _CREATED | _WRITTEN
"""Others write theirs as they please, or put links in their place."""

_TO_FILE: Final = _ATTRIBUTES | _WRITTEN | _ITSELF_REMOVED | _ITSELF_MOVED
"""A file that another takes the place of has one name less, which is an attribute."""

_EVENT: Final = Struct("=iIII")
_MOST_BYTES: Final = 1 << 16


class FileWatch:
    """Watches a folder of ours and files of others, and sets `changed`; `close` it in its loop."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watched: set[int] = set()
        self._handle = -1
        init = getattr(self._libc, "inotify_init1", None)
        if init is not None:
            self._handle = init(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.works:
            asyncio.get_running_loop().add_reader(self._handle, self._read)

    @property
    def works(self) -> bool:
        """Whether there is such a thing here, and we may have one more."""
        return self._handle >= 0

    def follow(
        self, folder: Path | None, files: Iterable[Path], foreign: Iterable[Path] = ()
    ) -> None:
        """Watch these from now on and nothing else; those that are missing are left out.

        `folder` is one of ours, `foreign` are folders that others write in. To be called before
        each look, as what was replaced since has to be watched anew. Waits for the disk: in a
        thread only.
        """
        if not self.works:
            return
        masks = [(folder, _IN_FOLDER)] if folder is not None else []
        masks += [(each, _AMONG_OTHERS) for each in foreign]
        masks += [(file, _TO_FILE) for file in files]
        add = self._libc.inotify_add_watch
        now = {add(self._handle, os.fsencode(path), mask) for path, mask in masks} - {-1}
        for gone in self._watched - now:
            self._libc.inotify_rm_watch(self._handle, gone)
        self._watched = now

    async def wait(self, most_s: float) -> bool:
        """Wait until `changed` is set, `most_s` at most, and clear it; whether it was.

        What comes within the next moment belongs to the same change.
        """
        try:
            async with asyncio.timeout(most_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(min(SETTLE_S, most_s))
        self._changed.clear()
        return True

    def close(self) -> None:
        """Watch nothing any more."""
        if self.works:
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1

    def _read(self) -> None:
        events = os.read(self._handle, _MOST_BYTES)
        at = 0
        while at < len(events):
            _, mask, _, name_size = _EVENT.unpack_from(events, at)
            if mask != _NO_LONGER_WATCHED:  # which our own rm_watch brings about
                self._changed.set()
            at += _EVENT.size + name_size
