r"""Names beyond letters, digits and hyphens: international ones, and any bytes at all (`\DDD`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, check, reading_of, says, table

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList

INTERNATIONAL = table(
    says("||bücher.example^", block="xn--bcher-kva.example x.xn--bcher-kva.example"),
    says("||bücher.example^", block="bücher.example BÜCHER.example", none="bucher.example"),
    says("||BÜCHER.example^", block="xn--bcher-kva.example"),
    says("||XN--BCHER-KVA.example^", block="bücher.example"),
    says("||bu\u0308cher.example^", block="xn--bcher-kva.example"),
    says("bücher.example", block="xn--bcher-kva.example", none="x.xn--bcher-kva.example"),
    says("*.bücher.example", block="x.bücher.example bücher.example"),
    says("||*.bücher.example^", block="x.bücher.example", none="bücher.example"),
    says("|bücher.example^", block="bücher.example", none="x.bücher.example"),
    says("0.0.0.0 bücher.example пример.example", block="xn--e1afmkfd.example"),
    says("address=/bücher.example/#", block="x.bücher.example"),
    says("||пример.испытание^", block="xn--e1afmkfd.xn--80akhbyknj4f"),
    says("||例え.テスト^", block="xn--r8jz45g.xn--zckzah"),
    says("||straße.example^", block="xn--strae-oqa.example", none="strasse.example"),
    says("||ｅｘａｍｐｌｅ.org^", block="example.org"),
    says("||example。org^", block="example.org"),
    says("||x*.bücher.example^", block="x1.xn--bcher-kva.example", none="y.xn--bcher-kva.example"),
    says("@@||bücher.example^", "||example^", allow="bücher.example", block="a.example"),
    says("||a^$dnsrewrite=xn--bcher-kva.example", rewrite={"a": "CNAME xn--bcher-kva.example"}),
    says("||example^$denyallow=bücher.example", none="x.bücher.example", block="a.example"),
)

ODD_BYTES = table(
    # Every byte is a byte: below a rule's name anything may stand.
    says("||example.org^", block=r"\000.example.org \255\254.example.org a\032b.example.org"),
    says("||example.org^", block=r"*.example.org a!b.example.org a\010b.example.org"),
    # A dot within a label is no border between labels.
    says("||example.org^", none=r"a\.example.org x.a\.example.org"),
    says("a.b.example", none=r"a\.b.example", block="a.b.example"),
    says("||b.example^", none=r"a\.b.example", block="a.b.example"),
    says(r"||a\032b.example^", block=r"a\032b.example x.a\032b.example", none="ab.example"),
    says(r"a\000b.example", block=r"a\000b.example", none="a.example"),
    says(r"||\255.example^", block=r"\255.example x.\255.example", none="255.example"),
    # Patterns see bytes, too; what is no letter, digit or one of `_-.%` is a separator.
    says("ads^$important", block="ads!x.example x.ads", none="ads_x.example ads-x.example"),
    says("ads^$important", block=r"ads\007x.example ads\000x", none="ads%x.example adsx.example"),
    says("||ads^x", block="ads!x.example a.ads!xy", none="ads.x adsx"),
    says("||*ads.example^", block=r"\255ads.example a\000ads.example"),
    says("/^a.c$/", block=r"a\255c a\000c abc", none="ac abbc"),
    says("/^[^a-z]+$/", block=r"\255\254 12", none="a1 abc"),
    # Underscores and hyphens anywhere.
    says("||_tcp.example^", block="_http._tcp.example", none="tcp.example"),
    says("||-a-.example^", block="-a-.example x.-a-.example"),
    says("||a--b.example^", block="a--b.example"),
    says("||1.2.3.example^", block="1.2.3.example"),
    # The longest names there are.
    says(f"||{'a' * 63}.example^", block=f"{'a' * 63}.example x.{'a' * 63}.example"),
    says(f"||{'a.' * 126}b^", block=f"{'a.' * 126}b", none=f"{'a.' * 125}b"),
    says("||b^", block=f"{'a.' * 126}b"),
    says("a*b|", block=f"{'a.' * 126}b", none=f"{'a.' * 126}c"),
)

REFUSED = [
    "||a..example^",
    f"||{'a' * 64}.example^",
    f"||{'a.' * 127}example^",
    f"{'a' * 64}.example",
    "0.0.0.0 ..",
    "||xn--a.ü--.example^",
    r"||a\999.example^",
]


@pytest.mark.parametrize("case", INTERNATIONAL, ids=str)
def test_international_names(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", ODD_BYTES, ids=str)
def test_any_bytes(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_can_be_no_name_is_refused(line: str) -> None:
    assert reading_of(line).startswith("refused: ")


def test_no_name_there_can_be_upsets_any_rule() -> None:
    rules = ["||example^", "a.example", "ads^$important", "/^[a-z]+x?/", "||a*b^", "*$dnstype=TXT"]
    rules += ["*$denyallow=com", "||x^$dnsrewrite=192.0.2.1", "192.0.2.0/24", "|a|", "@@-a-"]
    matcher = Matcher([CompiledList.from_rules("rules", "block", rules)])
    for byte in range(256):
        if not 65 <= byte <= 90:  # the caller lower-cases
            for label in (bytes((byte,)), b"ads" + bytes((byte,)) * 60):
                name = bytes((len(label),)) + label + b"\7example\0"
                match = matcher.match(name, 1)
                assert match is not None
                assert match.cause.line in (3, 7)
    root = matcher.match(b"\0", 1)
    assert root is None or root.cause.line == 7
