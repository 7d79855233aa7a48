"""Which time statistics are about, and in what steps it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86_400

DETAIL_S: Final = 2 * DAY_S
"""How long minutes, and names by the hour, are kept at least."""

SPAN: Final = "span"
"""What stands for the name of a period, where it has none."""
LONGEST_S: Final = 400 * DAY_S
MOST_STEPS: Final = 150
STEPS_S: Final = (MINUTE_S, 600, HOUR_S, 2 * HOUR_S, 6 * HOUR_S, DAY_S, 3 * DAY_S)


@dataclass(frozen=True, slots=True)
class Period:
    """A period and the width of the steps its series is shown in."""

    length_s: int
    step_s: int


PERIODS: Final = {
    "1h": Period(HOUR_S, MINUTE_S),
    "24h": Period(DAY_S, 600),
    "7d": Period(7 * DAY_S, 2 * HOUR_S),
    "30d": Period(30 * DAY_S, 6 * HOUR_S),
    "365d": Period(365 * DAY_S, 3 * DAY_S),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A time that statistics are about: whole steps from `begin_s` on, what is in them up to
    `end_s`, which is now or before it."""

    name: str
    begin_s: int
    end_s: float
    step_s: int

    @property
    def is_of_days(self) -> bool:
        """Whether names are counted by the day in it."""
        return self.end_s - self.begin_s > DAY_S + self.step_s


def period_up_to(name: str, now_s: float) -> Span:
    """One of PERIODS, that ends with the step now is in; ValueError names those there are."""
    if name not in PERIODS:
        raise ValueError(f"period is {name!r}; it may be one of {', '.join(PERIODS)}")
    length_s, step_s = PERIODS[name].length_s, PERIODS[name].step_s
    steps = -(-length_s // step_s)
    return Span(name, (int(now_s) // step_s + 1 - steps) * step_s, now_s, step_s)


def span_between(since_s: float, until_s: float | None, now_s: float) -> Span:
    """The time from a moment to another one, or to now; in as many steps as are well seen, and in
    none that are finer than what is kept. ValueError says why there is none."""
    end_s = now_s if until_s is None else min(until_s, now_s)
    if since_s >= end_s:
        raise ValueError("nothing has been in that time: it ends before it begins, or is to come")
    if end_s - since_s > LONGEST_S:
        raise ValueError(f"a time may last for {LONGEST_S // DAY_S} days")
    least_s = MINUTE_S if since_s >= now_s - DETAIL_S else HOUR_S
    fitting = (each for each in STEPS_S if (end_s - since_s) / each <= MOST_STEPS)
    step_s = max(least_s, next(fitting, STEPS_S[-1]))
    return Span(SPAN, int(since_s) // step_s * step_s, end_s, step_s)
