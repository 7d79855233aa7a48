"""What the tests of imports share stands beside them, where folders below find it as well."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
