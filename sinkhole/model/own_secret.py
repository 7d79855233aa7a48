"""What only this server knows: drawn at its start, and given to its processes with their terms."""

from __future__ import annotations

import secrets
from typing import Final

OWN_SECRET: Final = secrets.token_bytes(32)
"""For keyed hashes (HMAC), each over words of its own, so that none is good for another use."""
