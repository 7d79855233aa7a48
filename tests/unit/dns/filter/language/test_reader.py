"""Reading a list from top to bottom."""

from __future__ import annotations

from sinkhole.dns.filter.language.line import Comment, Line, Rule, Scope
from sinkhole.dns.filter.language.reader import ListReader
from sinkhole.dns.wire.name import from_text


def read(reader: ListReader, *lines: str) -> list[Line]:
    return [reader.read(line, at_top=True) for line in lines]


def test_comments_change_what_bare_names_mean() -> None:
    reader = ListReader()
    assert reader.quick(b"example.org\n") == (b"example.org", Scope.EXACT, True)
    assert read(reader, "# Syntax: Domains (wildcards)", "! Title: Mine") == [
        Comment("# Syntax: Domains (wildcards)"),
        Comment("! Title: Mine"),
    ]
    assert reader.header.title == "Mine"
    assert reader.quick(b"example.org\n") == (b"example.org", Scope.TREE, True)
    rule = Rule((from_text("example.org"),), Scope.TREE, hosts=True)
    assert read(reader, "example.org") == [rule]


def test_a_title_below_rules_is_none() -> None:
    reader = ListReader()
    reader.read("! Title: Mine", at_top=False)
    assert reader.header.title == ""


def test_the_origin_of_a_zone_changes_what_names_mean() -> None:
    reader = ListReader()
    read(reader, "$ORIGIN rpz.example.")
    assert reader.quick(b"ads.example.org CNAME .\n") == (b"ads.example.org", Scope.EXACT, False)
    read(reader, "$ORIGIN org")
    assert reader.quick(b"ads.example CNAME .\n") is None
    assert read(reader, "ads.example CNAME .") == [Rule((from_text("ads.example.org"),))]
