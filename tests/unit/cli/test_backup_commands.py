"""Backups by command, without a server."""

from __future__ import annotations

import zipfile

from command_line import CommandLine


def test_who_fetches_a_backup_stands_in_the_audit_without_a_server_too(
    command: CommandLine,
) -> None:
    command.settle()
    target = command.folder / "copy.zip"
    assert command("backup", str(target)).code == 0
    assert zipfile.is_zipfile(target)
    entries = command("audit", "--json").json()
    done = [each["operation"] for each in entries]
    assert sorted(done) == ["backup.download", "backup.make"]
    (fetched,) = [each for each in entries if each["operation"] == "backup.download"]
    assert list(fetched["given"]) == ["name"]
    assert fetched["error"] == ""
