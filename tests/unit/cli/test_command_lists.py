"""Lists updated and chosen by version, and compile; they come from a real HTTP server."""

from __future__ import annotations

import os
import stat

import pytest
from command_line import CommandLine
from list_house import LIST, Server, states

from sinkhole.dns.filter.trie import CompiledList


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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Nobody", "there is no list 'Nobody'; there are Fetched [1], Mine, Off"),
        ("Off", "list 'Off': not an enabled list; there are Fetched [1], Mine"),
    ],
)
def test_a_list_that_is_not_enabled_cannot_be_updated(
    house: CommandLine, name: str, reason: str
) -> None:
    told = house("lists", "update", name)
    assert told == (1, "", f"sinkhole: {reason}\n")


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


def test_what_a_command_leaves_the_server_can_use_whoever_gave_it_and_whatever_the_umask(
    house: CommandLine,
) -> None:
    """As a person under sudo does, whose umask is 077, in the folder of the server's user."""
    data = house.folder / "data"
    data.mkdir()
    owner = (4711, 4712) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    os.chown(data, *owner)
    before = os.umask(0o077)
    try:
        assert house("lists", "add", f"file:{house.folder}/mine.txt", "--name", "More").code == 0
        assert house("lists", "update").code == 0
        (house.folder / "mine.txt").write_text("||other.example^\n")
        assert house("lists", "update").code == 0
    finally:
        os.umask(before)
    found = {path.name: path.stat() for path in data.rglob("*")}
    assert {"state.db", "sinkhole.lock", ".lock", "lists"} <= set(found)
    assert {name.rpartition(".")[2] for name in found} >= {"json", "txt", "trie", "gz"}
    assert {(each.st_uid, each.st_gid) for each in found.values()} == {owner}
    modes = {name: stat.S_IMODE(each.st_mode) for name, each in found.items()}
    assert modes.pop("lists") == 0o750
    assert modes.pop("state.db") == 0o600
    assert set(modes.values()) == {0o640}


def rules(count: int, *more: bytes) -> bytes:
    return b"".join([b"||n%d.example^\n" % number for number in range(count)] + list(more))


def test_a_list_that_shrank_is_held_back_until_it_is_accepted(
    house: CommandLine, server: Server
) -> None:
    server.body = rules(1000)
    house("lists", "update")
    server.body = rules(10, b"||new.example^\n")
    told = house("lists", "update")
    assert told.code == 1
    assert "Fetched [1]: held back (it has shrunk from 1000 to 11 rules)" in told.out
    told = house("lists", "status")
    assert "held back" in told.out.splitlines()[1]
    assert "sinkhole lists accept" in told.out
    assert house("lists", "status", "Fetched [1]").out.startswith("Fetched [1]: held back, a list")
    told = house("lists", "diff", "Fetched [1]")
    assert "held back against in use" in told.out
    assert "+ 1 names\n  + ||new.example^\n- 990 names, such as" in told.out
    assert house("lists", "diff", "Fetched [1]", "--json").json()["removed"] == 990
    told = house("lists", "accept", "Fetched [1]")
    assert (told.code, told.out) == (0, "Fetched [1]: 11 names, now in use\n")
    assert house("explain", "new.example", "--json").json()["verdict"] == "block"
    told = house("lists", "accept", "Fetched [1]")
    assert (told.code, told.out) == (1, "")
    assert "nothing is held back" in told.err


def test_force_uses_what_would_be_held_back(house: CommandLine, server: Server) -> None:
    server.body = rules(1000)
    house("lists", "update")
    server.body = rules(1)
    assert house("lists", "update", "--force").code == 0


def test_a_rollback_brings_back_the_version_before(house: CommandLine, server: Server) -> None:
    house("lists", "update")
    told = house("lists", "rollback", "Fetched [1]")
    assert (told.code, told.err) == (1, "sinkhole: list 'Fetched [1]': no older version is kept\n")
    assert house("lists", "diff", "Fetched [1]").code == 1
    server.body = b"||other.example^\n"
    house("lists", "update")
    told = house("lists", "diff", "Fetched [1]")
    assert told.out.splitlines() == [
        "Fetched [1] (in use against before): 1 names before, 1 now",
        "+ 1 names",
        "  + ||other.example^",
        "- 1 names",
        "  - ||ads.example^",
    ]
    assert house("lists", "rollback", "Fetched [1]").code == 0
    assert house("explain", "ads.example", "--json").json()["verdict"] == "block"
    assert house("explain", "other.example", "--json").json()["verdict"] == "none"


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
