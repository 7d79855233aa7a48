"""Codes are those of RFC 6238, count once, and a clock that is off is told apart."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.identity import totp

# RFC 6238, appendix B: SHA-1, eight digits of which the last six are ours.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
WALL_S = 1_800_000_000.0
SECRETS = st.binary(min_size=20, max_size=20).map(lambda key: base64.b32encode(key).decode())


@pytest.mark.parametrize(("wall_s", "code"), VECTORS)
def test_the_codes_of_the_rfc(wall_s: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, totp.step_of(wall_s)) == code[-6:]
    assert totp.accept(RFC_SECRET, code[-6:], wall_s, 0) == wall_s // 30


@settings(deadline=None)
@given(secret=SECRETS, wall_s=st.floats(1e6, 1e11), skew_s=st.floats(-30, 30))
def test_a_clock_that_is_off_by_a_step_is_let_pass(
    secret: str, wall_s: float, skew_s: float
) -> None:
    code = totp.code_at(secret, totp.step_of(wall_s + skew_s))
    counter = totp.accept(secret, code, wall_s, 0)
    assert counter is not None and abs(counter - totp.step_of(wall_s)) <= 1


@settings(deadline=None)
@given(secret=SECRETS, wall_s=st.floats(1e6, 1e11))
def test_a_code_counts_once_and_the_one_after_it_still(secret: str, wall_s: float) -> None:
    step = totp.step_of(wall_s)
    code = totp.code_at(secret, step)
    used = totp.accept(secret, code, wall_s, 0)
    assert used is not None
    following = totp.code_at(secret, step + 1)
    assert totp.accept(secret, code, wall_s, used) in (None, step + 1)  # two steps of one code
    if following != code:
        assert totp.accept(secret, code, wall_s, used) is None
        assert totp.accept(secret, following, wall_s, used) == step + 1


@settings(deadline=None)
@given(secret=SECRETS, steps=st.integers(-totp.FAR, totp.FAR))
def test_by_how_much_a_clock_is_off(secret: str, steps: int) -> None:
    code = totp.code_at(secret, totp.step_of(WALL_S) + steps)
    error_s = totp.clock_error_s(secret, code, WALL_S)
    assert error_s is not None and abs(error_s) <= abs(steps * totp.STEP_S)
    assert totp.code_at(secret, totp.step_of(WALL_S) + error_s // totp.STEP_S) == code


@settings(deadline=None)
@given(code=st.text(max_size=20))
def test_no_text_is_more_than_a_wrong_code(code: str) -> None:
    if not re.fullmatch(r"[0-9\s]*", code):
        assert totp.accept(RFC_SECRET, code, WALL_S, 0) is None
        assert totp.without([totp.hashed("aaaa")], code + "b") is None


def test_a_code_of_when_the_clock_was_ahead_forbids_none_of_now() -> None:
    step = totp.step_of(WALL_S)
    code = totp.code_at(RFC_SECRET, step)
    assert totp.accept(RFC_SECRET, code, WALL_S, step + 1_000_000) == step
    assert totp.accept(RFC_SECRET, f" {code[:3]} {code[3:]}\n", WALL_S, 0) == step


def test_recovery_codes_are_used_up_one_by_one() -> None:
    codes = totp.new_recovery_codes()
    stored = tuple(map(totp.hashed, codes))
    left = totp.without(stored, codes[4].upper().replace("-", " "))
    assert left is not None and len(left) == 9
    assert totp.without(left, codes[4]) is None
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", each) for each in codes)


def test_the_address_for_apps_says_whose_it_is() -> None:
    parts = urlsplit(totp.uri("ABC", "Anna & Ben/ü"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/sinkhole%3AAnna%20%26%20Ben%2F%C3%BC"
    assert parse_qs(parts.query) == {"secret": ["ABC"], "issuer": ["sinkhole"]}


def test_secrets_are_of_160_bits_and_all_different() -> None:
    secrets = {totp.new_secret() for _ in range(20)}
    assert len(secrets) == 20 and {len(base64.b32decode(each)) for each in secrets} == {20}
