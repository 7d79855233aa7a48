"""What lists say about themselves."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.language.reader import MAX_TITLE, Header


def header(*comments: str) -> Header:
    made = Header()
    for comment in comments:
        made.read(comment, at_top=True)
    return made


@pytest.mark.parametrize("comment", ["! Title: My list", "# Title:  My list ", "; title: My list"])
def test_the_title(comment: str) -> None:
    assert header("! a comment", comment, "! Title: second").title == "My list"


def test_a_title_below_rules_belongs_to_a_part_of_the_file() -> None:
    made = Header()
    made.read("# Title: part", at_top=False)
    assert made.title == ""


def test_a_title_is_cut_and_made_printable() -> None:
    assert header("! Title: a\x07b" + "c" * 500).title == ("ab" + "c" * 500)[:MAX_TITLE]


@pytest.mark.parametrize(
    ("syntax", "covers_below"),
    [
        ("Domains", False),
        ("Domains (including possible subdomains)", False),
        ("Domains (without subdomains)", True),
        ("Domains (wildcards) without *.", True),
        ("Domains Wildcard (DNSCrypt/YogaDNS/...)", True),
        ("Wildcard domains", True),
        ("Hosts", False),
    ],
)
def test_what_a_bare_name_means(syntax: str, covers_below: bool) -> None:
    assert header(f"# Syntax: {syntax}").bare_is_subtree is covers_below


def test_a_later_header_changes_the_meaning_from_there_on() -> None:
    made = header("# Syntax: Wildcard domains", "# just a wildcard comment")
    assert made.bare_is_subtree
    made.read("# Syntax: Domains", at_top=False)
    assert not made.bare_is_subtree
