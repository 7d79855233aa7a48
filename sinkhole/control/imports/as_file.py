"""A plan as a settings file of its own: what was there does not count, nor is anything changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.changes import planned
from sinkhole.control.settings.document import Origin, Value
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.load import resolve
from sinkhole.control.settings.quoting import place_text
from sinkhole.control.settings.render import entry, inline
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.sources import Written
from sinkhole.control.state.stored import Place

_INDENT: Final = "  "


def as_file(plan: Plan) -> str:
    """The text of the file; what can stand in none is told among the notes of the plan."""
    made = planned(plan.changes, Settings(), {})
    for refused in made.refused:
        plan.left(place_text(refused.misfit.key, refused.misfit.item), refused.misfit.text)
    stored = {each.place: each.after for each in made.changes if each.after is not None}
    nothing = Written(Value({}, Origin("stored")), (), "")
    for left_out in resolve(nothing, stored).left_out:
        plan.left(place_text(*left_out.place), left_out.reason)
        stored.pop(left_out.place, None)
    head = f"# Imported from {plan.source}.\n"
    return head + "".join(f"{line}\n" for line in _section(_tree(stored), 0))


def _tree(stored: Mapping[Place, Any]) -> dict[str, Any]:
    """Sections as mappings; what a key holds is a tuple of one, so that both can be told apart."""
    whole: dict[str, Any] = {}
    for (key, item), value in stored.items():
        keyed = COLLECTIONS.get(key)
        if keyed is None:
            whole[key] = value
        elif keyed.shape == "mapping":
            whole.setdefault(key, {})[item] = value
        else:
            whole.setdefault(key, []).append(keyed.whole(item, value))
    tree: dict[str, Any] = {}
    for key, value in whole.items():
        *sections, last = key.split(".")
        place = tree
        for each in sections:
            place = place.setdefault(each, {})
        place[last] = (_frozen(value),)
    return tree


def _frozen(value: Any) -> Any:
    """Lists as tuples, which is how values of the settings are written."""
    if isinstance(value, Mapping):
        return {name: _frozen(each) for name, each in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def _section(tree: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    for name, value in tree.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _section(value, depth + 1)
        else:
            first, *rest = entry(value[0], len(indent) + len(name))
            yield f"{indent}{inline(name)}:{first}"
            yield from (f"{indent}{_INDENT}{line}" for line in rest)
