"""Lines of lists, and questions, as hypothesis makes them up: what tests ask the filter with.

They are in their usual spelling and about few names, so that lines meet each other and questions.
"""

from __future__ import annotations

import re

from filter_reference import Question
from hypothesis import strategies as st

from sinkhole.dns.filter.language.line import Kind

# Few labels, some within others, so that names, patterns and expressions meet.
LABELS = st.sampled_from(["a", "b", "ab", "aab", "ads", "a-b", "b1"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
LONGER_NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)

PIECES = st.sampled_from(["a", "b", "ab", "a.b", ".a", "b.", "ads", ".ads.", "a-", "*", "^"])
MIXED = st.lists(PIECES, min_size=2, max_size=4).map("".join).filter(lambda text: "a" in text)
ANCHORED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["||", "|", "", "||*.", "*.", "||.", "://", "http://"]),
    LONGER_NAMES | MIXED,
    st.sampled_from(["", "^", "|", "^|", "/*", "/"]),
)
PATTERNS = st.one_of(
    st.builds("||{}^".format, NAMES),
    st.builds("/{}.".format, NAMES.filter(lambda name: len(name) > 1)),
    ANCHORED.filter(lambda pattern: len(pattern) > 2 and ".." not in pattern),
    st.sampled_from(
        [
            *(r"/^a+\./", r"/b\.a/", r"/^(a|ads)\.b$/", r"/[a-c]{2}\./", r"/^[^a]/"),
            *(r"/^(http:\/\/)?a/", r"/(:\/\/)?(a|b)*\.ads$/", r"/A?B\.b/", r"/(-|1)/"),
        ]
    ),
)
BROAD = st.sampled_from(["*", "||", "a", "b^"])

TYPES = st.sampled_from(["A", "AAAA", "~A", "A|AAAA", "~AAAA|A", "TXT|~A"])
CLIENTS = st.sampled_from(
    ["192.0.2.1", "192.0.2.0/24", "~192.0.2.1", "Kid", "~Kid", "192.0.2.0/24|~Kid", "Kid|TV"]
)
TAGS = st.sampled_from(["device_tv", "~device_tv", "user_child|device_tv", "user_child|~device_tv"])
DENIED = st.lists(NAMES, min_size=1, max_size=2, unique=True).map("|".join)
CONDITIONS = st.fixed_dictionaries(
    {}, optional={"dnstype": TYPES, "client": CLIENTS, "ctag": TAGS, "denyallow": DENIED}
)
VALUES = st.sampled_from(
    [
        *("192.0.2.9", "192.0.2.10", "2001:db8::9", "NOERROR", "NXDOMAIN", "REFUSED"),
        *("a.b", "ads", "ab.a", "NOERROR;MX;5 a.b", "NOERROR;MX;6 b"),
    ]
)
REWRITES = st.none() | VALUES


def network_line(
    allow: bool, pattern: str, conditions: dict[str, str], rewrite: str | None, important: bool
) -> str:
    options = [f"{name}={value}" for name, value in conditions.items()]
    options += [] if rewrite is None else [f"dnsrewrite={rewrite}"]
    options += ["important"] * important
    return "@@" * allow + pattern + "$" * bool(options) + ",".join(options)


def with_badfilter(line: str) -> str:
    # "/ab." is where a name begins, and no expression.
    is_expression = re.match(r"(@@)?/(?![a-z0-9.-]+\.(\$|$))", line)
    has_options = "/$" in line if is_expression else "$" in line
    return f"{line}{',' if has_options else '$'}badfilter"


NETWORK = st.builds(network_line, st.booleans(), PATTERNS, CONDITIONS, REWRITES, st.booleans())
PLAIN = st.builds(
    "{}||{}^{}".format, st.sampled_from(["", "@@"]), NAMES, st.sampled_from(["", "$important"])
)
NARROWED = st.builds(
    network_line, st.booleans(), BROAD, CONDITIONS.filter(bool), REWRITES, st.booleans()
)
CANCELS = st.builds("@@||{}^$dnsrewrite{}".format, NAMES, st.sampled_from(["", ",important"]))
HOSTS = st.builds(
    "{} {}".format,
    st.sampled_from(["0.0.0.0", "0", "::", "192.0.2.77"]),
    st.lists(LONGER_NAMES, min_size=1, max_size=2).map(" ".join),
)
BARE = st.builds("{}{}$".format, st.sampled_from([r"(^|\.)", "^", "^(.+[_.-])?", r"\."]), NAMES)
LINES = st.one_of(
    BARE, NETWORK, NETWORK, PLAIN, NARROWED, CANCELS, HOSTS, LONGER_NAMES
) | st.builds("*.{}".format, NAMES)


@st.composite
def lines_of_a_list(draw: st.DrawFn) -> list[str]:
    """Some lines, some of them switched off by a twin with `badfilter`."""
    lines = draw(st.lists(LINES, min_size=1, max_size=12))
    for line in draw(st.lists(st.sampled_from(lines), max_size=2)):
        if line.startswith(("|", "@@", "/", "://")) or "$" in line.rstrip("$"):
            lines.append(with_badfilter(line))
    return lines


Lists = list[tuple[Kind, list[str]]]
KINDS = st.sampled_from(["block", "block", "block", "allow"])
LISTS = st.lists(st.tuples(KINDS, lines_of_a_list()), min_size=1, max_size=3)
QUESTIONS = st.builds(
    Question,
    NAMES,
    st.sampled_from(["A", "AAAA", "TXT", "MX"]),
    st.sampled_from(["", "192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    st.sampled_from(["", "Kid", "TV"]),
    st.sampled_from([(), ("device_tv",), ("user_child", "device_tv")]),
)


NETWORKS = st.sampled_from(
    [
        *("192.0.2.1", "192.0.2.0/24", "192.0.2.128/25", "192.0.0.0/16", "198.51.100.0/24"),
        *("2001:db8::1", "2001:db8::/32", "2001:db8:1::/48"),
    ]
)
ABOUT_ADDRESSES = st.one_of(
    st.builds("||{}^".format, NETWORKS),
    NETWORKS.map(lambda text: f"|{text}^"),
    st.sampled_from(
        ["||192.0.2.", "|192.0.", "||192.0.2.1", "|2001:db8:", r"/^192\.0\.2\.1$/", "/:1$/", "||a^"]
    ),
)
ADDRESSES = st.sampled_from(
    [
        *("192.0.2.1", "192.0.2.10", "192.0.2.200", "192.0.3.1", "198.51.100.1", "203.0.113.1"),
        *("2001:db8::1", "2001:db8:1::1", "2001:db9::1", "::ffff:192.0.2.1", "::1"),
    ]
)
ADDRESS_LINES = (
    st.builds(network_line, st.booleans(), ABOUT_ADDRESSES, CONDITIONS, st.none(), st.booleans())
    | NETWORKS
    | NETWORKS.filter(lambda text: "/" not in text).map("[{}]".format)
)
