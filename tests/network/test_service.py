"""The service: its unit as systemd reads it, and the program as a service manager sees it."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from house import answers, until
from places import nobodys_place
from program import Program

UNIT: Final = Path(__file__).parents[2] / "packaging/sinkhole.service"
FRONT: Final = UNIT.with_name("front")
MOST_EXPOSED: Final = "20"
"""Tenths of systemd's exposure level, of which 100 is the worst: what is left open is the network,
and port 53."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is installed on this machine."""
    text = UNIT.read_text().replace("/opt/sinkhole/bin/sinkhole", "/bin/true")
    path = tmp_path / "sinkhole.service"
    path.write_text(text)
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    verified = analyze("verify", "--man=no", str(unit))
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_systemd_has_nothing_to_say_about_announcing(unit: Path) -> None:
    announcing = unit.with_name("sinkhole-announce.service")
    text = (FRONT / announcing.name).read_text()
    announcing.write_text(text.replace("/opt/sinkhole/front/announce", "/bin/true"))
    verified = analyze("verify", "--man=no", str(unit), str(announcing))
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_confined_as_far_as_systemd_can_tell(unit: Path) -> None:
    judged = analyze(
        "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", str(unit)
    )
    assert judged.returncode == 0, judged.stdout[-500:]
    assert re.search(r"Overall exposure level for sinkhole.service: 1\.\d OK", judged.stdout)


def test_it_is_begun_anew_when_it_is_stuck_or_falls() -> None:
    text = UNIT.read_text()
    assert {"Type=notify", "NotifyAccess=main", "Restart=on-failure"} <= set(text.split("\n"))
    assert re.search(r"^WatchdogSec=\d+$", text, re.M)
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", text, re.M)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def heard_by(manager: socket.socket, heard: list[str]) -> list[str]:
    """All lines so far."""
    while True:
        try:
            heard += manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return heard


async def test_the_manager_is_told_of_the_start_of_life_of_reloads_and_of_the_end(
    tmp_path: Path, manager: socket.socket
) -> None:
    program = Program(tmp_path)
    program.environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "600000"}
    heard: list[str] = []
    async with program.running(filtering__rules=["||one.example^"]):
        await until(lambda: "READY=1" in heard_by(manager, heard), "that it is ready")
        assert await answers(program.dns[0], "one.example") == ["0.0.0.0"]
        await until(lambda: heard_by(manager, heard).count("WATCHDOG=1") > 2, "that it lives")
        assert any(line.startswith("STATUS=") and "DNS on 127.0.0.1" in line for line in heard)
        heard.clear()
        program.send(signal.SIGHUP)
        await until(lambda: "RELOADING=1" in heard_by(manager, heard), "the reload")
        await until(lambda: "READY=1" in heard_by(manager, heard), "its end")
        heard.clear()
        assert await program.stop() == 0
    assert "STOPPING=1" in heard_by(manager, heard)


async def test_while_its_port_is_taken_it_counts_as_started_and_lives_and_says_what_is_wrong(
    tmp_path: Path, manager: socket.socket
) -> None:
    """A manager that waited for DNS would end it for being late, begin it anew, and so without
    end; and nobody would see the page that says what to do."""
    program, place = Program(tmp_path), nobodys_place()
    program.environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "600000"}
    heard: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(place)
        async with program.running(dns__listen=[str(place)]):
            assert "READY=1" in heard_by(manager, heard)
            await until(lambda: heard_by(manager, heard).count("WATCHDOG=1") > 2, "that it lives")
            wrong = f"DNS on no address yet, the page on {program.url}; dns.listen: {place} is in"
            await until(lambda: wrong in "".join(heard_by(manager, heard)), "what is wrong")
            assert all(each.startswith("STATUS=failing:") for each in heard if "STATUS" in each)
            other.close()
            well = f"names, DNS on {place}"
            await until(lambda: well in "".join(heard_by(manager, heard)), "that it is well")
            assert await program.stop() == 0


async def test_a_loop_that_is_stuck_feeds_nobody(tmp_path: Path, manager: socket.socket) -> None:
    """Stopped by a signal it stands for any loop that does not come round."""
    program = Program(tmp_path)
    program.environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "300000"}
    heard: list[str] = []
    async with program.running():
        await until(lambda: "WATCHDOG=1" in heard_by(manager, heard), "that it lives")
        program.send(signal.SIGSTOP)
        await until(lambda: is_quiet(manager), "silence")
        program.send(signal.SIGCONT)
        heard.clear()
        await until(lambda: "WATCHDOG=1" in heard_by(manager, heard), "that it lives again")
        assert await program.stop() == 0


def is_quiet(manager: socket.socket) -> bool:
    """Whether nothing was told within twice the time after which a manager kills."""
    manager.settimeout(0.6)
    try:
        manager.recv(4096)
    except TimeoutError:
        return True
    finally:
        manager.setblocking(False)
    return False
