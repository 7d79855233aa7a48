"""A PostgreSQL of our own, in a temporary folder and on a socket there, for tests that need one.

One runs for each process of tests that asks for it; every test has a database of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


def programs() -> Path:
    """The folder of initdb, postgres and psql; skips where there is none."""
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    if not _PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    return _PROGRAMS[-1].parent


class PostgresServer:
    """One server; `stop` and `start` are for tests in which it is away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = programs()
        # It refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else ""
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "-D", f"{folder}/data", "-U", "sinkhole", "--auth=trust", "--no-sync")

    def start(self) -> None:
        settings = " ".join(f"-c {each}" for each in _FAST)
        options = f"-c listen_addresses='' -k {self._folder} {settings}"
        self._control("start", "-w", "-l", f"{self._folder}/log", "-o", options)

    def stop(self) -> None:
        self._control("stop", "-w", "-m", "immediate")

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"t{uuid.uuid4().hex}"
        self._run("createdb", "-h", str(self._folder), "-U", "sinkhole", name)
        return f"postgresql://sinkhole@/{name}?host={self._folder}"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", f"{self._folder}/data", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        before = ("setpriv", "--reuid", self._user, "--clear-groups") if self._user else ()
        said = self._folder / "said"
        with said.open("wb") as output:  # no pipe: the server would keep it open
            done = subprocess.run(
                [*before, str(self._bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
            )
        assert done.returncode == 0, said.read_text()


def running() -> Iterator[PostgresServer]:
    """A server while this is not closed."""
    programs()
    folder = Path(tempfile.mkdtemp(prefix="sinkhole-postgres-"))
    server = PostgresServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
