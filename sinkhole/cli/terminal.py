"""The one way to the terminal: nothing that others wrote may steer it.

Rules, names, titles, records and errors come from strangers, and file names from anybody. What
commands print goes through `guard_output`, whichever command it is and however it prints; colours
and bars are ours, and go round it by `console.py`, which escapes what is put into them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TextIO, cast

from sinkhole.model.masking import masked

LINES: Final = "\n\t"
"""What text of several lines is made of besides what can be seen."""


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
        sys.stdout = cast(TextIO, _Guarded(sys.stdout, lambda text: printable(text, LINES)))
    if not isinstance(sys.stderr, _Guarded):
        sys.stderr = cast(TextIO, _Guarded(sys.stderr, _error_text))


def _error_text(text: str) -> str:
    return masked(printable(text, LINES))


def unguarded(stream: TextIO) -> TextIO:
    """The stream behind the guard, for what has escaped the text of others itself."""
    return stream.stream if isinstance(stream, _Guarded) else stream


class LogLines(logging.Formatter):
    """Log lines of which none can pass for two: a line end in a message is escaped as well."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line; a traceback comes below it, on lines of its own."""
        return printable(super().formatMessage(record))
