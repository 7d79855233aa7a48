"""What the commands of all groups share: where settings come from, and how errors end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from sinkhole.model.errors import SettingsError, SinkholeError

F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """The option that names the settings file."""
    return click.option(
        "--config",
        "-c",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="SINKHOLE_CONFIG",
        show_envvar=True,
        help="The settings file. Without one the defaults and the environment apply.",
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
