from __future__ import annotations

import re

import pytest

from sinkhole.control.identity.first_code import MOST_WRONG, FirstCode


def test_a_code_is_eight_letters_that_nobody_confuses_and_always_another() -> None:
    codes = {str(FirstCode()) for _ in range(50)}
    assert len(codes) == 50
    assert all(re.fullmatch(r"[A-HJKMNP-Z]{4}-[A-HJKMNP-Z]{4}", each) for each in codes)


@pytest.mark.parametrize("how", [str.lower, str.upper, " {} ".format, lambda c: c.replace("-", "")])
def test_it_is_known_however_it_is_written(how: object) -> None:
    assert callable(how)
    code = FirstCode()
    assert code.is_right(how(str(code)))


def test_guessing_makes_another_code_which_the_log_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = FirstCode()
    before = str(code)
    for wrong in ("", "AAAA-AAAA", "\ud800", "ÄÖÜ", "1" * 1000) * (MOST_WRONG // 5):
        assert not code.is_right(wrong)
    assert str(code) != before and not code.is_right(before)
    assert str(code) in caplog.text and code.is_right(str(code))
