"""One request at /control: who asks, what is in its body, and having operations done for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sinkhole.control.operations import settings as settings_operations
from sinkhole.control.operations.catalogue import OPERATIONS
from sinkhole.control.operations.house import House
from sinkhole.control.operations.misfits import lines_of
from sinkhole.control.operations.operation import Operation
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.settings import ChangeResult, Changes, SettingChange
from sinkhole.control.settings import Settings
from sinkhole.control.settings.changes import refuse_held
from sinkhole.control.settings.in_force import Change
from sinkhole.control.web.bodies import read_body
from sinkhole.control.web.refusals import MOST_BODY_BYTES, Refused
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError, RequestKind, SettingsError

LARGE_BODY_BYTES: Final = 4 * 1024 * 1024
"""Of own rules and of who may ask; of everything else as of all our addresses."""

_STATUS: Final[Mapping[RequestKind, int]] = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 400,
    "conflict": 400,
    "gone": 400,
    "too_many": 429,
    "unavailable": 503,
}
"""There, what does not exist is a mistake like others, as is what exists already: 404 is an address
that it does not know."""
_OLD: Final = "revision_is_old"
_STATUS_OF_CODE: Final = {
    "held_by_file": 409,
    "held_by_environment": 409,
    "update_underway": 500,
    _OLD: 503,
}
"""The first two and the last are no mistake of whoever asks; the third is answered so there."""

I = TypeVar("I", bound=BaseModel)  # noqa: E741  # the usual pair of names
O = TypeVar("O", bound=BaseModel)  # noqa: E741  # the usual pair of names
B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """What a body says: types as they are there, unknown keys passed over, null as if left out."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Overtaken(Exception):  # nothing is wrong: it is to be done anew
    """Others changed the settings between a look at them and the change that came of it; `error` is
    what says so."""

    def __init__(self, error: RequestError) -> None:
        super().__init__(str(error))
        self.error = error


class Asked:
    """A request, behind the gate.

    What it changes goes by the settings that it saw first: `change` raises Overtaken where they
    were changed meanwhile, and after `again` all of it can be worked out anew.
    """

    def __init__(self, house: House, actor: Actor, request: web.Request, most_bytes: int) -> None:
        self.house = house
        self.actor = actor
        self.request = request
        self._most_bytes = most_bytes
        self._revision: str | None = None
        self._sent: bytes | None = None

    @property
    def settings(self) -> Settings:
        """Those in force now."""
        if self._revision is None:
            self._revision = self.house.settings.revision
        return self.house.settings.settings

    def again(self) -> None:
        """Forget which settings were seen."""
        self._revision = None

    async def body(self, kind: type[B]) -> B:
        """What the body says; Refused (400) where it is none of that kind."""
        found = await self.plain_body()
        try:
            return kind.model_validate(found)
        except ValidationError as error:
            raise bad_request(f"reading req: {'; '.join(lines_of(error))}") from None

    async def plain_body(self) -> Any:
        """The body as JSON, without what is null; Refused (400) for none."""
        if self._sent is None:  # it comes once
            request = self.request.clone(client_max_size=self._most_bytes)
            try:
                self._sent = await read_body(request)
            except web.HTTPRequestEntityTooLarge:
                told = f"the body is larger than {self._most_bytes // 1024} KiB"
                raise Refused(413, "too_large", told) from None
        data = self._sent
        if not data:
            raise bad_request("reading req: EOF")
        try:
            large = len(data) > MOST_BODY_BYTES
            return await asyncio.to_thread(_read, data) if large else _read(data)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"reading req: {error}") from None

    async def do(self, operation: Operation[I, O], given: I) -> O:
        """Have an operation done, as far as who asks may."""
        return await perform(operation, self.house, self.actor, given)

    async def change(self, name: str, changes: Sequence[Change], note: str) -> ChangeResult | None:
        """Change settings as one, all or nothing, by the permission of the operation of this name,
        under which it stands in the audit; None where there is nothing to change. Raises Overtaken.

        For what one request changes there, and an operation of ours would have to be done several
        times for.
        """
        known = OPERATIONS[name]
        if not self.actor.may(known.permission):
            await self.do(known, known.input.model_construct())  # which refuses it
        if not changes:
            return None
        as_one = Operation(
            *(known.name, known.permission, Changes, ChangeResult, _changed),
            *(True, frozenset({"note"}), known.summary, known.description),
        )
        wanted = [
            SettingChange(key=key, item=item, action=action, value=value)
            for key, item, action, value in changes
        ]
        revision, self._revision = self._revision, None
        return await self.do(as_one, Changes(changes=wanted, note=note[:500], revision=revision))


async def _changed(house: House, actor: Actor, given: Changes) -> ChangeResult:
    """Change settings; who is overtaken has done nothing yet that the audit is to keep."""
    try:
        return await settings_operations.change.run(house, actor, given)
    except RequestError as error:
        if error.code == _OLD:
            raise Overtaken(error) from error
        raise


def forgotten(settings: Settings, key: str) -> Change:
    """That the default of a key counts; RequestError ("conflict") where the file holds another."""
    refuse_held(settings, key)
    return Change(key, action="reset")


def _read(data: bytes) -> Any:
    """A body as JSON without what is null; ValueError for what is none."""
    found = json.loads(data)
    if b"\\u" in data:
        json.dumps(found, ensure_ascii=False).encode()  # halves of a character are no text
    return without_null(found)


def without_null(value: Any) -> Any:
    """The same without members that are null, which say nothing there."""
    if isinstance(value, dict):
        return {key: without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_null(each) for each in value if each is not None]
    return value


def bad_request(text: str) -> Refused:
    """What can't be understood, or is not to be had here, in words."""
    return Refused(400, "invalid", text)


def unprocessable(text: str) -> Refused:
    """Values that do not fit, where it says so by 422 there."""
    return Refused(422, "invalid", text)


def refused_as_there(error: RequestError | SettingsError) -> Refused:
    """What an operation refuses, with the status that it would have there."""
    if isinstance(error, SettingsError):
        return bad_request(str(error))
    headers = {}
    if "retry_after_s" in error.more:
        headers["Retry-After"] = str(max(1, round(float(error.more["retry_after_s"]))))
    status = _STATUS_OF_CODE.get(error.code, _STATUS[error.kind])
    return Refused(status, error.code, str(error), headers=headers)
