"""Words with quotes and escapes."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.text.tokens import bytes_to_word, split_words, word_to_bytes

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
def test_words_stand_apart_by_spaces(text: str) -> None:
    assert split_words(text) == SPLIT[text]


@pytest.mark.parametrize(
    "text", ['"', '"one', 'one"', 'one "two three', "\\", "one\\", "\\12 ", '"\\']
)
def test_a_quote_or_escape_without_its_end_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="without its end"):
        split_words(text)


MEANT = {
    "one": b"one",
    '"one two"': b"one two",
    'a"b c"d': b"ab cd",
    '""': b"",
    r"\"\\": b'"\\',
    r"\065\255\000": b"A\xff\x00",
    "ü": b"\xc3\xbc",
}


@pytest.mark.parametrize("word", MEANT)
def test_what_a_word_stands_for(word: str) -> None:
    assert word_to_bytes(word) == MEANT[word]


@pytest.mark.parametrize("word", [r"\256", r"\999", "\ud800"])
def test_what_no_byte_can_be(word: str) -> None:
    with pytest.raises(ValueError, match=r"no byte|surrogates"):
        word_to_bytes(word)


@pytest.mark.parametrize("data", [b"", b"one two", b'"\\\x00\xff', bytes(range(256))])
def test_bytes_as_a_word_and_back(data: bytes) -> None:
    word = bytes_to_word(data)
    assert word.isascii()
    assert split_words(word) == [word]
    assert word_to_bytes(word) == data
    bare = bytes_to_word(data, quoted=False)
    assert " " not in bare
    assert word_to_bytes(bare) == data
