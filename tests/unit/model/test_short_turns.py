"""Short turns for threads, and the usual ones again when nobody needs them any more."""

from __future__ import annotations

import sys

import pytest

from sinkhole.model.short_turns import TURN_S, short_turns


def test_turns_are_short_until_the_last_one_is_done() -> None:
    usual = sys.getswitchinterval()
    first, second = short_turns(), short_turns()
    with first:
        second.__enter__()
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
    assert sys.getswitchinterval() == pytest.approx(TURN_S)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_turns_are_as_usual_after_an_error() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(LookupError), short_turns():
        raise LookupError
    assert sys.getswitchinterval() == pytest.approx(usual)
