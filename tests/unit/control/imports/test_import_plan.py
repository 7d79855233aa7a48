"""What is wanted: lists that come beside those that are here."""

from __future__ import annotations

from sinkhole.control.imports.plan import Here, Plan

THERE, HERE = "https://lists.example.org/there.txt", "https://lists.example.org/here.txt"


def test_the_same_list_keeps_the_name_it_has_here() -> None:
    plan = Plan("test", Here({(HERE, "block"): "Ads"}))
    assert plan.add_list("Filter", HERE, "block") == "Ads"
    assert not plan.notes


def test_another_list_of_that_name_stays_and_the_one_that_comes_is_called_otherwise() -> None:
    plan = Plan("test", Here({(HERE, "block"): "Ads"}))
    assert plan.add_list("ads", THERE, "block") == "ads 2"
    assert [item for key, item in plan._wanted if key == "filtering.lists"] == ["ads 2"]
    (note,) = plan.notes
    assert note == (
        "differs",
        "ads",
        'there is another list of that name here, so it is called "ads 2"',
    )


def test_of_two_that_come_nothing_is_told() -> None:
    plan = Plan("test")
    assert [plan.add_list("Ads", url, "block") for url in (HERE, THERE)] == ["Ads", "Ads 2"]
    assert not plan.notes
