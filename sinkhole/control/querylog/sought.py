"""What somebody looks for in the log, as people say it: one value for search, export and views."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from sinkhole.dns.wire.numbers import rcode_name
from sinkhole.model.record import TRANSPORTS, ClientName
from sinkhole.model.verdict import KINDS, Outcome

VERDICTS: Final = ("blocked", "allowed", *KINDS[1:])
"""What may be looked for besides the names of outcomes; "allowed" is all that is not blocked."""

MOST_VALUES: Final = 100
"""How many values there may be for each thing that is looked for."""

LEAST_PREFIX: Final = 16
"""Bits of a network that is looked for in answers: two bytes tell most answers apart."""

MOST_TEXT: Final = 300
"""The most characters of one of them; no name has more as text, but for escaped bytes."""

_RCODES: Final = {rcode_name(number): number for number in range(24)}

NameKind = Literal["part", "exact", "below"]


class SoughtName(NamedTuple):
    """A name to look for: any part of one, a whole name, or a domain with all below it.

    Both spellings of international names are understood.
    """

    text: str
    kind: NameKind = "part"


@dataclass(frozen=True, slots=True)
class Sought:
    """Rows that meet all of these; of several values of one, any. Empty: whatever it is.

    `from_s` and `to_s` are seconds since 1970, the second not included. `text` is any part of a
    name or client, as stored or as people read them. A client is an address, a network, the id of
    one, a MAC, or a part of what the settings call it; a number is that of the log's own. All but a
    network stand for whole devices, as far as their MACs are known. A list is its name or
    number. `verdicts` are of VERDICTS or names of outcomes. `through` is the newest row
    that may be found: later ones are left out.
    """

    from_s: float | None = None
    to_s: float | None = None
    text: str = ""
    names: tuple[SoughtName, ...] = ()
    clients: tuple[str | int, ...] = ()
    groups: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Devices by their MACs; one without, as far as the log knows, by its address or id. An address
    stands for the device that had it last."""
    lists: tuple[str | int, ...] = ()
    upstreams: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    rcodes: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    """Who answered, by their names; a log that is one node's alone has none."""
    answers: tuple[str, ...] = ()
    """Addresses or networks that an answer has, the one given or the one refused."""
    through: int | None = None
    text_clients: tuple[int, ...] = ()
    """Clients that the text has been found to mean, by the log's numbers."""

    def check(self) -> None:
        """Raise ValueError, with a text for the user, for what can't be looked for."""
        told = [each for each in self.clients if isinstance(each, str)]
        worded = (*self.groups, *self.devices, *self.lists, *self.upstreams, *self.nodes)
        for many in (self.names, told, self.groups, self.devices, self.lists, self.upstreams,
                     self.transports, self.rcodes, self.verdicts, self.types, self.nodes,
                     self.answers):  # fmt: skip
            if len(many) > MOST_VALUES:
                raise ValueError(f"that are {len(many)} values; {MOST_VALUES} may be looked for")
        named = [name.text for name in self.names]
        for text in (self.text, *named, *told, *worded):
            if isinstance(text, str) and len(text) > MOST_TEXT:
                raise ValueError(f"{text[:40]!r}… is too long; {MOST_TEXT} characters may be given")
        if "" in named or "" in (*self.clients, *self.devices):
            raise ValueError("a name or client to look for is empty")
        for name in self.names:
            if name.kind not in get_args(NameKind):
                raise ValueError(f"{name.kind!r} may be one of {', '.join(get_args(NameKind))}")
        if self.from_s is not None and self.to_s is not None and self.from_s >= self.to_s:
            raise ValueError("what is looked for ends before it begins: from is not before to")
        for client in self.clients:
            network_of(client)
        for each in self.answers:
            answer_network(each)


def moment(text: str) -> float:
    """Seconds since 1970 of a time, written as such or by ISO 8601; ValueError for others.

    One without a zone is by this machine's.
    """
    if re.fullmatch(r"-?\d{1,11}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"{text!r} is no time; write 2026-11-29T10:00:00Z, or seconds since 1970"
        ) from error


def outcomes_of(verdict: str) -> list[int]:
    """The numbers of the outcomes that a verdict lets through; ValueError names those there are."""
    if verdict == "allowed":
        return [int(outcome) for outcome in Outcome if not outcome.is_block]
    if verdict in VERDICTS:
        return [int(outcome) for outcome in Outcome if outcome.kind == verdict]
    if verdict.upper() in Outcome.__members__ and verdict.islower():
        return [int(Outcome[verdict.upper()])]
    raise ValueError(f"verdict is {verdict!r}; it may be one of {', '.join(VERDICTS)}")


def transport_number(transport: str) -> int:
    """What rows have for a transport; ValueError names those there are."""
    if transport not in TRANSPORTS:
        raise ValueError(f"transport is {transport!r}; it may be one of {', '.join(TRANSPORTS)}")
    return TRANSPORTS.index(transport)


