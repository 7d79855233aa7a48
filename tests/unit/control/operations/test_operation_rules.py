"""Own rules are shown, added and removed, for good or for a time, and tried before that."""

from __future__ import annotations
