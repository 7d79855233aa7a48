"""What YAML's own error messages mean for somebody who wrote settings."""

from __future__ import annotations

import re

import yaml

from sinkhole.control.settings.words import quoted

# The first pattern that is found in "context: problem" explains it. The C parser and the Python
# parser of PyYAML word their problems differently; the patterns fit both. "{char}" is the
# character in question, in quotes. The third item says whether to show the line where the
# construct starts: where something is never closed, that is where to look.
_EXPLANATIONS: tuple[tuple[str, str, bool], ...] = (
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


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) and the explanation of an error that parsing `text` gave."""
    problem, context = error.problem_mark, error.context_mark
    here = problem or context
    char = _char_at(text, here)
    if char == '"\\t"':
        return _line(here), "a tab is used for indentation, write spaces"
    for pattern, explanation, at_start in _EXPLANATIONS:
        if re.search(pattern, f"{error.context}: {error.problem}"):
            return _line((context or here) if at_start else here), explanation.format(char=char)
    return _line(here), f"this is not YAML: {' '.join(str(error.problem).split())}"


def _line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark else 1


def _char_at(text: str, mark: yaml.Mark | None) -> str:
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines) or mark.column >= len(lines[mark.line]):
        return "end"
    return quoted(lines[mark.line][mark.column])
