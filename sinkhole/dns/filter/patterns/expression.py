"""Regular expressions of rules, in the syntax of RE2 and Go, which AdGuard Home uses.

There are neither back-references nor looking around, so every expression can be matched in one
walk over the name (see `automaton`). It is read here into a tree of the classes below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MAX_TEXT: Final = 1000
MAX_NESTING: Final = 25
MAX_COUNT: Final = 1000

ALPHABET: Final = 256
"""Names are bytes, a character each; a set of characters is a number with a bit for each."""

EVERY: Final = (1 << ALPHABET) - 1


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a set."""

    chars: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place: `^` the beginning, `$` the end, `b` and `B` a border of a word and no border."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One behind the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `least` times, at most `most` times; None is without end."""

    part: Node
    least: int
    most: int | None


Node = Char | Assertion | Sequence | Choice | Repeat


def chars_of(characters: Iterable[str]) -> int:
    """A set of characters, letters of ASCII in either case: names are asked about in lower case."""
    chars = 0
    for char in characters:
        for either in {char, char.lower(), char.upper()} if char.isascii() else char:
            if ord(either) < ALPHABET:
                chars |= 1 << ord(either)
    return chars


_DIGITS: Final = chars_of("0123456789")
_LETTERS: Final = chars_of("abcdefghijklmnopqrstuvwxyz")
_PRINTABLE: Final = chars_of(map(chr, range(33, 127)))
_WORD: Final = _DIGITS | _LETTERS | chars_of("_")
_SPACE: Final = chars_of("\t\n\f\r ")
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_POSIX: Final = {
    "alnum": _DIGITS | _LETTERS,
    "alpha": _LETTERS,
    "lower": _LETTERS,
    "upper": _LETTERS,
    "digit": _DIGITS,
    "xdigit": _DIGITS | chars_of("abcdef"),
    "word": _WORD,
    "space": _SPACE | chars_of("\v"),
    "blank": chars_of("\t "),
    "punct": _PRINTABLE & ~(_DIGITS | _LETTERS),
    "graph": _PRINTABLE,
    "print": _PRINTABLE | chars_of(" "),
    "cntrl": chars_of(map(chr, [*range(32), 127])),
    "ascii": (1 << 128) - 1,
}
_CONTROL: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_ASSERTIONS: Final = {"b": "b", "B": "B", "A": "^", "z": "$"}
_COUNTS: Final = re.compile(r"\{([0-9]{1,9})(?:(,)([0-9]{1,9})?)?\}")
_GROUP: Final = re.compile(r"\(\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|[imsU]*(?:-[imsU]+)?([:)]))")
_POSIX_CLASS: Final = re.compile(r"\[:(\^?)([a-z]+):\]")
_HEX: Final = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")


def parse(expression: str) -> Node:
    """The tree of an expression (without its slashes).

    ValueError, with a reason for the user, for what is none or can't be matched in linear time.
    """
    if len(expression) > MAX_TEXT:
        raise ValueError(f"a regular expression of more than {MAX_TEXT} characters")
    parser = _Parser(expression)
    node = parser.choice()
    if parser.rest:
        raise _broken("a parenthesis too many")
    return node


def _broken(what: str) -> ValueError:
    return ValueError(f"a broken regular expression: {what}")


def _unsupported(what: str) -> ValueError:
    return ValueError(f"a regular expression with {what} is not supported")


class _Parser:
    """Reads an expression from left to right, a method for each level."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    @property
    def rest(self) -> bool:
        return self.at < len(self.text)

    def next_is(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def take(self) -> str:
        if not self.rest:
            raise _broken("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.next_is("|"):
            self.at += 1
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.rest and self.text[self.at] not in "|)":
            parts.append(self.repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self) -> Node:
        node = self.atom()
        counts = self.counts()
        if counts is None:
            return node
        if self.next_is("?"):  # as little as possible: for "does it match" that is all the same
            self.at += 1
        if self.counts() is not None:
            raise _broken("a repetition of a repetition")
        return Repeat(node, *counts)

    def counts(self) -> tuple[int, int | None] | None:
        """What `*`, `+`, `?` or `{2,5}` says, if one stands here."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.next_is(sign):
                self.at += 1
                return counts
        found = _COUNTS.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > MAX_COUNT or (most is not None and most < least):
            raise _broken("a bad number of repetitions")
        return least, most

    def atom(self) -> Node:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return Char(self.char_class())
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise _broken("nothing to repeat")
        if char == ".":
            return Char(EVERY)
        return Assertion(char) if char in "^$" else Char(chars_of(char))

    def group(self) -> Node:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ValueError(f"a regular expression nested more than {MAX_NESTING} deep")
        if self.next_is("?"):
            opening = _GROUP.match(self.text, self.at - 1)
            if opening is None:
                around = self.text[self.at + 1 : self.at + 3].startswith(("=", "!", "<=", "<!"))
                raise _unsupported("look-around") if around else _broken("an unknown group")
            self.at = opening.end()
            if opening[1] == ")":
                self.depth -= 1
                return Sequence(())  # flags alone; none of them makes a difference here
        node = self.choice()
        if not self.next_is(")"):
            raise _broken("a parenthesis that is not closed")
        self.at += 1
        self.depth -= 1
        return node

    def escape(self) -> Node:
        char = self.take()
        if char in _ASSERTIONS:
            return Assertion(_ASSERTIONS[char])
        self.at -= 1
        return Char(self.escaped_chars())

    def escaped_chars(self) -> int:
        """The characters that an escape stands for, in a class or alone; behind the backslash."""
        char = self.take()
        if char.lower() in _CLASSES:
            chars = _CLASSES[char.lower()]
            return chars if char.islower() else EVERY & ~chars
        if char in _CONTROL:
            return chars_of(_CONTROL[char])
        if char == "x" and (code := _HEX.match(self.text, self.at - 2)):
            self.at = code.end()
            value = int(code[1] or code[2], 16)
            return chars_of(chr(value)) if value < ALPHABET else 0
        if char.isdigit():
            raise _unsupported("a back-reference")
        if char.isalpha():
            raise _unsupported(f"\\{char}" if char.isascii() else "an unknown escape")
        return chars_of(char)

    def char_class(self) -> int:
        negated = self.next_is("^")
        self.at += negated
        chars, first = 0, True
        while first or not self.next_is("]"):
            chars |= self.class_item()
            first = False
        self.at += 1
        return EVERY & ~chars if negated else chars

    def class_item(self) -> int:
        if posix := _POSIX_CLASS.match(self.text, self.at):
            if posix[2] not in _POSIX:
                raise _broken("an unknown class of characters")
            self.at = posix.end()
            chars = _POSIX[posix[2]]
            return EVERY & ~chars if posix[1] else chars
        low, low_chars = self.class_char()
        if not self.next_is("-") or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low_chars
        self.at += 1
        high, _ = self.class_char()
        if not low or not high or high < low:
            raise _broken("a bad range of characters")
        return chars_of(map(chr, range(ord(low), min(ord(high) + 1, ALPHABET))))

    def class_char(self) -> tuple[str, int]:
        """One character of a class, "" for an escape like `\\d`, and the set it stands for."""
        char = self.take()
        if char != "\\":
            return char, chars_of(char)
        begin = self.at
        chars = self.escaped_chars()
        alone = self.text[begin] if self.at == begin + 1 and not self.text[begin].isalnum() else ""
        return alone, chars
