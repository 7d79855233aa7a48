"""Where log and state are kept that several sinkholes share: the section `storage`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import Field

from sinkhole.control.settings.values import Kind, Section, read_text, text

_ADDRESS: Final = re.compile(r"postgres(?:ql)?://\S+")


def database_url() -> Kind:
    """The address of a database, "" for none."""

    def read(value: Any) -> str:
        if value == "":
            return ""
        url = read_text(value, 2000)
        if not _ADDRESS.fullmatch(url):  # not quoted: it may hold a password
            raise ValueError('this is no database, write "postgresql://user:password@host/name"')
        return url

    return Kind(read, accepts={"type": "string", "pattern": r"^(postgres(ql)?://\S+)?$"})


class StorageSettings(Section):
    """A PostgreSQL that several sinkholes share: with one log and one statistics of all, and one
    state, so that what is changed by page, API or command on any of them is changed on all:
    settings, accounts, tokens, pauses and rules for a time. Of the machine itself stay settings of
    addresses, certificates, workers, devices and files, this section, and what the settings file
    says. The first one gives what it has, another takes that in place of its own, after a backup.
    Each goes on writing its own log in `data_dir`, which is what waits to be sent, and what is
    shown, while the database is away; then pauses can be changed, and all else when it is back.
    What it had before is sent as well: all who share the database see it. What is deleted at one
    goes from the logs of all. The log is kept as long as `query_log.keep` and `stats.keep` say;
    `query_log.max_size` is for the log in `data_dir` alone."""

    url: Annotated[str, database_url()] = Field(
        default="", examples=["postgresql://sinkhole@db.example/sinkhole"]
    )
    """The address of the database, "" for none. It needs asyncpg, which comes with `pip install
    "sinkhole[postgresql]"`. With a password in it, url_file keeps it out of this file."""
    node: Annotated[str, text(100)] | None = Field(default=None, examples=["attic"])
    """What this sinkhole is called in the log, else the name of the machine."""
