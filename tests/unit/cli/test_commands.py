"""The command line as a whole: help, versions, exit codes, where settings come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import CommandLine

from sinkhole import __version__
from sinkhole.cli.commands import main
from sinkhole.cli.name_commands import LONGEST_RULE_S
from sinkhole.cli.protection_commands import LONGEST_PAUSE_S
from sinkhole.control.operations import protection, rules
from sinkhole.control.stats import PERIODS

COMMANDS = [
    "run", "check-config", "compile", "healthcheck", "completion", "backup", "restore",
    "status", "pause", "resume", "block", "allow", "query", "explain", "stats", "tail", "top",
    "lists", "lists status", "lists update", "lists catalogue", "lists add", "lists remove",
    "lists enable", "lists disable", "lists preview", "lists accept", "lists rollback",
    "lists diff", "lists versions", "lists overlap",
    "rules", "rules list", "rules add", "rules remove", "rules test",
    "services", "services block", "services unblock", "safe-search", "safe-search set",
    "log", "log search", "log sum", "log export", "log delete", "log show", "log freeze",
    "cache", "cache show", "cache lookup",
    "cache flush", "account", "account list", "account add", "account remove",
    "account password", "account role", "account sign-out", "account sessions",
    "account totp", "token", "audit", "storage", "storage migrate", "drain", "restart",
    "settings", "settings get", "settings set", "settings preview", "settings reset",
    "settings remove",
    "settings diff", "settings history", "settings undo", "settings reference", "settings schema",
    "settings reload", "clients", "clients list", "clients set", "clients remove", "records",
    "clients rename", "groups rename", "schedules rename",
    "groups", "groups list", "groups set", "groups remove",
    "import", "import adguardhome", "import pihole", "import blocky",
    "export", "export adguardhome",
    "schedules", "schedules list", "schedules set", "schedules remove",
    "devices", "devices list", "devices show", "devices adopt", "devices forget",
    "records list", "records set", "records remove", "routes", "routes list", "routes set",
    "routes remove", "upstream-sets", "upstream-sets list", "upstream-sets set",
    "upstream-sets remove",
    "token list", "token add", "token remove", "upstream", "upstream test", "upstream show",
    "certificate", "pair", "nodes", "nodes drain", "nodes forget",
    "certificate self-signed", "certificate show", "certificate mobileconfig",
]  # fmt: skip


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def below(group: click.Command, *names: str) -> click.Command:
    """The command of some words."""
    found = group
    for name in names:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    return found


def all_commands(group: click.Group, above: str = "") -> list[str]:
    found = []
    for name in group.list_commands(click.Context(group)):
        each = below(group, name)
        found.append(f"{above}{name}")
        if isinstance(each, click.Group):
            found += all_commands(each, f"{above}{name} ")
    return found


def test_these_are_all_commands() -> None:
    assert sorted(all_commands(main)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_and_every_option(
    command: CommandLine, name: str, option: str
) -> None:
    told = command(*name.split(), option)
    assert told.code == 0
    assert told.err == ""
    assert f"Usage: sinkhole {name}" in told.out.replace("main", "sinkhole")
    assert max(map(len, told.out.splitlines())) <= 100
    found = below(main, *name.split())
    assert all(each.help for each in found.params if isinstance(each, click.Option)), name
    if not isinstance(found, click.Group):
        assert "xit code" in told.out or "exits with" in told.out


WITHOUT_JSON = {
    "run": "tells nothing but its greeting",
    "check-config": "prints a settings file; `settings get --json` has the same",
    "compile": "prints JSON in any case",
    "completion": "prints a script",
    "log export": "has --format",
    "certificate self-signed": "makes files",
    "certificate show": "is for people",
    "certificate mobileconfig": "makes a file",
}


def test_every_command_takes_json_or_has_a_reason() -> None:
    found = {}
    for name in COMMANDS:
        each = below(main, *name.split())
        if not isinstance(each, click.Group):
            found[name] = any("--json" in parameter.opts for parameter in each.params)
    assert {name for name, takes in found.items() if not takes} == set(WITHOUT_JSON)


def test_the_list_of_commands_has_whole_sentences(command: CommandLine) -> None:
    told = command("--help")
    assert told.code == 0
    assert "..." not in told.out.replace("[ARGS]...", "")


def test_the_server_is_spared_the_commands() -> None:
    code = (
        "import sys, sinkhole.cli.run; sys.exit(any(m.endswith('_commands') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version(command: CommandLine) -> None:
    assert command("--version") == (0, f"sinkhole, version {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [["frobnicate"], ["run", "--port", "53"], ["lists", "refresh"], ["check-config", "a", "b"]],
)
def test_a_command_written_wrongly_is_exit_code_2(command: CommandLine, words: list[str]) -> None:
    told = command(*words)
    assert (told.code, told.out) == (2, "")
    assert "Error: " in told.err


def test_the_periods_offered_are_those_of_the_statistics() -> None:
    (period,) = [each for each in below(main, "stats").params if each.name == "period"]
    assert isinstance(period.type, click.Choice)
    assert list(period.type.choices) == list(PERIODS)


@pytest.mark.parametrize(
    "words",
    [["run"], ["explain", "example.org"], ["lists", "status"], ["lists", "update"], ["stats"],
     ["healthcheck"], ["check-config"]],
)  # fmt: skip
def test_wrong_settings_are_told_with_file_and_line_by_every_command(
    command: CommandLine, words: list[str]
) -> None:
    command.settle("dns:\n  lisen: []\nweb:\n  listen: nowhere\n")
    file = [str(command.config)] if words == ["check-config"] else ["--config", str(command.config)]
    told = command(*words, *file)
    assert (told.code, told.out) == (1, "")
    first, second = told.err.splitlines()
    assert first == f'{command.config}:2: dns.lisen: unknown key, did you mean "listen"?'
    assert second.startswith(f"{command.config}:4: web.listen: ")


def test_times_may_be_as_long_as_the_server_takes_them() -> None:
    assert (LONGEST_PAUSE_S, LONGEST_RULE_S) == (protection.LONGEST_PAUSE_S, rules.LONGEST_S)


def test_a_settings_file_that_is_not_there_is_told(command: CommandLine) -> None:
    told = command("run", "--config", "no.yaml")
    assert told == (1, "", "no.yaml: cannot be read: No such file or directory\n")


def test_the_settings_file_may_be_named_by_a_variable(command: CommandLine) -> None:
    command.settle(local={"records": {"nas.home": ["192.0.2.10"]}})
    assert "192.0.2.10" in command("explain", "nas.home").out
    command.environ = {"SINKHOLE_CONFIG": "no.yaml"}
    assert command("explain", "nas.home").code == 1
    assert command("explain", "nas.home", "--config", str(command.config)).code == 0
