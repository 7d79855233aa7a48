"""Random bytes are handed out once each, as many as were wanted."""

import os

import pytest

from sinkhole.dns.upstream.entropy import FETCH_SIZE, Entropy


def test_draws_have_the_size_that_was_wanted_also_where_the_supply_runs_out() -> None:
    entropy = Entropy()
    assert {len(entropy.draw(257)) for _ in range(100)} == {257}
    assert len(entropy.draw(FETCH_SIZE)) == FETCH_SIZE


def test_no_byte_is_given_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = 0

    def numbered(size: int) -> bytes:
        nonlocal fetches
        fetches += 1
        return b"".join((fetches << 16 | i).to_bytes(4, "big") for i in range(size // 4))

    monkeypatch.setattr(os, "urandom", numbered)
    entropy = Entropy()
    drawn = [entropy.draw(12)[:4] for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert fetches == 3


def test_two_supplies_have_nothing_in_common() -> None:
    assert Entropy().draw(16) != Entropy().draw(16)


def test_a_child_of_fork_draws_other_bytes_than_its_parent() -> None:
    entropy = Entropy()
    entropy.draw(1)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, entropy.draw(64))
        finally:
            os._exit(0)  # nothing of pytest may run here
    with os.fdopen(reading, "rb") as pipe:
        os.close(writing)
        theirs = pipe.read()
    assert os.waitpid(child, 0) == (child, 0)
    assert len(theirs) == 64
    assert theirs != entropy.draw(64)
