"""The catalogue's tables, and how a file comes to have them."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from lookalike.errors import Misconfigured
from lookalike.index.sqlite.connection import BUSY_S, connect, translated

_APPLICATION_ID = 0x4C4F4F4B
"""'LOOK' in the file's header: whose file it is."""

_PAGE_BYTES = 8192
"""With SQLite's 4,096 a vector of 512 floats would fill a page by half and waste the rest."""

_FIRST = (
    # The numbers of the newest write and of the newest product; tombstones up to change `pruned`
    # are no longer kept.
    "CREATE TABLE state (change INTEGER NOT NULL, row INTEGER NOT NULL, pruned INTEGER NOT NULL)",
    "INSERT INTO state (change, row, pruned) VALUES (0, 0, 0)",
    # A row's number is never used twice, so a matrix cannot take one product for another.
    # `document` comes last: what filters need is then read without the long text.
    """
    CREATE TABLE product (
        row INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        change INTEGER NOT NULL,
        is_active INTEGER NOT NULL,
        status TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        key_generated INTEGER NOT NULL,
        sku TEXT,
        brand_folded TEXT,
        category_folded TEXT,
        category_key TEXT NOT NULL,
        price REAL,
        document TEXT NOT NULL,
        UNIQUE (tenant, id)
    )
    """,
    # A list is filtered, counted and skipped through within this index alone.
    """
    CREATE INDEX product_list ON product (
        tenant, created_us DESC, id, is_active, status, brand_folded, category_folded
    )
    """,
    "CREATE INDEX product_counts ON product (tenant, is_active, status)",
    """
    CREATE INDEX product_owed ON product (tenant, id, is_active, status)
    WHERE is_active = 1 AND status = 'pending'
    """,
    "CREATE INDEX product_sku ON product (tenant, sku, created_us DESC, id)",
    "CREATE INDEX product_category ON product (tenant, category_key, price)",
    "CREATE INDEX product_price ON product (tenant, price)",
    # Tokens are ours: SQLite only splits them at their spaces.
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        tenant, name, brand, category,
        tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
    )
    """,
    """
    CREATE TABLE metadata_term (
        product INTEGER NOT NULL,
        tenant TEXT NOT NULL,
        term TEXT NOT NULL,
        PRIMARY KEY (tenant, term, product)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX metadata_term_product ON metadata_term (product)",
    # A row without a vector is a tombstone: it tells other processes to forget one. It outlives
    # its product, so `product` is no foreign key.
    """
    CREATE TABLE vector (
        product INTEGER NOT NULL,
        part TEXT NOT NULL,
        tenant TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        change INTEGER NOT NULL,
        model TEXT NOT NULL,
        vector BLOB,
        UNIQUE (product, part)
    )
    """,
    "CREATE INDEX vector_change ON vector (tenant, part, change, product)",
    "CREATE INDEX vector_tombstone ON vector (change) WHERE vector IS NULL",
    """
    CREATE TABLE tenant (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        tier TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE api_key (
        id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL REFERENCES tenant (id),
        label TEXT NOT NULL,
        scopes TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        created_at TEXT NOT NULL,
        revoked_at TEXT
    )
    """,
    "CREATE INDEX api_key_tenant ON api_key (tenant)",
)

_SECOND = (
    "ALTER TABLE product ADD COLUMN fingerprint TEXT",
    "ALTER TABLE product ADD COLUMN checked_us INTEGER",
    # Thousands of fingerprints are read within this index alone.
    "CREATE INDEX product_fingerprint ON product (tenant, id, fingerprint, status, is_active)",
    """
    CREATE INDEX product_checked ON product (checked_us, tenant, id)
    WHERE is_active = 1 AND checked_us IS NOT NULL
    """,
)

_THIRD = (
    "ALTER TABLE api_key ADD COLUMN expires_at TEXT",
    "ALTER TABLE api_key ADD COLUMN origins TEXT",
    "ALTER TABLE api_key ADD COLUMN burst INTEGER",
    """
    CREATE TABLE usage (
        tenant TEXT NOT NULL REFERENCES tenant (id),
        month TEXT NOT NULL,
        searches INTEGER NOT NULL,
        PRIMARY KEY (tenant, month)
    ) WITHOUT ROWID
    """,
)

_FOURTH = (
    # Only writes of this epoch are taken (see `index/editions.py`).
    "ALTER TABLE state ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE editions (state TEXT NOT NULL, revision INTEGER NOT NULL)",
)

_STEPS = (_FIRST, _SECOND, _THIRD, _FOURTH)
"""Each brings a file from one version to the next; a file's version counts those it has had."""


def prepare(path: Path) -> None:
    """Makes the file, or brings an older one up to date. Any number of processes may do so at once.

    Raises `Misconfigured` where the file is another program's or a newer Lookalike's, and
    `IndexAway`.
    """
    with translated(path), closing(connect(path, create=True)) as connection:
        connection.execute("BEGIN")
        version = _version(connection, path)
        connection.execute("COMMIT")
        if version == len(_STEPS):
            return
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        _use_wal(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        for step in _STEPS[_version(connection, path) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")
        connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """How many steps the file has had. To be read in one transaction: others may be at it too."""
    owner = _pragma(connection, "application_id")
    if owner != _APPLICATION_ID and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise Misconfigured(
            f"{path} holds another program's tables. Point LOOKALIKE_INDEX_URL to another file."
        )
    version = _pragma(connection, "user_version")
    if version > len(_STEPS):
        raise Misconfigured(
            f"{path} was written by a newer Lookalike. Install that version again, or restore the "
            "backup that was made before the update."
        )
    return version


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Lets readers and a writer work side by side, from now on and in every process."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # Two processes switching at once: SQLite does not let either wait for the other.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise Misconfigured(
            f"The disk under {path} does not allow several processes to share a SQLite file (a "
            "network drive?). Give LOOKALIKE_DATA_DIR a folder on a local disk."
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
