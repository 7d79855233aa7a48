from __future__ import annotations

from sinkhole.model.clock import EDGE_S, MOST_SPELLS, Spell, TrustedClock, expired

NOW = 1_750_000_000.0
HOLD = 3600.0
DAY = 86_400.0
YEAR = 365 * DAY


class Watch:
    """A trusted clock with the two clocks it reads, looked at every half minute."""

    def __init__(self, trusted: TrustedClock | None = None) -> None:
        self.trusted = trusted or TrustedClock(HOLD)
        self.elapsed = 5.0
        self.real = NOW
        self.error = 0.0
        self.look()

    def look(self) -> None:
        self.trusted.read(self.elapsed, self.real + self.error)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds // 30)):
            self.real += 30
            self.elapsed += 30
            self.look()

    def sleep(self, seconds: float) -> None:
        self.real += seconds
        self.elapsed += seconds
        self.look()

    def restart(self, off_s: float = 0.0) -> None:
        self.trusted = TrustedClock(HOLD, self.trusted.state)
        self.real += off_s
        self.elapsed = 3.0
        self.look()

    def set(self, error: float) -> None:
        self.error = error
        self.look()


def a_known_clock() -> Watch:
    watch = Watch()
    watch.run(2 * HOLD)
    return watch


def test_nothing_is_past_before_the_clock_has_held_once() -> None:
    watch = Watch()
    watch.run(HOLD - 30)
    assert watch.trusted.trusted_s == 0
    watch.run(30)
    assert watch.trusted.trusted_s == watch.real


def test_a_clock_that_is_right_is_trusted_to_the_second() -> None:
    watch = a_known_clock()
    watch.run(600)
    watch.sleep(8 * HOLD)
    assert watch.trusted.trusted_s == watch.real and watch.trusted.spells == ()


def test_a_jump_ahead_counts_when_it_has_held_and_not_before() -> None:
    watch = a_known_clock()
    for jump in (3 * HOLD, 30 * DAY, YEAR):
        watch.set(jump)
        watch.run(HOLD - 60)
        assert watch.trusted.trusted_s == watch.real
        watch.set(0)
        watch.run(2 * HOLD)
        assert watch.trusted.trusted_s == watch.real
    watch.set(YEAR)
    watch.run(2 * HOLD)
    assert watch.trusted.trusted_s == watch.real + YEAR
    watch.set(0)
    assert watch.trusted.trusted_s == watch.real, "back is believed at once: it erases nothing"


def test_a_shorter_window_does_not_believe_a_clock_that_is_ahead_at_its_start() -> None:
    for held in (HOLD - 10, 3 * HOLD):
        watch = Watch()
        watch.run(held)
        for _ in range(2):  # also at a restart with the window that is new
            watch.trusted = TrustedClock(HOLD / 10, watch.trusted.state)
            watch.elapsed, watch.error = 3.0, YEAR
            watch.look()
            watch.run(HOLD / 20 - 60)
            assert watch.trusted.trusted_s < watch.real + DAY
        watch.set(0)
        watch.run(HOLD / 5)
        assert watch.trusted.trusted_s == watch.real


def test_a_longer_window_does_not_remember_a_clock_that_was_behind_for_ever() -> None:
    watch = a_known_clock()
    watch.run(20 * HOLD)
    watch.set(-15 * YEAR)
    watch.run(60)
    watch.set(0)
    watch.trusted = TrustedClock(10 * HOLD, watch.trusted.state)
    watch.elapsed = 3.0
    watch.look()
    watch.run(10 * HOLD - 60)
    assert watch.trusted.trusted_s == 0
    watch.run(120)
    assert watch.trusted.trusted_s == watch.real


def test_what_was_trusted_is_known_until_a_clock_that_was_set_back_has_held() -> None:
    watch = a_known_clock()
    before = watch.real
    watch.set(-15 * YEAR)
    watch.run(HOLD / 2)
    assert watch.trusted.known_s == before
    watch.restart()
    watch.restart()
    assert before <= watch.trusted.known_s <= watch.real
    watch.run(2 * HOLD)
    assert watch.trusted.known_s == watch.trusted.trusted_s == watch.real - 15 * YEAR


def test_what_a_clock_showed_that_was_ahead_for_a_short_time_is_not_known() -> None:
    watch = a_known_clock()
    watch.set(YEAR)
    watch.run(HOLD - 60)
    watch.set(0)
    assert watch.trusted.known_s == watch.real
    assert TrustedClock(HOLD).known_s == 0


