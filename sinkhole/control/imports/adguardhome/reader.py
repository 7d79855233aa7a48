"""All of AdGuardHome.yaml: each section to its reader, and what is left to be told."""

from __future__ import annotations

from typing import Final

from sinkhole.control.imports.adguardhome.clients import take_clients
from sinkhole.control.imports.adguardhome.filtering import (
    take_filtering,
    take_lists,
    take_own_rules,
)
from sinkhole.control.imports.adguardhome.keeping import take_keeping
from sinkhole.control.imports.adguardhome.listening import take_listening
from sinkhole.control.imports.adguardhome.resolving import take_dns
from sinkhole.control.imports.adguardhome.schema import as_newest, version_of
from sinkhole.control.imports.adguardhome.services import take_safe_search, take_services
from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Here, Plan
from sinkhole.control.imports.unpacked import yaml_tree

FILE_NAME: Final = "AdGuardHome.yaml"


def read_adguardhome(text: str, here: Here | None = None, *, listeners: bool = False) -> Plan:
    """What a settings file of AdGuard Home comes to; ValueError for what is none.

    With `listeners` it is taken where it listens, too.
    """
    tree = yaml_tree(text, FILE_NAME)
    plan = Plan(f"AdGuard Home, schema {version_of(tree)}", here or Here())
    root = Branch(as_newest(tree, plan), plan)
    dns, filtering = root.below("dns"), root.below("filtering")
    take_dns(dns, plan)
    take_lists(root, plan)
    take_own_rules(root, plan)
    take_filtering(filtering, plan)
    take_services(filtering.below("blocked_services"), plan)
    take_safe_search(filtering.below("safe_search"), plan)
    take_clients(root.below("clients"), plan)
    take_keeping(root, plan)
    take_listening(root, plan, wanted=listeners)
    _take_people(root, plan)
    root.ignore(
        *("schema_version", "auth_attempts", "block_auth_min", "language", "theme", "log", "os"),
        *("beta_bind_port", "auto_hosts_ip"),
    )
    for path in root.unasked():
        plan.left(path, "this key is not known here, or means nothing")
    return plan


def _take_people(root: Branch, plan: Plan) -> None:
    """What is no setting: accounts, and what there is none for, such as the DHCP server."""
    for user in root.each("users"):
        name, hashed = user.text("name"), user.text("password")
        if name and hashed:
            plan.accounts[name] = hashed
        else:
            plan.left(user.path, "the account has no name, or no password")
    dhcp = root.below("dhcp")
    dhcp.ignore("interface_name", "local_domain_name", "dhcpv4", "dhcpv6")
    if dhcp.flag("enabled"):
        text = "addresses are not given out here: leave that to the router, or to dnsmasq beside"
        plan.left("dhcp", f"{text} this, whose leases are read")
    if root.text("http_proxy"):
        text = "lists are fetched without a proxy; upstream.proxy is for upstreams"
        plan.left("http_proxy", text)
