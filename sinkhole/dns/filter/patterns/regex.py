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
from sinkhole.dns.filter.patterns.pattern import Subject

_URL: Final = "http://"


class Regex:
    """A rule's regular expression. ValueError, with the reason, for one that can't be used.

    One that looks at a URL (it has `://`) is asked about `http://name`.
    """

    __slots__ = ("_automaton", "_sees_url", "cost", "least", "literals")

    def __init__(self, expression: str) -> None:
        """`expression` stands without its slashes."""
        tree = parse(expression)
        self._automaton = Automaton(tree)
        self._sees_url = "://" in expression.replace("\\", "")
        self.cost = 1 + self._automaton.places // 8
        self.least = max(0, _least(tree) - len(_URL if self._sees_url else ""))
        found = required(tree)
        self.literals = tuple(filter(None, map(_in_name, found))) if self._sees_url else found

    def matches(self, subject: Subject) -> bool:
        """Whether the expression fits."""
        text, host = subject.text, subject.host
        for group in self.literals:  # quicker than to walk, and most names end here
            for literal in group:
                if literal in text:
                    break
            else:
                return False
        return self._automaton.search(_URL + host if self._sees_url else host)


def _in_name(group: frozenset[str]) -> frozenset[str]:
    """What literals of a URL say of the name in it; empty if one of them says nothing."""
    parts = [text.rpartition("/")[2] for text in group]
    return frozenset(parts) if all(part and part not in "http:" for part in parts) else frozenset()


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