def test_a_clock_that_was_behind_erases_nothing_until_it_was_right_for_long_enough() -> None:
    watch = a_known_clock()
    watch.set(-15 * YEAR)
    watch.set(0)
    assert watch.trusted.trusted_s == watch.real - 15 * YEAR
    watch.run(2 * HOLD)
    assert watch.trusted.trusted_s == watch.real


def test_a_sleeping_machine_confirms_nothing() -> None:
    watch = a_known_clock()
    watch.set(YEAR)
    watch.sleep(10 * HOLD)
    assert watch.trusted.trusted_s == watch.real


def test_the_window_goes_on_over_restarts() -> None:
    watch = Watch()
    for _ in range(10):
        watch.run(HOLD / 4)
        watch.restart(off_s=20 * HOLD)
    assert watch.real - watch.trusted.trusted_s >= 4 * 20 * HOLD, "what was off counts as a jump"
    assert watch.trusted.trusted_s > NOW
    watch.run(2 * HOLD)
    assert watch.trusted.trusted_s == watch.real


def test_a_restart_with_the_clock_ahead_is_no_proof() -> None:
    watch = a_known_clock()
    watch.error = YEAR
    watch.restart(off_s=60)
    assert watch.trusted.trusted_s == watch.real - 60
    watch.set(0)
    watch.run(2 * HOLD)
    assert watch.trusted.trusted_s == watch.real


def test_what_was_stamped_before_the_clock_was_set_forward_is_younger_than_it_looks() -> None:
    watch = Watch()
    watch.set(-YEAR)
    first = watch.real - YEAR
    watch.run(300)
    watch.set(0)
    (_, spell) = watch.trusted.spells
    assert spell.first_s <= first and spell.last_s >= first + 300 and spell.gap_s == YEAR
    ago = watch.real - 10 * DAY
    assert not covers(expired(watch.trusted.spells, ago, watch.real), first + 100)
    assert covers(expired(watch.trusted.spells, ago, watch.real), first - DAY)
    later = watch.real + 10 * DAY
    assert covers(expired(watch.trusted.spells, later, later + 1), first + 100)


def test_what_was_stamped_by_a_clock_that_was_ahead_does_not_stay_until_then() -> None:
    watch = a_known_clock()
    watch.set(YEAR)
    stamp = watch.real + YEAR + 10
    watch.run(60)
    watch.set(0)
    spells = watch.trusted.spells
    assert not covers(expired(spells, watch.real - DAY, watch.real), stamp)
    later = watch.real + 10 * DAY
    assert covers(expired(spells, later - 9 * DAY, later), stamp)
    # When that time comes others are stamped so, too, and age counts from there.
    assert not covers(expired(spells, later - 9 * DAY, stamp + 60), stamp)


def test_several_jumps_add_up_and_a_jump_taken_back_is_none() -> None:
    watch = Watch()
    for error in (-15 * YEAR, -YEAR, 0):
        watch.set(error)
        watch.run(300)
    assert [round(each.gap_s / YEAR) for each in watch.trusted.spells] == [0, 15, 1]
    watch.set(YEAR)
    watch.set(0)
    assert [round(each.gap_s / YEAR) for each in watch.trusted.spells] == [0, 15, 1, 0, -1]


def test_a_clock_that_is_slewed_was_not_set() -> None:
    watch = a_known_clock()
    for _ in range(100):
        watch.error += 0.015
        watch.run(30)
    assert watch.trusted.spells == ()


def test_there_are_never_more_spells_than_so_many_and_none_is_lost() -> None:
    watch = Watch()
    for number in range(3 * MOST_SPELLS):
        watch.set(-YEAR + number * HOLD)
        watch.run(30)
    spells = watch.trusted.spells
    assert len(spells) == MOST_SPELLS
    stamp = NOW - YEAR + 30
    assert max(each.gap_s for each in spells if each.first_s <= stamp <= each.last_s) > 0
    watch.trusted.forget(watch.real + 10 * YEAR)
    assert watch.trusted.spells == ()


def test_without_spells_all_that_is_older_has_expired() -> None:
    assert expired((), NOW, NOW + DAY) == [(float("-inf"), NOW)]


def test_where_spells_overlap_the_youngest_counts() -> None:
    spells = [Spell(100, 200, 50), Spell(150, 400, 10), Spell(1000, 1100, -500)]
    assert expired(spells, 300, 600) == [(float("-inf"), 290)]
    assert expired(spells, 180, 600) == [(float("-inf"), 130)]
    assert expired(spells, 600, 1000 - EDGE_S) == [(float("-inf"), 600), (1000, 1100)]


def covers(stretches: list[tuple[float, float]], stamp: float) -> bool:
    return any(start <= stamp < stop for start, stop in stretches)
