"""Settings of another program by command, on a data folder without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CommandLine

from sinkhole.control.settings import load

FILE = str(Path(__file__).parents[1] / "control/imports/files/adguardhome-34.yaml")


@pytest.fixture
def settled(command: CommandLine) -> CommandLine:
    command.settle()
    return command


def test_it_is_told_first_and_done_with_yes(settled: CommandLine) -> None:
    told = settled("import", "adguardhome", FILE, "--dry-run")
    assert told.code == 0 and told.out.startswith("AdGuard Home, schema 34: 30 routes, ")
    for words in ("Not quite the same here:\n", "Not taken:\n", "What changes:\n"):
        assert words in told.out
    assert told.out.endswith("Nothing was changed.\n")
    refused = settled("import", "adguardhome", FILE)
    assert (refused.code, "give --yes" in refused.err) == (1, True)
    assert settled("clients", "list").out == "There are none.\n"
    done = settled("import", "adguardhome", FILE, "--yes")
    assert (done.code, "Done. `sinkhole settings undo " in done.out) == (0, True)
    assert "Kids tablet" in settled("clients", "list").out
    assert settled("settings", "undo").code == 0
    assert settled("clients", "list").out == "There are none.\n"


def test_a_settings_file_is_written_for_its_owner_only(settled: CommandLine) -> None:
    path = settled.folder / "imported.yaml"
    told = settled("import", "adguardhome", FILE, "--to-file", str(path))
    assert (told.code, path.stat().st_mode & 0o777) == (0, 0o600)
    assert load(path, {}).clients
    again = settled("import", "adguardhome", FILE, "--to-file", str(path))
    assert (again.code, "cannot be written" in again.err) == (1, True)


def test_a_settings_file_may_be_printed_alone(
    settled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(settled.folder)
    told = settled("import", "adguardhome", FILE, "--to-file", "-")
    assert told.code == 0 and not Path("-").exists()
    Path("printed.yaml").write_text(told.out)
    assert load(Path("printed.yaml"), {}).clients
    assert "Not taken:\n" in told.err and told.err.endswith("Nothing was changed.\n")
    both = settled("import", "adguardhome", FILE, "--to-file", "-", "--json")
    assert (both.code, "both print" in both.err) == (2, True)
    exported = settled("export", "adguardhome", "-")
    assert exported.out.startswith("http:\n") and not Path("-").exists()


def test_json_tells_the_same(settled: CommandLine) -> None:
    told = settled("import", "adguardhome", FILE, "--dry-run", "--json").json()
    assert told["source"] == "AdGuard Home, schema 34" and told["change"]["dry_run"]


@pytest.mark.parametrize("source", ["adguardhome", "pihole", "blocky"])
def test_what_cannot_be_read_is_told(settled: CommandLine, source: str) -> None:
    told = settled("import", source, str(settled.folder / "nowhere"))
    assert (told.code, "nowhere cannot be read" in told.err) == (1, True)
    told = settled("import", source, str(settled.config), "--yes")
    assert (told.code, told.out) == (1, "") and told.err.startswith("sinkhole: ")


def test_settings_are_written_for_adguard_home_and_read_back(settled: CommandLine) -> None:
    assert settled("import", "adguardhome", FILE, "--yes").code == 0
    path = settled.folder / "AdGuardHome.yaml"
    told = settled("export", "adguardhome", str(path))
    assert (told.code, told.out, path.stat().st_mode & 0o777) == (0, "", 0o600)
    assert 'client "Without rate limit": AdGuard Home has no place for rate_limit' in told.err
    printed = settled("export", "adguardhome")
    assert printed.out == path.read_text()
    again = settled("import", "adguardhome", str(path), "--dry-run")
    assert again.code == 0 and "clients[Kids tablet]" not in again.out
