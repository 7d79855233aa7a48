"""Nodes of a house that shares nothing: itself, drained, and nobody else to be meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.control.operations import log, nodes, statistics
from sinkhole.control.operations.log import LogSearch
from sinkhole.control.operations.nodes import NodeDrain, WhichNode
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.statistics import StatisticsInput
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_it_is_alone_and_can_be_drained(build: Build) -> None:
    house = (await build()).house
    told = await perform(nodes.list_nodes, house, VIEWER, Nothing())
    assert (told.shared, told.error, told.known) == (False, "", None)
    (own,) = told.nodes
    assert (own.name, own.own, own.state, own.drained) == ("attic", True, "up", False)
    for drained in (True, False):
        given = NodeDrain(name="attic", drained=drained)
        assert (await perform(nodes.drain_node, house, ADMIN, given)).nodes[0].drained == drained


async def test_what_can_not_be_is_refused_with_the_reason(build: Build) -> None:
    house = (await build()).house
    with pytest.raises(RequestError, match="no node is called 'cellar'; there are: attic"):
        await perform(nodes.drain_node, house, ADMIN, NodeDrain(name="cellar"))
    with pytest.raises(RequestError, match="no node is called 'cellar'"):
        await perform(nodes.forget_node, house, ADMIN, WhichNode(name="cellar"))
    with pytest.raises(RequestError, match="'attic' is not away"):
        await perform(nodes.forget_node, house, ADMIN, WhichNode(name="attic"))
    with pytest.raises(RequestError, match="settings:write"):
        await perform(nodes.drain_node, house, VIEWER, NodeDrain(name="attic"))


async def test_its_own_name_is_all_there_is_and_others_are_refused(build: Build) -> None:
    built = await build(has_log=True)
    await built.log("www.example.org", times=3)
    for node in ("", "attic"):
        told = await perform(statistics.show, built.house, VIEWER, StatisticsInput(node=node))
        assert told.totals.queries == 3
    page = await perform(log.search, built.house, VIEWER, LogSearch(nodes=["attic"]))
    assert len(page.rows) == 3
    with pytest.raises(RequestError) as refused:
        await perform(statistics.show, built.house, VIEWER, StatisticsInput(node="cellar"))
    assert refused.value.code == "node_unknown"
    with pytest.raises(RequestError, match="no node is called 'cellar'"):
        await perform(log.search, built.house, VIEWER, LogSearch(nodes=["attic", "cellar"]))
