"""Where tables are printed."""

from __future__ import annotations

import sys

from rich.console import Console

_UNBOUNDED = 10_000


def tables_console() -> Console:
    """Standard output: as wide as the terminal, else as wide as the table, a row to a line.

    Who pipes a table into another program counts on lines.
    """
    return Console(width=None if sys.stdout.isatty() else _UNBOUNDED)
