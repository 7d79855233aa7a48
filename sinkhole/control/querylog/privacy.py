"""What may be told of a query: applied before anything of it is written or shown.

A level leaves out more than the one before it. What is ignored has no row, and counts, if it does,
neither by name nor by client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from sinkhole.control.querylog.dictionary import ClientKey
from sinkhole.control.settings.schema import LogPrivacy
from sinkhole.dns.wire.name import ancestors, from_text
from sinkhole.model.record import Batch, ClientName, QueryRecord, Report, Who

Network = IPv4Network | IPv6Network

NOBODY: Final[ClientKey] = ("", "", "")

ANONYMOUS_PREFIX: Final = {4: 24, 6: 56}
"""How much of an address is left when it is cut: what a provider gives to one household in IPv6."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """The settings about privacy.

    `ignored_clients` are networks, and names or ids of clients; `ignored_names` are wire names that
    stand for all below them as well. With `ignores_counts` what is ignored does not count either.
    """

    level: LogPrivacy = "full"
    ignored_networks: tuple[Network, ...] = ()
    ignored_clients: frozenset[str] = frozenset()
    ignored_names: frozenset[bytes] = frozenset()
    ignores_counts: bool = False
    client_name: ClientName = field(default=lambda client, device: "", compare=False)

    @property
    def has_names(self) -> bool:
        """Whether names, and what would tell them, may be written."""
        return self.level != "no_names"

    @property
    def ignores_any(self) -> bool:
        """Whether anything may be ignored at all."""
        return bool(self.ignored_networks or self.ignored_clients or self.ignored_names)

    def client(self, client: str) -> str:
        """What may be told of a client, whose text is an address or an id; "" for nothing."""
        if self.level == "full":
            return client
        if self.level != "anonymous_clients":
            return ""
        try:
            address = ip_address(client)
        except ValueError:  # an id is the client's own name
            return ""
        return str(ip_network((address, ANONYMOUS_PREFIX[address.version]), strict=False))

    def asker(self, who: Who) -> ClientKey:
        """Of who asked what may be told; all "" for nothing. Only who is told of in full has a
        device and a group, as these may well be of one alone."""
        if not who.telling.client:
            return NOBODY
        if self.level == "full":
            return who.text, who.device, who.group
        return self.client(who.text), "", ""

    def ignores_client(self, client: str, device: str = "") -> bool:
        """Whether a client's queries are ignored."""
        if client in self.ignored_clients:
            return True
        if self.ignored_networks and _is_in(client, self.ignored_networks):
            return True
        return (
            bool(self.ignored_clients) and self.client_name(client, device) in self.ignored_clients
        )

    def ignores(self, report: Report) -> bool:
        """Whether queries for a name are ignored."""
        names = self.ignored_names
        return bool(names) and any(name in names for name in ancestors(report.name))

    def tells(self, report: Report, who: Who) -> bool:
        """Whether anything may be told of a query at all."""
        is_ignored = self.ignores(report) or self.ignores_client(who.text, who.device)
        return who.telling.rows and not is_ignored

    def counted(self, batches: list[Batch]) -> list[Batch]:
        """Batches without the records that are not even counted."""
        return [each._replace(records=list(filter(self._counts, each.records))) for each in batches]

    def _counts(self, record: QueryRecord) -> bool:
        report, who = record
        if not self.ignores_counts:
            return who.telling.counts
        is_ignored = self.ignores(report) or self.ignores_client(who.text, who.device)
        return who.telling.counts and not is_ignored


def _is_in(client: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in network for network in networks)


def wire_names(names: tuple[str, ...]) -> frozenset[bytes]:
    """Names of the settings, as those of reports are written."""
    return frozenset(map(from_text, names))
