"""A data folder with a query log of ten million rows that ends about now, as a server has it that
has been running all the time: minutes folded into hours, names summed by day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.household import DAYS, write_log
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import Rollups

ROWS: Final = 10_000_000
STALE_S: Final = 6 * 3600.0
"""A log that ended longer ago is made anew: the page shows the last day."""
_TIDIED_AT_ONCE: Final = 50


def data_folder(work: Path, tell: Callable[[str], None]) -> Path:
    """The folder; what was made before is used again while it is fresh."""
    folder = work / "page" / "data"
    path = folder / "querylog.db"
    if path.exists() and time.time() - path.stat().st_mtime < STALE_S:
        return folder
    for file in folder.glob("querylog.db*"):
        file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"a log of {ROWS:,} rows is made, which takes some time")
    asyncio.run(_make(path, tell))
    return folder


async def _make(path: Path, tell: Callable[[str], None]) -> None:
    aside, end_s = path.with_name("unfinished.db"), time.time()
    for file in path.parent.glob("unfinished.db*"):
        file.unlink()
    await write_log(aside, ROWS, tell, end_s)
    database, _ = await open_database(aside)
    try:
        rollups, is_more = Rollups(400 * 86_400.0), True
        while is_more:
            async with database.transaction():
                for _ in range(_TIDIED_AT_ONCE):
                    oldest_s = end_s - DAYS * 86_400
                    is_more = await rollups.tidy(database, end_s, oldest_s, pressed=False)
                    if not is_more:
                        break
    finally:
        await database.close()
    aside.rename(path)
