"""An address of the API that is no operation, with what its description says of it."""

from __future__ import annotations

import inspect
from typing import NamedTuple

from pydantic import BaseModel

from sinkhole.control.web.locations import Handler, Location, Method, Needs
from sinkhole.control.web.refusals import V1
from sinkhole.model.actor import Permission


class Entry(NamedTuple):
    """Served by `handler`, whose docstring is its summary; `media_type` is what it answers."""

    method: Method
    path: str
    name: str
    needs: Needs | Permission
    input: type[BaseModel]
    output: type[BaseModel] | None
    handler: Handler
    media_type: str = "application/json"
    tag: str = "sign-in"

    @property
    def location(self) -> Location:
        """Where it is served."""
        return Location(self.method, V1 + self.path, self.needs, self.handler)

    @property
    def summary(self) -> str:
        """What it is for, in a sentence."""
        return " ".join(inspect.cleandoc(self.handler.__doc__ or "").split())
