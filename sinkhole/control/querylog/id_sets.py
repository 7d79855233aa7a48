"""Which values of a dictionary somebody looks for, kept in tables of the reader's connection.

The names, clients and accounts of a log are few beside its rows, but there may be millions. They
are looked through in slices, newest last, and what was found is remembered: the next page of the
same search only has to look at those that are new since.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

from sinkhole.control.database import Row
from sinkhole.control.querylog.answers import address_bits
from sinkhole.control.querylog.sought import (
    ClientTest,
    LoggedClient,
    Sought,
    SoughtName,
    answer_network,
    as_logged,
    client_test,
    device_test,
    devices_of,
    group_test,
    mac_of,
    stands_for_device,
)
from sinkhole.dns.wire.international import PREFIX, as_stored
from sinkhole.model.record import ClientName

VALUES_A_SLICE: Final = 20_000

MOST_SOUGHT: Final = 100_000
"""With more names that match, rows are read one by one: nearly every hour has some of them."""

Rows = Callable[[str, Sequence[Any]], Awaitable[list[Row]]]
"""Runs one statement; raises what it raises when the time is up."""

Clients = Callable[[], AsyncIterator[LoggedClient]]
"""Tells all clients of the log, anew each time."""

SetName = Literal[
    "sought_name", "sought_client", "sought_account", "sought_answer", "text_name", "text_client"
]

_TABLES: Final = (
    "PRAGMA temp_store = MEMORY",
    "CREATE TEMP TABLE IF NOT EXISTS id_set"
    " (name TEXT PRIMARY KEY, wanted TEXT NOT NULL, through INTEGER NOT NULL) WITHOUT ROWID",
    *(
        f"CREATE TEMP TABLE IF NOT EXISTS {name} (id INTEGER PRIMARY KEY)"
        for name in SetName.__args__  # type: ignore[attr-defined]  # of a Literal
    ),
)


class Condition(NamedTuple):
    """What a value has to meet, as SQL about its columns with the parameters."""

    sql: str
    values: tuple[Any, ...]


def name_condition(wanted: Sequence[SoughtName]) -> Condition:
    """The condition on `text` for names as a person has typed them."""
    found = [_one_name(each) for each in wanted]
    values = tuple(value for each in found for value in each.values)
    return Condition(f"({' OR '.join(each.sql for each in found)})", values)


def answer_condition(wanted: Sequence[str]) -> Condition:
    """The condition on `given` and `original` for addresses and networks.

    Their whole bytes are looked for first, in no time; what has them is then read.
    """
    parts: list[str] = []
    values: list[Any] = []
    for text in wanted:
        network = answer_network(text)
        address, prefix = network.network_address.packed, network.prefixlen
        for column in ("given", "original"):
            parts.append(f"(instr({column}, ?) > 0 AND instr(addresses({column}), ?) > 0)")
            values += (address[: prefix // 8], address_bits(address, prefix))
    return Condition(f"({' OR '.join(parts)})", tuple(values))


def _one_name(wanted: SoughtName) -> Condition:
    stored, readable = as_stored(wanted.text)
    if wanted.kind == "part":
        international = f"(instr(text, '{PREFIX}') > 0 AND instr(decoded(text), ?) > 0)"
        return Condition(f"(instr(text, ?) > 0 OR {international})", (stored, readable))
    whole = stored.rstrip(".") or "."
    if wanted.kind == "exact":
        return Condition("text = ?", (whole,))
    if whole == ".":
        return Condition("text <> ''", ())
    return Condition("(text = ? OR substr(text, ?) = ?)", (whole, -len(whole) - 1, f".{whole}"))


async def prepare(rows: Rows) -> None:
    """Make the tables on a connection that has none yet."""
    for statement in _TABLES:
        await rows(statement, ())


async def gather(
    rows: Rows, look: Callable[[], None], table: SetName, source: str, condition: Condition
) -> int:
    """Fill a set with the numbers of the values of `source` that match; how many there are.

    Looking ends with more than MOST_SOUGHT. `look` is called before each slice; when it raises, or
    `rows` does, what was found stays found.
    """
    through = await _remembered(rows, table, repr(condition))
    while True:
        ((found,),) = await rows(f"SELECT count(*) FROM {table}", ())
        last = await _slice_end(rows, source, through)
        if found > MOST_SOUGHT or last is None:
            return int(found)
        look()
        await rows(
            f"INSERT OR IGNORE INTO {table} SELECT id FROM {source}"
            f" WHERE id > ? AND id <= ? AND {condition.sql}",
            [through, last, *condition.values],
        )
        await rows("UPDATE id_set SET through = ? WHERE name = ?", [last, table])
        through = last


async def sought_clients(clients: Clients, sought: Sought, client_name: ClientName) -> ClientTest:
    """Whether a client of the log is one of those that are sought, or of the device of one."""
    is_named = client_test(sought.clients, client_name)
    devices = await sought_devices(clients, sought.clients, client_name)
    is_of_group = group_test(sought.groups)
    is_device = device_test(sought.devices, await macs_of(clients, sought.devices))

    def is_wanted(client: LoggedClient) -> bool:
        if sought.groups and not is_of_group(client):
            return False
        if sought.devices and not is_device(client):
            return False
        return not sought.clients or client.device in devices or is_named(client)

    return is_wanted


async def sought_devices(
    known: Clients, clients: Sequence[str | int], client_name: ClientName
) -> frozenset[str]:
    """The devices that some clients to look for stand for."""
    wanted = [each for each in clients if stands_for_device(each)]
    if not wanted:
        return frozenset()
    is_named = client_test(wanted, client_name)
    return devices_of([each async for each in known() if is_named(each)])


async def macs_of(clients: Clients, devices: Sequence[str]) -> frozenset[str]:
    """The MACs of devices, also of those that are meant by an address or id of theirs."""
    if not devices:
        return frozenset()
    texts = {as_logged(each) for each in devices}
    found = devices_of([each async for each in clients() if each.text in texts])
    return found | {mac for each in devices if (mac := mac_of(each))}


async def gather_clients(rows: Rows, table: SetName, is_wanted: ClientTest) -> list[int]:
    """Fill a set with the clients that pass a test; their numbers.

    Anew each time: what the settings call them may have changed.
    """
    await rows(f"DELETE FROM {table}", ())
    found = [each.number async for each in all_clients(rows) if is_wanted(each)]
    await rows(f"INSERT INTO {table} SELECT value FROM json_each(?)", [json.dumps(found)])
    return found


async def all_clients(rows: Rows) -> AsyncIterator[LoggedClient]:
    """All clients of the log."""
    through = 0
    while clients := await rows(
        "SELECT id, text, device, policy_group, seen FROM client WHERE id > ? ORDER BY id LIMIT ?",
        [through, VALUES_A_SLICE],
    ):
        for each in clients:
            yield LoggedClient(*each)
        through = clients[-1][0]


async def _remembered(rows: Rows, table: SetName, wanted: str) -> int:
    """Up to where the set holds what is wanted; it is emptied if it holds something else."""
    known = await rows("SELECT through FROM id_set WHERE name = ? AND wanted = ?", [table, wanted])
    if known:
        return int(known[0][0])
    await rows(f"DELETE FROM {table}", ())
    await rows("INSERT OR REPLACE INTO id_set VALUES (?, ?, 0)", [table, wanted])
    return 0


async def _slice_end(rows: Rows, source: str, through: int) -> int | None:
    """The last number of the next slice, None if there are no values behind `through`."""
    ((last,),) = await rows(
        f"SELECT max(id) FROM (SELECT id FROM {source} WHERE id > ? ORDER BY id LIMIT ?)",
        [through, VALUES_A_SLICE],
    )
    return None if last is None else int(last)
