"""A worker: `python -m sinkhole.dns.worker LINK PLACES LEVEL`, started by a running server only.

LINK and PLACES are the numbers of sockets that it was given, LEVEL is how much it logs.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys

from sinkhole.dns.worker.worker import Worker


async def _run(link: int, places: int) -> None:
    await Worker(socket.socket(fileno=link), socket.socket(fileno=places)).run()


if __name__ == "__main__":
    _, link, places, level = sys.argv
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(_run(int(link), int(places)))
