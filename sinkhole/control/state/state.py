"""The file of what may not be lost: opened, brought up to date, copied, closed."""

from __future__ import annotations

from pathlib import Path

from sinkhole.control.state.audit import Audit
from sinkhole.control.state.stored import StoredSettings
from sinkhole.model.faults import Faults
from sinkhole.model.status import Problem


class State:
    """`data_dir/state.db`, from `open` to `close`.

    `read_only` says in words why nothing can be written, "" in the usual case; then writing raises
    StorageError with these words. `is_new` says that there was no file before.
    """

    stored: StoredSettings
    audit: Audit
    read_only: str
    is_new: bool

    @classmethod
    async def open(cls, folder: Path, *, faults: Faults | None = None) -> State:
        """Open or make the file in the data folder, copied before it is migrated.

        Never fails for what is in the file: damaged or of a newer sinkhole, the last good snapshot
        is read in its place, else nothing at all, and `read_only` and `problems` say so. Raises
        StorageError where the folder can't be had.
        """
        raise NotImplementedError

    @classmethod
    async def look(cls, folder: Path) -> State:
        """Read the file beside a running server, or without one; nothing is made or changed."""
        raise NotImplementedError

    @property
    def problems(self) -> list[Problem]:
        """What the person running sinkhole should know."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the file."""
        raise NotImplementedError
