"""One operation at one address, checked when it is written down."""

from __future__ import annotations

import re
import types
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from sinkhole.control.operations.operation import Download, Operation, Upload
from sinkhole.control.web.locations import Method
from sinkhole.control.web.refusals import V1

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_LISTS: Final = (list, tuple, set, frozenset)

Where = Literal["path", "query", "body"]


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """An operation at a method and a path below the API's, with fields of its input in braces.

    The other fields come in the query for GET and DELETE and for uploads, else in the body.
    """

    method: Method
    path: str
    operation: Operation[Any, Any]

    def __post_init__(self) -> None:
        """TypeError for what can't be served."""
        missing = self.in_path - self.fields.keys()
        if missing:
            raise TypeError(f"{self}: {self.operation.name} has no {', '.join(missing)}")
        if self.method == "GET" and self.operation.changes:
            raise TypeError(f"{self}: what changes something is no GET")
        given, output = self.operation.input.model_fields, self.operation.output.model_fields
        if "next" in output and "cursor" not in given:
            raise TypeError(f"{self}: {self.operation.name} has pages, and takes no cursor")
        odd = [key for key in self.in_query if not _is_flat(self.fields[key].annotation)]
        if odd:
            raise TypeError(f"{self}: {', '.join(odd)} can't be written in a query")

    def __str__(self) -> str:
        """As documents write it: `GET /api/v1/protection`."""
        return f"{self.method} {self.address}"

    @property
    def address(self) -> str:
        """The whole path."""
        return V1 + self.path

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """What may be sent, by its name: the file of an upload is the body."""
        fields = dict(self.operation.input.model_fields)
        if self.takes_file:
            del fields["file"]
        return fields

    @property
    def in_path(self) -> frozenset[str]:
        """The fields that stand in the path."""
        return frozenset(_PARAMETER.findall(self.path))

    @property
    def in_query(self) -> Collection[str]:
        """The fields that stand in the query."""
        if self.method not in ("GET", "DELETE") and not self.takes_file:
            return ()
        return [key for key in self.fields if key not in self.in_path]

    @property
    def in_body(self) -> Collection[str]:
        """The fields that stand in the body."""
        return [key for key in self.fields if key not in {*self.in_path, *self.in_query}]

    @property
    def takes_file(self) -> bool:
        """Whether the body is a file."""
        return issubclass(self.operation.input, Upload)

    @property
    def gives_file(self) -> bool:
        """Whether the answer is one."""
        return issubclass(self.operation.output, Download)

    def where(self, key: str) -> Where:
        """Where a field stands."""
        if key in self.in_path:
            return "path"
        return "query" if key in self.in_query else "body"


def is_list(annotation: Any) -> bool:
    """Whether a field holds several values."""
    return any(get_origin(each) in _LISTS or each in _LISTS for each in _choices(annotation))


def _is_flat(annotation: Any) -> bool:
    """Whether a field can be written as text, or as several texts."""
    return not any(
        get_origin(each) is dict or each is dict or hasattr(each, "model_fields")
        for choice in _choices(annotation)
        for each in (*_choices(choice), *get_args(choice))
    )


def _choices(annotation: Any) -> tuple[Any, ...]:
    """What a type may be, without what is said about it besides."""
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(each for one in get_args(annotation) for each in _choices(one))
    return (annotation,)
