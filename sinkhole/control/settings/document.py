"""YAML text as a tree of values that know where they were written.

The tree is built from the parser's events instead of by its loader. That gives every value its
line, sees keys that are written twice, cannot be made to recurse or to expand (no anchors, a
bound on depth), and reads scalars the way YAML 1.2 does: `no` is text, `2:30` is not a number
in base 60. Such text still counts as true or false where a key wants just that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import yaml

from sinkhole.control.settings.anchors import AnchorError, expanded
from sinkhole.control.settings.quoting import key_text, quoted

# The C parser is many times faster; builds of PyYAML without it exist.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys, and positions in lists, counted from 0."""

_MOST_DEPTH = 20
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING_TAGS = (None, "!", "tag:yaml.org,2002:str")


class Origin(NamedTuple):
    """Who set a value: "file config/sinkhole.yaml", "environment SINKHOLE__X" or "stored"."""

    source: str
    line: int = 0
    """Counts from 1; 0 where there are no lines."""
    is_secret: bool = False
    """Whether the value was read from a file of its own, as secrets are, and is never shown."""

    def __str__(self) -> str:
        """What `Settings.origin_of` says."""
        return f"{self.source}:{self.line}" if self.line else self.source


class Problem(NamedTuple):
    """One thing that is wrong; sorts by source and line."""

    origin: Origin
    path: KeyPath
    text: str

    def __str__(self) -> str:
        """One line for people: `config/sinkhole.yaml:14: upstream.timeout: what is wrong`."""
        key = key_text(self.path)
        return f"{str(self.origin).removeprefix('file ')}: {key + ': ' if key else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, a list or a mapping as somebody wrote it, and where."""

    data: bool | int | float | str | list[Value] | dict[str, Value] | None
    origin: Origin

    def plain(self) -> Any:
        """The same without origins, as the models take it."""
        if isinstance(self.data, dict):
            return {key: value.plain() for key, value in self.data.items()}
        if isinstance(self.data, list):
            return [value.plain() for value in self.data]
        return self.data

    def secret_paths(self, path: KeyPath = ()) -> Iterator[KeyPath]:
        """Where values stand that were read from files of their own."""
        if self.origin.is_secret:
            yield path
        elif isinstance(self.data, dict):
            for key, value in self.data.items():
                yield from value.secret_paths((*path, key))
        elif isinstance(self.data, list):
            for position, value in enumerate(self.data):
                yield from value.secret_paths((*path, position))

    def origin_at(self, path: KeyPath) -> Origin:
        """The origin of what stands at `path`, or of the nearest thing around it."""
        value = self
        for part in path:
            if isinstance(value.data, dict) and part in value.data:
                value = value.data[str(part)]
            elif isinstance(value.data, list) and isinstance(part, int) and part < len(value.data):
                value = value.data[part]
            else:
                break
        return value.origin


def read_document(
    text: str,
    source: str,
    problems: list[Problem],
    path: KeyPath = (),
    *,
    with_anchors: bool = False,
) -> Value | None:
    """Read one YAML document; what is wrong with it is appended to `problems`.

    `source` is the origin without a line, such as "file config/sinkhole.yaml"; `path` is the key
    that the document is the value of. With `with_anchors`, aliases are read as what they stand for.
    None when the text is empty or cannot be read to its end.
    """
    reader = _DocumentReader(source, problems, with_anchors)
    try:
        return reader.document(text, path)
    except _UnreadableError as error:
        reader.report(error.line, error.path, error.text)
    except AnchorError as error:
        reader.report(error.line, path, error.text)
    except yaml.MarkedYAMLError as error:
        line, message = syntax_message(error, text)
        reader.report(line, path, message)
    except (yaml.YAMLError, ValueError, OverflowError):
        # Escapes and directives with numbers out of all range; only the Python parser gets here.
        reader.report(1, path, "this is not YAML, it has an escape or directive without meaning")
    return None


class _UnreadableError(Exception):
    """Reading has to stop: at which line (from 1), within which key, and why."""

    def __init__(self, line: int, path: KeyPath, text: str) -> None:
        super().__init__(text)
        self.line, self.path, self.text = line, path, text


