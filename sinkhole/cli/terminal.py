"""The one way to the terminal: nothing that others wrote may steer it.

Rules, names, titles, records and errors come from strangers, and file names from anybody. What
commands print goes through `guard_output`, whichever command it is and however it prints; colours
and bars are ours, and go round it by `console`, which escapes what is put into them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from sinkhole.model.masking import masked

_UNBOUNDED = 10_000
_LINES = "\n\t"


def printable(text: str, keep: str = "") -> str:
    """The text with all that a terminal might obey written as escapes, but for what is in `keep`.

    That is: control characters, those that turn the direction of writing, and others without a
    look of their own.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else _escape(each) for each in text)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# ---- plain text --------------------------------------------------------------------------------


class _Guarded:
    """A stream that says what is written to it in other words; else it is the stream itself."""

    def __init__(self, stream: TextIO, reword: Callable[[str], str]) -> None:
        self.stream = stream
        self._reword = reword

    def write(self, text: str) -> int:
        self.stream.write(self._reword(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def guard_output() -> None:
    """From now on nothing written to standard output or error can steer the terminal.

    On standard error, where errors and log lines go, addresses are masked as well. It stays so
    to the end of the program: what the interpreter says of an error nobody caught counts too.
    """
    if not isinstance(sys.stdout, _Guarded):
        sys.stdout = cast(TextIO, _Guarded(sys.stdout, lambda text: printable(text, _LINES)))
    if not isinstance(sys.stderr, _Guarded):
        sys.stderr = cast(TextIO, _Guarded(sys.stderr, _error_text))


def _error_text(text: str) -> str:
    return masked(printable(text, _LINES))


class LogLines(logging.Formatter):
    """Log lines of which none can pass for two: a line end in a message is escaped as well."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line; a traceback comes below it, on lines of its own."""
        return printable(super().formatMessage(record))


# ---- colours, tables and bars ------------------------------------------------------------------


class _SafeConsole(Console):
    """Escapes every text that is rendered; styles and movements of the cursor are not text."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text, _LINES), style, control)


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console for colours and bars on standard output or standard error."""
    stream = sys.stderr if stderr else sys.stdout
    file = stream.stream if isinstance(stream, _Guarded) else stream
    return _SafeConsole(file=file, width=width)


def tables_console() -> Console:
    """Standard output: as wide as the terminal, else as wide as the table, a row to a line.

    Who pipes a table into another program counts on lines.
    """
    return console(width=None if sys.stdout.isatty() else _UNBOUNDED)


def cell(text: str) -> Text:
    """Text of others in a table: no markup, and as wide as it looks once it is escaped."""
    return Text(printable(text))
