from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import Any

import bcrypt
import pytest

from sinkhole.control.identity import passwords as subject
from sinkhole.control.identity.passwords import COST, Cost, Passwords, complaint
from sinkhole.model.errors import RequestError

CHEAP = Cost(2, 1, 1)


def test_the_cost_is_one_of_those_that_are_recommended() -> None:
    assert COST == (15, 8, 3)


async def test_a_hash_of_full_cost_is_scrypt_and_says_so() -> None:
    stored = await Passwords().hash("correct horse")
    assert stored.startswith("scrypt$15$8$3$") and "correct" not in stored
    assert await Passwords(CHEAP).verify("correct horse", stored)


async def test_only_the_password_fits_and_hashes_are_salted() -> None:
    passwords = Passwords(CHEAP)
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first != second
    assert await passwords.verify("correct horse", first)
    for wrong in ("", "correct hors", "correct horse ", "x" * 2000, "\ud800"):
        assert not await passwords.verify(wrong, first)


async def test_one_character_written_in_two_ways_is_one_password() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.verify("u\u0308berraschung", await passwords.hash("überraschung"))


@pytest.mark.parametrize(
    "stored", ["", "nonsense", "scrypt$2$1$1$!$!", "scrypt$99$1$1$aa$aa", "scrypt$2$1$1$aaaa$"]
)
async def test_no_password_fits_what_is_no_hash(stored: str) -> None:
    assert not await Passwords(CHEAP).verify("correct horse", stored)
    assert not await Passwords(CHEAP).verify("", stored)


async def test_an_unknown_account_costs_as_much_as_a_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords, costs = Passwords(Cost(3, 2, 1)), []
    real = hashlib.scrypt

    def counted(password: bytes, **given: Any) -> bytes:
        costs.append((given["n"], given["r"], given["p"]))
        return real(password, **given)

    stored = await passwords.hash("correct horse")
    monkeypatch.setattr(hashlib, "scrypt", counted)
    await passwords.verify("correct horse", stored)
    await passwords.verify("correct horse", "")
    assert costs == [(8, 2, 1)] * 2


async def test_hashes_are_made_in_threads_two_at_once_and_few_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, most, release = 0, 0, threading.Event()
    lock = threading.Lock()

    def slow(password: bytes, **given: Any) -> bytes:
        nonlocal running, most
        assert threading.current_thread() is not threading.main_thread()
        with lock:
            running += 1
            most = max(most, running)
        release.wait(20)
        with lock:
            running -= 1
        return bytes(32)

    monkeypatch.setattr(hashlib, "scrypt", slow)
    passwords = Passwords(CHEAP)
    tries = [
        asyncio.create_task(passwords.verify("correct horse", ""))
        for _ in range(subject.MOST_WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(RequestError) as caught:
        await passwords.verify("correct horse", "")
    assert (caught.value.kind, caught.value.code) == ("too_many", "busy")
    release.set()
    assert await asyncio.gather(*tries) == [False] * len(tries)
    assert most <= subject.AT_ONCE
    monkeypatch.undo()
    assert not await passwords.verify("correct horse", "")


async def test_hashes_of_another_cost_are_old() -> None:
    passwords = Passwords(CHEAP)
    assert not passwords.is_old(await passwords.hash("correct horse"))
    assert passwords.is_old(await Passwords(Cost(3, 1, 1)).hash("correct horse"))
    assert passwords.is_old("nonsense")


@pytest.mark.parametrize(
    ("password", "name", "word"),
    [
        ("1234567", "", "8 to 1024"),
        ("x" * 1025, "", "8 to 1024"),
        ("Anna-Anna", "anna-ANNA", "account's name"),
        ("PassWord123", "anna", "first that everybody tries"),
        ("aaaaaaaaaa", "anna", "first that everybody tries"),
        ("correct horse", "anna", ""),
        ("ünïcödé!", "anna", ""),
        ("        x", "anna", ""),
        ("ab" * 512, "anna", ""),
    ],
)
def test_what_is_said_of_new_passwords(password: str, name: str, word: str) -> None:
    said = complaint(password, name)
    assert (word in said) and bool(word) == bool(said)


async def test_an_imported_hash_costs_everybody_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
    passwords, looked_at = Passwords(CHEAP), []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        looked_at.append(hashed.decode())
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    ours = await passwords.hash("correct horse")
    assert await passwords.verify("correct horse", imported)
    assert not await passwords.verify("another horse", imported)
    assert await passwords.verify("correct horse", ours, imported)
    assert not await passwords.verify("correct horse", "", imported), "nobody has this name"
    assert looked_at == [imported] * 4
    assert passwords.is_old(imported) and not passwords.is_old(ours)
