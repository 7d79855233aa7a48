"""Counts whose largest is known."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.upstream.tally import Tally


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd")), max_size=80))
def test_it_counts_as_a_counter_does(steps: list[tuple[bool, str]]) -> None:
    tally, counter = Tally[str](), Counter[str]()
    for is_more, key in steps:
        if is_more:
            tally.add(key)
            counter[key] += 1
        elif counter[key]:
            tally.remove(key)
            counter[key] -= 1
        assert tally.counts == +counter
        assert tally.most == max(counter.values(), default=0)
        assert tally.most == 0 or counter[tally.largest] == tally.most
        assert tally[key] == counter[key]


def test_who_was_not_counted_cannot_be_removed() -> None:
    tally = Tally[str]()
    with pytest.raises(KeyError):
        tally.remove("a")
    with pytest.raises(KeyError):
        _ = tally.largest
