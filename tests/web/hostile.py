"""Texts from the network that want to be more than text."""

from __future__ import annotations

from typing import Any, Final

from household import Household, asked

from sinkhole.model.record import Who
from sinkhole.model.status import Problem
from sinkhole.model.verdict import Outcome

NASTY: Final = [
    "<script>window.hacked = 1</script>.example.org",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "safe.example.org\u202egro.elpmaxe\u2066",
    "nul\x00bell\x07escape\x1b[31m\u200bzero\ufeff",
    "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61,
]
LONG: Final = NASTY[-1]
HOMOGRAPH: Final = "xn--pple-43d.example.com"
"""Reads as "apple", with a Cyrillic letter."""


def wire_of(text: str) -> bytes:
    """Any text as a name in wire form, label by label."""
    labels = [each.encode()[:63] for each in text.split(".")]
    return b"".join(bytes([len(each)]) + each for each in labels) + b"\0"


async def plague(home: Household) -> None:
    """Have all of them everywhere that somebody outside has a say: as names, clients, lists, rules,
    servers, details, groups, and problems."""
    batches = [asked(HOMOGRAPH)]
    for text in NASTY:
        verdict: dict[str, Any] = {"hop": text, "upstream": text, "detail": text}
        who = Who(text, group=text)
        batches += (
            asked(
                wire_of(text), client=who, outcome=Outcome.BLOCKED, cause=(text, 1, text), **verdict
            ),
            asked(wire_of(text), client=who, transport="https", **verdict),
        )
        home.built.problems.append(Problem("test", "warning", text, text))
    await home.take(batches)
