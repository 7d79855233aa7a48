"""A server is drained until that is taken back."""

from __future__ import annotations

from sinkhole.control.operations.drain import Drain


def test_it_is_drained_by_the_first_who_does_it_until_that_ends() -> None:
    moments = iter((100.0, 200.0))
    drain = Drain(lambda: next(moments))
    assert not drain.is_on
    drain.begin("anna")
    drain.begin("otto")
    assert (drain.is_on, drain.by, drain.began_s) == (True, "anna", 100.0)
    drain.end()
    drain.end()
    assert (drain.is_on, drain.by, drain.began_s) == (False, "", None)
    drain.begin("otto")
    assert (drain.by, drain.began_s) == ("otto", 200.0)
