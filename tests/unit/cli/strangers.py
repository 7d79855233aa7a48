"""What the tests of the way to the terminal share: text that would steer one, and terminals."""

from __future__ import annotations

import io
import sys

import pytest

from sinkhole.cli.terminal import guard_output

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt\u2066\x00\r\b\x7f"
"""A window title, a cleared screen, a colour by a C1 control, and turned writing."""


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def guarded_terminals(monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, Terminal]:
    """Standard output and error as terminals, guarded; what they get."""
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    guard_output()
    return out, err


def steering(text: str) -> set[str]:
    """The characters of a text that a terminal might obey, but for line ends and tabs."""
    return {each for each in text if not each.isprintable()} - {"\n", "\t"}
