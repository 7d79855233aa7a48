"""Plans as a test looks at them: what is wanted by place, and which notes there are about what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sinkhole.control.imports.plan import Plan

FILES = Path(__file__).parent / "files"


def wanted(plan: Plan) -> dict[str, Any]:
    """What a plan wants: "upstream.servers", or "clients[TV]" for an item."""
    return {f"{e.key}[{e.item}]" if e.item else e.key: e.value for e in plan.changes}


def told(plan: Plan, kind: str = "left") -> dict[str, str]:
    """The notes of a kind, by what they are about."""
    return {each.about: each.text for each in plan.notes if each.kind == kind}
