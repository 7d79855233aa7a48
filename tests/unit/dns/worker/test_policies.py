"""A Policy decides the same on the other side, and what it looks into is made there once."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.pipeline import decide_question
from sinkhole.dns.policy.designated import Designated, DesignatedService
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.worker.policies import PolicyPacker, PolicyUnpacker
from sinkhole.model.errors import ListError

HOUSE: dict[str, Any] = {
    "groups": [
        {"name": "kids", "services": ["tiktok"], "rules": ["||games.example.org^"],
         "safe_search": {"google": True}, "refuse_types": ["AAAA"]},
        {"name": "guests", "allow_only": True, "rules": ["@@||example.com^"]},
    ],
    "clients": [
        {"name": "tablet", "addresses": ["192.0.2.20"], "group": "kids", "tags": ["device_tablet"]},
        {"name": "visitor", "addresses": ["192.0.2.21"], "group": "guests"},
        {"name": "tv", "addresses": ["192.0.2.22"], "lists": []},
    ],
    "filtering": {"rules": ["||ads.example.org^$client=tv", "/^track[0-9]/", "bad.example.org"]},
    "local": {"records": {"nas.home": ["192.0.2.9"]}},
    "upstream": {"routes": {"corp.example": ["192.0.2.53"]},
                 "dns64": {"enabled": True}, "client_subnet": "client"},
}  # fmt: skip
DESIGNATED = Designated([DesignatedService("dns.example.org", ("h2",), 443, "/dns-query{?dns}")])
NAMES = ("nas.home", "www.corp.example", "bad.example.org", "ads.example.org", "track7.example.net")
NAMES += ("games.example.org", "www.tiktok.com", "www.google.com", "www.example.com", "a.example")
NAMES += ("listed.example.net", "_dns.resolver.arpa", "9.2.0.192.in-addr.arpa")
CLIENTS = ("192.0.2.7", "192.0.2.20", "192.0.2.21", "192.0.2.22")


def listed(folder: Path, *names: str) -> CompiledList:
    """A list on the disk, compiled and mapped."""
    source, file = folder / "ads.txt", folder / "ads.trie"
    source.write_text("".join(f"||{name}^\n" for name in names))
    compile_file(source, file)
    return CompiledList.map(file, "Ads", "block", source)


def plan_of(*lists: CompiledList, before: Matcher | None = None) -> Plan:
    return Plan.of(PolicyMaker(Settings.model_validate(HOUSE)), lists, 0.0, before=before)


def decisions(policy: Policy) -> list[object]:
    """What is decided about each name for each client, in all that can be told."""
    found: list[object] = []
    for client in CLIENTS:
        packed = ipaddress.ip_address(client).packed
        assert policy.access.standing is not None
        standing = policy.access.standing(packed, "", "")
        who, group = standing.who, standing.policy
        found.append((repr(who), group.generation, group.number, group.name, standing.traits))
        for qtype in (1, 28, 64, 12):
            for name in NAMES:
                view = View(policy, group, standing.traits, address=packed)
                question = Question(from_text(name), qtype)
                decided = decide_question(question, view)
                report = getattr(decided, "report", None)
                found.append((name, qtype, report and (report.verdict.cause, report.answered)))
                found.append((view.via(question.name, qtype), group.subnets.of("", packed)))
    return found


def facts() -> Facts:
    return Facts(mac=lambda packed: "00:00:5e:00:53:01")


def test_it_decides_the_same(tmp_path: Path) -> None:
    plan = plan_of(listed(tmp_path, "listed.example.net"))
    policy = Classes().policy(plan, DESIGNATED, facts())
    found = PolicyUnpacker(facts()).unpack(PolicyPacker().pack(policy, plan.matcher))
    assert decisions(found) == decisions(policy)
    assert found.access.allow == policy.access.allow
    assert found.group.filter.match(from_text("listed.example.net"), 1) is not None


def test_what_is_known_of_addresses_is_known_on_the_other_side() -> None:
    plan, here = plan_of(), Facts(mac=lambda packed: "00:00:5e:00:53:02")
    policy = Classes().policy(plan, None, facts())
    found = PolicyUnpacker(here).unpack(PolicyPacker().pack(policy, plan.matcher))
    assert found.access.standing is not None
    assert found.access.standing(bytes(4), "", "").who.device == "00:00:5e:00:53:02"


def test_lists_and_choices_of_them_are_made_once(tmp_path: Path) -> None:
    first = plan_of(listed(tmp_path, "listed.example.net"))
    classes, packer, unpacker = Classes(), PolicyPacker(), PolicyUnpacker(facts())
    large = packer.pack(classes.policy(first, None, facts()), first.matcher)
    one = unpacker.unpack(large)
    second = classes.policy(first, DESIGNATED, facts())
    small = packer.pack(second, first.matcher)
    two = unpacker.unpack(small)
    assert len(small) < len(large)
    assert two.group.filter is one.group.filter
    assert two.group.generation != one.group.generation


def test_a_list_that_changed_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    packer, unpacker, classes = PolicyPacker(), PolicyUnpacker(facts()), Classes()
    (tmp_path / "b").mkdir()
    stays = listed(tmp_path, "stays.example.net")
    first = plan_of(listed(tmp_path / "b", "first.example.net"), stays)
    one = unpacker.unpack(packer.pack(classes.policy(first, None, facts()), first.matcher))
    second = plan_of(listed(tmp_path / "b", "second.example.net"), stays, before=first.matcher)
    two = unpacker.unpack(packer.pack(classes.policy(second, None, facts()), second.matcher))
    assert two.group.filter.match(from_text("second.example.net"), 1) is not None
    assert two.group.filter.match(from_text("first.example.net"), 1) is None
    before, after = one.group.filter, two.group.filter
    assert isinstance(before, Selection) and isinstance(after, Selection)
    assert after.lists[1] is before.lists[1] and after.lists[0] is not before.lists[0]


def test_a_file_that_was_compiled_anew_in_between_changes_nothing(tmp_path: Path) -> None:
    first = plan_of(listed(tmp_path, "first.example.net"))
    policy, unpacker = Classes().policy(first, None, facts()), PolicyUnpacker(facts())
    message = PolicyPacker().pack(policy, first.matcher)
    second = plan_of(listed(tmp_path, "second.example.net"))
    with pytest.raises(ListError, match="compiled anew"):
        unpacker.unpack(message)
    policy = Classes().policy(second, None, facts())
    found = unpacker.unpack(PolicyPacker().pack(policy, second.matcher))
    assert found.group.filter.match(from_text("second.example.net"), 1) is not None


def test_a_list_of_one_process_only_is_told(tmp_path: Path) -> None:
    source = tmp_path / "ads.txt"
    source.write_text("||ads.example.org^\n")
    plan = plan_of(CompiledList.from_file(source, "Ads", "block"))
    with pytest.raises(ValueError, match="'Ads' is in the memory"):
        PolicyPacker().pack(Classes().policy(plan, None, facts()), plan.matcher)
