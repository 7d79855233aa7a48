"""Whether a single row meets what is sought: what a search finds, for rows the log may not have.

A search asks SQLite about dictionaries and hours; who follows the log has rows one by one, some of
which are never written. Both read a `Sought` by the same words (`sought`), and a test has them
judge the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.querylog.sought import (
    LoggedClient,
    Sought,
    SoughtName,
    answer_network,
    client_test,
    device_test,
    group_test,
    mac_of,
    outcomes_of,
    rcode_number,
    text_test,
    transport_number,
)
from sinkhole.dns.wire.international import as_stored, decoded
from sinkhole.dns.wire.numbers import rcode_name, type_name, type_number
from sinkhole.model.record import TRANSPORTS, ClientName
from sinkhole.model.verdict import Outcome

RowTest = Callable[[LoggedQuery], bool]

_HINTS: Final = re.compile(r"\bipv[46]hint=([\da-fA-F:.,]+)")
_NO_NUMBER = 0
"""Clients have numbers in the log only, which a row does not tell: one that is sought meets none.
Only frozen views have such, and those have no new rows."""


def row_test(
    sought: Sought,
    client_name: ClientName,
    devices: Collection[str] = frozenset(),
    macs: Collection[str] = frozenset(),
) -> RowTest:
    """Whether a row meets all that is sought; ValueError says what is not understood.

    `devices` are those that the clients to look for stand for, see `id_sets.sought_devices`, and
    `macs` those of the devices, see `id_sets.macs_of`.
    """
    sought.check()
    tests = [
        *_of_words(sought),
        *_of_lists(sought),
        *_of_time(sought),
        *_of_clients(sought, client_name, devices),
        *_of_devices(sought, macs),
        *_of_nodes(sought),
        *_of_names(sought, client_name),
        *_of_answers(sought),
    ]

    def is_wanted(row: LoggedQuery) -> bool:
        return all(test(row) for test in tests)

    return is_wanted


def _of_words(sought: Sought) -> Iterator[RowTest]:
    """What a row says in one word each."""
    outcomes = (each for word in sought.verdicts for each in outcomes_of(word))
    accepted = {
        "outcome": {Outcome(each).name.lower() for each in outcomes},
        "type": {_type(each) for each in sought.types},
        "rcode": {rcode_name(rcode_number(each)) for each in sought.rcodes},
        "transport": {TRANSPORTS[transport_number(each)] for each in sought.transports},
        "upstream": set(sought.upstreams),
    }
    asked = {key: words for key, words in accepted.items() if words}

    def has_them(row: Mapping[str, object]) -> bool:
        return all(row[key] in words for key, words in asked.items())

    yield has_them


def _type(text: str) -> str:
    """A type as a row has it: nothing where a query had none that could be read."""
    number = type_number(text)
    return type_name(number) if number else ""


def _of_lists(sought: Sought) -> Iterator[RowTest]:
    wanted = frozenset(sought.lists)
    if wanted:
        yield lambda row: bool(row["list"]) and not wanted.isdisjoint((row["list"], row["list_id"]))


def _of_time(sought: Sought) -> Iterator[RowTest]:
    first = None if sought.from_s is None else int(sought.from_s * 1e6)
    end = None if sought.to_s is None else int(sought.to_s * 1e6)
    if sought.through is not None:
        end = sought.through + 1 if end is None else min(end, sought.through + 1)
    if first is not None:
        yield lambda row: int(row["id"]) >= first
    if end is not None:
        yield lambda row: int(row["id"]) < end


def _of_clients(
    sought: Sought, client_name: ClientName, devices: Collection[str]
) -> Iterator[RowTest]:
    if sought.clients:
        is_client = client_test(sought.clients, client_name)
        yield lambda row: row["device"] in devices or is_client(_client(row))


def _of_nodes(sought: Sought) -> Iterator[RowTest]:
    if sought.nodes:
        yield lambda row: row["node"] in sought.nodes


def _of_devices(sought: Sought, macs: Collection[str]) -> Iterator[RowTest]:
    if sought.groups:
        is_of_group = group_test(sought.groups)
        yield lambda row: is_of_group(_client(row))
    if sought.devices:
        known = {*macs, *(mac for each in sought.devices if (mac := mac_of(each)))}
        is_device = device_test(sought.devices, known)
        yield lambda row: is_device(_client(row))


def _client(row: LoggedQuery) -> LoggedClient:
    return LoggedClient(_NO_NUMBER, row["client"], row["device"], row["group"], 0)


def _of_answers(sought: Sought) -> Iterator[RowTest]:
    if sought.answers:
        networks = [answer_network(each) for each in sought.answers]

        def has_address(row: LoggedQuery) -> bool:
            addresses = [ip_address(each) for each in _addresses_in(row)]
            return any(address in network for address in addresses for network in networks)

        yield has_address


def _addresses_in(row: LoggedQuery) -> Iterator[str]:
    """All addresses of both answers, those that services hint at among them."""
    for answer in (row["answer"], row["original_answer"]):
        for record in answer["records"] if answer else ():
            if record["type"] in ("A", "AAAA"):
                yield record["data"]
            elif record["type"] in ("HTTPS", "SVCB"):
                for hints in _HINTS.findall(record["data"]):
                    yield from hints.split(",")


def _of_names(sought: Sought, client_name: ClientName) -> Iterator[RowTest]:
    """A name that is sought, and text, which may be in a name or in what tells the client."""
    if sought.names:
        tests = [_name_test(each) for each in sought.names]

        def has_name(row: LoggedQuery) -> bool:
            name, read = row["name"], decoded(row["name"])
            return any(test(name, read) for test in tests)

        yield has_name
    if sought.text:
        in_name = _name_test(SoughtName(sought.text))
        in_client = text_test(sought.text, sought.text_clients, client_name)
        yield (lambda row: in_client(_client(row)) or in_name(row["name"], decoded(row["name"])))


def _name_test(wanted: SoughtName) -> Callable[[str, str], bool]:
    """Whether a name, as it is stored and as it is read, is one that is sought."""
    stored, readable = as_stored(wanted.text)
    if wanted.kind == "part":
        return lambda name, read: stored in name or readable in read
    whole = stored.rstrip(".") or "."
    if wanted.kind == "exact":
        return lambda name, read: name == whole
    if whole == ".":
        return lambda name, read: name != ""
    below = f".{whole}"
    return lambda name, read: name == whole or name.endswith(below)
