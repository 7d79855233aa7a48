"""The query log: every answered query as a row in SQLite, and the roll-ups beside it.

schema        the tables, and what happens to a file that can't be used
row_builder   records -> rows and counts; dictionary stores once what repeats
writer        the one task that writes; backoff says when it tries again
unwritten     counts that wait for a database that can be written
disk          whether the file system can hold the database, and has room for it
aside         files that could not be used
retention     the file stays within age and size
history       reading, newest first: pages, single rows, exports, views that are frozen
sought        what somebody looks for; filters makes SQL of it and says which hours to read,
              id_sets which names, clients and accounts are meant, search reads
hour_index    what goes together within an hour, noted for searches when it is over
searchers     a few readers that searches take turns at
logged_query  a row as people read it; export writes many, views are links to them
recent_names  what was asked lately, name by name
log           all of it together, for app.py

The DNS plane only appends to a `RecordBuffer`. Statistics come in by constructor: the `Rollups`
that write in the writer's transaction, and the `Counters` in memory.
"""

from sinkhole.control.querylog.history import History, QueryPage
from sinkhole.control.querylog.log import QueryLog
from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.querylog.sought import Sought, SoughtName

__all__ = ["History", "LoggedQuery", "QueryLog", "QueryPage", "Sought", "SoughtName"]
