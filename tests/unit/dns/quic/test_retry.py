"""Tokens by which clients prove their address."""

from __future__ import annotations

import pytest

from sinkhole.dns.quic.retry import VALID_S, RetryTokens

HERE, FIRST, OURS = b"\xc0\0\2\1\x03\x55", b"ORIGINAL", b"OURSHERE"


@pytest.fixture
def tokens() -> RetryTokens:
    return RetryTokens(b"secret")


def test_a_token_gives_back_what_was_first_asked_for(tokens: RetryTokens) -> None:
    token = tokens.make(HERE, FIRST, OURS, 1000.0)
    assert tokens.read(HERE, OURS, token, 1000.0 + VALID_S) == FIRST


def test_it_is_good_for_one_address_one_id_and_a_moment(tokens: RetryTokens) -> None:
    token = tokens.make(HERE, FIRST, OURS, 1000.0)
    assert tokens.read(b"\xc0\0\2\2\x03\x55", OURS, token, 1000.0) is None
    assert tokens.read(HERE, b"ANOTHER1", token, 1000.0) is None
    assert tokens.read(HERE, OURS, token, 1001.0 + VALID_S) is None


def test_whoever_has_the_secret_can_read_it(tokens: RetryTokens) -> None:
    token = tokens.make(HERE, FIRST, OURS, 1000.0)
    assert RetryTokens(b"secret").read(HERE, OURS, token, 1000.0) == FIRST
    assert RetryTokens(b"another").read(HERE, OURS, token, 1000.0) is None


@pytest.mark.parametrize("token", [b"", b"x", bytes(16), bytes(24), bytes(200)])
def test_others_are_no_tokens(tokens: RetryTokens, token: bytes) -> None:
    assert tokens.read(HERE, OURS, token, 0.0) is None


def test_a_token_that_was_changed_is_none(tokens: RetryTokens) -> None:
    token = tokens.make(HERE, FIRST, OURS, 1000.0)
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 1
        assert tokens.read(HERE, OURS, bytes(changed), 1000.0) is None
