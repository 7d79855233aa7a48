"""The time to erase by: a wall clock that is believed only as far as it has proved itself.

A wall clock jumps: to 2010 where no battery keeps it, ahead by a year until NTP sets it right.
`TrustedClock` is told now and then what the wall shows and how much time has passed by a clock
that nobody sets. Three rules follow from it:

- **No time is past before the wall has shown it for `hold_s` of running time.** What is trusted
  is the least the wall has claimed within that window, and so never more than it shows now: a
  clock that was ahead, or behind, for less than that erases nothing.
- **The window goes on over restarts**, as a machine that runs for an hour a day would never fill
  it otherwise. What passed while nothing ran is not known: it is time that went by, to be believed
  once it has held, as a jump is. Nothing at all is trusted until there is a whole window. A
  window of another length than before begins anew.
- **What was stamped before the clock was set is younger than it looks**, by as much as the clock
  was set forward meanwhile. Each stretch of wall time that ended that way is kept as a `Spell`. The
  time between two runs counts as if the clock had been set: what is in a spell stays rather longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

STEP_S: Final = 1.0
"""From which change on a clock was set; by less, NTP slews it or two readings lie apart."""

EDGE_S: Final = 60.0
"""By how much stamps may lie outside of the spell they belong to."""

MOST_HELD_S: Final = 60.0
"""What counts as running time between two readings at most: a machine asleep proves nothing."""

MOST_SPELLS: Final = 64
"""When there are more, the two oldest become one, with the greater of their gaps."""

BUCKETS: Final = 24
"""Into how many parts the window is cut; of each, only the least reading is kept."""


class Spell(NamedTuple):
    """Wall time by one setting of the clock: what was stamped in it is `gap_s` younger than that.

    Negative where the clock was set back: then it is older than it looks.
    """

    first_s: float
    last_s: float
    gap_s: float


class ClockState(NamedTuple):
    """What has to be kept over a restart.

    `wall_s` is the last reading, `held_s` the running time of all readings so far. `lags` says by
    how much the least reading of a part of the window lies behind the last one, by the number of
    the part; it is not above 0 for the present part.
    """

    wall_s: float = 0.0
    held_s: float = 0.0
    lags: tuple[tuple[int, float], ...] = ()
    spells: tuple[Spell, ...] = ()


NEVER_READ: Final = ClockState()


class TrustedClock:
    """Follows a wall clock by its readings; `was_set` says whether the last one was of a jump."""

    def __init__(self, hold_s: float, state: ClockState = NEVER_READ) -> None:
        self.was_set = False
        self._hold_s = hold_s
        self._wall_s = state.wall_s
        self._held_s = state.held_s
        self._lags = dict(state.lags)
        self._spells = list(state.spells)
        self._since_s = 0.0
        self._elapsed_s: float | None = None
        if self._lags and not 0 <= self._part(self._held_s) - max(self._lags) <= 1:
            # The parts are of a window of another length. They can't be told in those of this one.
            self._held_s, self._lags = 0.0, {}
        before = self._lags[min(self._lags)] if self.trusted_s else 0.0
        self._known_s = self.trusted_s and self._wall_s + max(before, 0.0)

    def read(self, elapsed_s: float, wall_s: float) -> None:
        """Take a reading: of a clock that nobody sets, and of the wall's, at the same moment."""
        passed = 0.0 if self._elapsed_s is None else max(0.0, elapsed_s - self._elapsed_s)
        change = wall_s - self._wall_s - passed
        self.was_set = self._elapsed_s is not None and abs(change) >= STEP_S
        if self.was_set:
            self._keep(Spell(self._since_s, self._wall_s + passed + EDGE_S, 0.0))
        if self.was_set or self._elapsed_s is None:
            self._spells = [each._replace(gap_s=each.gap_s + change) for each in self._spells]
            self._since_s = wall_s - passed - EDGE_S
        self._held_s += min(passed, MOST_HELD_S)
        oldest, present = self._part(self._held_s - self._hold_s), self._part(self._held_s)
        lags = {part: lag - change for part, lag in self._lags.items() if part >= oldest}
        lags[present] = min(lags.get(present, 0.0), 0.0)
        self._lags, self._wall_s, self._elapsed_s = lags, wall_s, elapsed_s
        if max(lags.values()) < EDGE_S:
            self._known_s = 0.0  # it was not set back within the window
        self._known_s = max(self._known_s, self.trusted_s)

    @property
    def trusted_s(self) -> float:
        """The time that is certainly past, in seconds since 1970; 0 while nothing is certain."""
        if self._held_s < self._hold_s or not self._lags:
            return 0.0
        return self._wall_s + min(self._lags.values())

    @property
    def known_s(self) -> float:
        """The latest time that was trusted, also while the clock is set back; 0 if none was.

        That a clock which was set back is right now is believed once it has held, too: until then
        what is later than it shows may as well be the true time. After a restart this may be the
        later of what was trusted then and what the window begins with.
        """
        return self._known_s

    @property
    def spells(self) -> tuple[Spell, ...]:
        """The stretches of time that ended by the clock being set, oldest first."""
        return tuple(self._spells)

    @property
    def state(self) -> ClockState:
        """What to make the next run's clock of."""
        return ClockState(self._wall_s, self._held_s, tuple(self._lags.items()), self.spells)

    def forget(self, before_s: float) -> None:
        """Forget the spells of which everything was stamped before a time, by the true time."""
        self._spells = [each for each in self._spells if each.last_s + each.gap_s >= before_s]

    def _part(self, held_s: float) -> int:
        return int(held_s * BUCKETS // self._hold_s)

    def _keep(self, spell: Spell) -> None:
        self._spells.append(spell)
        if len(self._spells) > MOST_SPELLS:
            self._spells[:2] = [_merged(*self._spells[:2])]


def expired(spells: Iterable[Spell], before_s: float, now_s: float) -> list[tuple[float, float]]:
    """The stretches of stamps that are older than `before_s` by the true time, oldest first.

    Where spells overlap, or may hold stamps of a clock that was right, the youngest counts: so a
    spell that is older than it looks counts only as long as all of it is later than `now_s`.
    """
    known, inf = list(spells), float("inf")
    now_s += EDGE_S
    edges = sorted({-inf, now_s, inf, *(e.first_s for e in known), *(e.last_s for e in known)})
    found: list[tuple[float, float]] = []
    for start, end in pairwise(edges):
        gaps = [each.gap_s for each in known if each.first_s <= start < each.last_s]
        if start < now_s or not gaps:
            gaps.append(0.0)
        stop = min(end, before_s - max(gaps))
        if stop <= start:
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def _merged(first: Spell, second: Spell) -> Spell:
    return Spell(
        min(first.first_s, second.first_s),
        max(first.last_s, second.last_s),
        max(first.gap_s, second.gap_s, 0.0),
    )
