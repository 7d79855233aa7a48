"""What a group, a client or a schedule of either says, where that decides, and how to change it.

Each change comes with the command that makes it, where commands may: what the settings file holds
is changed there.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sinkhole.control.explain.by_rules import RulesPlace, change
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.groups.effective import Layer
from sinkhole.control.lists.builtin import (
    BUILT_IN,
    DOH_CANARY,
    PRIVATE_RELAY,
    SAFE_SEARCH,
    SERVICES,
)
from sinkhole.control.lists.categories import category_lists
from sinkhole.control.lists.own_rules import RULES_OF
from sinkhole.control.settings import Settings
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.shipped import known_engines
from sinkhole.dns.filter.selection import ALLOW_ONLY, AllowOnly
from sinkhole.dns.pipeline.replies import REFUSED_TYPES
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.numbers import type_name
from sinkhole.model.explanation import Change
from sinkhole.model.verdict import Cause, Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """One field of what a layer says; `key` as people write it, such as "safe_search.google"."""

    layer: Layer
    key: str
    settings: Settings

    @property
    def where(self) -> str:
        """The key of the settings, with the name of the item that it is in."""
        kind, owner, when = self.layer[:3]
        entry = f".schedules[{when}]" if when else ""
        return f"{kind}s[{owner}]{entry}.{self.key}"

    @property
    def holder(self) -> str:
        """Which file and line hold it, "" where commands may change it."""
        told = self.settings.origin_of(f"{self.layer.kind}s", self.layer.owner)
        kind, _, where = told.partition(" ")
        return where if kind in ("file", "environment") else ""

    def changed(self, effect: str, how: str, items: Sequence[str], note: str = "") -> Change:
        """The change that adds these items to it, removes them, or sets it to the one."""
        if self.holder:
            note = "; ".join(filter(None, (note, f"it stands in {self.holder}")))
        made = change(effect, how, self.where, items, note)
        return made if self.holder else {**made, "command": self._command(how, items)}

    def _command(self, how: str, items: Sequence[str]) -> str:
        before = plain_of(self.layer.said.get(self.key)) or []
        if how == "set":
            value = items[0]
        elif how == "add":
            value = _inline([*before, *items])
        else:
            value = _inline([each for each in before if each not in items])
        words = ["sinkhole", f"{self.layer.kind}s", "set", self.layer.owner, "--keep"]
        words += ["--during", self.layer.when] if self.layer.when else []
        return shlex.join([*words, f"{self.key}={value}"])


def _inline(value: Any) -> str:
    """A list on one line, as the settings read it."""
    return json.dumps(value, ensure_ascii=False)


def said_by(inquiry: Inquiry, field: str, key: str = "") -> Said | None:
    """Who says a field for who asks, or one key of it: the last of those that do; None where it is
    as for the household."""
    for layer in reversed(inquiry.layers):
        value = layer.said.get(field)
        if value is not None and (not key or getattr(value, key) is not None):
            return Said(layer, f"{field}.{key}" if key else field, inquiry.settings)
    return None


def rules_of_decider(inquiry: Inquiry, cause: Cause) -> RulesPlace | None:
    """The rules of whoever has it that a list, or what is allowed only, decides for who asks; None
    where that is the household."""
    said = _decider(inquiry, cause)
    if said is None:
        return None
    rules = Said(said.layer, "rules", inquiry.settings)
    return RulesPlace(said.layer.rules_name, rules.changed)


def _decider(inquiry: Inquiry, cause: Cause) -> Said | None:
    source = cause.list_name
    if cause == ALLOW_ONLY:
        return said_by(inquiry, "allow_only")
    if source == SERVICES:
        return said_by(inquiry, "services")
    if source in (SAFE_SEARCH, BUILT_IN):
        return said_by(inquiry, *builtin_key(source, inquiry.question.name))
    if source.startswith(RULES_OF):
        layers = (each for each in inquiry.layers if each.rules_name == source)
        return next((Said(each, "rules", inquiry.settings) for each in layers), None)
    if words := _categories_with(inquiry.settings, source):
        said = said_by(inquiry, "categories")
        return said if said and not words.isdisjoint(said.layer.said["categories"]) else None
    chosen = said_by(inquiry, "lists")
    names = chosen.layer.said["lists"] if chosen else ()
    is_chosen = not isinstance(names, str) and source.casefold() in map(str.casefold, names)
    return chosen if is_chosen else None


def _categories_with(settings: Settings, list_name: str) -> frozenset[str]:
    """The categories that a list is asked for, and nothing else."""
    if any(each.enabled and each.name == list_name for each in settings.filtering.lists):
        return frozenset()
    found = category_lists(settings).items()
    return frozenset(word for word, lists in found if list_name in (each.name for each in lists))


# ---- what else is said -------------------------------------------------------------------------


def without_refused_type(inquiry: Inquiry, verdict: Verdict) -> list[Change] | None:
    """Have a type answered again that somebody is not to have; None where it is not that."""
    if verdict.cause != REFUSED_TYPES:
        return None
    said = said_by(inquiry, "refuse_types")
    name = type_name(inquiry.question.qtype)
    return [said.changed("allow", "remove", [name])] if said else []


def with_filtering(inquiry: Inquiry) -> list[Change] | None:
    """Have names refused again where nothing is; None where they are."""
    said = said_by(inquiry, "filtering")
    if said is None or said.layer.said["filtering"]:
        return None
    return [said.changed("block", "set", ["true"], "as it is, nothing is refused there")]


def without_restriction(inquiry: Inquiry, verdict: Verdict) -> list[Change]:
    """Have names let pass that nothing blocks but that they are not allowed."""
    said, rules = said_by(inquiry, "allow_only"), inquiry.matcher
    if verdict.cause != ALLOW_ONLY or said is None or not isinstance(rules, AllowOnly):
        return []
    if inquiry.with_rules(rules.unrestricted()).verdict().outcome.is_block:
        return []
    return [said.changed("allow", "set", ["false"])]


def without_category(inquiry: Inquiry, verdict: Verdict) -> list[Change]:
    """Do without the words for lists of the catalogue that block a name."""
    words = _categories_with(inquiry.settings, verdict.cause.list_name)
    said = said_by(inquiry, "categories")
    items = [each for each in said.layer.said["categories"] if each in words] if said else []
    return [said.changed("allow", "remove", items)] if said and items else []


def builtin_key(source: str, name: bytes) -> tuple[str, str]:
    """The section and key of the setting behind a rule of safe search, or of the other built-ins;
    "" for none."""
    text = to_text(name)
    if source == SAFE_SEARCH:
        engines = (key for key, known in known_engines().items() if text in known["hosts"])
        return "safe_search", next(engines, "")
    if source == BUILT_IN and text in DOH_CANARY:
        return "builtin", "doh_canary"
    return "builtin", "private_relay" if text in PRIVATE_RELAY else ""
