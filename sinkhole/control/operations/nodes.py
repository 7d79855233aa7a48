"""The sinkholes that share a database: shown, drained, forgotten; and which of them is meant."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal, with_database
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.nodes import Node, Wish


class NodeShown(Output):
    """A sinkhole that shares the database. Counts are since its start."""

    name: str = Field(examples=["attic"])
    own: bool = Field(description="Whether it is the one that is asked.")
    state: Literal["up", "away", "unknown"] = Field(
        description="away: not heard of for 15 s. unknown: nothing is, as the database is away."
    )
    silent_s: float = Field(description="How long ago it was last heard of.")
    same_name: bool = Field(description="Whether another one has this name, too.")
    drained: bool
    wants_drain: bool | None = Field(
        description="Whether it was asked to be drained, or no more, and did not do it yet."
    )
    version: str
    started: float = Field(description="In seconds since 1970.")
    dns: list[str] = Field(description="Where it answers DNS.", examples=[["0.0.0.0:53"]])
    web: str = Field(description="Address of its page.")
    health: Literal["ok", "degraded", "failing"]
    problems: list[str] = Field(description="What a person should know of it, the gravest first.")
    queries: int
    blocked: int
    cached: int
    rate: float = Field(description="Queries a second, over the last minute.")
    median_ms: float | None = Field(description="Within which half of its queries were answered.")
    workers: int = Field(description="Processes that answer.")
    waiting: int = Field(description="Queries that wait to be sent to the database.")
    revision: int = Field(description="Of the settings that nodes share; 0 where they share none.")

    @classmethod
    def of(cls, node: Node) -> NodeShown:
        """A node as it is known."""
        return cls.model_validate(
            {
                **node.report,
                "name": node.name,
                "own": node.is_own,
                "state": node.state,
                "silent_s": round(node.silent_s, 1),
                "same_name": node.has_twin,
                "wants_drain": node.wants_drain,
            }
        )


class NodesShown(Output):
    """All nodes, by name."""

    shared: bool = Field(description="Whether there is a database that several share.")
    nodes: list[NodeShown]
    error: str = Field(description="Why nothing is known of the others now; empty where it is.")
    known: float | None = Field(
        description="When they were last heard of, in seconds since 1970; null for never."
    )


class WhichNode(Input):
    """Which node."""

    name: str = Field(min_length=1, max_length=255, examples=["attic"])


class NodeDrain(WhichNode):
    """Which node is to be drained, or no more."""

    drained: bool = Field(default=True, description="false: it is to be asked again.")


@operation("nodes.list", Permission.STATUS_READ)
async def list_nodes(house: House, actor: Actor, given: Nothing) -> NodesShown:
    """Show the sinkholes that share a database, and how each does; this one alone without one."""
    return _shown(house)


@operation("nodes.drain", Permission.SETTINGS_WRITE, changes=True)
async def drain_node(house: House, actor: Actor, given: NodeDrain) -> NodesShown:
    """Have whatever spreads queries over several nodes send none to one of them, or again.

    The node does it within five seconds, and goes on answering.
    """
    desk = house.nodes
    by = actor.name if given.name == desk.name else f"{actor.name} ({desk.name})"
    with with_database():
        is_heard = await desk.drain(given.name, Wish(given.drained, by))
    if not is_heard:
        raise _unheard(house, given.name)
    return _shown(house)


@operation("nodes.forget", Permission.SETTINGS_WRITE, changes=True)
async def forget_node(house: House, actor: Actor, given: WhichNode) -> Done:
    """Forget a node that is away; it is there again when it is heard of. Its queries stay."""
    with with_database():
        is_gone = await house.nodes.forget(given.name)
    if not is_gone:
        if any(each.name == given.name for each in house.nodes.told().nodes):
            text = f"{given.name!r} is not away: only a node that is can be forgotten"
            raise refusal("conflict", "node_not_away", text)
        raise _unheard(house, given.name)
    return Done()


async def meant_node(house: House, name: str) -> str:
    """A node by the name that the log has for it: "" for all, and for this one where the log that
    can be read now is its own alone. RequestError for a name that none has, or StorageError."""
    if not name:
        return ""
    logged, told = await house.log_store().nodes(), house.nodes.told()
    known = {*logged, *(each.name for each in told.nodes)}
    if logged and name in known:
        return name
    if not logged and name == house.nodes.name:
        return ""
    if name not in known and not told.error:
        raise _unheard(house, name)
    text = f"only what {house.nodes.name!r} answered can be read now, and nothing of {name!r}"
    raise refusal("unavailable", "log_unavailable", text)


def _shown(house: House) -> NodesShown:
    told = house.nodes.told()
    return NodesShown(
        shared=told.is_shared,
        nodes=[NodeShown.of(each) for each in told.nodes],
        error=told.error,
        known=told.known_s,
    )


def _unheard(house: House, name: str) -> Exception:
    """Why a node can't be meant: there is none, or it is away."""
    names = [each.name for each in house.nodes.told().nodes]
    if name in names:
        return refusal("conflict", "node_away", f"{name!r} is away, so it can't be told")
    return refusal(
        "not_found", "node_unknown", f"no node is called {name!r}; there are: {', '.join(names)}"
    )
