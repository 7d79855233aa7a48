"""Matching regular expressions in time linear in the text, whatever the expression.

The tree of an expression becomes a graph: nodes that take a character, and steps between them
that take none (Thompson's construction). While matching, all places that can be reached are
walked at once; sets of places that were met before are remembered with where each character
leads, so that usually a character costs one look-up. Nothing is ever tried twice.

The first walk over a text with sets never met costs a few µs a character for usual expressions.
An expression made to meet a new set at every character, with MAX_PLACES places, took 4 ms for a
name of 253 characters.
"""

from __future__ import annotations

from typing import Final

from sinkhole.dns.filter.patterns.expression import (
    Assertion,
    Char,
    Choice,
    Node,
    Repeat,
    Sequence,
    chars_of,
)

MAX_PLACES: Final = 400
"""The most characters an expression may have, repetitions written out."""

MAX_STATES: Final = 10_000
"""Remembered sets of places, of all expressions together; then remembering starts anew."""

MAX_WORK: Final = 20_000
"""The most steps that writing an expression out as a graph, and looking around in it, may take."""

_BEGIN, _WORD, _OTHER, _END = range(4)
_WORD_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_MATCH: Final = 1  # the lowest bit of what can be reached next; in a state: nothing taken yet


class _Graph:
    """Nodes by number; node 0 is the match, the others take a character or step on."""

    def __init__(self) -> None:
        self.chars: list[int] = [0]  # what place 1, 2, … takes; place 0 is the match
        self.after: list[int] = [0]  # the node behind each place
        self.nodes: list[int | tuple[str, tuple[int, ...]]] = [0]  # a place, or kind and targets
        self.asserts_words = False
        self._work = 0

    def add(self, node: int | tuple[str, tuple[int, ...]]) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def check(self, first: int) -> None:
        """ValueError if there is much more to be reached from the places than there are places."""
        for node in (first, *self.after[1:]):
            self._count(len(self._behind(node, None, None)))

    def _count(self, steps: int) -> None:
        self._work += steps
        if self._work > MAX_WORK or len(self.chars) > MAX_PLACES + 1:
            raise ValueError("a regular expression that is too large")

    def build(self, tree: Node, then: int) -> int:
        """Add a tree that goes on to node `then`; the node where it begins."""
        self._count(1)
        if isinstance(tree, Char):
            self.chars.append(tree.chars)
            self.after.append(then)
            return self.add(len(self.chars) - 1)
        if isinstance(tree, Assertion):
            self.asserts_words |= tree.kind in "bB"
            return self.add((tree.kind, (then,)))
        if isinstance(tree, Choice):
            return self.add(("", tuple(self.build(part, then) for part in tree.parts)))
        if isinstance(tree, Sequence):
            for part in reversed(tree.parts):
                then = self.build(part, then)
            return then
        return self.build_repeat(tree, then)

    def build_repeat(self, tree: Repeat, then: int) -> int:
        if tree.most is None:
            loop = self.add(("", ()))
            self.nodes[loop] = ("", (self.build(tree.part, loop), then))
            then = loop
        for _ in range((tree.most or tree.least) - tree.least):
            then = self.add(("", (self.build(tree.part, then), then)))
        for _ in range(tree.least):
            then = self.build(tree.part, then)
        return then

    def reach(self, node: int, before: int, behind: int) -> int:
        """Places to be reached from a node without taking a character, between two kinds."""
        reached = 0
        for each in self._behind(node, before, behind):
            step = self.nodes[each]
            if isinstance(step, int):
                reached |= 1 << step
        return reached

    def _behind(self, node: int, before: int | None, behind: int | None) -> set[int]:
        """Nodes to be reached so, and the node; with None as if all assertions held."""
        seen, waiting = {node}, [node]
        while waiting:
            step = self.nodes[waiting.pop()]
            if not isinstance(step, int) and _holds(step[0], before, behind):
                waiting += [target for target in step[1] if target not in seen]
                seen.update(step[1])
        return seen


def _holds(assertion: str, before: int | None, behind: int | None) -> bool:
    if not assertion or before is None:
        return True
    if assertion == "^":
        return before == _BEGIN
    if assertion == "$":
        return behind == _END
    return ((before == _WORD) != (behind == _WORD)) == (assertion == "b")


class _State(dict[str, "_State"]):
    """A set of places just taken, and for each next character the set it leads to."""

    __slots__ = ("automaton", "before", "places", "reached")

    def __init__(self, automaton: Automaton, places: int, before: int) -> None:
        self.automaton = automaton
        self.places = places
        self.before = before
        self.reached: dict[int, int] = {}

    def __missing__(self, char: str) -> _State:
        state = self[char] = self.automaton.step(self, char)
        return state


class _Memory:
    """All remembered states; their number is bounded across automata."""

    def __init__(self) -> None:
        self._states: list[_State] = []

    def keep(self, state: _State) -> None:
        """Remember a state; at the bound all that there are are forgotten."""
        if len(self._states) >= MAX_STATES:
            forgotten, self._states = self._states, []
            for each in forgotten:
                each.automaton.forget()
                each.clear()  # states know each other in circles, which would stay in memory
        self._states.append(state)


_MEMORY: Final = _Memory()


class Automaton:
    """Searches for one expression. ValueError for one that is too large."""

    def __init__(self, tree: Node) -> None:
        self._graph = _Graph()
        self._first = self._graph.build(tree, 0)
        self._graph.check(self._first)
        self.places = len(self._graph.chars) - 1
        self._steps: dict[tuple[int, int], dict[int, int]] = {}
        self._takes: dict[str, int] = {}
        self._states: dict[tuple[int, int], _State] = {}
        self._matched = _State(self, 0, _END)
        self._failed = _State(self, 0, _END)

    def search(self, text: str) -> bool:
        """Whether the expression fits anywhere in a text. 40 ns a character where it was before."""
        state = self._state(_MATCH, _BEGIN)
        for char in text:
            state = state[char]
            if state is self._matched:
                return True
        return state[""] is self._matched

    def step(self, state: _State, char: str) -> _State:
        """Where a character leads from a state, or with "" the end of the text."""
        words = self._graph.asserts_words
        kind = _WORD if words and char in _WORD_CHARS else _OTHER
        behind = kind if char else _END
        reached = state.reached.get(behind)
        if reached is None:
            reached = state.reached[behind] = self._reached(state, behind)
        if reached & _MATCH:
            return self._matched
        if not char:
            return self._failed
        takes = self._takes.get(char)
        if takes is None:
            takes = self._takes[char] = self._taken_by(char)
        return self._state(reached & takes | _MATCH, kind)

    def forget(self) -> None:
        """Forget all states; a search under way goes on."""
        self._states.clear()

    def _state(self, places: int, before: int) -> _State:
        state = self._states.get((places, before))
        if state is None:
            state = _State(self, places, before)
            _MEMORY.keep(state)
            self._states[places, before] = state
        return state

    def _reached(self, state: _State, behind: int) -> int:
        steps = self._steps.setdefault((state.before, behind), {})
        reached, places = 0, state.places
        while places:
            lowest = places & -places
            step = steps.get(lowest)
            if step is None:
                place = lowest.bit_length() - 1
                node = self._graph.after[place] if place else self._first
                step = steps[lowest] = self._graph.reach(node, state.before, behind)
            reached |= step
            places ^= lowest
        return reached

    def _taken_by(self, char: str) -> int:
        bit = chars_of(char)
        return sum(1 << place for place, chars in enumerate(self._graph.chars) if chars & bit)
