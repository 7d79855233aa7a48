"""Reading scenarios: text to steps, with the place of each for error messages.

    # The title: the first line, a comment that says what is promised.
    verb words "or words in quotes" ...
        lines below a step, indented, belong to it
    # comments and empty lines are skipped

    where
        WORD     OTHER
        first    one
        second   two

The table of a `where`, the last thing in a file, plays the whole scenario once a row, from a
fresh start, with WORD and OTHER replaced. What the verbs mean is told in `runner`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class ScriptError(Exception):
    """A scenario that cannot be read, or one that went another way than it says."""


class Step(NamedTuple):
    """One step: where it stands (`file:line`), its words, and the lines below it."""

    place: str
    words: list[str]
    below: list[str]


def read_scenario(path: Path) -> list[list[Step]]:
    """The steps of a file, once for each row of its `where` table, or once."""
    lines = list(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
    if not lines or not lines[0][1].startswith("# "):
        raise ScriptError(f"{path.name}:1: begin with a comment that says what is promised")
    cut = next((i for i, (_, line) in enumerate(lines) if line.split() == ["where"]), None)
    if cut is None:
        return [_steps(path, lines, {})]
    names, *rows = [line.split() for _, line in lines[cut + 1 :] if line.strip()]
    for row in rows:
        if len(row) != len(names):
            raise ScriptError(f"{path.name}:{lines[cut][0]}: {' '.join(row)}: not {names}")
    return [_steps(path, lines[:cut], dict(zip(names, row, strict=True))) for row in rows]


def _steps(path: Path, lines: list[tuple[int, str]], row: dict[str, str]) -> list[Step]:
    steps: list[Step] = []
    suffix = f" ({', '.join(row.values())})" if row else ""
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        for name, value in row.items():
            text = re.sub(rf"\b{name}\b", value.replace("\\", r"\\"), text)
        if not line[0].isspace():
            words = [quoted or plain for quoted, plain in _WORD.findall(text)]
            steps.append(Step(f"{path.name}:{number}{suffix}", words, []))
        elif steps:
            steps[-1].below.append(text)
        else:
            raise ScriptError(f"{path.name}:{number}: an indented line that belongs to no step")
    return steps


class Words:
    """The words of one step, taken one by one."""

    def __init__(self, step: Step) -> None:
        self.place = step.place
        self._left = list(step.words)

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self, what: str) -> str:
        """The next word; ScriptError if there is none, saying `what` is missing."""
        if not self._left:
            raise ScriptError(f"{self.place}: {what} is missing")
        return self._left.pop(0)

    def number(self, what: str) -> int:
        """The next word, a whole number."""
        word = self.take(what)
        if not word.isdecimal():
            raise ScriptError(f"{self.place}: {what} must be a number, not {word!r}")
        return int(word)

    def seconds(self, what: str) -> float:
        """The next word, a duration such as 100s, 1.5s, 200ms, 3h or 1d."""
        word = self.take(what)
        read = _DURATION.fullmatch(word)
        if read is None:
            raise ScriptError(f"{self.place}: {what} must be a duration like 30s, not {word!r}")
        return float(read[1]) * _UNITS[read[2]]

    def next_is(self, word: str) -> bool:
        """Whether the next word is this one; takes it if so."""
        if self._left[:1] != [word]:
            return False
        del self._left[0]
        return True

    def rest(self) -> list[str]:
        """All words that are left; takes them."""
        left, self._left = self._left, []
        return left

    def unknown(self, word: str) -> ScriptError:
        """The error to raise for a word without a meaning here."""
        return ScriptError(f"{self.place}: {word!r} means nothing here")

    def end(self) -> None:
        """ScriptError if any word is left."""
        if self._left:
            raise self.unknown(self._left[0])
