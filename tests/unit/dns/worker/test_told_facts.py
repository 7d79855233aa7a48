"""What is known of addresses is asked for once, and what is told counts."""

from __future__ import annotations

import pytest

from sinkhole.dns.worker import facts as facts_module
from sinkhole.dns.worker.facts import AddressFacts, FactsToldOf

HERE, THERE = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
TOLD = AddressFacts(HERE, "00:00:5e:00:53:01", ("tablet", "tablet.home"), 3)


def test_an_answer_arrives_as_it_was() -> None:
    assert AddressFacts.unpack(TOLD.pack()) == TOLD


def test_each_address_is_asked_for_once() -> None:
    asked: list[bytes] = []
    known = FactsToldOf(asked.append)
    assert [known.facts.seek(each) for each in (HERE, HERE, THERE)] == [True, False, True]
    assert asked == [HERE, THERE]


def test_what_is_told_is_known_whether_or_not_it_was_asked_for() -> None:
    asked: list[bytes] = []
    known = FactsToldOf(asked.append)
    assert (known.facts.mac(HERE), known.facts.hosts(HERE), known.facts.devices(HERE)) == (
        "",
        (),
        1,
    )
    known.learn(TOLD)
    facts = known.facts
    assert (facts.mac(HERE), facts.hosts(HERE), facts.devices(HERE)) == TOLD[1:]
    assert not facts.seek(HERE)
    known.learn(AddressFacts(HERE))
    assert facts.mac(HERE) == ""
    assert asked == [HERE]


def test_who_was_asked_for_before_is_waited_for_once() -> None:
    asked: list[bytes] = []
    known = FactsToldOf(asked.append)
    assert known.facts.mac(HERE) == ""
    assert [known.facts.seek(HERE), known.facts.seek(HERE)] == [True, False]
    assert asked == [HERE]


def test_the_one_told_of_longest_ago_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MOST_ADDRESSES", 1)
    asked: list[bytes] = []
    known = FactsToldOf(asked.append)
    known.learn(TOLD)
    known.facts.seek(THERE)
    assert known.facts.mac(HERE) == ""
    assert known.facts.seek(HERE)
