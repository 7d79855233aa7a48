"""The one way to have an operation done: permission first, then the work, then the audit."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Operation
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError, SinkholeError

I = TypeVar("I", bound=BaseModel)  # noqa: E741  # the usual pair of names
O = TypeVar("O", bound=BaseModel)  # noqa: E741  # the usual pair of names

DRY_RUN: Final = "dry_run"
"""The input of operations that can be had to tell only what they would do."""


async def perform(operation: Operation[I, O], house: House, actor: Actor, given: I) -> O:
    """Do it for somebody. Raises RequestError ("forbidden") before anything is done where he may
    not; else whatever the operation raises. What the audit keeps is kept whether it succeeded or
    not, but for a dry run, which does nothing."""
    if not actor.may(operation.permission):
        raise RequestError(
            "forbidden",
            "permission_missing",
            f"{operation.name} needs the permission {operation.permission}, which {actor.name} "
            "does not have",
            {"permission": str(operation.permission)},
        )
    if not operation.is_kept or getattr(given, DRY_RUN, False):
        return await operation.run(house, actor, given)
    try:
        done = await operation.run(house, actor, given)
    except SinkholeError as error:
        await house.state.audit.note(actor, operation.name, _seen(operation, given), str(error))
        raise
    await house.state.audit.note(actor, operation.name, _seen(operation, given))
    return done


def _seen(operation: Operation[Any, Any], given: BaseModel) -> dict[str, Any]:
    """What of the input may stand in the audit."""
    shown = None if operation.audited is None else set(operation.audited)
    return given.model_dump(mode="json", include=shown, exclude={DRY_RUN}, exclude_none=True)
