"""The query log of another server by command: which files, and what is told of them."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import CommandLine
from past_kit import line, write_ftl, write_lines

from sinkhole.cli.import_queries import files_of
from sinkhole.model.errors import StorageError

CONTROL = Path(__file__).parents[1] / "control"
FILE = str(CONTROL / "imports/files/adguardhome-34.yaml")


@pytest.fixture
def settled(command: CommandLine) -> CommandLine:
    command.settle()
    return command


def now() -> str:
    return datetime.fromtimestamp(time.time() - 60, UTC).isoformat()


def test_the_older_file_of_a_folder_comes_first(tmp_path: Path) -> None:
    for name in ("querylog.json", "querylog.json.1"):
        (tmp_path / name).touch()
    found = [each.name for each in files_of("adguardhome", tmp_path)]
    assert found == ["querylog.json.1", "querylog.json"]
    assert files_of("pihole", tmp_path / "x.db") == [tmp_path / "x.db"]
    with pytest.raises(StorageError, match=r"there is no pihole-FTL\.db in"):
        files_of("pihole", tmp_path)


def test_queries_come_with_the_settings_and_only_once(settled: CommandLine, tmp_path: Path) -> None:
    write_lines(tmp_path / "querylog.json.1", line(now(), "a.example.org"), "{")
    write_lines(tmp_path / "querylog.json", line(now(), "b.example.org"))
    command = ("import", "adguardhome", FILE, "--log", str(tmp_path))
    told = settled(*command, "--dry-run")
    assert told.code == 0
    assert "querylog.json.1: 1 query to take, " in told.out
    assert "  1 left out, as they can't be read.\n" in told.out
    done = settled(*command, "--yes")
    assert (done.code, "querylog.json: 1 query taken, " in done.out) == (0, True)
    again = settled(*command, "--yes")
    assert "Nothing changed in the settings.\n" in again.out
    assert "querylog.json: nothing taken, besides what was taken before.\n" in again.out
    with sqlite3.connect(settled.folder / "data/querylog.db") as database:
        assert database.execute("SELECT count(*) FROM query").fetchall() == [(2,)]


def test_a_database_in_use_is_copied_with_all_that_is_in_it(
    settled: CommandLine, tmp_path: Path
) -> None:
    settings = tmp_path / "pihole.toml"
    settings.write_text("[dns]\nblockTTL = 30\n")
    path = write_ftl(tmp_path / "pihole-FTL.db", [{"timestamp": time.time() - 60}])
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(
        "INSERT INTO query_storage (timestamp, type, status, domain, client)"
        " VALUES (?, 1, 2, 'b.example.org', '192.0.2.7')",
        (time.time() - 30,),
    )
    database.commit()
    told = settled("import", "pihole", str(settings), "--log", str(path), "--json", "--yes").json()
    database.close()
    (log,) = told["logs"]
    assert (log["rows"], log["program"], log["file"]) == (2, "Pi-hole", str(path))


def test_what_does_not_go_together_is_refused(settled: CommandLine, tmp_path: Path) -> None:
    command = ("import", "adguardhome", FILE, "--log")
    told = settled(*command, str(tmp_path), "--to-file", str(tmp_path / "x.yaml"))
    assert (told.code, "--log can't be written to a settings file" in told.err) == (2, True)
    told = settled(*command, str(tmp_path), "--yes")
    assert (told.code, "there is no querylog.json.1 nor querylog.json in" in told.err) == (1, True)
    told = settled(*command, FILE, "--yes")
    assert (told.code, "this is no query log of AdGuard Home" in told.err) == (1, True)
