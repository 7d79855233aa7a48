from __future__ import annotations

import pytest

from sinkhole.control.database import padded


@pytest.mark.parametrize(
    ("count", "length"), [(0, 0), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (255, 256), (256, 256)]
)
def test_lists_of_values_have_few_lengths(count: int, length: int) -> None:
    values = list(range(count))
    assert len(padded(values)) == length
    assert set(padded(values)) == set(values)
