"""What the tests of list commands share: a web server on loopback, and settings with its list."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from command_line import CommandLine

LIST = b"! a list\n||ads.example^\ntwo words\n"


class Server(ThreadingHTTPServer):
    """Answers everything with `body`, or with `status` where that is no success."""

    body = LIST
    status = 200

    def finish_request(self, request: object, client_address: object) -> None:
        Handler(request, client_address, self)  # type: ignore[arg-type]  # sockets and addresses


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass  # tests have better things to say


def settle(command: CommandLine, server: Server) -> None:
    """Settings with a list from the server, one from a file and a disabled one."""
    path = command.folder / "mine.txt"
    path.write_text("||mine.example^\n")
    fetched = {"name": "Fetched [1]", "url": f"http://127.0.0.1:{server.server_port}/a.txt"}
    lists = [
        fetched,
        {"name": "Mine", "url": f"file:{path}", "kind": "allow"},
        {"name": "Off", "url": "https://example.org/off.txt", "enabled": False},
    ]
    command.settle(filtering={"lists": lists, "private_sources": True})


def states(command: CommandLine) -> dict[str, str]:
    """The state of each list by its name."""
    return {each["name"]: each["state"] for each in command("lists", "status", "--json").json()}
