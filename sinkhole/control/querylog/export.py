"""Rows of the log as files that other programs read: CSV, and JSON a line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol, get_args

from sinkhole.control.querylog.logged_query import LoggedQuery

Format = Literal["csv", "jsonl"]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/jsonl",
}

COLUMNS: Final = (
    *("id", "time", "client", "client_name", "name", "name_unicode", "type", "outcome", "blocked"),
    *("rcode", "list", "line", "rule", "hop", "upstream", "group", "detail", "duration_ms"),
    *("transport", "list_id", "node", "answer", "original_answer", "device"),
)
"""The columns of the CSV file, in this order: the keys of LoggedQuery."""

_FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")
"""Where a cell begins that a spreadsheet would calculate instead of show; in many countries a
semicolon begins one, too."""


class Encode(Protocol):
    """Writes a page of rows; the first one with the header, where the format has one."""

    def __call__(self, queries: Sequence[LoggedQuery], *, is_first: bool) -> bytes:
        """The bytes of a page."""


def encoder(form: Format) -> Encode:
    """What writes a format; ValueError for one there is not."""
    if form not in get_args(Format):
        raise ValueError(f"format is {form!r}; it may be one of {', '.join(get_args(Format))}")
    return _csv if form == "csv" else _json_lines


def _json_lines(queries: Sequence[LoggedQuery], *, is_first: bool) -> bytes:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in queries).encode()


def _csv(queries: Sequence[LoggedQuery], *, is_first: bool) -> bytes:
    """RFC 4180. A text that a spreadsheet would take for a formula has a ' before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if is_first:
        writer.writerow(COLUMNS)
    for each in queries:
        writer.writerow([_cell(each.get(column, "")) for column in COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, dict):  # an answer: as in `A 192.0.2.1; AAAA 2001:db8::1`
        value = "; ".join(f"{each['type']} {each['data']}" for each in value["records"])
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else str(value)
