"""The pair on the disk is taken over when it is right, and not when it would be a step back."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from certificates import NOW, Certificate, expired, leaf, not_yet_valid

from sinkhole.app.certificates import Certificates
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.control.lists import file_watch
from sinkhole.model.errors import SinkholeError
from sinkhole.model.faults import Faults

LIMIT_S = 20.0
NAME = "dns.example.org"
NEW = "new.example.org"


class House:
    """Two files, who keeps an eye on them, and what was handed out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW.timestamp()
        self.paths = folder / "server.pem", folder / "server.key"
        self.faults = Faults()
        self.keeper = Certificates(*self.paths, clock=lambda: self.now, faults=self.faults)
        self.used: list[tuple[str, ...]] = []
        self.keeper.on_change(self.use)

    def use(self, pair: ServerCertificate) -> None:
        self.used.append(pair.leaf.names)

    async def put(self, certificate: Certificate) -> None:
        certificate.write(self.folder)
        await self.keeper.look()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.keeper.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                await asyncio.sleep(0.01)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(file_watch, "SETTLE_S", 0.02)
    yield


async def test_a_right_pair_is_used_and_a_new_one_in_its_place(house: House) -> None:
    assert house.keeper.problems() == ["the certificate: it has not been read yet"]
    assert (house.keeper.status(), house.keeper.details()) == (None, None)
    await house.put(leaf(NAME, "192.0.2.1"))
    await house.keeper.look()
    assert house.used == [(NAME, "192.0.2.1")]
    assert house.keeper.problems() == []
    assert house.keeper.status() == {
        "names": [NAME, "192.0.2.1"],
        "issuer": "Authority of the tests",
        "expires": NOW.timestamp() + 30 * 86_400,
        "days_left": 30,
    }
    details = house.keeper.details()
    assert details is not None and details["subject"] == NAME
    assert details["begins"] < NOW.timestamp() < details["expires"]
    assert len(b64decode(details["pin"])) == 32
    await house.put(leaf(NEW))
    assert house.used[1:] == [(NEW,)]


async def test_who_asks_late_is_told_of_the_one_in_use(house: House) -> None:
    await house.put(leaf(NAME))
    late: list[ServerCertificate] = []
    house.keeper.on_change(late.append)
    assert late == [house.keeper.current]


async def test_a_wrong_pair_is_told_and_the_old_one_stays(house: House) -> None:
    await house.put(leaf(NAME))
    house.paths[1].write_bytes(leaf(NEW).key_pem)
    await house.keeper.look()
    (problem,) = house.keeper.problems()
    assert problem.startswith(f"the certificate: {house.paths[1]} is not the key of the first")
    assert problem.endswith("; the one before it stays in use")
    assert len(house.used) == 1
    house.paths[0].write_bytes(leaf(NEW).chain_pem)  # the renewal is whole now
    await house.keeper.look()
    assert house.keeper.problems() == [] and house.used[1:] == [(NEW,)]


async def test_files_that_are_missing_at_the_start_are_taken_when_they_come(house: House) -> None:
    await house.keeper.look()
    (problem,) = house.keeper.problems()
    assert "cannot be read: No such file" in problem
    assert problem.endswith("; there is none to use instead")
    await house.put(leaf(NAME))
    assert house.used == [(NAME,)] and house.keeper.problems() == []


@pytest.mark.parametrize("worse", [expired, not_yet_valid])
async def test_one_with_a_flaw_takes_the_place_of_none_but_its_like(
    house: House, worse: Callable[..., Certificate]
) -> None:
    await house.put(leaf(NAME))
    await house.put(worse(NEW))
    assert house.used == [(NAME,)]
    (problem,) = house.keeper.problems()
    assert str(house.paths[0]) in problem and "the one before it stays in use" in problem


async def test_an_expired_one_is_better_than_none(house: House) -> None:
    await house.put(expired(NAME))
    assert house.used == [(NAME,)]
    (problem,) = house.keeper.problems()
    assert problem.startswith(f"the certificate in {house.paths[0]} has expired on ")
    await house.put(leaf(NEW))
    assert house.used[1:] == [(NEW,)] and house.keeper.problems() == []


async def test_one_that_expires_soon_is_told(house: House) -> None:
    await house.put(leaf(NAME))
    house.now += 25 * 86_400
    assert house.keeper.problems() == [
        f"the certificate in {house.paths[0]} expires in 5 days, and nothing has renewed it yet"
    ]
    status = house.keeper.status()
    assert status is not None and status["days_left"] == 5


async def test_a_user_that_fails_keeps_no_other_from_it(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(pair: ServerCertificate) -> None:
        raise ZeroDivisionError

    house.keeper.on_change(broken)
    house.keeper.on_change(house.use)
    with caplog.at_level(logging.CRITICAL):
        await house.put(leaf(NAME))
    assert len(house.used) == 2 and house.faults.count == 1


async def test_a_user_that_cannot_use_it_says_so_until_there_is_another(house: House) -> None:
    def picky(pair: ServerCertificate) -> None:
        if NEW not in pair.leaf.names:
            raise SinkholeError("this one is not taken by QUIC")

    house.keeper.on_change(picky)
    await house.put(leaf(NAME))
    assert house.keeper.problems() == ["this one is not taken by QUIC"]
    assert house.faults.count == 0
    await house.put(leaf(NEW))
    assert house.keeper.problems() == []


async def test_the_kernel_tells_of_a_renewal(house: House) -> None:
    async with house.watching():
        await house.until(lambda: "No such file" in house.keeper.problems()[0])
        leaf(NAME).write(house.folder)
        await house.until(lambda: house.used == [(NAME,)])
        leaf(NEW).write(house.folder, "renewed")
        (house.folder / "renewed.key").replace(house.paths[1])
        (house.folder / "renewed.pem").replace(house.paths[0])
        await house.until(lambda: house.used[-1] == (NEW,) and not house.keeper.problems())


async def test_links_that_lead_somewhere_else_are_a_renewal(tmp_path: Path) -> None:
    """As certbot and containers do it."""
    live = tmp_path / "live"
    live.mkdir()
    house = House(live)

    def link(version: str, certificate: Certificate) -> None:
        archive = tmp_path / version
        archive.mkdir()
        certificate.write(archive)
        for path in house.paths:
            path.unlink(missing_ok=True)
            path.symlink_to(archive / path.name)

    link("1", leaf(NAME))
    async with house.watching():
        await house.until(lambda: house.used == [(NAME,)])
        link("2", leaf(NEW))
        await house.until(lambda: house.used[-1] == (NEW,))


async def test_that_the_right_pair_is_back_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    right = leaf(NAME)
    await house.put(right)
    house.paths[0].unlink()
    await house.keeper.look()
    assert "cannot be read" in caplog.messages[-1]
    await house.put(right)
    assert caplog.messages[-1].startswith(f"certificate in use: {NAME}")
    assert house.keeper.problems() == []
