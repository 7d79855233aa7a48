"""The server as a whole: `sinkhole drain` and `restart`."""

from __future__ import annotations

import os
import time
from typing import Any, Final

import click

from sinkhole.cli.calling import LONG_PATIENCE_S, Caller
from sinkhole.cli.telling import Told, asking
from sinkhole.model.errors import SinkholeError

LOOK_S: Final = 0.2
"""How often it is looked whether the next program answers."""

GONE_S: Final = 30.0
"""How long whoever looks after a server may take to start it, where its process has ended."""

_DRAINED: Final = (
    "Drained: /readyz says so, and DNS goes on being answered. `sinkhole drain --off` takes it "
    "back, and so does a restart."
)


@click.command()
@click.option("--off", is_flag=True, help="Have it asked again.")
@asking(offline=False)
def drain(caller: Caller, off: bool) -> Told:
    """Have other servers asked instead of this one.

    For whatever spreads queries over several servers, and asks each whether it is ready: /readyz
    is 503 from now on, while DNS goes on being answered for who asks all the same. It lasts until
    --off, or until the server is begun anew.

    Exit code 1 without a server.
    """
    told = caller.call("server.undrain" if off else "server.drain")
    return Told(told, "No longer drained." if off else _DRAINED)


@click.command()
@asking(offline=False)
def restart(caller: Caller) -> Told:
    """Begin anew, as what is installed now, without a gap.

    That is asked first whether it would start with the settings; if not, nothing is done. Else
    workers go on answering DNS until it does. Page and commands are away for some seconds, and
    connections over TCP, TLS, HTTPS and QUIC are made anew by whoever had them.

    Exit code 0 when the new program answers; 1 when it was not begun, or does not answer.
    """
    began = time.monotonic()
    before = caller.call("server.restart", patience_s=LONG_PATIENCE_S)
    after = _next(caller, before)
    took_s = time.monotonic() - began
    told = {key: after[key] for key in ("version", "run", "pid")}
    words = f"sinkhole {after['version']} answers, as process {after['pid']}, after {took_s:.1f} s"
    return Told({**told, "seconds": round(took_s, 3)}, words)


def _next(caller: Caller, before: dict[str, Any]) -> dict[str, Any]:
    """The status of the program that follows; SinkholeError where none answers."""
    began = seen = time.monotonic()
    while time.monotonic() < min(seen + GONE_S, began + LONG_PATIENCE_S):
        if _lives(before["pid"]):
            seen = time.monotonic()
        try:
            status: dict[str, Any] = caller.call("status.show")
        except SinkholeError:  # it closes just now, or is not there yet
            status = before
        if status["run"] != before["run"]:
            return status
        time.sleep(LOOK_S)
    raise SinkholeError("the next program does not answer: see what it says in its log")


def _lives(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
