"""A start when everything else is dead: upstreams, network, sources of lists, the disk."""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream
from house import (
    NOBODY,
    answers,
    ask,
    get,
    get_text,
    house,
    list_server,
    post,
    rcode_of,
    running,
    until,
)
from places import nobodys_place
from program import Program

from sinkhole.dns.upstream.links.datagrams import Datagrams

OWN: dict[str, Any] = {
    "filtering__rules": ["||ads.example^"],
    "local__records": {"nas.home": ["192.0.2.10"]},
}


async def is_up(where: str) -> bool:
    with suppress(ConnectionRefusedError):
        return await answers(where, "ads.example") == ["0.0.0.0"]
    return False


async def answers_what_it_knows(where: str) -> None:
    for tcp in (False, True):
        assert await answers(where, "ads.example", tcp=tcp) == ["0.0.0.0"]
        assert await answers(where, "nas.home", tcp=tcp) == ["192.0.2.10"]
    assert rcode_of(await ask(where, "example.org")) == "SERVFAIL"


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of one; what is written must fit into it."""
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)


@pytest.mark.skipif(sys.platform != "linux", reason="only there another's limits can be changed")
async def test_with_everything_dead_it_answers_what_it_knows_and_recovers(tmp_path: Path) -> None:
    """No upstream, no list, and no byte that can be written to any file, as on a full disk."""
    program = Program(tmp_path)
    program.limits = "-S -f 0"
    where, page = str(nobodys_place()), str(nobodys_place())
    url = f"http://{page}"
    async with FakeUpstream() as upstream, list_server("||fetched.example^") as lists:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        await upstream.close()
        lists.status = 503
        given: dict[str, Any] = {"dns__listen": [where], "web__listen": page}
        program.settle(upstream, **OWN, **given, filtering__lists=[lists.item()])
        with pipe() as (reading, writing):
            await program.launch(out=writing, err=writing)
            os.close(writing)
            try:
                await until(lambda: is_up(where), "DNS")
                await answers_what_it_knows(where)
                await lists.asked(1)
                await until(lambda: _says(url, "no upstream answers"), "the upstream")
                await until(lambda: _says(url, "the query log is not being written"), "the log")
                await until(lambda: _says(url, "nothing of list Fetched is in use"), "the list")
                status, told = await get_text(url, "/healthz")
                assert (status, told.splitlines()[0]) == (200, "degraded")
                problems = (await get(url, "/api/status"))["problems"]
                assert any("querylog.db" in problem for problem in problems)

                await upstream.open()
                program.lift(resource.RLIMIT_FSIZE)
                lists.status = 200
                await until(lambda: _is_given(where, "example.org"), "the upstream")
                assert (await post(url, "/api/lists/update"))[1]["updated"] == 1
                assert await answers(where, "fetched.example") == ["0.0.0.0"]
                await until(lambda: _is_healthy(url), "everything")
                assert (await get(url, "/api/status"))["problems"] == []
                assert await program.stop() == 0
                assert b"Traceback" not in os.read(reading, 1 << 20)
            finally:
                await program.kill()


async def _says(url: str, reason: str) -> bool:
    with suppress(OSError):  # the page comes after DNS
        return reason in (await get_text(url, "/healthz"))[1]
    return False


async def _is_given(where: str, name: str) -> bool:
    return await answers(where, name) == ["192.0.2.1"]


async def _is_healthy(url: str) -> bool:
    return await get_text(url, "/healthz") == (200, "ok\n")


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL])
async def test_without_a_network_it_answers_what_it_knows_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    ordinary, away = Datagrams.send, [True]

    def send(self: Datagrams[Any], *given: Any) -> Any:
        if away:
            raise OSError(number, os.strerror(number))
        return ordinary(self, *given)

    monkeypatch.setattr(Datagrams, "send", send)
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = house(tmp_path, upstream, **OWN, upstream__servers=[upstream.name, NOBODY])
        async with running(settings) as app:
            (where,) = app.addresses
            await answers_what_it_knows(where)
            assert app.health().state == "degraded"
            assert any("no upstream answers" in problem for problem in app.problems())
            away.clear()
            await until(lambda: _is_given(where, "example.org"), "the network")
            await until(lambda: app.health().state == "ok", "the first good answer")


async def test_a_folder_that_cannot_be_written_to_is_told_and_dns_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a file system went read-only, which root would not notice in a test."""

    def read_only(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("sinkhole.app.data_dir.tempfile.TemporaryFile", read_only)
    monkeypatch.setattr("sinkhole.app.cache_file.write_atomically", read_only)
    async with running(house(tmp_path, **OWN)) as app:
        await answers_what_it_knows(app.addresses[0])
        await app.answers.file.save()
        assert any("cannot be saved: Read-only" in problem for problem in app.problems())
