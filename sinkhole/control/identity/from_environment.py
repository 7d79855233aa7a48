"""The first account from the environment, for containers and for who sets up many machines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sinkhole.control.identity.accounts import Accounts
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.status import Problem

log = logging.getLogger(__name__)

PASSWORD_FILE: Final = "SINKHOLE_ADMIN_PASSWORD_FILE"
NAME: Final = "SINKHOLE_ADMIN_NAME"
DEFAULT_NAME: Final = "admin"

MOST_BYTES: Final = 8192
"""Of the file of the password: what is longer is no password."""


async def make_admin(accounts: Accounts, environ: Mapping[str, str]) -> Problem | None:
    """Make the account that the environment names, if it names one; what went wrong, in words."""
    path, name = environ.get(PASSWORD_FILE, ""), environ.get(NAME, "") or DEFAULT_NAME
    if not path:
        return None
    try:
        password = await asyncio.to_thread(_read, Path(path))
        await accounts.add(name, password, "admin", only_first=True)
    except OSError as error:
        return _problem(f"{path} can't be read: {error.strerror}", "check path and owner")
    except UnicodeDecodeError:
        return _problem(f"{path} is no text", "it has the password alone, in UTF-8")
    except (RequestError, StorageError) as error:
        return _problem(str(error), f"correct {path}, or {NAME}")
    log.info("the account %s was made, with the password in %s", name, path)
    return None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MOST_BYTES).decode().rstrip("\r\n")


def _problem(text: str, advice: str) -> Problem:
    return Problem(
        "identity.no_first_account",
        "error",
        f"{PASSWORD_FILE}: no account was made: {text}",
        f"{advice}, and start sinkhole again",
    )
