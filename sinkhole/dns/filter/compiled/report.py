"""What compiling a list found: every line is counted once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from sinkhole.dns.filter.language.line import ALWAYS, Rule

MAX_SAMPLES = 100
MAX_ALIKE = 30  # samples for one reason, so that a rare reason gets its sample too
MAX_SAMPLE_TEXT = 200
MAX_REASONS = 60
OTHER_REASONS = "other reasons"


class Sample(NamedTuple):
    """A refused line: its number (from 1), its text (cut at 200 characters) and the reason."""

    line: int
    text: str
    reason: str


@dataclass(slots=True)
class CompileReport:
    """Counts for one list; `lines = rules + comments + ignored + refused`, always.

    `rules` are the lines that hold a rule. What they are for, each distinct and counted once:
    `names` (a name alone and a name with everything below it being two), `networks`, `patterns`
    with masks, and `regexes`; `duplicates` is how often one of them was said again. Of the lines,
    `exceptions` are those with `@@`, `rewrites` answer something, `conditional` ask about client,
    type or name, `badfilters` switch off another rule. `reasons` and `ignored_reasons` count
    refused and ignored lines by reason, in at most 60 reasons each, the rest together.
    """

    lines: int = 0
    rules: int = 0
    names: int = 0
    networks: int = 0
    patterns: int = 0
    regexes: int = 0
    duplicates: int = 0
    exceptions: int = 0
    rewrites: int = 0
    conditional: int = 0
    badfilters: int = 0
    comments: int = 0
    ignored: int = 0
    refused: int = 0
    title: str = ""
    reasons: dict[str, int] = field(default_factory=dict)
    ignored_reasons: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)

    def refuse(self, line: int, text: str, reason: str) -> None:
        """Count a refused line, and keep it as a sample while there is room."""
        self.refused += 1
        _count(self.reasons, reason)
        if len(self.samples) < MAX_SAMPLES and self.reasons.get(reason, 0) <= MAX_ALIKE:
            self.samples.append(Sample(line, text.strip()[:MAX_SAMPLE_TEXT], reason))

    def accept(self, rule: Rule) -> None:
        """Count a line that holds a rule."""
        self.rules += 1
        self.exceptions += rule.allow
        self.rewrites += rule.rewrite is not None
        self.conditional += rule.conditions != ALWAYS
        self.badfilters += rule.badfilter

    def ignore(self, reason: str) -> None:
        """Count a line that is right but not for us."""
        self.ignored += 1
        _count(self.ignored_reasons, reason)

    def as_dict(self) -> dict[str, Any]:
        """The report in JSON's types; `samples` as [line, text, reason]."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CompileReport:
        """The report from what `as_dict` made; TypeError if that is not what it is."""
        report = cls(**values)
        report.samples = [Sample(*sample) for sample in report.samples]
        return report


def _count(reasons: dict[str, int], reason: str) -> None:
    if reason not in reasons and len(reasons) >= MAX_REASONS - 1:
        reason = OTHER_REASONS
    reasons[reason] = reasons.get(reason, 0) + 1
