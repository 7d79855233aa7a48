"""All operations, for whoever offers them: the API's table of routes, the commands, the tests."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

from sinkhole.control.operations import (
    about,
    accounts,
    backups,
    cache,
    choice,
    device_setup,
    devices,
    explain,
    exports,
    household,
    imports,
    list_preview,
    list_versions,
    listeners,
    lists,
    log,
    log_deletion,
    log_sums,
    migration,
    nodes,
    own_account,
    pair_requests,
    pairing,
    past_queries,
    protection,
    query,
    renaming,
    rule_editing,
    rules,
    server,
    services,
    settings,
    settings_preview,
    setup,
    statistics,
    status,
    storage,
    tokens,
    upstreams,
)
from sinkhole.control.operations.operation import Operation

MODULES: Final[tuple[ModuleType, ...]] = (
    status,
    server,
    storage,
    migration,
    about,
    protection,
    query,
    explain,
    choice,
    rules,
    rule_editing,
    lists,
    list_versions,
    list_preview,
    services,
    devices,
    household,
    renaming,
    settings,
    settings_preview,
    imports,
    past_queries,
    exports,
    setup,
    upstreams,
    listeners,
    device_setup,
    cache,
    log,
    log_deletion,
    log_sums,
    statistics,
    nodes,
    own_account,
    accounts,
    tokens,
    backups,
    pairing,
    pair_requests,
)
"""The files that have operations, in the order in which people are shown them."""


def _all() -> Iterable[Operation[Any, Any]]:
    for module in MODULES:
        yield from (each for each in vars(module).values() if isinstance(each, Operation))


OPERATIONS: Final[dict[str, Operation[Any, Any]]] = {each.name: each for each in _all()}
"""Every operation by its name."""
