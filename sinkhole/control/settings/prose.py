"""What the settings mean to people: the texts below the keys in the schema, read from its source.

They are read when somebody asks, so that a server that nobody asks carries none of them.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from pydantic import BaseModel

_READING: Final = threading.Lock()
"""Reading source is not for several threads, as of Python 3.11: of the memory of source lines one
may take away what another reads, and trees are counted together ("recursion depth mismatch")."""


@cache
def prose_of(model: type[BaseModel]) -> Mapping[str, str]:
    """The text of each key of a section, and that of the section itself at ""; lines as written."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):  # what is inherited is told where it is declared
        if each is not BaseModel and issubclass(each, BaseModel):
            found |= _own_prose(each)
    return {**found, "": _dedented(model.__doc__ or "")}


def _own_prose(model: type[BaseModel]) -> Mapping[str, str]:
    """The texts of the keys that a section declares itself."""
    with _READING:
        tree = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    node = next(
        each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == model.__name__
    )
    return dict(_texts(node.body))


def help_of(model: type[BaseModel], key: str) -> str:
    """The text of one key, as one line for each of its paragraphs and for each row of a table; ""
    without one."""
    return "\n\n".join(map(_in_lines, prose_of(model).get(key, "").split("\n\n")))


def _in_lines(paragraph: str) -> str:
    """A paragraph with each row of a table that is in it as a line of its own.

    Rows stand two spaces further in, what goes on in the next line even more.
    """
    lines: list[str] = []
    is_row = False
    for line in paragraph.split("\n"):
        indent = len(line) - len(line.lstrip())
        if lines and (indent > 2 or (indent == 0 and not is_row)):
            lines[-1] += f" {line.strip()}"
            continue
        is_row = indent > 0
        lines.append(re.sub(r"\s{2,}", " – ", line.strip(), count=1) if is_row else line.strip())
    return "\n".join(lines)


def _dedented(text: str) -> str:
    """A text without the indentation of the class; further in stands what is a table."""
    return "\n".join(line.removeprefix("    ") for line in text.strip().split("\n"))


def _texts(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Each text that stands below a key."""
    key = ""
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            key = statement.target.id
        elif (
            key
            and isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        ):
            yield key, _dedented(statement.value.value)
            key = ""
        else:
            key = ""
