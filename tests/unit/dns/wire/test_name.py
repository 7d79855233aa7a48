"""Names between wire form and text."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.name import ROOT, ancestors, end_of, from_text, is_below, to_text
from sinkhole.model.errors import WireError

EXAMPLE = b"\x07example\x03org\x00"


def test_text_keeps_its_letter_case_where_that_is_asked_for() -> None:
    assert from_text("NAS.Home", keep_case=True) == b"\x03NAS\x04Home\x00"
    assert from_text("N\\065S.home", keep_case=True) == b"\x03NAS\x04home\x00"
    assert from_text("BÜCHER.example", keep_case=True) == from_text("bücher.example")


@pytest.mark.parametrize(
    ("text", "wire_name"),
    [
        ("example.org", EXAMPLE),
        ("example.org.", EXAMPLE),
        ("EXAMPLE.Org", EXAMPLE),
        (".", ROOT),
        ("", ROOT),
        (r"a\.b.org", b"\x03a.b\x03org\x00"),
        (r"a\000b.org", b"\x03a\x00b\x03org\x00"),
        ("faß.example.org", b"\x0axn--fa-hia\x07example\x03org\x00"),
        ("_dns.resolver.arpa", b"\x04_dns\x08resolver\x04arpa\x00"),
    ],
)
def test_text_becomes_a_lower_cased_wire_name(text: str, wire_name: bytes) -> None:
    assert from_text(text) == wire_name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a..b", "empty label"),
        (".a", "empty label"),
        ("a" * 64 + ".org", "label of 64 bytes"),
        (".".join(["a" * 63] * 4), "takes 257 bytes"),
        ("a\\", "ends within an escape"),
        (r"a\999", "at most \\255"),
        ("\u2028.org", "not a domain name"),
    ],
)
def test_bad_text_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_text(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("wire_name", "text"),
    [
        (EXAMPLE, "example.org"),
        (ROOT, "."),
        (b"\x03a.b\x03org\x00", r"a\.b.org"),
        (b"\x03a\x00\xff\x03org\x00", r"a\000\255.org"),
        (b"\x08<script>\x00", "<script>"),
        (b"\x02a \x00", r"a\032"),
        (b"\x02a\\\x00", r"a\\"),
    ],
)
def test_wire_names_become_text_with_escapes(wire_name: bytes, text: str) -> None:
    assert to_text(wire_name) == text


def test_the_end_of_a_name_is_found_by_walking_over_zero_bytes_inside_labels() -> None:
    name = b"\x03a\x00b\x03org\x00"
    assert end_of(b"head" + name + b"tail", 4) == 4 + len(name)


def test_the_longest_name_is_255_bytes() -> None:
    longest = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\x00"
    assert len(longest) == 255
    assert end_of(longest, 0) == 255
    with pytest.raises(WireError, match="more than 255 bytes"):
        end_of((b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\x00", 0)


@pytest.mark.parametrize("wire", [b"", b"\x03ab", b"\x03abc", b"\xc0\x0c", b"\x40a\x00"])
def test_names_that_are_cut_off_or_compressed_are_refused(wire: bytes) -> None:
    with pytest.raises(WireError):
        end_of(wire, 0)


def test_ancestors_go_up_to_the_root() -> None:
    assert list(ancestors(EXAMPLE)) == [EXAMPLE, b"\x03org\x00", ROOT]


def test_below_means_at_a_label_border() -> None:
    assert is_below(from_text("www.example.org"), EXAMPLE)
    assert is_below(EXAMPLE, EXAMPLE)
    assert is_below(EXAMPLE, ROOT)
    assert not is_below(from_text("notexample.org"), EXAMPLE)
    assert not is_below(b"\x0ba\x07example\x03org\x00"[:12] + b"\x00", EXAMPLE)
    assert not is_below(b"\x03org\x00", EXAMPLE)
