"""HTTP to the running server over the socket in its data folder: no password, no port.

Who asks is told by the kernel: root and the user that the server runs as may do everything. The
server offers the same API there as on its page.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from sinkhole.model.errors import RequestError, RequestKind, SinkholeError
from sinkhole.model.socket_place import SOCKET_NAME, socket_path

PATIENCE_S: Final = 15.0
"""How long the server may think about an ordinary request."""
EVENTS_PATIENCE_S: Final = 60.0
"""How long a server may say nothing at all while it tells of events."""
MOST_REASON: Final = 64 << 10
"""Bytes that are read of an answer that says why something can't be done."""

_KINDS: Final[dict[int, RequestKind]] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "gone",
    412: "conflict",
    429: "too_many",
    503: "unavailable",
}

Query = Mapping[str, str | Sequence[str]]


class NoSocket(SinkholeError):
    """No server is reached by the socket: none runs, or it is of a version without one."""


class SocketForbidden(SinkholeError):
    """The socket, or its folder, is not for this user."""


class _SocketConnection(HTTPConnection):
    def __init__(self, folder: Path, patience_s: float) -> None:
        super().__init__("localhost", timeout=patience_s)
        self._folder = folder
        self._patience_s = patience_s

    def connect(self) -> None:
        self.sock = _connected(self._folder, self._patience_s)


class SocketClient:
    """Requests to the server whose data is in `folder`; each has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def probe(self) -> None:
        """See whether a server is there; NoSocket or SocketForbidden where none can be asked."""
        _connected(self.folder, PATIENCE_S).close()

    def json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """What the server answers, read as JSON; None where it answers nothing.

        Raises NoSocket, SocketForbidden, RequestError for what the server refuses, and
        SinkholeError for an answer that is none.
        """
        with self.stream(method, path, query, body, headers, patience_s) as response:
            try:
                text = response.read()
                return json.loads(text) if text.strip() else None
            except ValueError:
                raise SinkholeError("the server answered something that is no JSON") from None

    def events(
        self, path: str, query: Query | None = None, patience_s: float = EVENTS_PATIENCE_S
    ) -> Iterator[tuple[str, Any]]:
        """What the server tells from now on, as kind and data, until it ends.

        They are Server-Sent Events with JSON in them. Raises as `json` does; SinkholeError when
        nothing has come for so long, as the server says something every few seconds.
        """
        kind, data = "message", ""
        headers = {"Accept": "text/event-stream"}
        with self.stream("GET", path, query, headers=headers, patience_s=patience_s) as response:
            for raw in response:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    kind = value
                elif field == "data":
                    data += value
                elif not line:
                    if data:
                        yield kind, json.loads(data)
                    kind, data = "message", ""

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Iterator[HTTPResponse]:
        """The response, to be read bit by bit: each bit may take `patience_s`.

        `body` is sent as JSON, or as it is where it is bytes or an open file.
        """
        connection = _SocketConnection(self.folder, patience_s)
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        is_raw = body is None or isinstance(body, bytes) or hasattr(body, "read")
        sent = body if is_raw else json.dumps(body).encode()
        kind = {"Content-Type": "application/octet-stream" if is_raw else "application/json"}
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have refused already
                connection.request(
                    method, target, sent, {**(kind if sent else {}), **(headers or {})}
                )
            response = _response(connection)
            yield response
        except TimeoutError:
            raise SinkholeError(f"the server did not answer within {patience_s:g} s") from None
        except HTTPException:
            raise SinkholeError("the server hung up in the middle of its answer") from None
        finally:
            connection.close()


def _response(connection: HTTPConnection) -> HTTPResponse:
    """What is answered; RequestError where that is a refusal."""
    try:
        response = connection.getresponse()
    except ConnectionError:
        raise SinkholeError("the server hung up before it answered") from None
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(response)
    return response


def _connected(folder: Path, patience_s: float) -> socket.socket:
    """A connection to the socket of a folder; NoSocket or SocketForbidden without one."""
    path = folder.absolute() / SOCKET_NAME
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(patience_s)
    try:
        with socket_path(folder) as short:
            sock.connect(short)
    except OSError as error:
        sock.close()
        raise _no_way(path, error) from None
    return sock


def _no_way(path: Path, error: OSError) -> SinkholeError:
    if isinstance(error, PermissionError):
        return SocketForbidden(f"{path} is for root and the server's user: use sudo")
    if isinstance(error, BlockingIOError | TimeoutError):
        return SinkholeError(f"the server takes no more connections at {path} just now")
    return NoSocket(f"no sinkhole answers at {path}: {error.strerror}")


def _refusal(response: HTTPResponse) -> RequestError:
    """Why the server refuses: a problem (RFC 9457), the older `{"error": ...}`, or, of its health,
    a state and a line for each reason."""
    try:
        body = response.read(MOST_REASON).decode("utf-8", "replace")
    except (OSError, HTTPException):
        body = ""
    told: Any = None
    with suppress(ValueError):
        told = json.loads(body)
    if not isinstance(told, dict):
        lines = body.splitlines() if "text/plain" in response.headers.get_content_type() else []
        told = {"detail": "; ".join(lines[1:] or lines)}
    text = told.get("detail") or told.get("error") or f"the server answers {response.status}"
    kind = _KINDS.get(response.status, "invalid")
    return RequestError(kind, str(told.get("code") or ""), str(text), told)
