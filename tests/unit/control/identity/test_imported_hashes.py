"""Hashes by bcrypt: checked as they are there, at a bounded cost, until one of ours takes over."""

from __future__ import annotations

import bcrypt
import pytest

from sinkhole.control.identity.imported_hashes import DEAREST, is_imported, is_right

SALT = b"$2b$04$abcdefghijklmnopqrstuu"
HASH = bcrypt.hashpw(b"correct horse", SALT).decode()


def test_only_the_password_fits_in_each_of_its_spellings() -> None:
    for version in ("2a", "2b", "2y"):
        stored = HASH.replace("$2b$", f"${version}$")
        assert is_imported(stored) and is_right("correct horse", stored)
        for wrong in ("", "correct hors", "correct horse ", "\0", "x" * 2000, "\ud800"):
            assert not is_right(wrong, stored)


def test_no_more_of_a_password_counts_than_there() -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert is_right("x" * 72 + "whatever", stored) and not is_right("x" * 71, stored)


def test_an_empty_password_is_nobodys() -> None:
    assert not is_right("", bcrypt.hashpw(b"", bcrypt.gensalt(4)).decode())


@pytest.mark.parametrize(
    "stored",
    ["", "scrypt$2$1$1$aa$aa", HASH[:-1], HASH + "a", "$2x" + HASH[3:], "$1$abc", HASH + "\n"],
)
def test_what_is_no_such_hash_is_none(stored: str) -> None:
    assert not is_imported(stored)


def test_one_that_is_too_dear_is_not_checked() -> None:
    assert is_imported(f"$2b${DEAREST}{HASH[6:]}")
    assert not is_imported(f"$2b${DEAREST + 1}{HASH[6:]}")
    assert not is_imported(f"$2b$03{HASH[6:]}")
