"""The query log: every answered query as a row in SQLite, and the roll-ups beside it.

schema        the tables, and what happens to a file that can't be used
row_builder   records -> rows and counts; dictionary stores once what repeats
writer        the one task that writes; backoff says when it tries again
unwritten     counts that wait for a database that can be written
disk          whether the file system can hold the database, and has room for it
aside         files that could not be used
retention     the file stays within age and size; upkeep gives it its time
terms         what the settings want of the log; privacy what may be told of a query
answers       what was answered, as it is kept
list_names    what lists are called now
earlier       what was there before the log is shared, put down for sending beside the outbox
foreign       what the database has of other nodes, taken back into the file
past          queries that another server answered, taken at their own times, each once
deletion      what somebody wants gone: erasing takes rows, sweeping what they referred to,
              pace says how much at a time
tail          what is asked, as it happens; told_row is what may be told of it
store         where the log is read, whatever engine keeps it: the seam; sqlite_store is this file
history       reading, newest first: pages, single rows, exports, views that are frozen
sought        what somebody looks for; filters makes SQL of it and says which hours to read,
              id_sets which names, clients and accounts are meant, search reads; judging tells
              the same of single rows
tally         what rows come to; sums counts those of the file
hour_index    what goes together within an hour, noted for searches when it is over
searchers     a few readers that searches take turns at
logged_query  a row as people read it; export writes many, views are links to them
recent_names  what was asked lately, name by name
log           all of it together, for app.py

The DNS plane only appends to a `RecordBuffer`. Statistics come in by constructor: the `Rollups`
that write in the writer's transaction, and the `Counters` in memory.
"""

from sinkhole.control.querylog.foreign import Position, position_of
from sinkhole.control.querylog.history import History, QueryPage
from sinkhole.control.querylog.log import QueryLog
from sinkhole.control.querylog.logged_query import LoggedQuery
from sinkhole.control.querylog.outbox import stream_of
from sinkhole.control.querylog.past import PastSlice, PastTerms, taken_up_to
from sinkhole.control.querylog.schema import is_outdated
from sinkhole.control.querylog.sought import Sought, SoughtName
from sinkhole.control.querylog.sqlite_store import SqliteStore
from sinkhole.control.querylog.store import LogStore
from sinkhole.control.querylog.tail import Follower
from sinkhole.control.querylog.terms import LogTerms, terms_of

__all__ = [
    "Follower",
    "History",
    "LogStore",
    "LogTerms",
    "LoggedQuery",
    "PastSlice",
    "PastTerms",
    "Position",
    "QueryLog",
    "QueryPage",
    "Sought",
    "SoughtName",
    "SqliteStore",
    "is_outdated",
    "position_of",
    "stream_of",
    "taken_up_to",
    "terms_of",
]
