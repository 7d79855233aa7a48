"""What the log knows deleted: all of it, of a client, about a name; statistics begun anew."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal, understood, with_log
from sinkhole.control.querylog.id_sets import all_clients
from sinkhole.model.actor import Actor, Permission


class LogClient(Input):
    """Whose queries are to go."""

    client: str = Field(
        min_length=1,
        max_length=200,
        description="An address or an id as the log has it, or what the settings call the client: "
        "then all of its addresses.",
        examples=["192.0.2.7", "Kids tablet"],
    )


class LogName(Input):
    """Queries for which name are to go."""

    name: str = Field(min_length=1, max_length=1010, examples=["www.example.org"])
    below: bool = Field(default=False, description="For all names below it as well.")


class Deleted(Output):
    """How much was deleted."""

    rows: int


@operation("log.delete_all", Permission.LOG_WRITE, changes=True)
async def delete_all(house: House, actor: Actor, given: Nothing) -> Deleted:
    """Delete every row of the log; statistics stay.

    Answers when all of it is gone; it goes on where nobody waits any more.
    """
    with with_log():
        return Deleted(rows=await house.query_log().delete_all())


@operation("log.delete_client", Permission.LOG_WRITE, changes=True)
async def delete_client(house: House, actor: Actor, given: LogClient) -> Deleted:
    """Delete the rows of a client, and what is counted of it."""
    query_log = house.query_log()
    with with_log():
        clients = await _logged_clients(house, given.client.strip())
        if not clients:
            text = f"the log knows no client {given.client!r}"
            raise refusal("not_found", "client_unknown", text)
        return Deleted(rows=sum([await query_log.delete_client(each) for each in clients]))


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


async def _logged_clients(house: House, client: str) -> list[str]:
    """Clients as the log has them, by an address, an id or a name of the settings."""
    try:
        wanted = str(ip_address(client))
    except ValueError:
        wanted = client.casefold()
    return [
        text
        async for _, text in all_clients(house.log_reader().rows)
        if wanted in (text.casefold(), house.client_name(text).casefold())
    ]
