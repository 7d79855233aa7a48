"""The list that comes with sinkhole."""

from __future__ import annotations

from pathlib import Path

from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import ancestors, from_text

STARTER = Path(__file__).parents[4] / "blocklists" / "starter.txt"

NEEDED_BY_MANY = """
    example.org google.com www.google.com youtube.com www.youtube.com googlevideo.com gstatic.com
    googleapis.com googletagmanager.com amazon.com amazonaws.com cloudfront.net apple.com icloud.com
    microsoft.com live.com windowsupdate.com office.com github.com facebook.com instagram.com
    whatsapp.net netflix.com nflxvideo.net samsung.com roku.com xiaomi.com yahoo.com bing.com
    connectivitycheck.gstatic.com captive.apple.com msftconnecttest.com firefox.com mozilla.org
"""


def test_every_line_compiles_and_no_name_is_said_twice() -> None:
    report = CompiledList.from_file(STARTER, "Starter", "block").report
    assert report.refused == report.ignored == report.duplicates == 0
    assert report.names == report.rules >= 250
    assert report.title == "sinkhole starter list"


def test_no_name_lies_below_another() -> None:
    rules = [parse_line(line) for line in STARTER.read_text().splitlines()]
    names = {name for rule in rules if isinstance(rule, Rule) for name in rule.names}
    for name in names:
        assert not names.intersection(list(ancestors(name))[1:])


def test_it_blocks_what_everybody_meets_and_nothing_that_is_needed() -> None:
    matcher = Matcher([CompiledList.from_file(STARTER, "Starter", "block")])
    for name in ("doubleclick.net", "ad.doubleclick.net", "www.google-analytics.com"):
        match = matcher.match(from_text(name), 1)
        assert match is not None and not match.allowed
    for name in NEEDED_BY_MANY.split():
        assert matcher.match(from_text(name), 1) is None
