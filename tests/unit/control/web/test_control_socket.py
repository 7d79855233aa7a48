"""The socket in the data folder: who it is for, long paths, what a killed server left."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, UnixConnector
from bare_house import KnownActors, bare_house

from sinkhole.control.web import ControlSocket, create_app
from sinkhole.control.web import callers as web_callers
from sinkhole.model.errors import StorageError


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Any]:
    """`await asked(folder, path, **options)`: status and JSON of an answer by the socket."""
    made: list[ControlSocket] = []

    async def ask(folder: Path, path: str, **options: Any) -> tuple[int, Any]:
        if not made:
            made.append(ControlSocket(create_app(bare_house()), folder))
            await made[0].start()
        async with (
            ClientSession(connector=UnixConnector(str(made[0].path))) as client,
            client.request(options.pop("method", "GET"), f"http://any{path}", **options) as answer,
        ):
            return answer.status, await answer.json()

    yield ask
    for each in made:
        await each.stop()


async def test_the_service_s_user_may_do_everything(asked: Any, tmp_path: Path) -> None:
    status, me = await asked(tmp_path, "/api/v1/me")
    assert (status, me["kind"]) == (200, "socket")
    assert "accounts:write" in me["permissions"]


async def test_neither_host_nor_origin_nor_content_type_matter_there(
    asked: Any, tmp_path: Path
) -> None:
    headers = {"Host": "evil.example.com", "Origin": "http://evil.example.com"}
    status, told = await asked(tmp_path, "/api/v1/sign-out", method="POST", headers=headers)
    assert (status, told["code"]) == (409, "no_session")


async def test_another_user_of_the_machine_is_told_to_use_sudo(
    asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_callers, "_PEER", _PeerOf(4711))
    for path in ("/api/v1/me", "/api/status", "/nothing"):
        status, told = await asked(tmp_path, path)
        assert status == 403
        assert "sudo" in (told.get("detail") or told["error"])


class _PeerOf:
    """What the kernel would say of another user's process."""

    size = 12

    def __init__(self, user: int) -> None:
        self._user = user

    def unpack(self, packed: bytes) -> tuple[int, int, int]:
        assert len(packed) == self.size
        return 1, self._user, self._user


async def test_it_is_for_its_owner_alone_and_gone_after_the_stop(tmp_path: Path) -> None:
    made = ControlSocket(create_app(bare_house()), tmp_path)
    await made.start()
    found = made.path.lstat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == os.geteuid()
    await made.stop()
    assert not made.path.exists()


async def test_what_a_killed_server_left_is_replaced(asked: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "sinkhole.sock"))
    status, _ = await asked(tmp_path, "/api/v1/me")
    assert status == 200


async def test_a_socket_that_answers_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sinkhole.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        second = ControlSocket(create_app(bare_house()), tmp_path)
        with pytest.raises(StorageError, match="another program listens"):
            await second.start()
        await second.stop()
        assert path.exists()


async def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sinkhole.sock"
    path.write_text("mine")
    with pytest.raises(StorageError, match="is no socket"):
        await ControlSocket(create_app(bare_house()), tmp_path).start()
    assert path.read_text() == "mine"


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="commands can't reach the server"):
        await ControlSocket(create_app(bare_house()), tmp_path / "none").start()


async def test_a_socket_put_in_its_place_is_not_taken_away(tmp_path: Path) -> None:
    made = ControlSocket(create_app(bare_house()), tmp_path)
    await made.start()
    made.path.unlink()
    made.path.write_text("another's")
    await made.stop()
    assert made.path.read_text() == "another's"


async def test_a_path_that_is_too_long_for_the_kernel_works(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 60) / ("b" * 60)
    folder.mkdir(parents=True)
    made = ControlSocket(create_app(bare_house(identity=KnownActors())), folder)
    await made.start()
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        short = f"/proc/self/fd/{handle}/sinkhole.sock"
        async with (
            ClientSession(connector=UnixConnector(short)) as client,
            client.get("http://any/api/v1/me") as answer,
        ):
            assert answer.status == 200
    finally:
        os.close(handle)
        await made.stop()
    assert not made.path.exists()
