"""What the log knows is deleted by operations: all, of a client, about a name; counts as well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.devices.book import EARLIEST_S, Asked
from sinkhole.control.operations import log, log_deletion, statistics
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

KIDS = {"clients": [{"name": "Kids tablet", "addresses": ["192.0.2.8/30"]}]}


async def filled(build: Build) -> BuiltHouse:
    built = await build(KIDS)
    await built.log("www.example.org", times=2)
    await built.log("example.org", client="192.0.2.8")
    await built.log("other.example", client="192.0.2.9")
    return built


async def names(built: BuiltHouse) -> list[str]:
    page = await perform(log.search, built.house, VIEWER, log.LogSearch())
    return sorted(each.name for each in page.rows)


async def counted(built: BuiltHouse) -> int:
    given = statistics.StatisticsInput(period="1h")
    return (await perform(statistics.show, built.house, VIEWER, given)).totals.queries


async def test_a_name_or_a_whole_domain_is_deleted(build: Build) -> None:
    built = await filled(build)
    one = log_deletion.LogName(name="Example.org")
    assert (await perform(log_deletion.delete_name, built.house, ADMIN, one)).rows == 1
    assert await names(built) == ["other.example", "www.example.org", "www.example.org"]
    domain = log_deletion.LogName(name="example.org", below=True)
    assert (await perform(log_deletion.delete_name, built.house, ADMIN, domain)).rows == 2
    assert await names(built) == ["other.example"]
    with pytest.raises(RequestError) as wrong:
        await perform(
            log_deletion.delete_name, built.house, ADMIN, log_deletion.LogName(name="a..b")
        )
    assert wrong.value.code == "question_invalid"


async def test_all_addresses_of_a_client_are_deleted_by_its_name(build: Build) -> None:
    built = await filled(build)
    kids = log_deletion.LogClient(client="kids tablet")
    assert (await perform(log_deletion.delete_client, built.house, ADMIN, kids)).rows == 2
    assert await names(built) == ["www.example.org", "www.example.org"]
    one = log_deletion.LogClient(client="192.0.2.7")
    assert (await perform(log_deletion.delete_client, built.house, ADMIN, one)).rows == 2
    with pytest.raises(RequestError) as unknown:
        nobody = log_deletion.LogClient(client="192.0.2.250")
        await perform(log_deletion.delete_client, built.house, ADMIN, nobody)
    assert (unknown.value.kind, unknown.value.code) == ("not_found", "client_unknown")


async def test_everything_is_deleted_and_statistics_stay_until_they_are_reset(
    build: Build,
) -> None:
    built = await filled(build)
    assert (await perform(log_deletion.delete_all, built.house, ADMIN, Nothing())).rows == 4
    assert await names(built) == []
    assert await counted(built) == 4
    await perform(log_deletion.reset_statistics, built.house, ADMIN, Nothing())
    assert await counted(built) == 0


async def test_only_admins_delete_and_only_where_there_is_a_log(build: Build) -> None:
    built = await build(has_log=False)
    for operation in (log_deletion.delete_all, log_deletion.reset_statistics):
        with pytest.raises(RequestError) as forbidden:
            await perform(operation, built.house, OPERATOR, Nothing())
        assert forbidden.value.kind == "forbidden"
        with pytest.raises(RequestError) as missing:
            await perform(operation, built.house, ADMIN, Nothing())
        assert missing.value.code == "log_unavailable"


async def test_it_is_told_that_a_device_is_known_elsewhere(build: Build) -> None:
    built = await filled(build)
    one = log_deletion.LogClient(client="192.0.2.7")
    assert (await perform(log_deletion.delete_client, built.house, ADMIN, one)).note == ""
    await built.log("a.example")
    built.devices.book.note(Asked("192.0.2.7", 1, EARLIEST_S + 10))
    told = await perform(log_deletion.delete_client, built.house, ADMIN, one)
    assert "`sinkhole devices forget 192.0.2.7`" in told.note
