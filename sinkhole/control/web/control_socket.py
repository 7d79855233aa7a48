"""The socket in the data folder: the same addresses, for root and the user whom the server runs as.

Commands ask there. The kernel says who asks, so nobody has to sign in, and no browser reaches it.
"""

from __future__ import annotations

import os
import socket
import stat
from asyncio import to_thread
from pathlib import Path
from typing import Final

from aiohttp import web

from sinkhole.control.web.serving import PATIENCE_S, Room, Serving
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.socket_place import SOCKET_NAME, socket_path

MOST_CONNECTIONS: Final = 16
"""Commands that ask at once; those that follow the log stay connected."""
BACKLOG: Final = 16


class ControlSocket:
    """An application served at `folder/sinkhole.sock`, from `start` to `stop`.

    The folder's lock must be ours: a socket that is there and answers nobody is taken for one that
    a server left behind which was killed.
    """

    def __init__(
        self,
        app: web.Application,
        folder: Path,
        *,
        patience_s: float = PATIENCE_S,
        faults: Faults | None = None,
    ) -> None:
        self.path = folder / SOCKET_NAME
        room = Room(MOST_CONNECTIONS, MOST_CONNECTIONS)
        self._serving = Serving(app, room, patience_s=patience_s, faults=faults)
        self._made: os.stat_result | None = None

    async def start(self) -> None:
        """Listen. Raises StorageError where that is not possible; it may be called again."""
        sock = await to_thread(self._bind)
        await self._serving.begin(sock)

    async def stop(self) -> None:
        """Listen no more, and take the socket away."""
        await to_thread(self._remove)
        await self._serving.end()

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.setblocking(False)
            with socket_path(self.path.parent) as path:
                _clear(path)
                # Before it has a name: so there is no moment in which others may connect.
                os.fchmod(sock.fileno(), 0o600)
                sock.bind(path)
            sock.listen(BACKLOG)
            self._made = self.path.lstat()
        except OSError as error:
            sock.close()
            why = error.strerror or error
            raise StorageError(f"{self.path}: commands can't reach the server: {why}") from error
        except BaseException:
            sock.close()
            raise
        return sock

    def _remove(self) -> None:
        """Take it away, unless another one has been put in its place."""
        made, self._made = self._made, None
        try:
            if made is not None and os.path.samestat(self.path.lstat(), made):
                self.path.unlink()
        except FileNotFoundError:
            return


def _clear(path: str) -> None:
    """Remove what a killed server left; StorageError for what is not that."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StorageError(f"{path} is no socket; move it away, commands need that name")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:  # somebody listens, and is busy
            pass
    raise StorageError(f"another program listens at {path}: stop it first")
