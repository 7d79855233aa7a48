"""What does not fit is told in words for people, with what to write."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sinkhole.control.operations.choice import NameChoice
from sinkhole.control.operations.misfits import lines_of
from sinkhole.control.operations.operation import Input
from sinkhole.control.operations.protection import PauseInput
from sinkhole.control.operations.rules import RuleTest
from sinkhole.control.operations.services import SafeSearchChange


@pytest.mark.parametrize(
    ("model", "given", "told"),
    [
        (NameChoice, {"name": "", "action": "block"}, "name: is empty"),
        (NameChoice, {"action": "block"}, "name: is missing"),
        (
            NameChoice,
            {"name": "a.example", "action": "stop"},
            "action: \"stop\" does not fit, write 'block' or 'allow'",
        ),
        (
            NameChoice,
            {"name": "a" * 2000, "action": "block"},
            "name: is longer than 1010 characters",
        ),
        (SafeSearchChange, {"engines": {}}, "engines: is empty"),
        (PauseInput, {"seconds": 0}, "seconds: 0 does not fit, write more than 0"),
        (PauseInput, {"seconds": "x"}, 'seconds: "x" does not fit, write a number'),
        (PauseInput, {"second": 1}, "second: is unknown"),
        (RuleTest, {"days": 91}, "days: 91 does not fit, write 90 or less"),
        (RuleTest, {"add": "x"}, 'add: "x" does not fit, write a list'),
        (RuleTest, {"log": "x"}, 'log: "x" does not fit, write true or false'),
    ],
)
def test_a_mistake_is_told_with_what_fits(
    model: type[Input], given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate(given)
    assert lines_of(error.value) == [told]


def test_a_name_that_nobody_knows_is_told_at_its_place() -> None:
    with pytest.raises(ValidationError) as error:
        SafeSearchChange.model_validate({"engines": {"foo": "strict", "google": "hard"}})
    first, second = lines_of(error.value)
    assert first.startswith('engines.foo: "foo" does not fit, write ')
    assert second == ("engines.google: \"hard\" does not fit, write 'off', 'moderate' or 'strict'")


def test_what_else_is_wrong_is_told_as_it_is() -> None:
    assert lines_of(ValueError("not at all")) == ["not at all"]
