"""Regular expressions of rules: `/^ads[0-9]+\\./`.

They are matched by an engine of our own (`automaton`), because nothing else will do. The one in
Python's library takes exponential time for some expressions, and those that take it for long
names only can't be told from the others by looking at them. RE2 takes linear time, but is not
to be had for all platforms, and two engines would be two meanings of a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sinkhole.dns.filter.patterns.automaton import Automaton
from sinkhole.dns.filter.patterns.expression import (
    Char,
    Choice,
    Node,
    Repeat,
    Sequence,
    chars_of,
    parse,
)
from sinkhole.dns.filter.patterns.pattern import Matching, Subject


class Regex:
    """A rule's regular expression. ValueError, with the reason, for one that can't be used."""

    __slots__ = ("_automaton", "cost", "least", "literals")

    def __init__(self, expression: str) -> None:
        """`expression` stands without its slashes."""
        tree = parse(expression)
        self._automaton = Automaton(tree)
        self.cost = 1 + self._automaton.places // 8
        self.least = _least(tree)
        self.literals = required(tree)

    def matches(self, subject: Subject) -> bool:
        """Whether the expression fits."""
        text = subject.text
        for group in self.literals:  # quicker than to walk, and most names end here
            for literal in group:
                if literal in text:
                    break
            else:
                return False
        return self._automaton.search(subject.host)


def is_about_web_addresses(matching: Matching) -> bool:
    """Whether all that matches holds a `://`, as no name does."""
    return any(all("://" in text for text in group) for group in matching.literals)


_MOST_CHOICES: Final = 16


def required(tree: Node) -> tuple[frozenset[str], ...]:
    """Texts that stand in all that matches: of each group, one."""
    if isinstance(tree, Sequence):
        return tuple(_required_in(tree.parts))
    if isinstance(tree, Char):
        return tuple(_required_in((tree,)))
    if isinstance(tree, Repeat) and tree.least:
        return required(tree.part)
    if isinstance(tree, Choice):
        groups = [max(required(part), key=_shortest, default=frozenset()) for part in tree.parts]
        together = frozenset().union(*groups)
        return (together,) if all(groups) and len(together) <= _MOST_CHOICES else ()
    return ()


def _shortest(group: frozenset[str]) -> int:
    return min(map(len, group))


def _required_in(parts: tuple[Node, ...]) -> Iterator[frozenset[str]]:
    """The same for a sequence: characters that stand side by side make one text."""
    text = ""
    for part in parts:
        char = _only_char(part)
        text += char
        if not char:
            if text:
                yield frozenset((text,))
            text = ""
            yield from () if isinstance(part, Char) else required(part)
    if text:
        yield frozenset((text,))


def _least(tree: Node) -> int:
    """The fewest characters that the tree takes."""
    if isinstance(tree, Sequence):
        return sum(map(_least, tree.parts))
    if isinstance(tree, Choice):
        return min(map(_least, tree.parts))
    if isinstance(tree, Repeat):
        return tree.least * _least(tree.part)
    return int(isinstance(tree, Char))


def _only_char(node: Node) -> str:
    """The lower-case character that a node takes, if it takes no other."""
    if not isinstance(node, Char) or not node.chars:
        return ""
    char = chr(node.chars.bit_length() - 1)
    return char.lower() if node.chars == chars_of(char) else ""
