"""A PostgreSQL of the bench's own: on a socket in its folder, as durable as one is by default."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

MEMORY: Final = ("shared_buffers=1GB", "maintenance_work_mem=512MB", "max_wal_size=4GB")
NAME: Final = "sinkhole"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class OwnDatabase:
    """One server, stopped and started as often as is wanted; its files stay in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_new = not (folder / "data").exists()
        found = programs()
        if found is None:
            raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        self._bin = found
        # It refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else ""
        folder.mkdir(parents=True, exist_ok=True)
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        if self.is_new:
            self._run("initdb", "-D", f"{folder}/data", "-U", NAME, "--auth=trust")

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://{NAME}@/{NAME}?host={self.folder}"

    def start(self) -> None:
        """Start it, and make the database if there is none."""
        settings = " ".join(f"-c {each}" for each in MEMORY)
        options = f"-c listen_addresses='' -k {self.folder} {settings}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", f"{self.folder}/data", "start", "-w", "-l", log, "-o", options)
        if self.is_new:
            self._run("createdb", "-h", str(self.folder), "-U", NAME, NAME)
            self.is_new = False

    def stop(self, how: str = "fast") -> None:
        """Stop it; "immediate" is as if it had crashed."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "stop", "-w", "-m", how)

    def _run(self, program: str, *arguments: str) -> None:
        before = ("setpriv", "--reuid", self._user, "--clear-groups") if self._user else ()
        said = self.folder / "said"
        with said.open("wb") as output:  # no pipe: the server would keep it open
            command = [*before, str(self._bin / program), *arguments]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )
        if done.returncode:
            raise SystemExit(f"{program} failed: {said.read_text()}")
