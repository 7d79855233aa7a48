"""Where everything that commands print goes out: nothing of others may steer the terminal."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import click
import pytest
from command_line import CommandLine, Result
from list_house import Server
from strangers import HOSTILE, guarded_terminals, steering

from sinkhole.cli.terminal import LogLines, guard_output, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ü 😀", "plain – ü 😀"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("\x9b\x7f\xad\xa0", "\\x9b\\x7f\\xad\\xa0"),
        ("\u202e\u2066\u2028\ufeff", "\\u202e\\u2066\\u2028\\ufeff"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
    ],
)
def test_what_steers_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_ends_and_tabs_may_be_kept() -> None:
    assert printable("a\tb\n\x1b", "\n\t") == "a\tb\n\\x1b"


def test_however_something_is_printed_it_passes_the_guard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = guarded_terminals(monkeypatch)
    print(HOSTILE)
    click.echo(HOSTILE, color=True)
    click.echo(HOSTILE, err=True, color=True)
    sys.stdout.writelines([HOSTILE, "\n"])
    sys.stderr.write(HOSTILE)
    assert steering(out.getvalue()) == steering(err.getvalue()) == set()
    assert out.getvalue().count("\\x1b[2J\\x9b31m\\u202etxt") == 3
    assert sys.stdout.isatty()


def test_guarding_twice_is_guarding_once(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded_terminals(monkeypatch)
    guarded = sys.stdout
    guard_output()
    assert sys.stdout is guarded


def test_addresses_are_masked_on_standard_error_only(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = guarded_terminals(monkeypatch)
    for stream in (sys.stdout, sys.stderr):
        stream.write("https://user:secret@example.org/x?token=secret")
    assert err.getvalue() == "https://***@example.org/x?token=***"
    assert "secret" in out.getvalue()  # rules are printed there, which are nobody's secrets


def test_no_message_passes_for_two_log_lines() -> None:
    lines = LogLines("%(levelname)s %(message)s")
    record = logging.makeLogRecord({"levelname": "INFO", "msg": "list a\nERROR forged\x1b[2J"})
    assert lines.format(record) == "INFO list a\\x0aERROR forged\\x1b[2J"


# ---- every command, with everything that others write hostile ----------------------------------


@pytest.fixture
def hostile(command: CommandLine, server: Server) -> CommandLine:
    """A house whose lists, their names and their files are all of strangers with bad intentions."""
    good = "".join(f"||ads{number}.example^\n" for number in range(100))
    bad = f"||{HOSTILE}.example^\ntwo {HOSTILE} words\n"
    server.body = f"! Title: {HOSTILE}\n||ads.example^\n{bad}{good}".encode()
    url = f"http://127.0.0.1:{server.server_port}/a.txt"
    lists = [
        {"name": "turned \u202e name", "url": url},
        {"name": "Missing", "url": f"file:{command.folder}/\u202e\u2066.txt"},
    ]
    command.settle(filtering={"lists": lists, "private_sources": True})
    # Names of added lists are checked by the command that adds them, but anybody may edit a file.
    folder = command.folder / "data" / "lists"
    folder.mkdir(parents=True)
    added = {"format": 1, "lists": [{"name": HOSTILE, "url": url + "?2"}]}
    (folder / "added.json").write_text(json.dumps(added))
    return command


def ran(command: CommandLine, *words: str) -> Result:
    """Run a command: nothing it writes steers."""
    told = command(*words)
    assert steering(told.out) == steering(told.err) == set(), (words, told)
    return told


def test_no_list_can_steer_the_terminal_of_any_list_command(hostile: CommandLine) -> None:
    assert "\\u202e" in ran(hostile, "lists", "update").out
    ran(hostile, "lists", "status")
    ran(hostile, "lists", "status", "--json")
    shown = ran(hostile, "lists", "status", "turned \u202e name").out
    assert "two \\x1b]0;owned" in shown
    ran(hostile, "lists", "preview", f"file:{hostile.folder}/{HOSTILE[-3:]}")
    ran(hostile, "lists", "preview", hostile.config.as_uri())
    for words in ("accept", "rollback", "diff", "enable", "disable", "remove"):
        ran(hostile, "lists", words, "turned \u202e name")
        ran(hostile, "lists", words, HOSTILE)
    for words in ("add", "catalogue", "status", "update"):
        ran(hostile, "lists", words, HOSTILE)
    ran(hostile, "lists", "add", "file:\u202e.txt", "--name", "x\u202ey")


def test_no_name_or_file_can_steer_the_terminal_of_any_other_command(
    hostile: CommandLine, tmp_path: Path
) -> None:
    ran(hostile, "lists", "update")
    odd = tmp_path / "odd\x1b[2J\u202e.txt"
    odd.write_text(f"||ads.example^\n{HOSTILE} {HOSTILE}\n||a.example^$client={HOSTILE[-6:-2]}\n")
    for words in (
        ("explain", "ads.example"), ("explain", HOSTILE), ("explain", "ads.example", "--json"),
        ("explain", "ads.example", "--block-list", str(odd)),
        ("explain", "ads.example", "--block-list", f"{odd}none"),
        ("compile", str(odd), "-o", str(tmp_path / "out\x1b[2J")),
        ("compile", f"{odd}none", "-o", str(tmp_path / "out")),
        ("check-config", str(odd)), ("check-config",), ("check-config", f"{odd}none"),
        ("stats",), ("stats", "--period", HOSTILE), ("healthcheck",), ("run", HOSTILE),
        (HOSTILE,),
    ):  # fmt: skip
        ran(hostile, *words)
    report = json.loads(ran(hostile, "compile", str(odd), "-o", str(tmp_path / "o")).out)
    assert HOSTILE[:9] in report["samples"][0][1]  # JSON still says what is there
    hostile.settle(f'filtering: {{rules: ["{HOSTILE[-10:-4]}"], "\u202e": 1}}')
    ran(hostile, "check-config")
    ran(hostile, "run")
