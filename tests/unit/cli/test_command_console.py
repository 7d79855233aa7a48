"""Colours and tables: ours come to the terminal, those of others do not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.table import Table
from strangers import HOSTILE, guarded_terminals, steering

from sinkhole.cli.console import cell, console, tables_console


def test_our_own_colours_pass_and_those_of_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = guarded_terminals(monkeypatch)
    for stderr, written in ((False, out), (True, err)):
        console(stderr=stderr).print(HOSTILE, style="red", markup=False, highlight=False)
        assert written.getvalue().startswith("\x1b[31m\\x1b]0;owned")
        assert steering(written.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "")) == set()


def test_a_cell_is_as_wide_as_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = guarded_terminals(monkeypatch)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name in ("\x1b[2J", "plain", "[red]x"):
        table.add_row(cell(name), "end")
    tables_console().print(table)
    lines = out.getvalue().splitlines()
    assert [line.index("end") for line in lines] == [9, 9, 9]
    assert lines[2].startswith("[red]x")


def test_a_row_is_a_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    table.add_column("A")
    table.add_column("B")
    table.add_row("a" * 100, "b" * 100)
    tables_console().print(table)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_server_is_spared_the_library() -> None:
    code = "import sys, sinkhole.cli.commands, sinkhole.cli.run; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
