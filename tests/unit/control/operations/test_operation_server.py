"""The server as a whole: drained and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import server, status
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_it_is_drained_and_taken_back_and_the_status_tells_it(build: Build) -> None:
    house = (await build(has_log=False)).house
    told = await perform(server.drain, house, ADMIN, Nothing())
    assert (told.drained, told.by) == (True, "anna")
    shown = await perform(status.show, house, VIEWER, Nothing())
    assert shown.drain == told and told.since == house.drain.began_s
    told = await perform(server.undrain, house, ADMIN, Nothing())
    assert (told.drained, told.by, told.since) == (False, "", None)
    shown = await perform(status.show, house, VIEWER, Nothing())
    assert (shown.drain, shown.ready, shown.waits) == (told, True, [])


async def test_who_may_not_change_settings_may_not_drain(build: Build) -> None:
    house = (await build(has_log=False)).house
    for operation in (server.drain, server.undrain):
        with pytest.raises(RequestError) as wrong:
            await perform(operation, house, OPERATOR, Nothing())
        assert wrong.value.kind == "forbidden"
    assert not house.drain.is_on
