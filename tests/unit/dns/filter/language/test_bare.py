"""How a regular expression without slashes is told from a pattern."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.filter.language.bare import is_bare_expression

CLASS_OR_GROUP = re.compile(r"\[[^\]]+\]|\([^)]+\)", re.DOTALL)
"""What is looked for, in the plain form that takes quadratic time."""


@given(text=st.text(alphabet="[]()a-", max_size=30))
def test_a_class_or_a_group_is_found_wherever_it_stands(text: str) -> None:
    assert is_bare_expression(text) == (CLASS_OR_GROUP.search(text) is not None)
