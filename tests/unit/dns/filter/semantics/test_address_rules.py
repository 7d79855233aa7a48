"""Rules that name addresses: they look at answers, and never at names."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import (
    AddressCase,
    Asker,
    Case,
    check,
    check_address,
    reading_of,
    says,
    says_of,
    table,
)

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList

TV = Asker("198.51.100.7", tags=("device_tv",))

NETWORKS = table(
    says_of("192.0.2.1", block="192.0.2.1 192.0.2.1/HTTPS", none="192.0.2.2 192.0.2.10"),
    says_of("||192.0.2.1^", block="192.0.2.1", none="192.0.2.10 192.0.2.11 92.0.2.1"),
    says_of("|192.0.2.1^", block="192.0.2.1", none="192.0.2.2"),
    says_of("|192.0.2.1|", block="192.0.2.1", none="192.0.2.10"),
    says_of("||192.0.2.1|", block="192.0.2.1", none="192.0.2.10"),
    says_of("192.0.2.0/24", block="192.0.2.0 192.0.2.255", none="192.0.3.0 192.0.1.255"),
    says_of("||192.0.2.0/24^", block="192.0.2.77", none="192.0.3.77"),
    says_of("|192.0.2.0/24^", block="192.0.2.77", none="192.0.3.77"),
    says_of("192.0.2.128/25", block="192.0.2.128", none="192.0.2.127"),
    says_of("192.0.2.7/32", block="192.0.2.7", none="192.0.2.8"),
    says_of("192.0.2.99/24", block="192.0.2.1"),
    says_of("2001:db8::1", block="2001:db8::1 2001:db8::1/HTTPS", none="2001:db8::2"),
    says_of("||2001:db8::1^", block="2001:db8::1", none="2001:db8::11"),
    says_of("2001:db8::/32", block="2001:db8:ffff::1", none="2001:db9::1"),
    says_of("||2001:db8::/32^", block="2001:db8::77", none="2001:db9::"),
    says_of("[2001:db8::1]", block="2001:db8::1", none="2001:db8::2"),
    says_of("[192.0.2.1]", block="192.0.2.1", none="192.0.2.2"),
    says_of("2001:DB8:0:0::1", block="2001:db8::1"),
    # An IPv4 address is the same in IPv6 clothes.
    says_of("192.0.2.0/24", block="::ffff:192.0.2.1", none="::ffff:198.51.100.1"),
    says_of("||192.0.2.1^", block="::ffff:192.0.2.1"),
    says_of("::ffff:192.0.2.1", block="192.0.2.1 ::ffff:192.0.2.1", none="192.0.2.2"),
    says_of("::ffff:192.0.2.0/120", block="192.0.2.77", none="192.0.3.1"),
    # Several rules.
    says_of("192.0.2.1", "198.51.100.0/24", block="192.0.2.1 198.51.100.9", none="192.0.2.2"),
    says_of("192.0.2.0/24", "192.0.2.0/25", "192.0.2.1", block="192.0.2.1 192.0.2.200"),
    # Exceptions, and what is important.
    says_of("192.0.2.0/24", "@@||192.0.2.1^", block="192.0.2.2", none="192.0.2.1"),
    says_of("192.0.2.0/24", "@@192.0.2.1", block="192.0.2.2", none="192.0.2.1"),
    says_of("||192.0.2.0/24^$important", "@@||192.0.2.1^", block="192.0.2.1"),
    says_of("||192.0.2.0/24^$important", "@@||192.0.2.1^$important", none="192.0.2.1"),
    says_of("@@||192.0.2.1^", none="192.0.2.1"),
    # Conditions.
    says_of("||192.0.2.1^$client=198.51.100.7", block="192.0.2.1", asker=TV),
    says_of("||192.0.2.1^$client=198.51.100.8", none="192.0.2.1", asker=TV),
    says_of("||192.0.2.0/24^$ctag=device_tv", block="192.0.2.1", asker=TV),
    says_of("||192.0.2.0/24^$ctag=device_tv", none="192.0.2.1"),
    says_of("||192.0.2.0/24^$ctag=~device_tv", none="192.0.2.1", asker=TV),
    says_of("||192.0.2.1^", "||192.0.2.1^$badfilter", none="192.0.2.1"),
    says_of("||192.0.2.0/24^", "||192.0.2.1^$badfilter", block="192.0.2.1"),
    # A rewrite has no say in answers.
    says_of("||192.0.2.1^$dnsrewrite=198.51.100.1", none="192.0.2.1"),
    says_of("||192.0.2.1^$dnsrewrite=NXDOMAIN", none="192.0.2.1"),
)

PATTERNS = table(
    # Other rules are compared with the address as text.
    says_of("||192.0.2.", block="192.0.2.1 192.0.2.255", none="192.0.22.1 198.51.100.1"),
    says_of("||192.0.2.^", none="192.0.2.1"),
    says_of("192.0.2.", block="192.0.2.1", none="192.0.22.1"),
    says_of("||192.0.2.*^", block="192.0.2.1", none="192.0.3.1"),
    says_of("|192.0.2.", block="192.0.2.1", none="192.0.3.1"),
    says_of("||192.0.*.1^", block="192.0.2.1 192.0.77.1", none="192.0.2.2"),
    says_of("/^192\\.0\\.2\\.[0-9]$/", block="192.0.2.1", none="192.0.2.10"),
    says_of("/^2001:db8:/", block="2001:db8::1", none="2001:db9::1"),
    says_of("|2001:db8:", block="2001:db8::1", none="2001:db9::1"),
    says_of("/^192\\.0\\.2\\./$client=192.0.2.9", none="192.0.2.1", asker=TV),
    says_of("*$dnstype=A", block="192.0.2.1", none="2001:db8::1 192.0.2.1/HTTPS"),
    says_of("*$client=198.51.100.7", block="192.0.2.1 2001:db8::1", asker=TV),
    # Names name no address.
    says_of("||example.org^", "example.com", none="192.0.2.1 2001:db8::1"),
    says_of("0.0.0.0 a.example", "192.0.2.1 b.example", none="0.0.0.0 192.0.2.1"),
    says_of("address=/a.example/192.0.2.1", none="192.0.2.1"),
    says_of("||a.example^$dnsrewrite=192.0.2.1", none="192.0.2.1"),
)

NAMES = table(
    says("192.0.2.1", none="192.0.2.1 1.2.0.192.in-addr.arpa x.192.0.2.1"),
    says("||192.0.2.1^", none="192.0.2.1"),
    says("||192.0.2.0/24^", none="192.0.2.1"),
    says("2001:db8::/32", none="2001:db8::1"),
    says("192.0.2.1", "||example.org^", block="example.org"),
)

REFUSED = ["192.0.2.0/33", "||192.0.2.0/99^", "2001:db8::/129", "||2001:db8::/200^"]


NO_ADDRESSES = {
    "102.204..15": "neither an address nor a name",
    "203.0.113.300": "neither an address nor a name",
    "||203.0.113.300^": "neither an address nor a name",
    "|203.0.113.300": "neither an address nor a name",
    "203.0.113.300$important": "neither an address nor a name",
    "@@203.0.113.300": "neither an address nor a name",
    "*.203.0.113.300": "neither an address nor a name",
    "address=/203.0.113.300/": "neither an address nor a name",
    "203.0.113.300 CNAME .": "neither an address nor a name",
    "1.2.3.4.5": "neither an address nor a name",
    "192.0.02.1": "neither an address nor a name",
    "192.0.2.1-192.0.2.9": "a range of addresses",
    "192.0.2.1-9": "a range of addresses",
    "192.0.2.1-192.0.2.300": "a range of addresses",
    "2001:db8::1-2001:db8::9": "a range of addresses",
    "||192.0.2.1-192.0.2.9^": "a range of addresses",
    "|192.0.2.1-192.0.2.9": "a range of addresses",
}


@pytest.mark.parametrize("line", NO_ADDRESSES, ids=str)
def test_what_looks_like_an_address_and_is_none_is_told(line: str) -> None:
    assert reading_of(line).startswith(f"refused: {NO_ADDRESSES[line]}")


@pytest.mark.parametrize(
    "line", ["[1.2.3]", "[Adblock Plus 2.0]", "[10:30]", "[]", "[::g]"], ids=str
)
def test_other_text_in_brackets_is_a_comment(line: str) -> None:
    assert reading_of(line) == "comment"


@pytest.mark.parametrize("case", NETWORKS, ids=str)
def test_addresses_and_networks(case: AddressCase) -> None:
    check_address(case)


@pytest.mark.parametrize("case", PATTERNS, ids=str)
def test_patterns_on_addresses(case: AddressCase) -> None:
    check_address(case)


@pytest.mark.parametrize("case", NAMES, ids=str)
def test_such_a_rule_names_no_name(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_is_no_network_is_no_rule(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ") or reading == "ignored"


def test_lists_of_names_have_nothing_to_say_about_addresses() -> None:
    rules = ["||example.org^", "a.example", "0.0.0.0 b.example", "b.example CNAME ."]
    assert not Matcher([CompiledList.from_rules("rules", "block", rules)]).checks_addresses


def test_the_line_that_refused_an_address_is_named() -> None:
    rules = ["! addresses", "||192.0.2.0/24^", "198.51.100.1"]
    match = Matcher([CompiledList.from_rules("mine", "block", rules)]).match_address(
        bytes((198, 51, 100, 1)), 1
    )
    assert match is not None
    assert (match.cause.list_name, match.cause.line) == ("mine", 3)
    assert match.cause.rule == "198.51.100.1"
