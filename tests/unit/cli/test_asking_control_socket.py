"""The client of the socket, against servers that are right, wrong, silent or not there."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread

import pytest

from sinkhole.cli.control_socket import NoSocket, SocketClient, SocketForbidden
from sinkhole.model.errors import RequestError, SinkholeError
from sinkhole.model.socket_place import SOCKET_NAME


class Talk(BaseHTTPRequestHandler):
    """Says what the test wants said, and keeps what was asked."""

    server: Server

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, format: str, *args: object) -> None:
        pass  # tests have better things to say

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, self.rfile.read(length)))
        self.server.headers.append(dict(self.headers))
        self.wfile.write(self.server.said)

    do_GET = do_POST = do_PATCH = answer


class Server(ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.said = b""
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        here = os.open(".", os.O_RDONLY)
        try:  # a path may be too long for `bind`, but not for its folder
            os.chdir(folder)
            super().__init__(SOCKET_NAME, Talk)
        finally:
            os.fchdir(here)
            os.close(here)

    def says(self, status: str, body: str, kind: str = "application/json") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
        self.said = (head + body).encode()


def serving(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    yield from serving(tmp_path)


@pytest.fixture
def client(tmp_path: Path) -> SocketClient:
    return SocketClient(tmp_path)


def test_a_request_has_method_query_and_json(server: Server, client: SocketClient) -> None:
    server.says("200 OK", '{"a": "ü"}')
    assert client.json("POST", "/x", {"q": ["a b", "c"]}, {"k": 1}) == {"a": "ü"}
    assert server.asked == [("POST", "/x?q=a+b&q=c", b'{"k": 1}')]
    assert server.headers[0]["Content-Type"] == "application/json"
    assert server.headers[0]["Host"] == "localhost"


def test_nothing_answered_is_none(server: Server, client: SocketClient) -> None:
    server.says("204 No Content", "")
    assert client.json("GET", "/x") is None


def test_a_path_may_be_longer_than_the_kernel_takes(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25) / ("longer" * 20)
    folder.mkdir(parents=True)
    for server in serving(folder):
        server.says("200 OK", "[1]")
        assert SocketClient(folder).json("GET", "/") == [1]


def test_no_server_is_told_with_where_it_was_looked_for(
    tmp_path: Path, client: SocketClient
) -> None:
    with pytest.raises(NoSocket, match=r"no sinkhole answers at .*sinkhole\.sock: No such file"):
        client.probe()
    with pytest.raises(NoSocket, match="No such file"):
        SocketClient(tmp_path / "nowhere").json("GET", "/")


def test_a_socket_that_nobody_listens_at_any_more_is_no_server(
    tmp_path: Path, client: SocketClient
) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET_NAME))
    with pytest.raises(NoSocket, match="Connection refused"):
        client.probe()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_not_is_told_to_use_sudo(server: Server, client: SocketClient) -> None:
    client.folder.chmod(0o700)
    assert _as_somebody_else(client) == "SocketForbidden"
    assert issubclass(SocketForbidden, SinkholeError)


def _as_somebody_else(client: SocketClient) -> str:
    """What a user without rights meets; in a process of his own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            client.probe()
            told = "nothing"
        except SinkholeError as error:
            told = type(error).__name__ if "use sudo" in str(error) else str(error)
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told_by_child:
        return told_by_child.read()


PROBLEM = '{"detail": "held by a.yaml:3", "code": "held_by_file", "title": "Conflict", "n": 1}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        ("409 Conflict", PROBLEM, "application/problem+json", "held by a.yaml:3"),
        ("400 Bad", '{"error": "no such period"}', "application/json", "no such period"),
        ("503 Busy", "failing\nno DNS\nno disk\n", "text/plain", "no DNS; no disk"),
        ("502 Bad", "<p>proxy</p>", "text/html", "the server answers 502"),
        ("500 Bad", "[1]", "application/json", "the server answers 500"),
    ],
)
def test_why_something_is_refused_is_told_in_the_servers_words(
    server: Server, client: SocketClient, status: str, body: str, kind: str, told: str
) -> None:
    server.says(status, body, kind)
    with pytest.raises(RequestError) as raised:
        client.json("GET", "/x")
    assert str(raised.value) == told


def test_a_problem_keeps_its_code_and_what_else_it_says(
    server: Server, client: SocketClient
) -> None:
    server.says("409 Conflict", PROBLEM)
    with pytest.raises(RequestError) as raised:
        client.json("GET", "/x")
    assert (raised.value.kind, raised.value.code) == ("conflict", "held_by_file")
    assert raised.value.more["n"] == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "hung up before it answered"),
        (b"220 mail.example.org ESMTP\r\n", "hung up in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "hung up in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "no JSON"),
    ],
)
def test_an_answer_that_is_none_is_told(
    server: Server, client: SocketClient, said: bytes, told: str
) -> None:
    server.said = said
    with pytest.raises(SinkholeError, match=told):
        client.json("GET", "/x")


def test_a_server_that_says_nothing_is_left(tmp_path: Path, client: SocketClient) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET_NAME))
        listener.listen()
        with pytest.raises(SinkholeError, match=r"did not answer within 0\.05 s"):
            client.json("GET", "/x", patience_s=0.05)


def test_a_server_that_takes_no_more_connections_is_told(
    tmp_path: Path, client: SocketClient
) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(tmp_path / SOCKET_NAME))
        listener.listen(0)
        first.connect(str(tmp_path / SOCKET_NAME))
        with pytest.raises(SinkholeError, match="takes no more connections"):
            client.json("GET", "/x", patience_s=0.05)


def test_events_are_told_one_by_one(server: Server, client: SocketClient) -> None:
    body = (
        ': hello\n\nevent: row\nid: 7\ndata: {"a":\ndata:  1}\n\n'
        "data: 2\r\n\r\nevent: end\n\nevent: lost\ndata: 3"
    )
    server.says("200 OK", body, "text/event-stream")
    assert list(client.events("/e", {"client": "tv"})) == [("row", {"a": 1}), ("message", 2)]
    assert server.asked[0][:2] == ("GET", "/e?client=tv")


def test_a_file_is_sent_as_it_is(server: Server, client: SocketClient, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\0" * 100_000)
    server.says("200 OK", "{}")
    with path.open("rb") as body:
        client.json("POST", "/up", None, body, {"Content-Length": "100000"})
    assert server.asked[0][2] == b"\0" * 100_000
    assert server.headers[0]["Content-Type"] == "application/octet-stream"


def test_who_refuses_a_file_before_it_has_come_is_heard(
    tmp_path: Path, client: SocketClient
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\0" * (4 << 20))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET_NAME))
        listener.listen()

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 507 Full\r\nContent-Length: 30\r\n\r\n")
                connection.sendall(b'{"detail": "the disk is full"}')

        refusing = Thread(target=refuse, daemon=True)
        refusing.start()
        with path.open("rb") as body, pytest.raises(RequestError, match="the disk is full"):
            client.json("POST", "/up", None, body, {"Content-Length": str(4 << 20)})
        refusing.join()
