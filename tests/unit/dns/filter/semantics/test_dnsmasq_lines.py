"""Lines of dnsmasq: `address=`, `local=` and `server=`, each for the names and all below them."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, allow, block, check, reading_of, says, table

CASES = table(
    says("address=/example.org/", block="example.org a.example.org", none="notexample.org org"),
    says("address=/example.org/#", block="example.org a.example.org"),
    says("address=/example.org/0.0.0.0", block="a.example.org/A a.example.org/AAAA"),
    says("address=/example.org/::", block="a.example.org/A a.example.org/AAAA"),
    says("address=/example.org/127.0.0.1", block="example.org"),
    says("address=/example.org/::1", block="example.org"),
    says("address=/.example.org/#", block="example.org a.example.org"),
    says("address=/Example.ORG/#", block="example.org"),
    says("address=/bücher.example/#", block="xn--bcher-kva.example"),
    says("address=/zip/#", block="zip a.zip"),
    says("address=/a.example/b.example/#", block="a.example x.b.example", none="c.example"),
    says("address=/a.example/b.example/c.example/0.0.0.0", block="b.example x.c.example"),
    says("address=/example.org/# # why", block="example.org"),
    says("local=/example.org/", block="example.org a.example.org", none="example.com"),
    says("local=/a.example/b.example/", block="a.example b.example x.b.example"),
    says("server=/example.org/", block="example.org a.example.org", none="example.com"),
    says("server=/a.example/b.example/", block="a.example b.example"),
    # An address of its own is an answer.
    says(
        "address=/nas.example/192.0.2.1",
        rewrite={
            "nas.example": "A 192.0.2.1",
            "x.nas.example": "A 192.0.2.1",
            "nas.example/AAAA": "empty",
            "nas.example/TXT": "empty",
        },
        none="mynas.example",
    ),
    says(
        "address=/nas.example/2001:db8::1",
        rewrite={"nas.example/AAAA": "AAAA 2001:db8::1", "nas.example/A": "empty"},
    ),
    says("address=/a.example/b.example/192.0.2.1", rewrite={"x.b.example": "A 192.0.2.1"}),
    says(
        "address=/nas.example/192.0.2.1",
        "address=/nas.example/2001:db8::1",
        rewrite={"nas.example": "A 192.0.2.1", "nas.example/AAAA": "AAAA 2001:db8::1"},
    ),
    # The usual servers are asked about what else would be blocked: an exception.
    says("address=/example.org/#", "server=/good.example.org/#", block="example.org"),
    says(
        "address=/example.org/#",
        "server=/good.example.org/#",
        allow="good.example.org x.good.example.org",
        line=2,
    ),
    # They are network rules: stronger than hosts lines, weaker than what is important.
    says("0.0.0.0 a.example", "address=/a.example/#", block="a.example", line=2),
    says("address=/a.example/#", "@@||a.example^", allow="a.example"),
    says("server=/a.example/#", "||a.example^$important", block="a.example", line=2),
    says(allow("address=/a.example/#"), block("||example^"), allow="x.a.example"),
    says("server=/a.example/192.0.2.1", "||a.example^", block="a.example", line=2),
    says("server=/a.example/192.0.2.1", none="a.example x.a.example"),
    says(allow("server=/a.example/192.0.2.1"), block("||a.example^"), block="a.example", in_list=2),
    says(allow("address=/a.example/192.0.2.1"), block("||example^"), allow="a.example"),
)

REFUSED = {
    "address=/#/": "too broad",
    "address=/#/0.0.0.0": "too broad",
    "address=/#/192.0.2.1": "too broad",
    "local=/#/": "too broad",
    "server=/example.org/192.0.2.1": "forward",
    "server=/example.org/192.0.2.1#5353": "forward",
    "server=/example.org/2001:db8::1": "forward",
    "local=/example.org/192.0.2.1": "forward",
    "server=/x/192.0.2.1": "forward",
    "server=/x.example/dns.example": "forward",
    "server=192.0.2.1": "",
    "address=/example.org": "",
    "address=/a..example/#": "empty label",
    f"address=/{'a' * 64}.example/#": "63",
    "ipset=/example.org/ads": "ipset",
    "address=/example.org/999.1.1.1": "",
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_names(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize(("line", "reason"), REFUSED.items(), ids=REFUSED)
def test_what_does_not_block_is_refused(line: str, reason: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert reason in reading
