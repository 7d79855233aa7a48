from __future__ import annotations

import hashlib
import re

from sinkhole.control.identity.random_secret import digest, new_secret, new_token


def test_tokens_are_known_by_their_prefix_and_have_256_bits() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(re.fullmatch(r"skh_[0-9A-Za-z]{43}", each) for each in tokens)
    assert 62**43 > 2**256


def test_secrets_are_stored_by_their_hash() -> None:
    secret = new_secret()
    assert digest(secret) == hashlib.sha256(secret.encode()).hexdigest()
    assert digest("") == digest("x" * 257) == ""
    assert digest("\ud800") != digest("?")
