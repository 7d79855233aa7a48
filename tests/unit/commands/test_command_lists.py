"""lists status and update, and compile; lists come from files and from a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import CommandLine

from sinkhole.filter.trie import CompiledList

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


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def house(command: CommandLine, server: Server) -> CommandLine:
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
    return command


def states(command: CommandLine) -> dict[str, str]:
    return {each["name"]: each["state"] for each in command("lists", "status", "--json").json()}


def test_an_update_without_a_terminal_prints_a_line_for_each_list(house: CommandLine) -> None:
    told = house("lists", "update")
    assert (told.code, told.err) == (0, "")
    assert sorted(told.out.splitlines()) == [
        "Fetched [1]: changed (1 names)",
        "Mine: changed (1 names)",
    ]
    told = house("lists", "update")
    assert told.code == 0
    assert all("unchanged" in line for line in told.out.splitlines())


def test_only_the_named_lists_are_updated(house: CommandLine) -> None:
    assert house("lists", "update", "Mine").out == "Mine: changed (1 names)\n"
    assert states(house) == {"Fetched [1]": "missing", "Mine": "ready", "Off": "disabled"}


@pytest.mark.parametrize("name", ["Nobody", "Off"])
def test_a_list_that_is_not_enabled_cannot_be_updated(house: CommandLine, name: str) -> None:
    told = house("lists", "update", name)
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        f"sinkhole: list {name!r}: not an enabled list; there are Fetched [1], Mine\n"
    )


def test_a_list_that_cannot_be_had_is_exit_code_1_and_the_last_copy_stays(
    house: CommandLine, server: Server
) -> None:
    house("lists", "update")
    server.status = 500
    told = house("lists", "update")
    assert (told.code, told.err) == (1, "")
    assert "Fetched [1]: failed" in told.out
    assert "HTTP status 500" in told.out
    assert states(house)["Fetched [1]"] == "ready"
    assert house("explain", "ads.example", "--json").json()["verdict"] == "block"
    assert "HTTP status 500" in house("lists", "status").out
    assert house("lists", "update", "Mine").code == 0, "the others are well"


def test_a_list_that_shrank_is_kept_unless_forced(house: CommandLine, server: Server) -> None:
    server.body = b"".join(b"||n%d.example^\n" % number for number in range(1000))
    house("lists", "update")
    server.body = LIST
    told = house("lists", "update")
    assert told.code == 1
    assert "--force" in told.out
    assert house("lists", "update", "--force").code == 0


def test_the_status_is_a_table_for_people(house: CommandLine) -> None:
    lines = house("lists", "status").out.splitlines()
    assert lines[0].split()[:3] == ["List", "State", "Names"]
    assert [line.split("  ")[0] for line in lines[1:4]] == ["Fetched [1]", "Mine", "Off"]
    assert "missing" in lines[1] and "never" in lines[1]
    house("lists", "update")
    line = house("lists", "status").out.splitlines()[1]
    assert line.split() == ["Fetched", "[1]", "ready", "1", "1", *["just", "now"] * 2]


def test_status_leaves_nothing_behind(house: CommandLine) -> None:
    assert house("lists", "status").code == 0
    assert not (house.folder / "data").exists()


# compile


def test_a_compiled_list_can_be_mapped_and_its_report_tells_what_is_in_it(
    command: CommandLine,
) -> None:
    source, target = command.folder / "a.txt", command.folder / "a.trie"
    source.write_bytes(LIST)
    report = command("compile", str(source), "-o", str(target)).json()
    assert {key: report[key] for key in ("lines", "rules", "names", "comments", "refused")} == {
        "lines": 3, "rules": 1, "names": 1, "comments": 1, "refused": 1,
    }  # fmt: skip
    assert report["samples"] == [[3, "two words", "more than one word on a line"]]
    assert CompiledList.map(target, "a", "block").names == 1


def test_several_lists_are_compiled_into_one(command: CommandLine) -> None:
    first, second = command.folder / "a.txt", command.folder / "b.txt"
    first.write_text("||ads.example^\n||both.example^\n")
    second.write_text("||both.example^\n||more.example^\n")
    target = command.folder / "both.trie"
    told = command("compile", str(first), str(second), "--kind", "allow", "-o", str(target))
    report = told.json()
    assert (report["lines"], report["names"], report["duplicates"]) == (4, 3, 1)
    assert CompiledList.map(target, "both", "allow").names == 3


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("no.txt", "out", "can't read {folder}/no.txt: No such file or directory"),
        ("a.txt", "no/out", "can't write {folder}/no/out: No such file or directory"),
        ("a.txt", "a.txt", "{folder}/a.txt is one of the lists; choose another file to write"),
    ],
)
def test_what_cannot_be_read_or_written_is_told(
    command: CommandLine, source: str, target: str, reason: str
) -> None:
    (command.folder / "a.txt").write_bytes(LIST)
    told = command("compile", str(command.folder / source), "-o", str(command.folder / target))
    assert (told.code, told.out) == (1, "")
    assert reason.format(folder=command.folder) in told.err
    assert (command.folder / "a.txt").read_bytes() == LIST


def test_json_of_the_status_has_what_the_api_has(house: CommandLine) -> None:
    house("lists", "update")
    fetched = json.loads(house("lists", "status", "--json").out)[0]
    assert fetched["names"] == fetched["refused"] == 1
    assert fetched["error"] is None
    assert Path(house.folder / "data/lists").is_dir()
