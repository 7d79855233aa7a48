"""The file by which the counters of /metrics go on over a restart: written at the end, used once.

Losing it costs nothing: counters begin at 0 then, as those of other programs do.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from sinkhole.control.operations.house import House
from sinkhole.control.stats import Carried
from sinkhole.model.errors import StorageError
from sinkhole.model.files import SHARED, write_atomically

log = logging.getLogger(__name__)


class CountersFile:
    """Keeps `carried` in `data_dir/counters.json` from one run to the next; waits for the disk."""

    def __init__(self, data_dir: Path, carried: Carried) -> None:
        self._path = data_dir / "counters.json"
        self._carried = carried

    def restore(self) -> None:
        """Take over what the last run wrote, and remove it: who is killed wrote nothing, and may
        not go on from what was before that."""
        try:
            data = self._path.read_bytes()
            self._path.unlink()
            self._carried.restore(data.decode())
        except FileNotFoundError:
            return
        except (OSError, ValueError, StorageError) as error:
            log.warning("the counters of /metrics begin at 0: %s", error)

    async def save(self, house: House) -> None:
        """Write down how far those of a house are, when nothing is counted any more."""
        await asyncio.to_thread(self._save, house)

    def _save(self, house: House) -> None:
        from sinkhole.control.web import count_once_more  # takes long, and is there if it was used

        count_once_more(house)
        try:
            write_atomically(self._path, [self._carried.dumped().encode()], mode=SHARED)
        except OSError as error:
            log.warning("the counters of /metrics will begin at 0: %s", error.strerror)
