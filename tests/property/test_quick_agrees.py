"""The short cut for common lines never disagrees with the parser, wherever a line stands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.reader import ListReader
from sinkhole.dns.wire.name import from_text

LABELS = st.sampled_from(
    ["a", "a-b", "_x", "1", "x-", "-x", "zip", "localhost", "rpz-ip", "a" * 63]
)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
STARTS = [
    "||",
    "*.",
    "0.0.0.0 ",
    "0.0.0.0\t",
    "0 ",
    "[",
    "0.0.0.0 192.0.2.1-",
    "127.0.0.1 ",
    "address=/",
    "local=/",
    "server=/",
    "",
]
STARTS += ["@@||", "|", "^", "(^|\\.)", "||*.", "192.0.2.1 ", ".", " "]
ENDS = ["^", "", "/", "/#", "/0.0.0.0", " CNAME .", "^$important", "|", "$", ".", ". CNAME ."]
LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(STARTS),
    NAMES
    | st.sampled_from(
        [
            "localhost.localdomain",
            "0.0.0.0",
            "example.org",
            "rpz.example",
            "203.0.113.300",
            "192.0.2.1-192.0.2.9",
            "1.2..3",
        ]
    ),
    st.sampled_from(ENDS),
    st.sampled_from(["\n", "\r\n", ""]),
)
ABOVE = st.sampled_from(
    [
        [],
        ["# Syntax: Domains (wildcards)"],
        ["$ORIGIN rpz.example."],
        ["$ORIGIN rpz.example.", "$ORIGIN com"],
        ["rpz.example. SOA a. b. 1 2 3 4 5"],
        ["a.example A 192.0.2.1"],
    ]
)


@settings(max_examples=1500, deadline=None)
@given(ABOVE, LINES)
def test_the_quick_way_never_disagrees_with_the_slow_one(above: list[str], line: str) -> None:
    reader = ListReader()
    for text in above:
        reader.read(text, at_top=True)
    quick = reader.quick(line.encode())
    if quick is not None:
        name, scope, hosts = quick
        expected = Rule((from_text(name.decode()),), scope, hosts=hosts)
        assert reader.read(line, at_top=True) == expected
