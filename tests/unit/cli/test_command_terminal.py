"""Where tables are printed."""

from __future__ import annotations

import pytest
from rich.table import Table

from sinkhole.cli.terminal import tables_console


def test_a_row_is_a_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    table.add_column("A")
    table.add_column("B")
    table.add_row("a" * 100, "b" * 100)
    tables_console().print(table)
    assert len(capsys.readouterr().out.splitlines()) == 2
