"""The command line, for the tests of each command, and a house with lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from command_line import CommandLine
from list_house import Handler, Server, settle


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def house(command: CommandLine, server: Server) -> CommandLine:
    """Settings with a list from the server, one from a file and a disabled one."""
    settle(command, server)
    return command
