"""`$dnsrewrite`: every value, short and full, and what is no value."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, check, reading_of, says, table


def rule(value: str, **answers: str) -> list[Case]:
    """`answers`: by type of query, for the name of the rule."""
    queries = {f"a.example/{rtype}": answer for rtype, answer in answers.items()}
    return says(f"||a.example^$dnsrewrite={value}", rewrite=queries)


SHORT = table(
    rule("192.0.2.1", A="A 192.0.2.1", AAAA="empty", TXT="empty", HTTPS="empty"),
    rule("0.0.0.0", A="A 0.0.0.0", AAAA="empty"),
    rule("2001:db8::1", AAAA="AAAA 2001:db8::1", A="empty", MX="empty"),
    rule("::", AAAA="AAAA ::"),
    rule("2001:DB8:0:0::1", AAAA="AAAA 2001:db8::1"),
    rule("NOERROR", A="empty", AAAA="empty", TXT="empty"),
    rule("NXDOMAIN", A="NXDOMAIN", AAAA="NXDOMAIN", HTTPS="NXDOMAIN"),
    rule("REFUSED", A="REFUSED", MX="REFUSED"),
    rule("SERVFAIL", A="SERVFAIL", TXT="SERVFAIL"),
    rule("b.example", A="CNAME b.example", AAAA="CNAME b.example", TXT="CNAME b.example"),
    rule("B.Example", A="CNAME b.example"),
    rule("host", A="CNAME host"),
    rule("a-1.b2.example", A="CNAME a-1.b2.example"),
    rule("xn--bcher-kva.example", A="CNAME xn--bcher-kva.example"),
    # Only in capitals it is an rcode.
    rule("nxdomain", A="CNAME nxdomain"),
    rule("Refused", A="CNAME refused"),
)

FULL = table(
    rule("NOERROR;A;192.0.2.1", A="A 192.0.2.1", AAAA="empty"),
    rule("NOERROR;AAAA;2001:db8::1", AAAA="AAAA 2001:db8::1", A="empty"),
    rule("NOERROR;CNAME;b.example", A="CNAME b.example", TXT="CNAME b.example"),
    rule("NOERROR;MX;10 mail.example", MX="MX 10 mail.example", A="empty"),
    rule("NOERROR;MX;0 mail.example", MX="MX 0 mail.example"),
    rule("NOERROR;PTR;host.example", PTR="PTR host.example", A="empty"),
    rule("NOERROR;PTR;host.example.", PTR="PTR host.example"),
    rule("NOERROR;TXT;hello", TXT='TXT "hello"', A="empty"),
    rule("NOERROR;TXT;hello world", TXT='TXT "hello world"'),
    rule("NOERROR;TXT;v=spf1 -all", TXT='TXT "v=spf1 -all"'),
    rule("NOERROR;HTTPS;1 .", HTTPS="HTTPS 1 .", A="empty", SVCB="empty"),
    rule("NOERROR;HTTPS;32 b.example alpn=h3", HTTPS="HTTPS 32 b.example alpn=h3"),
    rule("NOERROR;HTTPS;0 b.example", HTTPS="HTTPS 0 b.example"),
    rule("NOERROR;SVCB;32 b.example alpn=h3", SVCB="SVCB 32 b.example alpn=h3", HTTPS="empty"),
    rule("NOERROR;SVCB;1 b.example port=8443", SVCB="SVCB 1 b.example port=8443"),
    rule(
        "NOERROR;HTTPS;1 . alpn=h2 ipv4hint=192.0.2.1",
        HTTPS="HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",
    ),
    rule("NOERROR;SRV;10 60 8080 b.example", SRV="SRV 10 60 8080 b.example", A="empty"),
    rule("NOERROR;SRV;0 0 0 .", SRV="SRV 0 0 0 ."),
    rule("NOERROR;;", A="empty", AAAA="empty", MX="empty"),
    rule("NXDOMAIN;;", A="NXDOMAIN", TXT="NXDOMAIN"),
    rule("REFUSED;;", A="REFUSED", TXT="REFUSED"),
    rule("SERVFAIL;;", A="SERVFAIL"),
)

SCOPE = table(
    # A rewrite is a rule with a pattern like any other.
    says("||a.example^$dnsrewrite=192.0.2.1", rewrite={"x.a.example": "A 192.0.2.1"}),
    says("||a.example^$dnsrewrite=192.0.2.1", none="ba.example example a.example.org"),
    says("|a.example^$dnsrewrite=192.0.2.1", rewrite={"a.example": "A 192.0.2.1"}),
    says("|a.example^$dnsrewrite=192.0.2.1", none="x.a.example"),
    says("a.example$dnsrewrite=192.0.2.1", rewrite={"aa.example.org": "A 192.0.2.1"}),
    says("||*.a.example^$dnsrewrite=b.example", rewrite={"x.a.example": "CNAME b.example"}),
    says("||*.a.example^$dnsrewrite=b.example", none="a.example"),
    says("/^nas[0-9]\\./$dnsrewrite=192.0.2.1", rewrite={"nas3.example": "A 192.0.2.1"}),
    says("/^nas[0-9]\\./$dnsrewrite=192.0.2.1", none="nas.example"),
    # A name that is rewritten to itself is not: the rule counts for the names below.
    says("||a.example^$dnsrewrite=a.example", rewrite={"x.a.example": "CNAME a.example"}),
    says("||a.example^$dnsrewrite=a.example", none="a.example a.example/TXT"),
    says("||a.example^$dnsrewrite=A.Example", none="a.example"),
    says("||a.example^$dnsrewrite=NOERROR;CNAME;a.example", none="a.example"),
    says("||a.example^$dnsrewrite=a.example", "||a.example^", block="a.example", line=2),
    says("||a.example^$dnsrewrite=x.a.example", rewrite={"a.example": "CNAME x.a.example"}),
)

REFUSED = [
    "COLOUR",
    "FOO;;",
    "NOERROR;A;",
    "NOERROR;A;b.example",
    "NOERROR;A;2001:db8::1",
    "NOERROR;A;192.0.2.256",
    "NOERROR;AAAA;192.0.2.1",
    "NOERROR;AAAA;b.example",
    "NOERROR;CNAME;",
    "NOERROR;CNAME;a b",
    "NOERROR;COLOUR;red",
    "NOERROR;MX;mail.example",
    "NOERROR;MX;70000 mail.example",
    "NOERROR;MX;ten mail.example",
    "NOERROR;PTR;",
    "NOERROR;PTR;a..b",
    "NOERROR;SRV;10 60 b.example",
    "NOERROR;SRV;10 60 99999 b.example",
    "NOERROR;HTTPS;b.example",
    "NOERROR;HTTPS;x b.example",
    "NOERROR;HTTPS;70000 b.example",
    "NOERROR;SVCB;1",
    "NOERROR;SVCB;1 alpn=h3",
    "NOERROR;HTTPS;1 ipv4hint=192.0.2.1",
    "NOERROR;MX;10",
    "192.0.2.300",
    "1.2.3.4.5",
    "10",
    "NOERROR;A",
    "a b.example",
    "a..example",
    "http://example.org",
    f"{'a' * 64}.example",
]


@pytest.mark.parametrize("case", SHORT, ids=str)
def test_short_values(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", FULL, ids=str)
def test_full_values(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", SCOPE, ids=str)
def test_names_that_are_rewritten(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("value", REFUSED, ids=str)
def test_what_is_no_value_is_refused(value: str) -> None:
    reading = reading_of(f"||a.example^$dnsrewrite={value}")
    assert reading.startswith("refused: ")
    assert "dnsrewrite" in reading


SHORT_HOST = "a." * 27 + "example.b"  # 63 characters
LONG_HOST = "aa." + "a." * 26 + "example.b"  # 64


def test_a_host_without_record_type_has_at_most_63_characters(tmp_path: Path) -> None:
    assert (len(SHORT_HOST), len(LONG_HOST)) == (63, 64)
    for case in rule(SHORT_HOST, A=f"CNAME {SHORT_HOST}"):
        check(case, tmp_path)
    assert reading_of(f"||a.example^$dnsrewrite={LONG_HOST}").startswith("refused: ")


@pytest.mark.parametrize("host", ["_srv.example", "a_b.example", "-a.example", "a!.example"])
def test_a_host_without_record_type_is_of_letters_digits_and_hyphens(host: str) -> None:
    assert reading_of(f"||a.example^$dnsrewrite={host}").startswith("refused: ")
