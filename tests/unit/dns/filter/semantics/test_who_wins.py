"""Of several rules that match, which one decides: strength, lists, and lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Asker, Case, Listed, allow, block, check, compiled, says, table, verdict_of

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.wire.name import from_text

TV = Asker("192.0.2.7", "TV", ("device_tv",))

ONE_LIST = table(
    # Important exception > important > exception > plain > hosts.
    says("||a^", block="a", line=1),
    says("||a^", "@@||a^", allow="a", line=2),
    says("@@||a^", "||a^", allow="a", line=1),
    says("||a^$important", "@@||a^", block="a", line=1),
    says("@@||a^", "||a^$important", block="a", line=2),
    says("||a^$important", "@@||a^$important", allow="a", line=2),
    says("@@||a^$important", "||a^$important", "@@||a^", "||a^", allow="a", line=1),
    says("||a^", "@@||a^", "||a^$important", block="a", line=3),
    says("0.0.0.0 a.b", "||a.b^", block="a.b", line=2),
    says("||b^", "0.0.0.0 a.b", block="a.b", line=1),
    says("0.0.0.0 a.b", "@@||a.b^", allow="a.b", line=2),
    says("a.b", "@@||b^", allow="a.b", line=2),
    says("a.b", "@@.b^", allow="a.b"),
    says("a.b", "-x-", block="a.b", line=1),
    says("a.b", "b$dnstype=TXT", block="a.b", line=1),
    says("a.b", "b$dnstype=A", block="a.b", line=2),
    # How much of the name a rule names makes no difference to its strength.
    says("||x.a^", "@@||a^", allow="x.a", line=2),
    says("@@||x.a^", "||a^", allow="x.a", block="a y.a"),
    says("||a^$important", "@@||x.y.a^", block="x.y.a", line=1),
    says("@@||a^$important", "||x.a^$important", allow="x.a", line=1),
    says("@@|a^", "||a^", allow="a", block="x.a"),
    # Patterns and expressions are as strong as names.
    says("||a^", "@@/^x\\./", allow="x.a", block="a"),
    says("/^x/$important", "@@||a^", block="x.a", allow="y.a"),
    says("||a^", "@@*x*", block="a"),
    says("||a^", "@@*xx*", allow="xx.a"),
    says("@@-good-", "||a^", allow="x-good-y.a", block="good.a"),
    # Of equals, the rule with more modifiers.
    says("||a^", "||a^$dnstype=A", block="a/A", line=2),
    says("||a^", "||a^$dnstype=A", block="a/AAAA", line=1),
    says("||a^$dnstype=A", "||a^", block="a/A", line=1),
    says("||a^$dnstype=A", "||a^$client=TV,dnstype=A", block="a/A", line=2, asker=TV),
    says("||a^$client=TV", "||a^$client=TV,ctag=device_tv", block="a", line=2, asker=TV),
    says("||a^$denyallow=x.a", "||a^", block="a", line=1),
    says("@@||a^", "@@||a^$dnstype=A", allow="a/A", line=2),
    says("||a^$important", "||a^$important,dnstype=A", block="a/A", line=2),
    says("||a^$dnstype=A,client=TV", "@@||a^", allow="a/A", line=2, asker=TV),
    # Else the most specific name, and of one name the first line.
    says("||a^", "||x.a^", block="x.a", line=2),
    says("||x.a^", "||a^", block="x.a", line=1),
    says("||a^", "||a^", "||a^", block="a", line=1),
    says("||x.a^", "|x.a^", block="x.a", line=2),
    says("a.b", "0.0.0.0 a.b", block="a.b", line=1),
    says("0.0.0.0 a.b", "a.b", block="a.b", line=1),
    says("@@||a^", "@@||x.a^", allow="x.a", line=2),
)

LISTS = table(
    # An allow list is asked first, and beats whatever a block list says.
    says(block("||a^"), allow("||a^"), allow="a x.a", in_list=2, line=1),
    says(allow("a.b"), block("||b^$important"), allow="a.b", in_list=1, line=1),
    says(allow("a.b"), block("||b^$important"), block="x.b", in_list=2, line=1),
    says(allow("0.0.0.0 a.b"), block("||a.b^"), allow="a.b", block="x.a.b"),
    says(allow("@@||a^"), block("||a^"), allow="a", in_list=1, line=1),
    says(allow("@@||a^", "||b^"), block("*$dnstype=A"), allow="a b", block="c"),
    says(allow("||a^$important"), block("||a^$important"), allow="a"),
    says(allow("*.a"), block("||a^"), allow="a x.a"),
    says(allow("/^x/"), block("||a^"), allow="x.a", block="a"),
    says(allow("a CNAME ."), block("||a^"), allow="a", block="x.a"),
    says(allow("address=/a/0.0.0.0"), block("||a^"), allow="x.a"),
    says(allow("||a^$dnstype=A"), block("||a^"), allow="a/A", block="a/AAAA"),
    says(allow("||a^$client=TV"), block("||a^"), allow="a", asker=TV),
    says(allow("||a^$client=TV"), block("||a^"), block="a"),
    says(allow("||a^$denyallow=x.a"), block("||a^"), allow="a", block="x.a"),
    # Of several allow lists the first that knows the name.
    says(allow("||a^"), allow("||x.a^$important"), allow="x.a", in_list=1, line=1),
    says(allow("||b^"), allow("||a^"), allow="a", in_list=2, line=1),
    # An allow list that says nothing changes nothing.
    says(allow("||b^"), block("||a^"), block="a", none="c"),
    says(allow("||b^"), block("||a^"), allow="b"),
    # All block lists count together: exceptions count across lists.
    says(block("||a^"), block("@@||a^"), allow="a", in_list=2, line=1),
    says(block("@@||a^"), block("||a^"), allow="a", in_list=1, line=1),
    says(block("@@||a^"), block("||a^$important"), block="a", in_list=2, line=1),
    says(block("a.b"), block("||a.b^"), block="a.b", in_list=2, line=1),
    says(block("||a^"), block("@@||a^"), block("@@||a^$important"), allow="a", in_list=3, line=1),
    # Of equally strong rules, more modifiers, then the first list.
    says(block("||a^"), block("||a^"), block="a", in_list=1, line=1),
    says(block("||a^"), block("||x.a^"), block="x.a", in_list=1, line=1),
    says(block("||a^"), block("||a^$dnstype=A"), block="a/A", in_list=2, line=1),
    says(block("0.0.0.0 a.b"), block("a.b"), block="a.b", in_list=1, line=1),
    says(block("||b^"), block("||a^"), block="a", in_list=2, line=1),
    says(block("! nothing"), block("", "||a^"), block="a", in_list=2, line=2),
    says(block("||b^", "||c^"), block("||a^"), none="d org", allow=""),
)


@pytest.mark.parametrize("case", ONE_LIST, ids=str)
def test_in_one_list(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", LISTS, ids=str)
def test_across_lists(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


BUILT_IN = (block("||a^", "@@||c^", "||r^$dnsrewrite=192.0.2.1"), block("||d^", "||c^"))

WITH_BUILT_IN: list[tuple[Listed, str, str, bool]] = [
    (block(), "x.a", "block", True),
    (block(), "c", "allow", True),
    (block(), "d", "block", True),
    (block(), "r", "rewrite", True),
    (block(), "e", "none", False),
    (block("||b^"), "a", "block", True),
    (block("||b^"), "b", "block", False),
    (block("@@||a^"), "a", "allow", False),
    (block("@@||a^"), "d", "block", True),
    (block("||c^"), "c", "block", False),
    (block("@@||r^"), "r", "allow", False),
    (block("||a^$dnsrewrite=NXDOMAIN"), "a", "rewrite", False),
    (block("||a^$dnstype=AAAA"), "a", "block", True),
    (block("||a^", "||a^$badfilter"), "a", "block", True),
    (block("||a^$badfilter"), "a", "block", True),
    (allow("a.b", "0.0.0.0 a"), "a", "allow", False),
    (allow("||r^"), "r", "allow", False),
    (allow("||b^"), "a", "block", True),
]


@pytest.mark.parametrize(
    ("own", "name", "verdict", "builtin"),
    WITH_BUILT_IN,
    ids=[f"{own.kind}: {' ; '.join(own.lines)} <- {name}" for own, name, *_ in WITH_BUILT_IN],
)
def test_built_in_lists_have_a_say_only_where_no_list_has(
    own: Listed, name: str, verdict: str, builtin: bool
) -> None:
    match = Matcher(compiled([own]), compiled(BUILT_IN)).match(from_text(name), 1)
    assert verdict_of(match) == verdict
    assert (match is not None and match.builtin) == builtin
