"""`$badfilter`: a rule that switches off the rules that are otherwise the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Asker, Case, allow, block, check, says, table

TV = Asker("192.0.2.7", tags=("device_tv",))

CASES = table(
    says("||a^", "||a^$badfilter", none="a x.a"),
    says("||a^$badfilter", "||a^", none="a"),
    says("||a^$badfilter", none="a"),
    says("||a.example^", "||a.example^", "||a.example^$badfilter", none="a.example"),
    says("||b.a^", "||a^", "||a^$badfilter", block="b.a", none="a c.a"),
    says("||a^", "||b.a^$badfilter", block="b.a a"),
    # Every sort of pattern.
    says("|a.b^", "|a.b^$badfilter", none="a.b"),
    says("ads*.a^", "ads*.a^$badfilter", none="ads1.a"),
    says("-ads-", "-ads-$badfilter", none="x-ads-y"),
    says("/^ads/", "/^ads/$badfilter", none="ads.example"),
    says("||a^", "|a^$badfilter", block="a"),
    says("||a^", "a^$badfilter", block="a"),
    says("||a.b^", "||a.b$badfilter", block="a.b"),
    # Exceptions, and modifiers in any order.
    says("||a^", "@@||a^", "@@||a^$badfilter", block="a", line=1),
    says("||a^", "@@||a^", "||a^$badfilter", allow="a"),
    says("||a^$important", "||a^$important,badfilter", none="a"),
    says("||a^$important", "||a^$badfilter,important", none="a"),
    says("||a^$important", "||a^$badfilter", block="a"),
    says("||a^", "||a^$important,badfilter", block="a"),
    says("@@||a^$important", "||a^$important", "@@||a^$important,badfilter", block="a", line=2),
    says("||a^", "||a^$badfilter", "||a^$important", block="a", line=3),
    # Clients and tags must be the same.
    says("||a^$client=192.0.2.7", "||a^$client=192.0.2.7,badfilter", none="a", asker=TV),
    says("||a^$client=192.0.2.7", "||a^$client=192.0.2.0/24,badfilter", block="a", asker=TV),
    says("||a^$client=192.0.2.7", "||a^$badfilter", block="a", asker=TV),
    says("||a^", "||a^$client=192.0.2.7,badfilter", block="a", asker=TV),
    says("||a^$ctag=device_tv", "||a^$ctag=device_tv,badfilter", none="a", asker=TV),
    says("||a^$ctag=device_tv", "||a^$ctag=os_ios,badfilter", block="a", asker=TV),
    says("||a^$ctag=device_tv", "||a^$ctag=~device_tv,badfilter", block="a", asker=TV),
    # The values of these three make no difference, as long as the conditions hold.
    says("||a^$dnstype=A", "||a^$dnstype=A,badfilter", none="a/A"),
    says("||a^$dnstype=A|MX", "||a^$dnstype=A|TXT,badfilter", none="a/A", block="a/MX"),
    says("||a^$dnstype=A", "||a^$dnstype=AAAA,badfilter", block="a/A"),
    says("||a^", "||a^$dnstype=AAAA,badfilter", none="a/AAAA", block="a/A"),
    says("||a^$denyallow=b.a", "||a^$denyallow=c.a,badfilter", none="a"),
    says("||a^$dnsrewrite=192.0.2.1", "||a^$dnsrewrite=192.0.2.2,badfilter", none="a"),
    # Lines of hosts files and bare names are out of its reach.
    says("0.0.0.0 a.example", "||a.example^$badfilter", block="a.example"),
    says("a.example", "||a.example^$badfilter", block="a.example"),
    says("a.example", "a.example$badfilter", block="a.example"),
    says("a.example", "|a.example^$badfilter", block="a.example"),
    says("||a.example^", "0.0.0.0 a.example", "||a.example^$badfilter", block="a.example", line=2),
    # Block lists count together, allow lists for themselves.
    says(block("||a^"), block("||a^$badfilter"), none="a"),
    says(block("||a^$badfilter"), block("||a^"), none="a"),
    says(allow("||a^"), block("||a^$badfilter"), allow="a"),
    says(block("||a^"), allow("||a^$badfilter"), block="a"),
    says(block("||a^"), allow("||a^", "||a^$badfilter"), block="a"),
    says(block("||a^"), allow("||a^$badfilter", "x.a"), block="a", allow="x.a"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_badfilter(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