class _DocumentReader:
    """Builds the tree of one document; its methods take events off the parser as they go."""

    def __init__(self, source: str, problems: list[Problem], with_anchors: bool) -> None:
        self._expand = expanded if with_anchors else iter
        self._source = source
        self._problems = problems
        self._events: Iterator[Any] = iter(())
        self._latest = Origin(source)

    def report(self, line: int, path: KeyPath, text: str) -> None:
        self._problems.append(Problem(self._origin(line), path, text))

    def document(self, text: str, path: KeyPath) -> Value | None:
        if found := _NOT_YAML.search(text):
            line = text.count("\n", 0, found.start()) + 1
            code = ord(found[0])
            raise _UnreadableError(line, path, f"the character U+{code:04X} is not allowed in YAML")
        self._events = self._expand(_parse(text))
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        event = next(self._events)
        value = self._value(event, path, _line(event))
        next(self._events)  # the document ends
        if not isinstance(end := next(self._events), yaml.StreamEndEvent):
            raise _UnreadableError(_line(end), path, "a second document begins, remove the ---")
        return value

    def _value(self, event: Any, path: KeyPath, line: int) -> Value:
        """The value that starts with `event`; `line` is that of its key."""
        _refuse_extras(event, path)
        if len(path) > _MOST_DEPTH:
            raise _UnreadableError(_line(event), path[:3], "nested too deeply to be a setting")
        if isinstance(event, yaml.MappingStartEvent):
            return Value(self._mapping(path), self._origin(line))
        if isinstance(event, yaml.SequenceStartEvent):
            return Value(self._sequence(path), self._origin(line))
        return Value(_scalar(event), self._origin(line))

    def _mapping(self, path: KeyPath) -> dict[str, Value]:
        items: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            _refuse_extras(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError(_line(event), path, "text with [ ] or { } belongs in quotes")
            key, line = sys.intern(event.value), _line(event)
            value = self._value(next(self._events), (*path, key), line)
            if key in items:
                self._report_twice(items[key], line, (*path, key))
            items.setdefault(key, value)
        return items

    def _sequence(self, path: KeyPath) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items)), _line(event)))
        return items

    def _report_twice(self, first: Value, line: int, path: KeyPath) -> None:
        where = f", first on line {first.origin.line}" if first.origin.line else ""
        self.report(line, path, f"this key is written twice{where}; remove one of them")

    def _origin(self, line: int) -> Origin:
        """Only files have lines that are worth showing; a variable is one value."""
        line = line if self._source.startswith("file ") else 0
        if self._latest.line != line:  # one for all that stands on a line
            self._latest = Origin(self._source, line)
        return self._latest


def _parse(text: str) -> Iterator[Any]:
    """The parser's events.

    From libyaml 0.2.6 (PyYAML 6.0.4) on, the C parser gives up at a depth of 1000. As it scans a
    line of brackets ahead, it does so before it hands over those that `_MOST_DEPTH` refuses. They
    come all the same when the text ends in front of the bracket that was one too many.
    """
    given = 0
    try:
        for event in yaml.parse(text, Loader=LOADER):
            yield event
            given += 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if mark is None or "maximum nesting depth" not in str(error.problem):
            raise
        yield from islice(yaml.parse(text[: mark.index], Loader=LOADER), given, None)


def _refuse_extras(event: Any, path: KeyPath) -> None:
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
    text = sys.intern(event.value)  # groups name the same lists over and over
    if not event.implicit[0]:
        return text  # in quotes, a block of text, or tagged as a string
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


# ---- mistakes in the syntax --------------------------------------------------------------------

# The first pattern that is found in "context: problem" says what is wrong. The C parser and the
# Python parser of PyYAML word their problems differently; the patterns fit both. "{char}" is the
# character in question, in quotes. The third item says whether to show the line where the
# construct starts: where something is never closed, that is where to look.
_MESSAGES: tuple[tuple[str, str, bool], ...] = (
    (r"cannot start any token", "text that begins with {char} must be in quotes", False),
    (r"scanning an (alias|anchor)", "text that begins with * or & must be in quotes", True),
    (r"ing a (tag|directive)", "text that begins with ! or % must be in quotes", True),
    (r"block scalar", "text that begins with | or > must be in quotes", True),
    (r"escape", r"a \ in double quotes has a meaning, write \\ or use single quotes", False),
    (r"quoted scalar", "the text in quotes that begins here is not closed", True),
    (r"flow sequence", "the list that begins here with [ lacks a comma or its ]", True),
    (r"flow mapping", "the keys that begin here with {{ lack a comma, a ':' or the }}", True),
    (
        r"flow node|block node",
        "unexpected {char}: text with : [ ] or {{ }} belongs in quotes",
        False,
    ),
    (
        r"mapping values",
        "unexpected ':': check the indentation, and put text that holds ': ' in quotes",
        False,
    ),
    (r"expected ':'", "a ':' is missing behind the key", True),
    (
        r"block (mapping|collection)",
        "this line fits nothing above it, check its indentation",
        False,
    ),
)


def syntax_message(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) and what is wrong there, for an error that parsing `text` gave."""
    problem, context = error.problem_mark, error.context_mark
    here = problem or context
    char = _char_at(text, here)
    if char == '"\\t"':
        return _marked_line(here), "a tab is used for indentation, write spaces"
    for pattern, message, at_start in _MESSAGES:
        if re.search(pattern, f"{error.context}: {error.problem}"):
            line = _marked_line((context or here) if at_start else here)
            return line, message.format(char=char)
    return _marked_line(here), f"this is not YAML: {' '.join(str(error.problem).split())}"


def _marked_line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark else 1


def _char_at(text: str, mark: yaml.Mark | None) -> str:
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines) or mark.column >= len(lines[mark.line]):
        return "end"
    return quoted(lines[mark.line][mark.column])
