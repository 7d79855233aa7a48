from __future__ import annotations

import gc
import weakref
from typing import Any

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.control.settings import Settings
from sinkhole.control.state.pauses import Pause
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.model.stamp import Stamp

KIDS: dict[str, Any] = {
    "groups": [{"name": "kids", "lists": []}],
    "clients": [
        {"name": "tablet", "addresses": ["192.0.2.20"], "group": "kids"},
        {"name": "phone", "addresses": ["192.0.2.21"], "group": "kids"},
    ],
}
ADS = CompiledList.from_rules("Ads", "block", ["||ads.example.org^"])
PAUSE = Pause("client", "tablet", Stamp("", 0.0, 0.0), None, "anna")


def maker_of(**tree: Any) -> PolicyMaker:
    return PolicyMaker(Settings.model_validate(KIDS | tree))


def generations(policy: Policy) -> tuple[int, int, int]:
    """Of everybody else, the tablet, the phone."""
    standing = policy.access.standing
    assert standing is not None
    asked = (bytes((192, 0, 2, last)) for last in (7, 20, 21))
    everybody, tablet, phone = (standing(packed, "").policy.generation for packed in asked)
    return everybody, tablet, phone


def test_a_pause_of_one_leaves_the_others_as_they_are_and_ends_as_it_began() -> None:
    classes, maker = Classes(), maker_of()
    before = generations(classes.policy(Plan.of(maker, [ADS], 0.0)))
    paused = generations(classes.policy(Plan.of(maker, [ADS], 0.0, [PAUSE])))
    assert paused[0::2] == before[0::2]
    assert paused[1] != before[1]
    assert generations(classes.policy(Plan.of(maker, [ADS], 0.0))) == before


def test_what_nobody_has_now_keeps_no_older_matcher_in_memory() -> None:
    classes, maker = Classes(), maker_of()
    plan = Plan.of(maker, [ADS], 0.0, [PAUSE])
    first = generations(classes.policy(plan))
    selection = weakref.ref(plan.matcher)
    more = CompiledList.from_rules("More", "block", ["||more.example.org^"])
    plan = Plan.of(maker, [ADS, more], 0.0)
    classes.policy(plan)
    gc.collect()
    assert selection() is None
    again = generations(classes.policy(Plan.of(maker, [ADS, more], 0.0, [PAUSE])))
    assert again[1] == first[1]  # it asks no list, then and now


def test_where_nothing_is_refused_a_pause_is_not_the_reason() -> None:
    plan = Plan.of(maker_of(groups=[{"name": "default", "filtering": False}], clients=[]), [ADS], 0)
    assert not plan.chosen(plan.usual, whole=True).lists


def test_what_lists_are_asked_is_found_out_by_the_plan_and_not_when_it_is_put_in_force() -> None:
    maker = maker_of()
    plan = Plan.of(maker, [ADS], 0.0, [PAUSE])
    assert set(plan.selections) == {plan.usual, *plan.policies.clients.values()}
    again = Plan.of(maker, [ADS], 0.0, [PAUSE], plan.matcher)
    assert all(again.selections[each] is made for each, made in plan.selections.items())
    of_tablet = plan.selections[plan.policies.clients["tablet"]]
    standing = Classes().policy(plan).access.standing
    assert standing is not None
    assert standing(bytes((192, 0, 2, 20)), "").policy.filter is of_tablet
