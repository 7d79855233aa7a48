"""All commands but those in `commands`: in a module of its own, as who serves needs none."""

from __future__ import annotations

from typing import Final

import click

from sinkhole.cli.account_commands import account_group, token_group
from sinkhole.cli.audit_commands import audit
from sinkhole.cli.backup_commands import backup, restore
from sinkhole.cli.cache_commands import cache_group
from sinkhole.cli.certificate_commands import certificate_group
from sinkhole.cli.client_commands import (
    clients_group,
    devices_group,
    groups_group,
    schedules_group,
)
from sinkhole.cli.completion import completion
from sinkhole.cli.explain_commands import explain, stats
from sinkhole.cli.household_commands import records_group, routes_group, upstream_sets_group
from sinkhole.cli.import_commands import export_group, import_group
from sinkhole.cli.list_commands import lists_group
from sinkhole.cli.live_commands import tail, top
from sinkhole.cli.log_commands import log_group
from sinkhole.cli.name_commands import allow, block, query
from sinkhole.cli.node_commands import nodes_group
from sinkhole.cli.pair_command import pair
from sinkhole.cli.protection_commands import pause, resume, status
from sinkhole.cli.rule_commands import rules_group, safe_search_group, services_group
from sinkhole.cli.server_commands import drain, restart
from sinkhole.cli.settings_commands import settings_group
from sinkhole.cli.storage_command import storage
from sinkhole.cli.upstream_commands import upstream_group

OTHER_COMMANDS: Final[tuple[click.Command, ...]] = (
    *(status, pause, resume, block, allow, query, explain, stats),
    *(lists_group, rules_group, services_group, safe_search_group),
    *(devices_group, clients_group, groups_group, schedules_group),
    *(records_group, routes_group, upstream_sets_group, upstream_group),
    *(tail, top, log_group, cache_group, certificate_group, nodes_group),
    *(settings_group, account_group, token_group, audit, storage, backup, restore, completion),
    *(drain, restart, pair),
    *(import_group, export_group),
)
