"""All operations, for whoever offers them: the API's table of routes, the commands, the tests."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

from sinkhole.control.operations import (
    accounts,
    backups,
    cache,
    choice,
    explain,
    household,
    list_preview,
    list_versions,
    lists,
    log,
    log_deletion,
    own_account,
    protection,
    query,
    rules,
    services,
    settings,
    statistics,
    status,
    tokens,
    upstreams,
)
from sinkhole.control.operations.operation import Operation

MODULES: Final[tuple[ModuleType, ...]] = (
    status,
    protection,
    query,
    explain,
    choice,
    rules,
    lists,
    list_versions,
    list_preview,
    services,
    household,
    settings,
    upstreams,
    cache,
    log,
    log_deletion,
    statistics,
    own_account,
    accounts,
    tokens,
    backups,
)
"""The files that have operations, in the order in which people are shown them."""


def _all() -> Iterable[Operation[Any, Any]]:
    for module in MODULES:
        yield from (each for each in vars(module).values() if isinstance(each, Operation))


OPERATIONS: Final[dict[str, Operation[Any, Any]]] = {each.name: each for each in _all()}
"""Every operation by its name."""
