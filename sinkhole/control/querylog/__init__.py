"""The query log: every answered query as a row in SQLite, and the roll-ups beside it.

schema      the tables, and what happens to a file that can't be used
intake      records -> rows and counts; dictionary keeps what repeats, tally what is counted
writer      the one task that writes; trouble says what keeps it from that
retention   keeps the file within age and size
history     reading, newest first; filters says which hours are worth reading
log         all of it together, for app.py

The DNS plane only appends to a `RecordBuffer`. Statistics come in by constructor, as a `Rollups`
that writes in the writer's transaction and a `Counters` in memory.
"""

from sinkhole.control.querylog.history import History, Page, Row
from sinkhole.control.querylog.log import LogStatus, QueryLog
from sinkhole.control.querylog.reader import Reader

__all__ = ["History", "LogStatus", "Page", "QueryLog", "Reader", "Row"]
