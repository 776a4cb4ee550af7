#!/usr/bin/env python3
"""Reads a journal by journal/FORMAT.md alone, and seals every commit again.

    format_reader.py JOURNAL     prints "<events> <commits> <position>:<chain>", the anchor last

Exits with 1 and the place when a recorded hash is not the one that the rows give. Written from the
document, not from the code: where the two disagree, one of them is wrong. Opens the database file
alone, so the journal must be closed.
"""

import hashlib
import sqlite3
import struct
import sys


def pack(layout, *values):
    return struct.pack("<" + layout, *values)


def counted(value):
    return pack("I", len(value)) + value


def start(chain):
    return counted(b"fenceline/1") + chain


def finish(body, recorder, texts, events):
    body += b"\5" + pack("qQQ", recorder, texts, events)
    return hashlib.blake2b(body, digest_size=32).digest()


def at_position(rows):
    found = {}
    for row in rows:
        found.setdefault(row["position"], []).append(row)
    return found


class Reader:
    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        self.db.row_factory = sqlite3.Row
        if self.db.execute("PRAGMA application_id").fetchone()[0] != 0x464E434C:
            raise SystemExit(f"{path} is not a journal")
        base = self.db.execute("SELECT * FROM base").fetchone()
        self.texts = at_position(self.db.execute("SELECT * FROM text ORDER BY id"))
        self.recorders = at_position(self.db.execute("SELECT * FROM recorder ORDER BY id"))
        self.flushes = at_position(self.db.execute("SELECT * FROM flush ORDER BY id"))
        self.chain = bytes(32)
        self.events = self.commits = self.position = 0
        if base is not None:
            self.begin(base)

    def begin(self, base):
        fields = pack("qqI", base["format"], base["position"], 32) + base["chain"]
        fields += pack("Iqqqq", *(base[n] for n in ("texts", "recorders", "flushes", "at", "size")))
        digest = hashlib.blake2b(fields + base["state"], digest_size=32).digest()
        sealed = digest
        for row in self.db.execute("SELECT value FROM text WHERE id < ? ORDER BY id",
                                   (base["texts"],)):
            sealed += counted(row["value"].encode())
        for row in self.db.execute("SELECT * FROM recorder WHERE id <= ? ORDER BY id",
                                   (base["recorders"],)):
            sealed += pack("q", row["position"])
            sealed += counted(row["instance"].encode()) + counted(row["run"].encode())
        for name in ("source", "redacted"):
            sealed += counted(base[name].encode())
        for row in self.db.execute("SELECT * FROM dropped ORDER BY id"):
            sealed += pack("qqq", row["first"], row["last"], row["at"])
            sealed += counted(row["by"].encode())
            sealed += counted(row["chain_before"]) + counted(row["chain_after"])
        if hashlib.blake2b(sealed, digest_size=32).digest() != base["seal"]:
            raise SystemExit("the base does not have its seal")
        self.chain, self.position = base["chain"], base["position"]

    def check(self, found, wanted, where):
        if found != wanted:
            raise SystemExit(f"the chain breaks at {where}")
        self.chain = wanted
        self.commits += 1

    def flushed_at(self, position):
        for row in self.flushes.get(position, []):
            body = start(self.chain) + b"\4" + counted(row["measured"])
            self.check(row["chain"], finish(body, row["recorder"], 0, 0), f"flush {row['id']}")

    def names(self, position):
        body = b""
        for row in self.recorders.get(position, []):
            body += b"\1" + pack("qq", row["id"], position)
            body += counted(row["instance"].encode()) + counted(row["run"].encode())
        for row in self.texts.get(position, []):
            body += b"\2" + pack("I", row["id"]) + counted(row["value"].encode())
        return body

    def event(self, row):
        names = ("position", "at", "recorder", "operation", "outcome", "failed_check", "origin",
                 "caller", "worker", "image", "count", "owner", "org", "epoch", "state_from",
                 "version", "state_to")
        return (b"\3" + pack("qqqBBBBIqIIIIqBqB", *(row[name] for name in names))
                + counted((row["request_id"] or "").encode())
                + pack("B", row["kind"]) + counted(row["payload"] or b""))

    def read(self):
        body, texts, events = b"", 0, 0
        for row in self.db.execute("SELECT * FROM event ORDER BY position"):
            if row["position"] != self.position + 1:
                raise SystemExit(f"a gap after {self.position}")
            self.position = row["position"]
            if not body:
                body = start(self.chain) + self.names(self.position)
                texts, events = len(self.texts.get(self.position, [])), 0
            body += self.event(row)
            events += 1
            if row["chain"] is None:
                continue
            if row["measured"] is not None:
                body += b"\4" + counted(row["measured"])
            self.check(row["chain"], finish(body, row["recorder"], texts, events),
                       f"position {self.position}")
            self.events += events
            body = b""
            self.flushed_at(self.position)
        if body:
            raise SystemExit("the last commit has no seal")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    reader = Reader(sys.argv[1])
    reader.flushed_at(0)
    reader.read()
    print(reader.events, reader.commits, f"{reader.position}:{reader.chain.hex()}")
