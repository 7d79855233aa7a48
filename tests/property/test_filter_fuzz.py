"""Any bytes are a rule, a comment, something for others, or refused with a reason: no crash."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.compiled.compile import compile_lines
from sinkhole.dns.filter.language.line import Comment, Ignored, Line, Reject, Rule, Scope
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import labels

REAL = [
    "! Title: An example",
    "# Syntax: Domains (wildcards)",
    "[Adblock Plus 2.0]",
    "##.banner",
    "example.org#@#.banner",
    "0.0.0.0 ads.example.org # why",
    "192.0.2.1 nas.example router.example",
    "fe80::1%lo0 localhost",
    "ads.example.org",
    "*.ads.example.org",
    "||ads.example.org^",
    "||ads*.example.org^$important",
    "@@|good.example.org^|",
    "-banner-$dnstype=~A|~AAAA",
    "/^ads[0-9]{1,3}\\.(com|net)$/$client='Kid\\, small'|~192.0.2.0/24",
    "/(?:a|b)+?[^a-z\\d]*\\.example/",
    "*$denyallow=com|net,ctag=device_tv|~user_child",
    "||a.example^$dnsrewrite=NOERROR;HTTPS;1 . alpn=h2 ipv4hint=192.0.2.1",
    '||a.example^$dnsrewrite=NOERROR;TXT;"hello; world"',
    "||a.example^$dnsrewrite=NOERROR;SRV;10 60 8080 b.example",
    "@@||a.example^$dnsrewrite=NOERROR;MX;10 mail.example",
    "||a.example^$badfilter,important",
    "||192.0.2.0/24^",
    "2001:db8::/32",
    "address=/a.example/b.example/192.0.2.1",
    "server=/a.example/#",
    "$ORIGIN rpz.example.net.",
    "@ 300 IN SOA localhost. root.localhost. ( 1 2 3 4 5 )",
    "*.a.example 300 IN CNAME rpz-passthru.",
    'a.example TXT "a\\"b" c',
    "24.0.2.0.192.rpz-ip CNAME .",
    "128.1.zz.db8.2001.rpz-ip CNAME *.",
    "||bücher.example^",
    "||a\\032b.example^",
]
PIECES = st.sampled_from(
    [
        *("||", "|", "@@", "^", "*", ".", "..", "$", ",", "=", "~", "/", "\\", "'", '"', ";", "#"),
        *("(", ")", "[", "]", "{", "}", "{9}", "{999}", "+", "?", "(?:", "(?=", "(?i)", "\\d"),
        *("$important", "$badfilter", "$client=", "$ctag=", "$denyallow=", "$dnstype="),
        *("$dnsrewrite=", "NOERROR;", "A;", "HTTPS;", "TXT;", "NXDOMAIN", " CNAME ", " IN "),
        *(" A ", " SOA ", ".rpz-ip", "\\1", "\u200d", "\ufeff", "\\046", "\\000"),
        *("0.0.0.0 ", "::1 ", "192.0.2.1", "2001:db8::1", "/24", "/129", "address=/", "server=/"),
        *("example.org", "a", "ü", "ß", " ", "\t", "\0", "\x1f"),
        *("localhost", "zz", "xn--", "$ORIGIN ", "$TTL ", "!", "##", "http://", "://", "\udcff"),
    ]
)  # fmt: skip


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """Lines as they stand in lists, with parts of them cut out, doubled, or put in from others."""
    line = as_bytes(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(line)))
        end = draw(st.integers(begin, min(len(line), begin + 8)))
        piece = draw(
            st.one_of(
                PIECES.map(as_bytes),
                st.sampled_from(REAL).map(as_bytes),
                st.binary(max_size=3),
                st.just(line[begin:end] * 2),
            )
        )
        line = line[:begin] + piece + line[end:]
    return line


LINES = st.one_of(
    mutations(),
    st.binary(max_size=80),
    st.text(max_size=40).map(lambda text: text.encode(errors="replace")),
    st.lists(PIECES, max_size=8).map(lambda pieces: as_bytes("".join(pieces))),
)
ONE_LINE = LINES.map(lambda line: line.replace(b"\n", b""))


def check(parsed: Line) -> None:
    if isinstance(parsed, Rule):
        check_rule(parsed)
    elif not isinstance(parsed, Comment):
        assert isinstance(parsed, Ignored | Reject)
        assert 0 < len(parsed.reason) < 120
        assert parsed.reason.isprintable()


def check_rule(rule: Rule) -> None:
    """What all that reads a rule relies on."""
    assert [bool(rule.names), bool(rule.networks), bool(rule.pattern)].count(True) == 1
    for name in (*rule.names, *rule.conditions.denyallow):
        assert 2 < len(name) <= 255  # never the root: that would be every name
        assert all(0 < len(label) <= 63 for label in labels(name))
        assert name == name.lower()
    assert rule.scope in Scope
    assert "\n" not in rule.pattern
    if rule.hosts:
        assert rule.names
        assert not rule.badfilter and not rule.important and rule.rewrite is None
    for address in rule.addresses:
        assert rule.hosts
        assert not address.is_loopback and not address.is_unspecified
    if rule.rewrite is not None and rule.rewrite.rtype:
        assert rule.rewrite.rcode == 0
        assert rule.rewrite.rdata


@settings(max_examples=2500, deadline=None)
@given(LINES, st.booleans())
def test_any_line_is_read_or_has_a_reason(line: bytes, bare_is_subtree: bool) -> None:
    check(parse_line(line, bare_is_subtree))


@settings(max_examples=500, deadline=None)
@given(mutations())
def test_a_line_of_text_is_read_like_its_bytes(line: bytes) -> None:
    if line.isascii():
        assert parse_line(line.decode()) == parse_line(line)


@settings(max_examples=300, deadline=None)
@given(st.lists(ONE_LINE, max_size=30), st.sampled_from(["block", "allow"]))
def test_every_line_of_any_file_is_counted_once(lines: list[bytes], kind: str) -> None:
    report = compile_lines(
        (line + b"\n" for line in lines), "allow" if kind == "allow" else "block"
    ).report
    assert report.lines == len(lines)
    assert report.lines == report.rules + report.comments + report.ignored + report.refused
    assert sum(report.reasons.values()) == report.refused
    assert sum(report.ignored_reasons.values()) == report.ignored


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes_compile(content: bytes) -> None:
    report = compile_lines(content.splitlines(keepends=True)).report
    assert report.lines == len(content.splitlines())
    assert report.lines == report.rules + report.comments + report.ignored + report.refused


WIRE_NAMES = st.lists(st.binary(min_size=1, max_size=5), max_size=5).map(
    lambda parts: b"".join(bytes((len(part),)) + part for part in parts).lower() + b"\0"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ONE_LINE, max_size=20), st.lists(WIRE_NAMES, max_size=5), st.integers(0, 65535))
def test_whatever_compiled_can_be_asked(lines: list[bytes], names: list[bytes], qtype: int) -> None:
    texts = [line.decode("utf-8", "replace") for line in lines]
    compiled = CompiledList.from_rules("0", "block", texts)
    matcher = Matcher([compiled])
    for name in names:
        match = matcher.match(name, qtype, frozenset(sorted(matcher.criteria)[::2]))
        assert match is None or 1 <= match.cause.line <= len(lines)
    for packed in (bytes(4), bytes(16), b"\xc0\x00\x02\x01"):
        found = matcher.match_address(packed, qtype, matcher.criteria)
        assert found is None or found.cause.rule == texts[found.cause.line - 1].strip()
