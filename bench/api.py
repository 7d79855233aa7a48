"""Operations of a sinkhole over the socket in its data folder, where its own user may do all."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.servers import Site


class _Socket(HTTPConnection):
    """HTTP over a socket of the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def call(site: Site, method: str, path: str, given: Any) -> None:
    """Have something done, and wait until it is; a refusal ends the bench."""
    connection = _Socket(site.folder / "data" / "sinkhole.sock")
    headers = {"Content-Type": "application/json"}
    connection.request(method, f"/api/v1{path}", json.dumps(given), headers)
    response = connection.getresponse()
    told = response.read().decode()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{method} {path} {given} is refused: {told}")
