"""SQLite, as everything of the control plane uses it: no other room calls it.

database    one connection, and what errors of SQLite mean
reader      a read-only connection that follows its file
migrations  how a file of ours is told from others, and brought up to date
"""

from sinkhole.control.database.database import DamagedError, Database, Row, padded
from sinkhole.control.database.migrations import NewerError, Schema, migrate, version_of
from sinkhole.control.database.reader import Reader

__all__ = [
    "DamagedError",
    "Database",
    "NewerError",
    "Reader",
    "Row",
    "Schema",
    "migrate",
    "padded",
    "version_of",
]
