"""Programs of other people: servers that run as long as a test needs them, and commands."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import dnslib
from house import LIMIT_S, until
from places import Place

PATH: Final = f"{os.environ['PATH']}:/usr/sbin"
ENVIRON: Final = {**os.environ, "PATH": PATH}


def missing(*programs: str) -> list[str]:
    """Which of them are not installed here."""
    return [name for name in programs if shutil.which(name, path=PATH) is None]


async def output_of(folder: Path, *command: str) -> str:
    """What a command writes, all of it; fails where it does not end well."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=ENVIRON,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        said, _ = await process.communicate()
    assert process.returncode == 0, f"{command}: {said.decode()}"
    return said.decode()


@asynccontextmanager
async def serving(folder: Path, place: Place, command: list[str]) -> AsyncIterator[None]:
    """A DNS server of this command, which answers by UDP at `place`, until the end."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
            env=ENVIRON,
        )  # fmt: skip
    try:
        await until(lambda: process.returncode is not None or _answers(place), command[0])
        assert process.returncode is None, f"{command[0]} does not start: {log.read_text()}"
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _answers(place: Place) -> bool:
    """Whether somebody answers queries there, now."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(place)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                loop = asyncio.get_running_loop()
                query = dnslib.DNSRecord.question("nobody.invalid", "SOA")
                await loop.sock_sendall(sock, bytes(query.pack()))
                return len(await loop.sock_recv(sock, 4096)) >= 12
    return False
