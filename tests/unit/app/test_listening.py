"""What cannot be listened on is tried again, ever more rarely, until it can."""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest

from sinkhole.app import listening as subject
from sinkhole.app.listening import Listening
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.sockets import ListenError
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults


def missing(host: str, port: int, number: int, **more: Any) -> ListenAddress:
    """An address that cannot be had, by the system's number of the error."""
    found = ListenAddress(host, port, lambda *_: pytest.fail("it is not there"), **more)
    found.errors["UDP"] = ListenError(host, port, OSError(number, "as arranged"))
    return found


LATE = missing("192.0.2.1", 53, errno.EADDRNOTAVAIL)


class Dns:
    """Listeners that get an address at each of the tries in `comes`."""

    def __init__(self, comes: list[bool]) -> None:
        self.comes = comes
        self.found = [LATE]
        self.acceptors: list[Any] = []
        self.closed_with: float | None = None
        self.advise: Any = None

    @property
    def is_complete(self) -> bool:
        return not self.comes

    @property
    def missing(self) -> list[ListenAddress]:
        return self.found if self.comes else []

    @property
    def problems(self) -> list[str]:
        return [each.problem(self.advise) for each in self.missing]

    def try_again(self) -> bool:
        return bool(self.comes) and self.comes.pop(0)

    async def close(self, patience_s: float) -> None:
        self.closed_with = patience_s


class Page:
    """A page whose address is taken for so many tries."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.acceptor: Any = None
        self.url = "http://192.0.2.10:8080"
        self.stopped = False

    async def start(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise SettingsError(["web.listen: taken"])
        self.acceptor = Shedding(0)

    async def stop(self) -> None:
        self.stopped = True


class Shedding:
    def __init__(self, shed: int, shed_at: float = float("-inf")) -> None:
        self.shed, self.shed_at = shed, shed_at


def listening(dns: Dns, page: Page, faults: Faults | None = None) -> Listening:
    async def make() -> Any:
        return page

    given: Any = dns
    return Listening(given, make, faults or Faults())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    ordinary = asyncio.sleep

    async def sleep(seconds: float) -> None:
        made.append(seconds)
        await ordinary(0)

    monkeypatch.setattr("sinkhole.app.listening.asyncio.sleep", sleep)
    return made


async def ended(found: Listening) -> None:
    """Wait until it has nothing more to try."""
    async with asyncio.timeout(20):
        await asyncio.gather(*found._tasks._running)


async def test_where_all_is_there_nothing_is_tried() -> None:
    found = listening(Dns([]), Page())
    await found.start_page()
    assert (found.url, found.problems) == ("http://192.0.2.10:8080", [])
    assert len(found._tasks) == 0
    await found.stop(0)


async def test_the_pauses_grow_up_to_a_bound_and_begin_anew_when_something_came(
    pauses: list[float],
) -> None:
    found = listening(Dns([*[False] * 6, True, False, False, True]), Page())
    await found.start_page()
    (problem,) = found.problems
    assert "this machine has no address 192.0.2.1" in problem
    await ended(found)
    assert pauses == [1, 2, 4, 8, 10, 10, 10, 1, 2, 4]
    assert found.problems == []


async def test_what_is_missing_is_logged_once_and_again_when_it_is_something_else(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    dns = Dns([False, False, True])
    found = listening(dns, Page())
    await found.start_page()
    await ended(found)
    assert caplog.text.count("this machine has no address 192.0.2.1") == 1


async def test_what_others_have_is_told_apart_from_what_may_come_by_itself() -> None:
    plain = missing("127.0.0.1", 53, errno.EACCES)
    over_tls = missing("127.0.0.1", 853, errno.EADDRINUSE, over="TLS", key="dns.tls")
    dns = Dns([False])
    found = listening(dns, Page())
    dns.found = [LATE, plain, over_tls]
    (blocked,) = found.blocked
    assert blocked.startswith("dns.listen: 127.0.0.1:53 needs the right to use ports below 1024.")
    assert [each.split(":")[0] for each in found.problems] == ["dns.listen", "dns.tls"]


async def test_a_page_whose_address_is_taken_is_told_once_and_comes_later(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    found = listening(Dns([]), Page(refusals=3))
    await found.start_page()
    assert found.url == ""
    assert found.problems == [
        "web.listen: taken. Until that changes there is no page; it is tried again."
    ]
    await ended(found)
    assert (found.url, found.problems) == ("http://192.0.2.10:8080", [])
    assert caplog.text.count("web.listen: taken") == 1
    assert "the page is on http://192.0.2.10:8080 now" in caplog.text


async def test_stopping_ends_the_tries_before_anything_is_closed() -> None:
    dns, page = Dns([False]), Page(refusals=1)
    found = listening(dns, page)
    await found.start_page()
    assert len(found._tasks) == 1
    await found.stop(1.5)
    assert (len(found._tasks), dns.closed_with, page.stopped) == (0, 1.5, True)


async def test_connections_that_found_no_descriptor_are_a_problem_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 10_000.0
    monkeypatch.setattr("sinkhole.app.listening.time.monotonic", lambda: now)
    dns = Dns([])
    found = listening(dns, Page())
    await found.start_page()
    dns.acceptors = [Shedding(7, now - subject.SHORTAGE_S + 1), Shedding(0)]
    (problem,) = found.problems
    assert "7 connections had to be closed at once" in problem
    now += 1
    assert (found.problems, found.shed) == ([], 7)
    await found.stop(0)
