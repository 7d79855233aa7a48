"""Anchors and aliases of YAML, for files of others: what stands once is read where it is named.

Our own settings have none. An alias is replaced by the events of what it stands for, whose number
is bounded: a file that names what names what it named, over and over, ends there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

MOST_EVENTS: Final = 100_000
"""Scalars, and beginnings and ends of lists and mappings, that stand in the place of aliases."""

MERGE: Final = "<<"


class AnchorError(ValueError):
    """An alias that can't be replaced: at which line (from 1), and why."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


class _Open:
    """What is read of a node with an anchor, until it ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Any] = []
        self.depth = 0

    def add(self, event: Any) -> bool:
        """Take an event of it; whether that was the last."""
        self.events.append(event)
        self.depth += isinstance(event, yaml.CollectionStartEvent)
        self.depth -= isinstance(event, yaml.CollectionEndEvent)
        return self.depth == 0


def expanded(events: Iterator[Any]) -> Iterator[Any]:
    """The events of a document without anchors and aliases; AnchorError."""
    known: dict[str, list[Any]] = {}
    open_ones: list[_Open] = []
    count = 0
    for event in events:
        line = int(event.start_mark.line) + 1
        given = [event]
        if isinstance(event, yaml.AliasEvent):
            if any(each.name == event.anchor for each in open_ones):
                raise AnchorError(line, f"*{event.anchor} stands within what it stands for")
            if event.anchor not in known:
                raise AnchorError(line, f"*{event.anchor} stands for nothing above")
            given = known[event.anchor]
            count += len(given)
            if count > MOST_EVENTS:
                text = "what is named by * again and again is too much to be settings"
                raise AnchorError(line, text)
        elif isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            open_ones.append(_Open(event.anchor))
            event.anchor = None
        for each in given:
            for one in list(open_ones):
                if one.add(each):
                    known[one.name] = one.events
                    open_ones.remove(one)
            yield each


def merged_keys(value: Any) -> Any:
    """Plain data with what stands under "<<" among the keys beside it, where these say nothing."""
    if isinstance(value, list):
        return [merged_keys(each) for each in value]
    if not isinstance(value, dict):
        return value
    own = {key: merged_keys(each) for key, each in value.items() if key != MERGE}
    sources = value.get(MERGE, [])
    for source in sources if isinstance(sources, list) else [sources]:
        if isinstance(source, dict):
            own = {**merged_keys(source), **own}
    return own
