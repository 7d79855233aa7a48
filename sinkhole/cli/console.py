"""Colours, tables and bars: they go round the guard of `terminal`, and escape texts themselves.

A file of its own, as the library takes a tenth of a second to import and the server needs none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from sinkhole.cli.terminal import LINES, printable, unguarded

_UNBOUNDED = 10_000


class _SafeConsole(Console):
    """Escapes every text that is rendered; styles and movements of the cursor are not text."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text, LINES), style, control)


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console for colours and bars on standard output or standard error."""
    file = unguarded(sys.stderr if stderr else sys.stdout)
    return _SafeConsole(file=file, width=width)


def tables_console() -> Console:
    """Standard output: as wide as the terminal, else as wide as the table, a row to a line.

    Who pipes a table into another program counts on lines.
    """
    return console(width=None if sys.stdout.isatty() else _UNBOUNDED)


def cell(text: str) -> Text:
    """Text of others in a table: no markup, and as wide as it looks once it is escaped."""
    return Text(printable(text))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text below their titles; a title that ends with a # stands over numbers."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        justify: Literal["left", "right"] = "right" if title.endswith("#") else "left"
        table.add_column(title.removesuffix("#"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    tables_console().print(table)
