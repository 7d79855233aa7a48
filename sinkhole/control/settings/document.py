"""YAML text to a tree of values that know their line.

The tree is built from the parser's events instead of by its loader. That gives every value its
line, sees keys that are written twice, cannot be made to recurse or to expand (no anchors, a
bound on depth), and reads scalars the way YAML 1.2 does: `no` is text, `2:30` is not a number
in base 60. Such text still counts as true or false where a key wants just that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from sinkhole.control.settings.layers import Origin, Path, Problem, Value
from sinkhole.control.settings.syntax import explain

# The C parser is many times faster; builds of PyYAML without it exist.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST_DEPTH = 20
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING_TAGS = (None, "!", "tag:yaml.org,2002:str")


def read_document(text: str, source: str, problems: list[Problem], path: Path = ()) -> Value | None:
    """Read one YAML document; what is wrong with it is appended to `problems`.

    `source` is the origin without a line, such as "file config/sinkhole.yaml"; `path` is the key
    that the document is the value of. None when the text is empty or cannot be read to its end.
    """
    reader = _Reader(source, problems)
    try:
        return reader.document(text, path)
    except _UnreadableError as error:
        reader.report(error.line, error.path, error.text)
    except yaml.MarkedYAMLError as error:
        line, explanation = explain(error, text)
        reader.report(line, path, explanation)
    except (yaml.YAMLError, ValueError, OverflowError):
        # Escapes and directives with numbers out of all range; only the Python parser gets here.
        reader.report(1, path, "this is not YAML, it has an escape or directive without meaning")
    return None


class _UnreadableError(Exception):
    """Reading has to stop: at which line (from 1), within which key, and why."""

    def __init__(self, line: int, path: Path, text: str) -> None:
        super().__init__(text)
        self.line, self.path, self.text = line, path, text


class _Reader:
    """Builds the tree of one document; its methods take events off the parser as they go."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self._source = source
        self._problems = problems
        self._events: Iterator[Any] = iter(())

    def report(self, line: int, path: Path, text: str) -> None:
        self._problems.append(Problem(self._origin(line), path, text))

    def document(self, text: str, path: Path) -> Value | None:
        if found := _NOT_YAML.search(text):
            line = text.count("\n", 0, found.start()) + 1
            code = ord(found[0])
            raise _UnreadableError(line, path, f"the character U+{code:04X} is not allowed in YAML")
        self._events = yaml.parse(text, Loader=LOADER)
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        event = next(self._events)
        value = self._value(event, path, _line(event))
        next(self._events)  # the document ends
        if not isinstance(end := next(self._events), yaml.StreamEndEvent):
            raise _UnreadableError(_line(end), path, "a second document begins, remove the ---")
        return value

    def _value(self, event: Any, path: Path, line: int) -> Value:
        """The value that starts with `event`; `line` is that of its key."""
        _refuse_extras(event, path)
        if len(path) > _MOST_DEPTH:
            raise _UnreadableError(_line(event), path[:3], "nested too deeply to be a setting")
        if isinstance(event, yaml.MappingStartEvent):
            return Value(self._mapping(path), self._origin(line))
        if isinstance(event, yaml.SequenceStartEvent):
            return Value(self._sequence(path), self._origin(line))
        return Value(_scalar(event), self._origin(line))

    def _mapping(self, path: Path) -> dict[str, Value]:
        items: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            _refuse_extras(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError(_line(event), path, "text with [ ] or { } belongs in quotes")
            key, line = event.value, _line(event)
            value = self._value(next(self._events), (*path, key), line)
            if key in items:
                self._report_twice(items[key], line, (*path, key))
            items.setdefault(key, value)
        return items

    def _sequence(self, path: Path) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items)), _line(event)))
        return items

    def _report_twice(self, first: Value, line: int, path: Path) -> None:
        where = f", first on line {first.origin.line}" if first.origin.line else ""
        self.report(line, path, f"this key is written twice{where}; remove one of them")

    def _origin(self, line: int) -> Origin:
        """Only files have lines that are worth showing; a variable is one value."""
        return Origin(self._source, line if self._source.startswith("file ") else 0)


def _refuse_extras(event: Any, path: Path) -> None:
    """Stop at aliases, anchors and tags: settings need none, and unquoted text looks like them."""
    if isinstance(event, yaml.AliasEvent):
        mark = "*"
    elif event.anchor is not None:
        mark = "&"
    elif event.tag not in (_STRING_TAGS if isinstance(event, yaml.ScalarEvent) else (None,)):
        mark = "!"
    else:
        return
    raise _UnreadableError(_line(event), path, f"text that begins with {mark} must be in quotes")


def _scalar(event: Any) -> bool | int | float | str | None:
    """A scalar by the core schema of YAML 1.2 (without octal, hex and infinities)."""
    text: str = event.value
    if not event.implicit[0]:
        return text  # in quotes, a block of text, or tagged as a string
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
