"""Several `$dnsrewrite` rules that match one name, and exceptions from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, allow, block, check, says, table

A = "||a.example^$dnsrewrite="
NOT = "@@||a.example^$dnsrewrite"
NAME = "a.example"

COMBINED = table(
    # All records of the asked type are collected.
    says(f"{A}192.0.2.1", f"{A}192.0.2.2", rewrite={NAME: "A 192.0.2.1 + A 192.0.2.2"}),
    says(f"{A}192.0.2.1", f"{A}2001:db8::1", rewrite={NAME: "A 192.0.2.1"}),
    says(
        *(f"{A}192.0.2.1", f"{A}2001:db8::1"),
        rewrite={f"{NAME}/AAAA": "AAAA 2001:db8::1", f"{NAME}/TXT": "empty"},
    ),
    says(
        *(f"{A}NOERROR;TXT;one", f"{A}NOERROR;MX;5 b.example", f"{A}NOERROR;TXT;two"),
        rewrite={f"{NAME}/TXT": 'TXT "one" + TXT "two"', f"{NAME}/MX": "MX 5 b.example"},
    ),
    says(f"{A}192.0.2.1", f"{A}NOERROR;TXT;one", rewrite={f"{NAME}/HTTPS": "empty"}),
    says("||example^$dnsrewrite=192.0.2.1", f"{A}192.0.2.2", rewrite={"b.example": "A 192.0.2.1"}),
    says(f"{A}192.0.2.1", f"{A}NOERROR", rewrite={NAME: "A 192.0.2.1", f"{NAME}/MX": "empty"}),
    # An rcode other than NOERROR beats records, the first of them.
    says(f"{A}192.0.2.1", f"{A}NXDOMAIN", rewrite={NAME: "NXDOMAIN", f"{NAME}/TXT": "NXDOMAIN"}),
    says(f"{A}NXDOMAIN", f"{A}192.0.2.1", rewrite={NAME: "NXDOMAIN"}),
    says(f"{A}REFUSED", f"{A}NXDOMAIN", rewrite={NAME: "REFUSED"}),
    says(f"{A}SERVFAIL", f"{A}REFUSED", rewrite={NAME: "SERVFAIL"}),
    # A CNAME beats all, the first of them.
    says(f"{A}192.0.2.1", f"{A}b.example", rewrite={NAME: "CNAME b.example"}),
    says(f"{A}NXDOMAIN", f"{A}b.example", rewrite={NAME: "CNAME b.example"}),
    says(f"{A}b.example", f"{A}c.example", rewrite={NAME: "CNAME b.example"}),
    says(f"{A}c.example", f"{A}b.example", rewrite={f"{NAME}/TXT": "CNAME c.example"}),
    says(f"{A}{NAME}", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}{NAME}", f"{A}b.example", rewrite={NAME: "CNAME b.example"}),
    # Conditions decide which of them count.
    says(f"{A}192.0.2.1", f"{A}NXDOMAIN,dnstype=AAAA", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}192.0.2.1", f"{A}NXDOMAIN,dnstype=AAAA", rewrite={f"{NAME}/AAAA": "NXDOMAIN"}),
    says(f"{A}b.example,dnstype=TXT", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}),
    # From several lists.
    says(
        block(f"{A}192.0.2.1"), block(f"{A}192.0.2.2"), rewrite={NAME: "A 192.0.2.1 + A 192.0.2.2"}
    ),
    says(block(f"{A}192.0.2.1"), block(f"{A}NXDOMAIN"), rewrite={NAME: "NXDOMAIN"}),
    says(block(f"{A}b.example"), block(f"{A}c.example"), rewrite={NAME: "CNAME b.example"}),
)

AMONG_OTHERS = table(
    # A rewrite comes before every rule that blocks or allows.
    says(f"{A}192.0.2.1", "||a.example^", rewrite={NAME: "A 192.0.2.1"}, line=1),
    says("||a.example^$important", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}, line=2),
    says("0.0.0.0 a.example", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}, line=2),
    says("@@||a.example^", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}, line=2),
    says("@@||a.example^$important", f"{A}192.0.2.1", rewrite={NAME: "A 192.0.2.1"}, line=2),
    says(f"{A}192.0.2.1", "||a.example^", rewrite={f"{NAME}/TXT": "empty"}, line=1),
    # But not before an allow list.
    says(block(f"{A}192.0.2.1"), allow("a.example"), allow=NAME, in_list=2, line=1),
    says(block(f"{A}192.0.2.1,important"), allow("||a.example^"), allow=NAME),
    says(block(f"{A}192.0.2.1"), allow("b.example"), rewrite={NAME: "A 192.0.2.1"}),
    # A rewrite in an allow list allows nothing by itself, nor does an exception from rewrites.
    says(allow(f"{A}192.0.2.1"), block("||a.example^"), block=NAME, in_list=2, line=1),
    says(allow(f"{A}NXDOMAIN"), none=f"{NAME} x.{NAME}"),
    says(allow(f"{A}192.0.2.1"), block(f"{A}192.0.2.2"), rewrite={NAME: "A 192.0.2.2"}),
    says(allow(NOT), block(f"{A}192.0.2.2"), rewrite={NAME: "A 192.0.2.2"}),
    says(allow(f"{A}192.0.2.1,important"), block("0.0.0.0 a.example"), block=NAME, in_list=2),
    says(allow(f"{A}192.0.2.1", "||a.example^"), block("||example^"), allow=NAME, line=2),
    says(allow("||a.example^", f"{A}NXDOMAIN,badfilter"), block("||example^"), block=NAME),
)

EXCEPTIONS = table(
    # Without a value, all rewrites of the name are cancelled.
    says(f"{A}192.0.2.1", NOT, none=NAME),
    says(f"{A}192.0.2.1", f"{NOT}=", none=NAME),
    says(f"{A}192.0.2.1", f"{A}NXDOMAIN", f"{A}b.example", NOT, none=f"{NAME} {NAME}/TXT"),
    says(f"{A}192.0.2.1", "@@||x.a.example^$dnsrewrite", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}192.0.2.1", "@@||x.a.example^$dnsrewrite", none="x.a.example"),
    says(block(f"{A}192.0.2.1"), block(NOT), none=NAME),
    says(block(NOT), block(f"{A}192.0.2.1"), none=NAME),
    # It cancels rewrites and nothing else.
    says(f"{A}192.0.2.1", NOT, "||a.example^", block=NAME, line=3),
    says(f"{A}192.0.2.1", NOT, "0.0.0.0 a.example", block=NAME, line=3),
    says(NOT, "||a.example^", block=NAME, line=2),
    says(NOT, none=NAME),
    says(f"{A}192.0.2.1", NOT, "@@||a.example^", "||a.example^", allow=NAME, line=3),
    # With a value, the rewrite of that value is.
    says(f"{A}192.0.2.1", f"{A}192.0.2.2", f"{NOT}=192.0.2.1", rewrite={NAME: "A 192.0.2.2"}),
    says(f"{A}192.0.2.1", f"{NOT}=192.0.2.1", none=f"{NAME} {NAME}/AAAA"),
    says(f"{A}192.0.2.1", f"{NOT}=192.0.2.9", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}192.0.2.1", f"{NOT}=NOERROR;A;192.0.2.1", none=NAME),
    says(f"{A}NXDOMAIN", f"{A}192.0.2.1", f"{NOT}=NXDOMAIN", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}NXDOMAIN", f"{NOT}=REFUSED", rewrite={NAME: "NXDOMAIN"}),
    says(f"{A}NXDOMAIN;;", f"{NOT}=NXDOMAIN", none=NAME),
    says(f"{A}b.example", f"{A}192.0.2.1", f"{NOT}=b.example", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}b.example", f"{NOT}=c.example", rewrite={NAME: "CNAME b.example"}),
    says(f"{A}B.example", f"{NOT}=b.Example", none=NAME),
    says(f"{A}b.example", f"{NOT}=NOERROR;CNAME;b.example", none=NAME),
    says(f"{A}2001:db8::1", f"{NOT}=2001:DB8:0::1", none=f"{NAME}/AAAA"),
    says(
        *(f"{A}NOERROR;TXT;one", f"{A}NOERROR;TXT;two", f"{NOT}=NOERROR;TXT;one"),
        rewrite={f"{NAME}/TXT": 'TXT "two"'},
    ),
    # An important rewrite is cancelled by an important exception only.
    says(f"{A}192.0.2.1,important", NOT, rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}192.0.2.1,important", f"{NOT},important", none=NAME),
    says(f"{A}192.0.2.1,important", f"{NOT}=192.0.2.1", rewrite={NAME: "A 192.0.2.1"}),
    says(f"{A}192.0.2.1,important", f"{NOT}=192.0.2.1,important", none=NAME),
    says(f"{A}192.0.2.1", f"{NOT},important", none=NAME),
    says(f"{A}192.0.2.1,important", f"{A}192.0.2.2", NOT, rewrite={NAME: "A 192.0.2.1"}),
    # An exception has conditions like any other rule.
    says(f"{A}NXDOMAIN", f"{NOT},dnstype=TXT", rewrite={NAME: "NXDOMAIN"}, none=f"{NAME}/TXT"),
    # A rewrite is switched off by its twin with `badfilter`.
    says(f"{A}192.0.2.1", f"{A}192.0.2.1,badfilter", none=NAME),
    says(f"{A}192.0.2.1", f"{A}NXDOMAIN,badfilter", none=NAME),
    says(f"{A}192.0.2.1", NOT, f"{NOT},badfilter", rewrite={NAME: "A 192.0.2.1"}),
)


@pytest.mark.parametrize("case", COMBINED, ids=str)
def test_rewrites_together(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", AMONG_OTHERS, ids=str)
def test_rewrites_among_other_rules(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", EXCEPTIONS, ids=str)
def test_exceptions_from_rewrites(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
