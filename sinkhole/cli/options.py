"""What the commands of all groups share: where settings come from, how results are printed, and how
errors end.

Nothing here, nor at the head of a file of commands, imports what takes long: `--help`, completion
and commands that only ask the server have no need of it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sinkhole.model.errors import SettingsError, SinkholeError

F = TypeVar("F", bound=Callable[..., Any])

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([a-z]+)", re.ASCII)

json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of words.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do it without asking.")


class TimeSpan(click.ParamType):  # type: ignore[type-arg]  # older versions take no parameter
    """A time span such as 90s, 10m, 1.5h, 2d, 1w or 1h30m, as seconds; `most_s` at most."""

    name = "time span"

    def __init__(self, most_s: float = inf) -> None:
        self.most_s = most_s

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds; the command was written wrongly where it is none."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        parts = _SPAN.findall(text)
        known = all(unit in _UNITS for _, unit in parts)
        if not parts or not known or "".join(map("".join, parts)) != text:
            self.fail(f"{text!r} is no time span: write 90s, 10m, 1h, 2d or 1h30m", param, ctx)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if not 0 < seconds <= self.most_s:
            most = f", up to {in_words(self.most_s)}" if self.most_s < inf else ""
            self.fail(f"{text!r} can't be: write a time longer than nothing{most}", param, ctx)
        return seconds


def print_json(told: Any) -> None:
    """A result for programs, on one line."""
    click.echo(json.dumps(told))


def in_words(seconds: float) -> str:
    """A time span for people: its two largest units."""
    left, found = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            found.append(f"{count} {unit}")
    return " ".join(found[:2]) or "0 s"


def moment(when: float | None, missing: str = "never") -> str:
    """A moment in seconds since 1970, by this machine's time zone."""
    if when is None:
        return missing
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def confirm(question: str, *, yes: bool, must_ask: bool = True) -> None:
    """Ask on a terminal before something is done, unless --yes was given.

    Without a terminal nobody can be asked: then --yes has to be given, where it `must_ask`.
    SinkholeError where it is not to be done.
    """
    if yes or not (must_ask or sys.stdin.isatty()):
        return
    if not sys.stdin.isatty():
        raise SinkholeError("nobody can be asked here: give --yes to have it done")
    if not click.confirm(question, err=True):
        raise SinkholeError("nothing was changed")


def config_option(function: F) -> F:
    """The option that names the settings file."""
    return click.option(
        "--config",
        "-c",
        type=click.Path(path_type=Path),
        envvar="SINKHOLE_CONFIG",
        show_envvar=True,
        help="The settings file, or a folder of some. Without it the defaults and the environment"
        " apply.",
    )(function)


def honest(function: F) -> F:
    """Errors that are ours become one message on stderr and exit code 1; no stack trace."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SinkholeError as error:
            click.echo(
                f"sinkhole: {error}" if not isinstance(error, SettingsError) else error, err=True
            )
            sys.exit(1)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            sys.exit(1)

    return wrapped  # type: ignore[return-value]  # same signature
