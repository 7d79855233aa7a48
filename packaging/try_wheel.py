"""Does the wheel work where nothing else of this project is: install it, start it, ask it.

    try_wheel.py WHEEL LOCKED_REQUIREMENTS

Everything happens in a new folder and on free ports of 127.0.0.1. The name asked for stands on the
starter list, which came inside the wheel, so only pip needs a network; so did the page, which is
asked for with what it is made of. Whatever is not as it should be ends this program with an error.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LISTED: Final = "doubleclick.net"
LIMIT_S: Final = 60.0
A: Final = 1
"""The type of an IPv4 address (RFC 1035, section 3.2.2)."""


def main(wheel: Path, requirements: Path) -> None:
    """Install `wheel` with `requirements`, then see what its program says, alone and when asked."""
    with tempfile.TemporaryDirectory(prefix="sinkhole-wheel-") as name:
        folder = Path(name)
        program = install(wheel.resolve(), requirements.resolve(), folder)
        version = wheel.name.split("-")[1]
        said = run(program, "--version", cwd=folder)
        expect(said.split()[-1] == version, f"{wheel.name} says it is {said!r}")
        with server(program, folder) as (host, port, page):
            addresses = ask(host, port, LISTED)
            parts = re.findall(r'="\./(assets/[^"]+)"', fetched(page))
            expect(len(parts) >= 2, f"the page at {page} is made of {parts}")
            for part in parts:
                expect(fetched(page + part) != "", f"{part} of the page is empty")
        expect(addresses == ["0.0.0.0"], f"{LISTED} is {addresses}, and should be blocked")
    print(f"{wheel.name}: installed alone, version {version}, {LISTED} is 0.0.0.0")


def install(wheel: Path, requirements: Path, folder: Path) -> Path:
    """A new environment in `folder` with these alone; the program's path."""
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    python = folder / "env/bin/python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", requirements, cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    run(python, "-m", "pip", "check", cwd=folder)
    return python.with_name("sinkhole")


@contextmanager
def server(program: Path, folder: Path) -> Iterator[tuple[str, int, str]]:
    """The server with its default settings but for ports and data; where it answers DNS, and the
    address of its page."""
    settings = {
        "SINKHOLE__DNS__LISTEN": '["127.0.0.1:0"]',
        "SINKHOLE__WEB__LISTEN": "127.0.0.1:0",
        "SINKHOLE__UPSTREAM__SERVERS": '["127.0.0.1:9"]',  # nobody: there is nothing to forward
        "SINKHOLE__DATA_DIR": str(folder / "data"),
    }
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [program, "run"], cwd=folder, env=clean() | settings, stdout=out, stderr=out
        )
    try:
        yield address(process, log)
        process.send_signal(signal.SIGTERM)
        code = process.wait(LIMIT_S)
        expect(code == 0, f"the server ended with {code}:\n{log.read_text()}")
    finally:
        process.kill()
        process.wait()


def address(process: subprocess.Popen[bytes], log: Path) -> tuple[str, int, str]:
    """Wait for the end of the server's greeting, when its lists are in use; what `server` says."""
    deadline = time.monotonic() + LIMIT_S
    while "Try it:" not in (said := log.read_text()):
        alive = process.poll() is None and time.monotonic() < deadline
        expect(alive, f"the server does not start:\n{said}")
        time.sleep(0.1)
    found = re.search(r"^ +DNS +([\d.]+):(\d+)", said, re.MULTILINE)
    page = re.search(r"^ +Page +(http://\S+)", said, re.MULTILINE)
    if not found or not page:
        raise SystemExit(f"the server does not say where it listens:\n{said}")
    return found[1], int(found[2]), f"{page[1]}/"


def fetched(url: str) -> str:
    """What is at an address of the page. Raises URLError where nothing is."""
    with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
        body: bytes = answer.read()
    return body.decode()


def ask(host: str, port: int, name: str) -> list[str]:
    """The addresses in the answer about `name`, which must consist of them (RFC 1035, section 4).

    In a reply to a question alone, each record of the answer is a pointer to the name (2 bytes),
    type, class, TTL, length of the address (10 bytes) and the address.
    """
    number = secrets.token_bytes(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + A.to_bytes(2) + b"\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendto(number + bytes.fromhex("0100 0001 0000 0000 0000") + question, (host, port))
        reply = sock.recv(512)
    expect(reply[:2] == number and reply[3] & 15 == 0, f"the reply is {reply.hex()}")
    answer = reply[12 + len(question) :]
    return [socket.inet_ntoa(answer[at + 12 : at + 16]) for at in range(0, len(answer), 16)]


def run(*words: str | Path, cwd: Path) -> str:
    """What a command prints; its failure is this program's."""
    return subprocess.run(
        words, cwd=cwd, env=clean(), check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def clean() -> dict[str, str]:
    """The environment without what would lead back to this project."""
    return {
        name: value
        for name, value in os.environ.items()
        if "SINKHOLE" not in name and not name.startswith(("PYTHONPATH", "VIRTUAL_ENV"))
    }


def expect(is_so: bool, otherwise: str) -> None:
    """End with what is wrong, unless it `is_so`."""
    if not is_so:
        raise SystemExit(f"try_wheel: {otherwise}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
