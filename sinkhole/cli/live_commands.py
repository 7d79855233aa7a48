"""What happens now: `sinkhole tail` and `sinkhole top`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sinkhole.cli.calling import Caller, ServerCaller, calling
from sinkhole.cli.log_commands import filters, log_filters
from sinkhole.cli.options import config_option, honest, json_option, print_json
from sinkhole.cli.routes import API

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESH_S: Final = 2.0
"""How often `top` asks again."""

_PERIODS: Final = ("1h", "24h", "7d", "30d", "365d")


@click.command()
@log_filters
@json_option
@config_option
@honest
def tail(as_json: bool, config: Path | None, **wanted: Any) -> None:
    """Show queries as they are answered, until Ctrl-C.

    Several of one option mean any of them. With --json each query is an object on a line of its
    own. A terminal that is too slow misses some, and is told how many. Exit code 0 at Ctrl-C or
    when the reader of a pipe has seen enough, 1 without a server or when it stops.
    """
    with calling(config, offline=False) as caller, _ends_well():
        assert isinstance(caller, ServerCaller)  # as nothing is live without a server
        show = _printer(as_json)
        asked = {"topics": "rows", **filters(wanted)}
        for kind, data in caller.client.events(f"{API}/events", asked):
            if kind == "rows":
                show(data["rows"], data["missed"])
    click.echo("the server has stopped", err=True)
    sys.exit(1)


def _printer(as_json: bool) -> Any:
    if as_json:

        def show_json(rows: Sequence[Any], missed: int) -> None:
            for row in rows:
                print_json(row)
            if missed:
                click.echo(f"{missed:,} missed", err=True)

        return show_json
    from sinkhole.cli.log_lines import LogLinesOut

    lines = LogLinesOut()

    def show(rows: Sequence[Any], missed: int) -> None:
        if missed:
            lines.note(f"-- {missed:,} missed")
        for row in rows:
            lines.print(row)
        sys.stdout.flush()

    return show


@contextmanager
def _ends_well() -> Iterator[None]:
    """Ctrl-C, and a pipe whose reader has gone, end the command with exit code 0."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(0)
    except BrokenPipeError:
        # Nobody reads: what is still in the buffer goes where it can't fail at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


# ---- top ---------------------------------------------------------------------------------------


@click.command()
@click.option(
    "--period", type=click.Choice(_PERIODS), default="1h", show_default=True, help="How far back."
)
@click.option("--once", is_flag=True, help="Show it once, instead of anew every two seconds.")
@json_option
@config_option
@honest
def top(period: str, once: bool, as_json: bool, config: Path | None) -> None:
    """Show totals and what leads, anew every two seconds.

    It goes on until Ctrl-C. Without a terminal, and with --json, it shows them once. Exit code
    0 at Ctrl-C, 1 without a server.
    """
    with calling(config, offline=False) as caller:
        if as_json:
            print_json(_asked(caller, period))
            return
        from sinkhole.cli.console import console, tables_console

        if once or not sys.stdout.isatty():
            tables_console().print(_board(_asked(caller, period)))
            return
        from rich.live import Live

        with (
            _ends_well(),
            Live(_board(_asked(caller, period)), console=console(), screen=True) as live,
        ):
            while True:
                time.sleep(REFRESH_S)
                live.update(_board(_asked(caller, period)), refresh=True)


def _asked(caller: Caller, period: str) -> dict[str, Any]:
    told = caller.call("statistics.show", {"period": period})
    return {"statistics": told, "status": caller.call("status.show")}


def _board(told: Mapping[str, Any]) -> RenderableType:
    from rich.columns import Columns
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from sinkhole.cli.console import cell
    from sinkhole.cli.protection_commands import protection_in_words

    statistics, status = told["statistics"], told["status"]
    totals, latency = statistics["totals"], statistics["latency_ms"]
    median = "" if latency["p50"] is None else f", median {latency['p50']:g} ms"
    head = Text(
        f"{totals['queries']:,} queries in the last {statistics['period']}, "
        f"{statistics['blocked_percent']:g} % blocked, {statistics['cached_percent']:g} % from the "
        f"cache{median}\n{status['health']}. {protection_in_words(status['protection'])}\n"
    )

    def tops(title: str, key: str, name: str) -> Table:
        table = Table(title=title, box=None, show_header=False, title_justify="left")
        table.add_column(justify="right")
        table.add_column(overflow="fold")
        for row in statistics[key]:
            shown = row.get(f"{name}_unicode") or row.get(f"{name}_name") or row[name]
            table.add_row(f"{row['count']:,}", cell(shown))
        return table

    return Group(
        head,
        Columns(
            [
                tops("Names", "top_names", "name"),
                tops("Blocked", "top_blocked", "name"),
                tops("Clients", "top_clients", "client"),
                tops("Lists", "top_lists", "name"),
                tops("Upstreams", "upstreams", "name"),
            ],
            padding=(0, 4),
        ),
    )
