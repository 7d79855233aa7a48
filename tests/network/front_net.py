"""Networks for front_namespace: machines of their own, with real programs and the files of
packaging/front. Our own network is the client's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

FRONT: Final = Path(__file__).parents[2] / "packaging/front"
WHO: Final = "who.example.org"
"""Each box answers it with its own address."""

SINKHOLE: Final = (sys.executable, "-m", "sinkhole")

RUN: Final = "mount -t tmpfs run /run && mkdir /run/bird /run/keepalived /run/dnsdist && exec cat"


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


class Machine:
    """A network with a `/run`, and what runs there."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", RUN], stdin=subprocess.PIPE
        )
        self._inside = ["nsenter", "--target", str(self._holder.pid), "--net", "--mount"]
        self._running: list[subprocess.Popen[bytes]] = []
        while Path(f"/proc/{self._holder.pid}/comm").read_text() != "cat\n":
            assert self._holder.poll() is None
            time.sleep(0.01)
        self.ip("link set lo up")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program there and wait for it."""
        return subprocess.run(
            [*self._inside, *command], check=False, capture_output=True, text=True
        )

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program there; it ends with the machine at last."""
        with (self.folder / f"{Path(command[0]).name}.txt").open("ab") as out:
            process = subprocess.Popen([*self._inside, *command], stdout=out, stderr=out)
        self._running.append(process)
        return process

    def ip(self, command: str) -> None:
        subprocess.run([*self._inside, "ip", *command.split()], check=True)

    def set(self, key: str, value: int) -> None:
        """Tell the kernel something about networks there, as sysctl does."""
        path = f"/proc/sys/net/{key.replace('.', '/')}"
        subprocess.run([*self._inside, "sh", "-c", f"echo {value} > {path}"], check=True)

    def plug(self, device: str, other: Machine | None, there: str) -> None:
        """A cable from `device` here to `there` at another machine, or at us."""
        ip(f"link add near type veth peer name {there if other is None else 'far'}")
        ip(f"link set near netns {self._holder.pid} name {device}")
        self.ip(f"link set {device} up")
        if other is None:
            ip(f"link set {there} up")
            return
        ip(f"link set far netns {other._holder.pid} name {there}")
        other.ip(f"link set {there} up")

    def file(self, recipe: str, instead: Mapping[str, str]) -> Path:
        """A file of packaging/front with some of its words replaced, each of which is there."""
        text = (FRONT / recipe).read_text()
        for old, new in instead.items():
            assert old in text, (recipe, old)
            text = text.replace(old, new)
        path = self.folder / recipe
        path.write_text(text)
        path.chmod(0o644)
        return path

    def close(self) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait()
        self._holder.communicate()


class Box(Machine):
    """A machine with a sinkhole, which tells `WHO` asks it that it was this one."""

    def __init__(self, name: str, folder: Path, own: str, **dns: Any) -> None:
        super().__init__(name, folder)
        self.own = own
        settings = {
            "dns": {"allow": ["any"], "rate_limit": 0, "drain": "5s", **dns},
            "upstream": {"servers": ["127.0.0.1:9"]},
            "filtering": {"lists": []},
            "local": {"records": {WHO: [own]}},
            "devices": {"hosts_file": False, "leases": False, "reverse": False, "mdns": False},
            "data_dir": str(self.folder / "data"),
        }
        self._config = self.folder / "sinkhole.yaml"
        self._config.write_text(json.dumps(settings))

    def serve(self) -> None:
        """Start the sinkhole."""
        self.sinkhole = self.start(*SINKHOLE, "run", "--config", self._config)

    def drain(self, *words: str) -> None:
        done = self.run(*SINKHOLE, "drain", *words, "--config", str(self._config))
        assert done.returncode == 0, done.stderr

    def undrain(self) -> None:
        self.drain("--off")
