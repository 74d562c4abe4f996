"""The file of the embedded index: how it is made, shared and killed, and what it says when it
cannot be used."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lookalike.catalog.product import Part
from lookalike.errors import IndexAway, Misconfigured
from lookalike.index.protocol import Listing, Write
from lookalike.index.sqlite.accounts import SqliteAccountStore
from lookalike.index.sqlite.connection import Connections, translated
from lookalike.index.sqlite.schema import prepare
from lookalike.index.sqlite.writing import draft, write
from tests.unit.index.harness import SPACE, TENANT, axis, open_index, product, put

SPAWN = multiprocessing.get_context("spawn")
CHUNK = 40


def open_and_write(path: Path, number: int) -> None:
    index = open_index(path)
    put(index, [f"K{number}"])
    index.close()


def write_chunks(path: Path, run: int) -> None:
    index = open_index(path)
    for chunk in range(1_000_000):
        put(index, [f"{run}/{chunk}/{each}" for each in range(CHUNK)])


def open_once(path: Path) -> None:
    open_index(path).close()


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder of a user's own, who may not do everything as root may."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        folder.chmod(0o700)
        for file in folder.iterdir():
            file.unlink()
        if root:
            os.seteuid(0)
        folder.rmdir()


def test_many_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(6, mp_context=SPAWN) as six:
        for number in range(8):
            path = tmp_path / f"{number}.sqlite3"
            for done in [six.submit(open_and_write, path, each) for each in range(6)]:
                done.result()
            with closing(open_index(path)) as index:
                assert index.page(TENANT, Listing(limit=1)).total == 6


def test_a_new_file_is_waited_for_while_another_process_makes_it(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as one:
            opening = one.submit(open_once, path)
            with pytest.raises(TimeoutError):
                opening.result(timeout=0.2)
            another.execute("COMMIT")
            opening.result()


def test_products_and_accounts_share_the_file(path: Path) -> None:
    with closing(SqliteAccountStore(path)) as accounts, closing(open_index(path)) as index:
        put(index, "a")
        assert accounts.tenants() == []


def test_a_killed_writer_leaves_whole_chunks(path: Path) -> None:
    open_once(path)
    for run in range(4):
        writer = SPAWN.Process(target=write_chunks, args=(path, run))
        writer.start()
        with closing(open_index(path)) as index:
            before = index.counts(TENANT).accepted
            while index.counts(TENANT).accepted < before + 5 * CHUNK:
                assert writer.is_alive()
        writer.kill()
        writer.join()
    with closing(open_index(path)) as index:
        everything = index.page(TENANT, Listing(limit=1_000_000)).products
    sizes = Counter(each.key.rpartition("/")[0] for each in everything)
    assert set(sizes.values()) == {CHUNK}


def test_an_index_from_before_a_fork_is_refused(path: Path) -> None:
    script = f"""
import os, pathlib
from lookalike.catalog.product import Part
from lookalike.index.protocol import Nearest
from tests.unit.index.harness import TENANT, axis, open_index
index = open_index(pathlib.Path({str(path)!r}))
near = Nearest(part=Part.IMAGE, vector=axis(0), limit=1)
index.nearest(TENANT, near)
if os.fork() == 0:
    for use in (lambda: index.counts(TENANT), lambda: index.nearest(TENANT, near)):
        try:
            use()
        except RuntimeError as error:
            print(error, flush=True)
    os._exit(0)
os.wait()
print(index.counts(TENANT).accepted)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    refusal = "The index was made before a fork. Make one in each process."
    assert done.stdout.splitlines() == [refusal, refusal, "0"]


def test_a_full_disk_says_so_and_keeps_what_it_has(path: Path) -> None:
    with closing(open_index(path)) as index, closing(Connections(path)) as connections:
        put(index, ["before"])
        with connections.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        drafts = [
            draft(TENANT, Write(product(f"K{each}"), None, {Part.IMAGE: axis(0)}), SPACE)
            for each in range(500)
        ]
        with pytest.raises(IndexAway, match="full"), connections.writing() as connection:
            write(connection, TENANT, drafts, SPACE.model)
        assert index.counts(TENANT).accepted == 1
        put(index, ["after"])
        assert index.counts(TENANT).accepted == 2


def test_a_folder_that_may_not_be_written(path: Path) -> None:
    with ordinary_user() as folder:
        open_once(folder / "there.sqlite3")
        folder.chmod(0o500)
        for name in ("there.sqlite3", "new.sqlite3"):
            with pytest.raises(IndexAway, match="folder"):
                open_once(folder / name)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexAway, match="folder exists"):
        open_once(tmp_path / "missing" / "catalogue.sqlite3")


def test_a_file_that_went_away_is_not_made_anew(path: Path) -> None:
    with closing(Connections(path)) as connections:
        with pytest.raises(IndexAway), connections.reading():
            pass
        assert not path.exists()


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_text("This is a letter to my aunt. " * 100)
    with pytest.raises(IndexAway, match="backup"):
        open_once(path)


def test_a_damaged_file(path: Path) -> None:
    with closing(open_index(path)) as index:
        put(index, "abc")
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\x55" * (path.stat().st_size - 8192))
    with closing(open_index(path)) as index, pytest.raises(IndexAway, match="damaged"):
        index.page(TENANT, Listing(limit=5))


def test_a_locked_file(path: Path) -> None:
    open_once(path)
    with (
        closing(Connections(path)) as connections,
        closing(sqlite3.connect(path, timeout=0)) as impatient,
        connections.writing(),
        pytest.raises(IndexAway, match="locked"),
        translated(path),
    ):
        impatient.execute("BEGIN IMMEDIATE")


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    open_once(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Misconfigured, match="newer"):
        open_once(path)


def test_the_file_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (text)")
    with pytest.raises(Misconfigured, match="another program"):
        prepare(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("letters",)]


def change_and_fail(connections: Connections) -> None:
    with connections.writing() as connection:
        connection.execute("UPDATE state SET change = 7")
        connection.execute("SELECT nonsense")


def test_an_error_undoes_its_transaction_and_no_more(path: Path) -> None:
    open_once(path)
    with closing(Connections(path)) as connections:
        with pytest.raises(IndexAway):
            change_and_fail(connections)
        with connections.writing() as connection:
            assert connection.execute("SELECT change FROM state").fetchone() == (0,)
