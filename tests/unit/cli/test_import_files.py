"""Upstreams that AdGuard Home keeps in a file of their own come along by command."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CommandLine

from sinkhole.cli.import_files import whole_settings
from sinkhole.control.imports.unpacked import text_of, yaml_tree

UPSTREAMS = "# mine\n192.0.2.53\n\n[/corp.example/lan/]192.0.2.1 192.0.2.2 #\n[/a.example/]#\n"


def write(folder: Path, dns: str, upstreams: str | None = UPSTREAMS) -> Path:
    if upstreams is not None:
        (folder / "upstreams.txt").write_text(upstreams)
    file = folder / "AdGuardHome.yaml"
    file.write_text(f"schema_version: 34\ndns: {dns}\n")
    return file


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_file_that_is_named_takes_the_place_of_what_stands_there(
    tmp_path: Path, is_whole: bool
) -> None:
    name = tmp_path / "upstreams.txt" if is_whole else "upstreams.txt"
    file = write(tmp_path, f"{{upstream_dns: [192.0.2.99], upstream_dns_file: {name}}}")
    with whole_settings(file) as copy:
        assert copy != file
        tree = yaml_tree(text_of(copy), "x")
    assert tree["dns"] == {"upstream_dns": UPSTREAMS.splitlines(), "upstream_dns_file": ""}
    assert not copy.exists()


@pytest.mark.parametrize(
    "dns", ["{}", "{upstream_dns_file: ''}", "{upstream_dns_file: nowhere}", "[upstream_dns_file"]
)
def test_any_other_file_is_taken_as_it_is(tmp_path: Path, dns: str) -> None:
    file = write(tmp_path, dns, None)
    with whole_settings(file) as found:
        assert found == file


def test_the_command_takes_routes_and_servers_of_it(command: CommandLine, tmp_path: Path) -> None:
    command.settle()
    file = write(tmp_path, "{upstream_dns_file: upstreams.txt}")
    done = command("import", "adguardhome", str(file), "--yes")
    assert done.code == 0 and "upstream_dns_file" not in done.out
    shown = command("settings", "get", "upstream", "--json").out
    for text in ('"192.0.2.53"', '"corp.example"', '"192.0.2.2"', '"a.example"'):
        assert text in shown
    file = write(tmp_path, "{upstream_dns_file: nowhere.txt}")
    told = command("import", "adguardhome", str(file), "--dry-run")
    assert "nowhere.txt" in told.out
