"""What is remembered is shown, looked up and forgotten by operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import cache
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def filled(build: Build) -> BuiltHouse:
    built = await build(lists=["||ads.example.org^\n"])
    for name in ("www.example.org", "example.org", "other.example"):
        built.upstreams.says(name, "A", f"{name}. 60 A 192.0.2.80")
        await built.house.resolve(name, "A", "")
    await built.house.resolve("ads.example.org", "A", "")
    return built


async def names(built: BuiltHouse, name: str, *, below: bool = False) -> list[str]:
    given = cache.CacheSearch(name=name, below=below)
    found = await perform(cache.look_up, built.house, VIEWER, given)
    return [each.name for each in found.entries]


async def test_what_is_kept_about_a_name_is_shown(build: Build) -> None:
    built = await filled(build)
    given = cache.CacheSearch(name="WWW.example.org")
    (entry,) = (await perform(cache.look_up, built.house, VIEWER, given)).entries
    assert (entry.type, entry.state, entry.ttl_s, entry.rcode) == ("A", "fresh", 60, "NOERROR")
    assert [each.data for each in entry.records] == ["192.0.2.80"]
    below = await names(built, "example.org", below=True)
    assert below == ["ads.example.org", "example.org", "www.example.org"]
    (refused,) = (
        await perform(cache.look_up, built.house, VIEWER, cache.CacheSearch(name="ads.example.org"))
    ).entries
    assert (refused.list, refused.rule) == ("List 1", "||ads.example.org^")
    with pytest.raises(RequestError) as wrong:
        await names(built, "a..example")
    assert (wrong.value.kind, wrong.value.code) == ("invalid", "question_invalid")


async def test_a_name_a_domain_and_everything_are_forgotten(build: Build) -> None:
    built = await filled(build)
    one = await perform(
        cache.flush_name, built.house, OPERATOR, cache.CacheName(name="example.org")
    )
    assert one.entries == 1
    assert await names(built, "example.org", below=True) == ["ads.example.org", "www.example.org"]
    domain = cache.CacheName(name="example.org", below=True)
    assert (await perform(cache.flush_name, built.house, OPERATOR, domain)).entries == 2
    assert await names(built, "other.example") == ["other.example"]
    everything = await perform(cache.flush, built.house, OPERATOR, Nothing())
    assert everything.entries == 1
    shown = await perform(cache.show, built.house, VIEWER, Nothing())
    assert (shown.entries, shown.size_bytes) == (0, 0)
    with pytest.raises(RequestError):
        await perform(cache.flush, built.house, VIEWER, Nothing())


async def test_how_much_it_answers_is_shown(build: Build) -> None:
    built = await build()
    built.counters.outcomes.update({"cached": 5, "stale": 1, "forwarded": 6})
    shown = await perform(cache.show, built.house, VIEWER, Nothing())
    assert (shown.queries, shown.hits, shown.hits_percent, shown.stale) == (12, 6, 50.0, 1)
    assert shown.limit_bytes == built.table.limit_bytes
