"""The real program as a child process.

async with Program(folder).running(upstream, filtering__rules=[...]) as program:
    await answers(program.dns[0], "example.org")
    assert await program.stop() == 0
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from fake_upstream import FakeUpstream
from house import LIMIT_S, until, wanted

SCRIPT: Final = Path(sys.executable).with_name("sinkhole")
COMMAND: Final = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "sinkhole"]

_CLEAN: Final = {name: value for name, value in os.environ.items() if "SINKHOLE" not in name}


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Program:
    """One data folder and settings file, and the program that runs with them, now and then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "sinkhole.yaml"
        self.environ: Mapping[str, str] = {}
        self.limits = ""
        """Limits of the server's process, as `ulimit` takes them: "-n 64"."""
        self._process: asyncio.subprocess.Process | None = None
        self._out, self._err = folder / "out.txt", folder / "err.txt"

    def settle(self, upstream: FakeUpstream | None = None, **changes: Any) -> None:
        """Write the settings file, see `house.wanted`; JSON is YAML."""
        self.config.write_text(json.dumps(wanted(self.folder, upstream, **changes)))

    # -- the server ----------------------------------------------------------------------------

    @asynccontextmanager
    async def running(
        self, upstream: FakeUpstream | None = None, **changes: Any
    ) -> AsyncIterator[Program]:
        """The server, answering; killed at the end if the test has not stopped it."""
        self.settle(upstream, **changes)
        await self.start()
        try:
            yield self
        finally:
            await self.kill()

    async def start(self) -> None:
        """Start the server and wait until it says where the page is, which is when all is up."""
        await self.launch()
        await until(lambda: "Page" in self.out or not self.is_running, "the greeting")
        assert self.is_running, self.err

    async def launch(self, *, out: int | None = None, err: int | None = None) -> None:
        """Start the server, writing its greeting and log there if given, and wait for nothing."""
        with self._out.open("wb") as usual, self._err.open("wb") as usual_err:
            limited = ["sh", "-c", f'ulimit {self.limits} && exec "$@"', "sh"]
            self._process = await asyncio.create_subprocess_exec(
                *(limited if self.limits else []),
                *COMMAND, "run", "--config", str(self.config),
                stdout=usual if out is None else out, stderr=usual_err if err is None else err,
                env={**_CLEAN, **self.environ},
            )  # fmt: skip

    async def loaded(self) -> None:
        """Wait for the end of the greeting: all lists are in use or have failed."""
        await until(lambda: "Try it:" in self.out, "the end of the greeting")

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def lift(self, limit: int) -> None:
        """Take a soft limit of the running server away, such as resource.RLIMIT_FSIZE."""
        assert self._process is not None
        _, hard = resource.prlimit(self._process.pid, limit)
        resource.prlimit(self._process.pid, limit, (hard, hard))

    def spare(self, count: int) -> None:
        """Let the running server open so many files and sockets besides those that it has."""
        assert self._process is not None
        pid = self._process.pid
        most = len(os.listdir(f"/proc/{pid}/fd")) + count
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, hard))

    async def ended(self) -> int:
        """Wait for the exit code."""
        assert self._process is not None
        async with asyncio.timeout(LIMIT_S):
            return await self._process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Have the server stop; its exit code."""
        self.send(number)
        return await self.ended()

    async def kill(self) -> None:
        """kill -9, if it runs."""
        if self.is_running:
            assert self._process is not None
            self._process.kill()
            await self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def dns(self) -> list[str]:
        """The addresses in the greeting, with real ports."""
        return re.findall(r"(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+", self._line("DNS"))

    @property
    def url(self) -> str:
        return self._line("Page")

    def _line(self, title: str) -> str:
        found = re.search(rf"^ +{title} +(.*)$", self.out, re.MULTILINE)
        assert found, self.out
        return found[1]

    # -- other commands ------------------------------------------------------------------------

    def pin(self) -> None:
        """Write the running server's ports into the settings, so that commands find it."""
        tree = json.loads(self.config.read_text())
        tree["dns"]["listen"] = self.dns
        tree["web"]["listen"] = self.url.removeprefix("http://")
        self.config.write_text(json.dumps(tree))

    async def command(self, *words: str, config: bool = True) -> Done:
        """Run a command with the settings file and wait for its end."""
        options = ["--config", str(self.config)] if config else []
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *words, *options,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**_CLEAN, **self.environ}, cwd=self.folder,
        )  # fmt: skip
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err
        return Done(process.returncode, out.decode(), err.decode())
