"""Names that settings take are made of whatever people called things."""

from __future__ import annotations

import pytest

from sinkhole.control.imports.names import Names


@pytest.mark.parametrize(
    ("names", "wanted", "given"),
    [
        (Names(), ["a", "A", "a"], ["a", "A 2", "a 3"]),
        (Names(), ["", " two\n lines\x07 "], ["Unnamed", "two lines"]),
        (Names(), ["ü" * 80] * 2, ["ü" * 50, "ü" * 49 + " 2"]),
        (Names.of_lists(), ["own rules", "Ads"], ["own rules 2", "Ads"]),
        (Names.of_clients(), ["192.0.2.7", "TV"], ["Device 192.0.2.7", "TV"]),
        (
            Names.of_sets(),
            ["Kids' tablet", "default", "/"],
            ["Kids-tablet", "default-2", "imported"],
        ),
        (Names.of_sets(), ["x" * 50] * 2, ["x" * 40, "x" * 38 + "-2"]),
    ],
    ids=["twice", "odd", "long", "taken", "address", "sets", "long set"],
)
def test_names_are_free_and_in_form(names: Names, wanted: list[str], given: list[str]) -> None:
    assert [names.free(each) for each in wanted] == given
