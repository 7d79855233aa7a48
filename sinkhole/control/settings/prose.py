"""What the settings mean to people: the texts below the keys in the schema, read from its source.

They are read when somebody asks, so that a server that nobody asks carries none of them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel


@cache
def prose_of(model: type[BaseModel]) -> Mapping[str, str]:
    """The text of each key of a section, and that of the section itself at ""; lines as written."""
    source = inspect.getsource(sys.modules[model.__module__])
    node = next(
        each
        for each in ast.parse(source).body
        if isinstance(each, ast.ClassDef) and each.name == model.__name__
    )
    return {"": _dedented(model.__doc__ or ""), **dict(_texts(node.body))}


def help_of(model: type[BaseModel], key: str) -> str:
    """The text of one key, as one paragraph for each of its own; "" without one."""
    return "\n\n".join(
        " ".join(each.split()) for each in prose_of(model).get(key, "").split("\n\n")
    )


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