def rcode_number(rcode: str) -> int:
    """The number of a response code from its mnemonic (any letter case) or its number."""
    upper = rcode.upper()
    if upper in _RCODES:
        return _RCODES[upper]
    digits = upper.removeprefix("RCODE")
    if digits.isascii() and digits.isdigit() and int(digits) <= 0xFFF:
        return int(digits)
    raise ValueError(f"rcode is {rcode!r}; it may be NOERROR, NXDOMAIN, SERVFAIL, REFUSED …")


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_of(client: str | int) -> Network | None:
    """The addresses that a client to look for stands for; None where it is no address.

    ValueError for a network that is wrong.
    """
    if not isinstance(client, str):
        return None
    text = client.strip()
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        if re.fullmatch(r"[\d.]+/\d*|[\da-fA-F:.]*:[\da-fA-F:.]*/\d*", text, re.ASCII):
            told = f"{text!r} is no network; write 192.0.2.0/24 or 2001:db8::/32"
            raise ValueError(told) from None
        return None


def answer_network(text: str) -> Network:
    """The addresses to look for in answers; ValueError for what is none, or too many."""
    network = network_of(text)
    if network is None:
        raise ValueError(f"{text[:40]!r} is no address; write 192.0.2.7 or 192.0.2.0/24")
    if network.prefixlen < LEAST_PREFIX:
        raise ValueError(f"{text[:40]!r} is too much: a network has /{LEAST_PREFIX} at least")
    return network


class LoggedClient(NamedTuple):
    """A client as the log has it; `seen` is the last hour in which it asked. A row that tells of it
    says neither this nor its number."""

    number: int
    text: str
    device: str
    group: str
    seen: int


ClientTest = Callable[[LoggedClient], bool]


def client_test(wanted: Sequence[str | int], client_name: ClientName) -> ClientTest:
    """Whether a client of the log is one of those looked for, without what else its device has
    asked, which `devices_of` tells."""
    numbers = {each for each in wanted if isinstance(each, int)}
    networks = [network for each in wanted if (network := network_of(each))]
    parts = [_folded(each) for each in wanted if isinstance(each, str) and not network_of(each)]
    macs = {mac for part in parts if (mac := mac_of(part))}

    def is_wanted(client: LoggedClient) -> bool:
        if client.number in numbers or client.device in macs:
            return True
        address = _address(client.text) if networks else None
        if address is not None and any(address in network for network in networks):
            return True
        called = _folded(client_name(client.text, client.device)) if parts else ""
        return any(part == client.text or part in called for part in parts)

    return is_wanted


def devices_of(clients: Iterable[LoggedClient]) -> frozenset[str]:
    """The devices of some clients: those that had their addresses last."""
    last: dict[str, LoggedClient] = {}
    for each in clients:
        before = last.setdefault(each.text, each)
        if (before.seen, before.number) < (each.seen, each.number):
            last[each.text] = each
    return frozenset(each.device for each in last.values()) - {""}


def stands_for_device(client: str | int) -> bool:
    """Whether a client to look for stands for all that its device has asked."""
    network = network_of(client)
    is_number = isinstance(client, int)
    return not is_number and (network is None or network.prefixlen == network.max_prefixlen)


def device_test(wanted: Sequence[str], devices: Collection[str]) -> ClientTest:
    """Whether a client of the log is one of these devices; `devices` are the MACs that they stand
    for. One of whose device the log knows nothing is told by its address or id."""
    texts = {as_logged(each) for each in wanted}
    return lambda client: client.device in devices if client.device else client.text in texts


def group_test(wanted: Sequence[str]) -> ClientTest:
    """Whether a client of the log was in one of these groups, in whatever spelling."""
    folded = {_folded(each) for each in wanted}
    return lambda client: _folded(client.group) in folded


def mac_of(text: str) -> str:
    """A MAC as records have it, "" for what is none."""
    mac = text.strip().lower().replace("-", ":")
    return mac if re.fullmatch(r"([\da-f]{2}:){5}[\da-f]{2}", mac, re.ASCII) else ""


def text_test(part: str, numbers: tuple[int, ...], client_name: ClientName) -> ClientTest:
    """Whether a client of the log is known to be meant, or has a part in its address, its id, its
    MAC or its name."""
    wanted, known = _folded(part), frozenset(numbers)

    def is_wanted(client: LoggedClient) -> bool:
        if client.number in known or wanted in client.text or wanted in client.device:
            return True
        return wanted in _folded(client_name(client.text, client.device))

    return is_wanted


def as_logged(client: str) -> str:
    """An address as the log spells it, or else the id of a client, which it has in lower case."""
    address = _address(client.strip())
    return client.strip().lower() if address is None else str(address)


def _folded(text: str) -> str:
    return text.strip().casefold()


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
