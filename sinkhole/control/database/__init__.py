"""SQLite, as everything of the control plane uses it: no other room calls it.

database  one connection, and what errors of SQLite mean
reader    a read-only connection that follows its file
"""

from sinkhole.control.database.database import DamagedError, Database, Row, padded
from sinkhole.control.database.reader import Reader

__all__ = ["DamagedError", "Database", "Reader", "Row", "padded"]
