"""Tokens with quotes and escapes."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.text.tokens import bytes_to_token, split_tokens, token_to_bytes

SPLIT = {
    "": [],
    "   ": [],
    "one": ["one"],
    " one  two\t": ["one", "two"],
    '"one two" three': ['"one two"', "three"],
    'alpn="h2, h3" .': ['alpn="h2, h3"', "."],
    r'"a \" b" c\ d': [r'"a \" b"', r"c\ d"],
    '""': ['""'],
}


@pytest.mark.parametrize("text", SPLIT)
def test_tokens_stand_apart_by_spaces(text: str) -> None:
    assert split_tokens(text) == SPLIT[text]


@pytest.mark.parametrize(
    "text", ['"', '"one', 'one"', 'one "two three', "\\", "one\\", "\\12 ", '"\\']
)
def test_a_quote_or_escape_without_its_end_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="without its end"):
        split_tokens(text)


MEANT = {
    "one": b"one",
    '"one two"': b"one two",
    'a"b c"d': b"ab cd",
    '""': b"",
    r"\"\\": b'"\\',
    r"\065\255\000": b"A\xff\x00",
    "ü": b"\xc3\xbc",
}


@pytest.mark.parametrize("token", MEANT)
def test_what_a_token_stands_for(token: str) -> None:
    assert token_to_bytes(token) == MEANT[token]


@pytest.mark.parametrize("token", [r"\256", r"\999", "\ud800"])
def test_what_no_byte_can_be(token: str) -> None:
    with pytest.raises(ValueError, match=r"no byte|surrogates"):
        token_to_bytes(token)


@pytest.mark.parametrize("data", [b"", b"one two", b'"\\\x00\xff', bytes(range(256))])
def test_bytes_as_a_token_and_back(data: bytes) -> None:
    token = bytes_to_token(data)
    assert token.isascii()
    assert split_tokens(token) == [token]
    assert token_to_bytes(token) == data
    bare = bytes_to_token(data, quoted=False)
    assert " " not in bare
    assert token_to_bytes(bare) == data
