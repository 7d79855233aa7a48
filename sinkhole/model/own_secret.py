"""What only this process knows: drawn at its start, and used where terms give no other secret."""

from __future__ import annotations

import secrets
from typing import Final

OWN_SECRET: Final = secrets.token_bytes(32)
"""For keyed hashes (HMAC), each over words of its own, so that none is good for another use."""
