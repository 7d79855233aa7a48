"""The settings in force, and the one way to change them: checked, applied, then kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.status import Problem


class Apply(Protocol):
    """What puts other settings in force; whatever it raises, all is as it was."""

    async def __call__(self, settings: Settings, *, patient: bool = False) -> list[str]:
        """The keys that wait for a restart. SettingsError for what cannot be had, such as an
        address to listen on; `patient`, that is told among the problems and tried again: where a
        file was edited, and where a change is taken back."""
        ...


class Change(NamedTuple):
    """What is wanted of one place; `item` is the name within a keyed collection, "" without.

    "set" stores a value, "reset" forgets what is stored, "remove" does without an item, also one
    of the default.
    """

    key: str
    item: str = ""
    action: Literal["set", "reset", "remove"] = "set"
    value: Any = None


class Difference(NamedTuple):
    """One place whose value in force becomes another; None where there is none."""

    key: str
    item: str
    before: Any
    after: Any


class Changed(NamedTuple):
    """What a change did, or would do: the revision in force then, and the keys that wait."""

    revision: str
    differences: tuple[Difference, ...]
    waits: tuple[str, ...]


class SettingsInForce:
    """The settings that the server runs by.

    `settings` is what is in force, `revision` changes with every change, of the file as well: it is
    the ETag of the settings. `apply` is set by who runs the server.
    """

    settings: Settings
    revision: str

    def __init__(
        self,
        config: Path | None,
        environ: Mapping[str, str],
        state: State,
        apply: Apply | None = None,
    ) -> None:
        self.apply = apply

    async def load(self) -> Settings:
        """Read file, environment and what is stored; SettingsError for what is wrong in the first
        two, while stored values that no longer fit are left out, see `problems`."""
        raise NotImplementedError

    @property
    def problems(self) -> list[Problem]:
        """Stored values that are left out, and what else a person should know."""
        raise NotImplementedError

    async def change(
        self,
        changes: Sequence[Change],
        actor: Actor,
        *,
        revision: str | None = None,
        dry_run: bool = False,
        note: str = "",
    ) -> Changed:
        """Change what is stored: checked whole, applied, committed; undone if committing fails.

        RequestError: "conflict" (code `revision_is_old` where somebody was quicker; `held_by_file`
        or `held_by_environment`, with `where` such as "/etc/sinkhole/sinkhole.yaml:14" in more).
        SettingsError for values that don't fit, every one of them. `dry_run` only tells.
        """
        raise NotImplementedError

    async def undo(
        self, number: int, actor: Actor, *, revision: str | None = None, dry_run: bool = False
    ) -> Changed:
        """Take one revision back, as a revision of its own; RequestError ("conflict") where what it
        changed has been changed since in a way that can't be told apart."""
        raise NotImplementedError

    async def reload(self) -> Changed:
        """Read file and environment again, as on SIGHUP; SettingsError leaves all as it was."""
        raise NotImplementedError
