"""Completion in bash, zsh and fish: of commands and options, and of names that the server tells.

A shell waits for what is completed, so whoever can't tell within half a second is not heard.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import click
from click.shell_completion import CompletionItem

from sinkhole.cli.calling import Caller, calling
from sinkhole.cli.options import honest
from sinkhole.model.errors import SinkholeError

PATIENCE_S: Final = 0.5
"""How long a shell waits for names; without them it completes nothing."""

_SHELLS: Final = ("bash", "zsh", "fish")

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Names = Callable[[Caller], Iterable[str]]


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@honest
def completion(shell: str) -> None:
    """Print what completes these commands in a shell.

    Completed are commands, options, and names such as those of lists, where the server tells them
    within half a second.

    \b
    bash:  sinkhole completion bash > ~/.local/share/bash-completion/completions/sinkhole
    zsh:   sinkhole completion zsh > ~/.zfunc/_sinkhole    (with ~/.zfunc in fpath)
    fish:  sinkhole completion fish > ~/.config/fish/completions/sinkhole.fish

    For all users, bash takes it in /etc/bash_completion.d as well. Exit code 2 for another shell.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:  # click has all three; another one would be a bug
        raise SinkholeError(f"there is no completion for {shell}")
    root = click.get_current_context().find_root().command
    click.echo(made(root, {}, "sinkhole", "_SINKHOLE_COMPLETE").source())


def names_by(names: Names) -> Complete:
    """What completes an argument by names that the server tells at once, or the files do."""

    def complete(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        found: list[str] = []
        # Nothing is said in the middle of a line that somebody is typing, whatever is wrong.
        with (
            suppress(SinkholeError, OSError),
            _in_time(),
            calling(_config(context)) as caller,
        ):
            found += names(caller)
        wanted = incomplete.casefold()
        return [CompletionItem(each) for each in found if each.casefold().startswith(wanted)]

    return complete


def _config(context: click.Context) -> Path | None:
    """The settings file, as it was given already or as the variable says."""
    given: Any = context.params.get("config") or os.environ.get("SINKHOLE_CONFIG")
    return Path(given) if given else None


@contextmanager
def _in_time() -> Iterator[None]:
    """TimeoutError after half a second, whatever is being waited for."""

    def give_up(number: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def list_names(caller: Caller) -> Iterable[str]:
    """The lists there are."""
    return [str(each["name"]) for each in caller.call("lists.list")["lists"]]
