"""Queries of the log as lines for people, with colours on a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from sinkhole.cli.console import cell, tables_console
from sinkhole.cli.terminal import printable

Row = Mapping[str, Any]

_STYLES: Final = {"cached": "cyan", "stale": "cyan", "local": "blue", "forwarded": "green"}
_BLOCKED, _FAILED, _QUIET = "red", "yellow", "dim"
_WIDE_NAME, _WIDE_CLIENT = 40, 18


class LogLinesOut:
    """Prints rows, a line each, and the day where it is another one than before."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or tables_console()
        self._day = time.strftime("%Y-%m-%d")

    def print(self, row: Row) -> None:
        """Print one query: when, who, what, what became of it and why."""
        when = time.localtime(row["time"])
        if (day := time.strftime("%Y-%m-%d", when)) != self._day:
            self._day = day
            self._console.print(Text(f"-- {day}", style=_QUIET))
        self._console.print(line_of(row, time.strftime("%H:%M:%S", when)), soft_wrap=True)

    def print_whole(self, row: Row) -> None:
        """Print all about one query: its line, and below it what was answered."""
        self.print(row)
        for title, key in (("answered", "answer"), ("upstream said", "original_answer")):
            answer = row[key]
            for record in answer["records"] if answer else ():
                told = f"  {title:13} {record['name']}  {record['ttl']}  {record['type']}"
                self._console.print(cell(f"{told}  {record['data']}"), soft_wrap=True)
            if answer and answer["cut_bytes"]:
                self.note(f"  {title:13} and {answer['cut_bytes']:,} bytes that were not kept")

    def note(self, words: str) -> None:
        """Print something about the lines."""
        self._console.print(Text(printable(words), style=_QUIET), soft_wrap=True)


def line_of(row: Row, when: str) -> Text:
    """A query as a line."""
    blocked, outcome = row["blocked"], row["outcome"]
    style = _BLOCKED if blocked else _STYLES.get(outcome, _FAILED)
    client, name = row.get("client_name") or row["client"], row.get("name_unicode") or row["name"]
    line = Text.assemble((when, _QUIET), " ", cell(f"{client:{_WIDE_CLIENT}}"), " ")
    line.append(cell(f"{row['type']:5} {name:{_WIDE_NAME}}"))
    line.append(" ").append(f"{outcome:10}", style=style)
    line.append(
        cell(f" {row['rcode']:9}{row['duration_ms']:7.1f} ms  {why(row)}"),
    )
    return line


def why(row: Row) -> str:
    """Who decided: a rule with its list, or the server that answered."""
    if row["list"]:
        line = f" line {row['line']}" if row["line"] else ""
        rule = f": {row['rule']}" if row["rule"] else ""
        hop = f" by {row['hop']}" if row["hop"] else ""
        return f"{row['list']}{line}{rule}{hop}"
    return str(row["upstream"] or row["detail"])
