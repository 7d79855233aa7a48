"""Statistics: how many queries, of what kind, how fast, by whom, and for what.

rollups     counts by time in the database, written along with the log's rows
counters    counts since the start in memory, for /metrics
summary     the read side: everything about a period
hits        how often each list blocked lately
histogram   durations in buckets, and percentiles from them
source      what all of it is made of, provided by the query log's writer

Statistics work without the log: the roll-ups are written even when rows are not.
"""

from sinkhole.control.stats.counters import Counters
from sinkhole.control.stats.hits import ListHits
from sinkhole.control.stats.rollups import Rollups
from sinkhole.control.stats.summary import PERIODS, Statistics, Summary

__all__ = ["PERIODS", "Counters", "ListHits", "Rollups", "Statistics", "Summary"]
