"""What the log knows deleted: all of it, of a client, about a name; statistics begun anew."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import Field

from sinkhole.control.devices.devices import HIDES_CLIENTS
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal, understood, with_log
from sinkhole.control.querylog.sought import LoggedClient, devices_of, mac_of
from sinkhole.model.actor import Actor, Permission


class LogClient(Input):
    """Whose queries are to go."""

    client: str = Field(
        min_length=1,
        max_length=200,
        description="An address or an id as the log has it, a MAC, or what the settings call the "
        "client: then all of its addresses.",
        examples=["192.0.2.7", "Kids tablet"],
    )
    device: bool = Field(
        default=False,
        description="All that its device has asked, by whatever address, where the MAC is known; "
        "of an address that had several devices, the one that had it last.",
    )


class LogName(Input):
    """Queries for which name are to go."""

    name: str = Field(min_length=1, max_length=1010, examples=["www.example.org"])
    below: bool = Field(default=False, description="For all names below it as well.")


class Deleted(Output):
    """How much was deleted."""

    rows: int
    note: str = Field(
        default="", description="What is still known of the client elsewhere, and how it goes."
    )


@operation("log.delete_all", Permission.LOG_WRITE, changes=True)
async def delete_all(house: House, actor: Actor, given: Nothing) -> Deleted:
    """Delete every row of the log; statistics stay.

    Answers when all of it is gone; it goes on where nobody waits any more.
    """
    with with_log():
        return Deleted(rows=await house.query_log().delete_all())


@operation("log.delete_client", Permission.LOG_WRITE, changes=True)
async def delete_client(house: House, actor: Actor, given: LogClient) -> Deleted:
    """Delete the rows of a client, and what is counted of it.

    A device stays in the list of devices, which the answer then says.
    """
    query_log = house.query_log()
    with with_log():
        clients = await _logged_clients(house, given.client.strip(), with_device=given.device)
        if not clients:
            text = f"the log knows no client {given.client!r}"
            raise refusal("not_found", "client_unknown", text)
        rows = await query_log.delete_clients(clients)
    return Deleted(rows=rows, note=await _still_known(house, given.client.strip()))


@operation("log.delete_name", Permission.LOG_WRITE, changes=True)
async def delete_name(house: House, actor: Actor, given: LogName) -> Deleted:
    """Delete the rows about a name, or about all names below it as well, and what is counted of
    them."""
    with understood("question_invalid"), with_log():
        return Deleted(rows=await house.query_log().delete_name(given.name, below=given.below))


@operation("statistics.reset", Permission.LOG_WRITE, changes=True)
async def reset_statistics(house: House, actor: Actor, given: Nothing) -> Done:
    """Let statistics begin anew with this moment; the rows of the log stay."""
    with with_log():
        await house.query_log().reset_statistics()
    return Done()


async def _logged_clients(house: House, client: str, *, with_device: bool) -> list[LoggedClient]:
    """Clients of the log, by an address, an id, a MAC or a name of the settings."""
    try:
        wanted = str(ip_address(client))
    except ValueError:
        wanted = mac_of(client) or client.casefold()
    if not wanted:
        return []
    known = [each async for each in house.log_store().clients()]
    found = [each for each in known if wanted in _called(house, each)]
    devices = devices_of(found) if with_device else frozenset()
    return [*{*found, *(each for each in known if each.device in devices)}]


async def _still_known(house: House, client: str) -> str:
    """That somebody is among the devices, as far as these may be told; "" where not."""
    if not house.is_serving or house.settings.settings.query_log.privacy in HIDES_CLIENTS:
        return ""
    device = await house.devices().find(mac_of(client) or client)
    if device is None:
        return ""
    return (
        f"the list of devices still has it, with its names and when it asked: "
        f"`sinkhole devices forget {device.key}` takes it out"
    )


def _called(house: House, client: LoggedClient) -> tuple[str, str, str]:
    name = house.client_name(client.text, client.device)
    return client.text.casefold(), client.device, name.casefold()
