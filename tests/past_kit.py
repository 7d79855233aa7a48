"""Query logs as other programs write them, made here by what is known of their form."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from typing import Any

from dnslib import RR, DNSRecord

from sinkhole.control.imports.past import Piece
from sinkhole.model.record import Batch, Report, Who

FTL_TABLES = """
CREATE TABLE ftl (id INTEGER PRIMARY KEY NOT NULL, value BLOB NOT NULL);
CREATE TABLE query_storage (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
    type INTEGER NOT NULL, status INTEGER NOT NULL, domain INTEGER NOT NULL,
    client INTEGER NOT NULL, forward INTEGER, additional_info INTEGER, reply_type INTEGER,
    reply_time REAL, dnssec INTEGER, list_id INTEGER, ede INTEGER);
CREATE TABLE domain_by_id (id INTEGER PRIMARY KEY, domain TEXT NOT NULL);
CREATE TABLE client_by_id (id INTEGER PRIMARY KEY, ip TEXT NOT NULL, name TEXT);
CREATE TABLE forward_by_id (id INTEGER PRIMARY KEY, forward TEXT NOT NULL);
CREATE TABLE addinfo_by_id (id INTEGER PRIMARY KEY, type INTEGER NOT NULL, content NOT NULL);
"""
MADE = 1_700_000_000


def answer(name: str, *records: str, rcode: int = 0, qtype: str = "A") -> str:
    """A reply in Base64."""
    reply = DNSRecord.question(name, qtype).reply()
    reply.header.rcode, reply.header.id = rcode, 0
    for record in records:
        reply.add_answer(*RR.fromZone(record))
    return b64encode(reply.pack()).decode()


def line(at: str, name: str = "www.example.org", **more: Any) -> str:
    """A line of querylog.json; without an answer among `more`, it has one."""
    entry = {"T": at, "QH": name, "QT": "A", "QC": "IN", "CP": "", "IP": "192.0.2.7"}
    reply = {"Answer": answer(name, f"{name} 300 IN A 192.0.2.8")}
    whole = {**entry, **reply, "Result": {}, "Elapsed": 2_500_000, **more}
    return json.dumps({key: value for key, value in whole.items() if value is not None})


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


def write_ftl(path: Path, rows: Iterable[dict[str, Any]], tables: str = FTL_TABLES) -> Path:
    """A database with rows by column; what they say of texts may be numbers of `texts`."""
    database = sqlite3.connect(path)
    database.executescript(tables)
    database.execute("INSERT INTO ftl VALUES (0, 21), (2, ?)", (MADE,))
    for number, row in enumerate(rows):
        whole = {"id": number, "type": 1, "status": 2, "domain": "www.example.org"}
        whole |= {"client": "192.0.2.7", **row}
        marks = ", ".join("?" * len(whole))
        table = "query_storage" if "query_storage" in tables else "queries"
        database.execute(
            f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", [*whole.values()]
        )
    database.commit()
    database.close()
    return path


async def all_of(pieces: AsyncIterable[Piece]) -> Piece:
    """Every piece as one."""
    batches: list[Batch] = []
    position = damaged = 0
    async for piece in pieces:
        batches += piece.batches
        position, damaged = piece.position, damaged + piece.damaged
    return Piece(batches, position, damaged)


def record_of(batch: Batch) -> tuple[Report, Who]:
    """The only record."""
    (record,) = batch.records
    return record
