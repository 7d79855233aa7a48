"""What an operation is, and how one is written.

    class Pause(Input):
        seconds: int | None = None

    @operation("protection.pause", Permission.PROTECTION_WRITE, changes=True)
    async def pause(house: House, actor: Actor, given: Pause) -> ProtectionStatus:
        \"\"\"Switch the filter off for a time.\"\"\"

The docstring's first paragraph is what the API's description and `--help` say. Inputs and outputs
are pydantic models, so the API's description is made of them. What an operation raises is an error
of `model/errors`; every other exception is a bug.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, SkipValidation

from sinkhole.control.operations.house import House
from sinkhole.model.actor import Actor, Permission


class Input(BaseModel):
    """What an operation takes; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Output(BaseModel):
    """What an operation gives."""

    model_config = ConfigDict(frozen=True)


class Nothing(Input):
    """For operations that take nothing."""


class Done(Output):
    """For operations that have nothing to tell but that they are done."""


I = TypeVar("I", bound=BaseModel)  # noqa: E741  # the usual pair of names
O = TypeVar("O", bound=BaseModel)  # noqa: E741  # the usual pair of names


class Upload(Input):
    """For operations that take a file: a door that gets one over a connection writes it to a
    temporary file, and removes that when the operation is done."""

    file: Path


class Download(Output):
    """For operations that give a file, in pieces, as it may be larger than memory.

    Whoever takes it reads `chunks` to the end or closes it; nothing is done before the first piece
    is asked for.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    media_type: str
    file_name: str
    chunks: SkipValidation[AsyncGenerator[bytes, None]]


Run = Callable[[House, Actor, I], Awaitable[O]]


@dataclass(frozen=True, slots=True)
class Operation(Generic[I, O]):
    """One thing that can be done; call it by `perform` only.

    `name` is `room.verb`, unique. What `changes` something is kept in the audit, with `audited`
    of its input: the fields that may be seen there (secrets are not), None for all. What changes
    nothing is kept there, too, if it says which.
    """

    name: str
    permission: Permission
    input: type[I]
    output: type[O]
    run: Run[I, O]
    changes: bool
    audited: frozenset[str] | None
    summary: str
    description: str

    @property
    def is_kept(self) -> bool:
        """Whether the audit keeps that it was done."""
        return self.changes or self.audited is not None


def operation(
    name: str,
    permission: Permission,
    *,
    changes: bool = False,
    audited: frozenset[str] | None = None,
) -> Callable[[Run[I, O]], Operation[I, O]]:
    """Make an operation of a function `(house, actor, given)`; TypeError where it is none."""

    def made(run: Run[I, O]) -> Operation[I, O]:
        hints: dict[str, Any] = get_type_hints(run)
        given, output = hints.get("given"), hints.get("return")
        text = inspect.cleandoc(run.__doc__ or "")
        if not (isinstance(given, type) and isinstance(output, type) and text):
            raise TypeError(f"{name}: an operation has a typed input and output and a docstring")
        summary, _, rest = text.partition("\n\n")
        return Operation(
            name,
            permission,
            given,
            output,
            run,
            changes,
            audited,
            " ".join(summary.split()),
            rest,
        )

    return made
