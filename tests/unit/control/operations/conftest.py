"""A house for each test, closed at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from houses import BuiltHouse, a_house

Build = Callable[..., Awaitable[BuiltHouse]]


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """`await build({"filtering": …}, lists=["||ads.example^"])`, the same as `a_house`."""
    async with AsyncExitStack() as stack:

        async def make(tree: Any = None, **options: Any) -> BuiltHouse:
            return await stack.enter_async_context(a_house(tmp_path, tree, **options))

        yield make
