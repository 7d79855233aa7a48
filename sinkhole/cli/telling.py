"""What commands about operations have in common, written once: `--json`, `--config`, who does it,
and how what came of it is told.

    @group.command("sign-out")
    @click.argument("name")
    @asking()
    def sign_out(caller: Caller, name: str) -> Told:
        \"\"\"End all sessions of an account.\"\"\"
        told = caller.call("accounts.sign_out", {"name": name})
        return Told(told, f"{name}: {told['sessions']} sessions ended")
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from sinkhole.cli.calling import calling
from sinkhole.cli.options import config_option, honest, json_option, print_json

Command = Callable[..., None]


class Told(NamedTuple):
    """What a command has to tell: `value` to programs, `words` to people, or what prints them.

    With `is_failure` it ends with exit code 1.
    """

    value: Any
    words: str | Callable[[], object]
    is_failure: bool = False


def asking(*, offline: bool = True) -> Callable[[Callable[..., Told]], Command]:
    """Make a command of a function that is given a Caller, and what the command line says.

    Without `offline` it needs the running server.
    """

    def made(function: Callable[..., Told]) -> Command:
        @json_option
        @config_option
        @honest
        @wraps(function)
        def command(as_json: bool, config: Path | None, **given: Any) -> None:
            with calling(config, offline=offline) as caller:
                told = function(caller, **given)
            tell(told, as_json=as_json)

        return command

    return made


def tell(told: Told, *, as_json: bool) -> None:
    """Print what there is to tell, once."""
    if as_json:
        print_json(told.value)
    elif callable(told.words):
        told.words()
    else:
        click.echo(told.words)
    if told.is_failure:
        sys.exit(1)
