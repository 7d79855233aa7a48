"""Statistics: how many queries, of what kind, how fast, by whom, and for what.

minute_counts  what was asked within a minute, as the query log's writer counts it
rollups        counts by time in the database, written along with the log's rows
counters       counts since the start in memory, for /metrics; carried adds those of the runs before
counts         where roll-ups are read, whatever engine keeps them; sqlite_counts is this file
statistics     the read side: everything about a time, and how often each list blocked lately
spans          which time that is: a period up to now, or from a moment to another one
sums           what became of the queries of that time, and what the cache spared of waiting
histogram      durations in buckets, and percentiles from them

Statistics work without the log: the roll-ups are written even when rows are not.
"""

from sinkhole.control.stats.carried import Carried
from sinkhole.control.stats.counters import Counters
from sinkhole.control.stats.minute_counts import MinuteCounts
from sinkhole.control.stats.rollups import Rollups
from sinkhole.control.stats.spans import PERIODS
from sinkhole.control.stats.sqlite_counts import SqliteCounts
from sinkhole.control.stats.statistics import Statistics

__all__ = [
    "PERIODS",
    "Carried",
    "Counters",
    "MinuteCounts",
    "Rollups",
    "SqliteCounts",
    "Statistics",
]
