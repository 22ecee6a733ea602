"""Whole and damaged backups, each made by the program that makes real ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from console.sources.health.archives import recognised
from console.sources.health.examination import Condition, Examination, Examined
from console.sources.health.pulling import Broken
from tests.servers import require
from tests.servers.postgres import PostgresServer

ROWS = random.Random(7).randbytes(300_000).hex().encode()


def taken(data: bytes, step: int = 4096) -> str:
    """What a file of these bytes is, fed in pieces."""
    taker = recognised()
    for at in range(0, len(data), step):
        taker.feed(data[at : at + step])
    return taker.finish()


def dump(complete: bool = True) -> bytes:
    """A plain dump as pg_dump writes it."""
    end = b"--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n" if complete else b""
    return b"--\n-- PostgreSQL database dump\n--\n\nSET a = 0;\n" + ROWS + b"\n" + end


def tar(size: int = 100_000, format_: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of a directory, a long name, a link and two files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for name, kind in (("d", tarfile.DIRTYPE), ("l", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "d"
            archive.addfile(member)
        for name in ("d/" + "n" * 180, "d/é"):
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(ROWS[:size]))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    """The bytes as the zstd program packs them."""
    return subprocess.run(
        [require("zstd", "zstd"), "-q", "-c"], input=data, capture_output=True, check=True
    ).stdout


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


@pytest.mark.parametrize("name", PACKERS)
def test_a_compressed_dump_is_whole_and_every_cut_of_it_is_told(name: str) -> None:
    data = PACKERS[name](dump())

    assert taken(data) == f"{name}, PostgreSQL dump"
    for share in (0.1, 0.5, 0.99):
        with pytest.raises(Broken, match="cut off"):
            taken(data[: int(len(data) * share)])
    with pytest.raises(Broken, match="cut off"):
        taken(data[:-1])


@pytest.mark.parametrize("name", PACKERS)
def test_a_flipped_byte_is_told(name: str) -> None:
    data = bytearray(PACKERS[name](dump()))
    data[len(data) // 2] ^= 0x55

    with pytest.raises(Broken):
        taken(bytes(data))


@pytest.mark.parametrize("step", [7, 511, 1 << 20])
def test_members_one_after_another_and_padding_are_one_file(step: int) -> None:
    half = len(dump()) // 2
    data = gzip.compress(dump()[:half]) + gzip.compress(dump()[half:]) + b"\0" * 700

    assert taken(data, step) == "gzip, PostgreSQL dump"


def test_a_dump_that_ended_before_its_last_words_is_told_though_its_gzip_is_good() -> None:
    with pytest.raises(Broken, match="PostgreSQL dump does not come to its end"):
        taken(gzip.compress(dump(complete=False)))


@pytest.mark.parametrize(
    ("head", "end", "name"),
    [
        (b"-- MySQL dump 10.13  Distrib 8.0\n", b"-- Dump completed on 2026-01-01\n", "MySQL dump"),
        (
            b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n",
            b"-- Dump completed on 2026-01-01\n",
            "MariaDB dump",
        ),
        (
            b"--\n-- PostgreSQL database cluster dump\n--\n",
            b"--\n-- PostgreSQL database cluster dump complete\n--\n",
            "PostgreSQL cluster dump",
        ),
        (b"REDIS0009\xfa", b"\xff12345678", "Redis snapshot"),
    ],
)
def test_last_words_of_others(head: bytes, end: bytes, name: str) -> None:
    assert taken(head + ROWS + end) == name
    with pytest.raises(Broken, match="does not come to its end"):
        taken(head + ROWS)


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_a_tar_is_walked_to_its_end_mark(format_: int) -> None:
    size = 100_000
    if format_ == tarfile.USTAR_FORMAT:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
            member = tarfile.TarInfo("a")
            member.size = size
            archive.addfile(member, io.BytesIO(ROWS[:size]))
        data, members = out.getvalue(), "1 member"
    else:
        data, members = tar(size, format_), "4 members"

    assert taken(data) == f"tar of {members}"
    assert taken(gzip.compress(data), 1000) == f"gzip, tar of {members}"
    for cut in (700, len(data) // 2, size):
        with pytest.raises(Broken, match="cut off"):
            taken(data[:cut])


def test_a_tar_cut_between_members_lacks_its_end_mark() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("a")
        member.size = 512
        archive.addfile(member, io.BytesIO(b"x" * 512))

    with pytest.raises(Broken, match="no end mark after 1 member"):
        taken(out.getvalue()[:1024])


def test_a_damaged_header_of_a_tar_is_told() -> None:
    data = bytearray(tar())
    data[512] ^= 0xFF

    with pytest.raises(Broken, match="a header of the tar is damaged after 1 member"):
        taken(bytes(data))


def test_a_tar_of_sparse_files_made_by_tar_itself(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        for at in range(12):
            file.seek(at << 20)
            file.write(b"data")
    for form in ("gnu", "posix"):
        made = tmp_path / f"{form}.tar"
        where = ("-cf", str(made), "-C", str(tmp_path))
        command = [require("tar", "tar"), f"--format={form}", "-S", *where, "holes"]
        subprocess.run(command, check=True)

        assert taken(made.read_bytes()) == "tar of 1 member"


def test_custom_dumps_of_real_servers(postgres_server: PostgresServer) -> None:
    server = postgres_server
    server.psql(
        "CREATE TABLE kept (id int, t text);"
        "INSERT INTO kept SELECT i, md5(i::text) FROM generate_series(1, 20000) i;"
        "CREATE TABLE empty_one (id int); CREATE VIEW seen AS SELECT * FROM kept;"
        "SELECT lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'))"
    )
    dumper = str(server.bindir / "pg_dump")
    try:
        file = server.directory / "custom.dump"
        command = [dumper, *server.place, "-Fc", "postgres"]
        piped = subprocess.run(command, capture_output=True, check=True).stdout
        subprocess.run([*command, "-f", str(file)], check=True)
        plain = subprocess.run([dumper, *server.place, "postgres"], capture_output=True, check=True).stdout
        for data in (piped, file.read_bytes()):
            assert taken(data).startswith("PostgreSQL dump of postgres, ")
            for cut in (7, 40, 900, len(data) // 2, len(data) - 1):
                with pytest.raises(Broken, match="cut off"):
                    taken(data[:cut])
        assert taken(plain) == "PostgreSQL dump"
    finally:
        server.psql("SELECT lo_unlink(oid) FROM pg_largeobject_metadata; DROP TABLE kept, empty_one CASCADE")


def begun(path: Path, rate: float = 1e12) -> Examination:
    """A file being read."""
    status = path.stat()
    return Examination((str(path), status.st_mtime_ns, status.st_size, status.st_ino), rate)


async def examined(path: Path) -> Examined:
    """The verdict on a file."""
    return await begun(path).wait(60)


async def test_sqlite_databases(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.executemany("INSERT INTO t VALUES (?)", [(f"row {n}",) for n in range(5000)])
    connection.commit()
    connection.close()
    good = path.read_bytes()

    assert (await examined(path)).condition is Condition.WHOLE
    path.write_bytes(good[:-4096])
    assert (await examined(path)).text == "it is cut off"
    path.write_bytes(good[:8192] + b"\xff" * 4096 + good[12288:])
    damaged = await examined(path)
    assert damaged.condition is Condition.BROKEN
    assert damaged.text.startswith("SQLite says: ")
    path.write_bytes(gzip.compress(good))
    assert (await examined(path)).text.startswith("gzip, SQLite database of ")


async def test_zips(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", ROWS)
        archive.writestr("b", ROWS)
    good = path.read_bytes()

    assert await examined(path) == Examined(Condition.WHOLE, "zip of 2 members")
    path.write_bytes(good[: len(good) // 2])
    assert (await examined(path)).text == "it is cut off: the zip has no directory"
    bad = bytearray(good)
    bad[5000] ^= 0xFF
    path.write_bytes(bad)
    assert (await examined(path)).condition is Condition.BROKEN


async def test_a_kind_nobody_knows_is_not_called_whole(tmp_path: Path) -> None:
    path = tmp_path / "b.age"
    path.write_bytes(b"age-encryption.org/v1\n" + ROWS)

    assert await examined(path) == Examined(Condition.UNKNOWN, "nothing here knows its kind")


async def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(60):
            file.write(b"\0" * (1 << 20))
    tracemalloc.start()
    try:
        verdict = await examined(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert verdict == Examined(Condition.WHOLE, "gzip")
    assert peak < 20 << 20


async def test_reading_keeps_to_its_rate_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "b.gz"
    path.write_bytes(gzip.compress(dump()))
    examination = begun(path, rate=1000)

    first = await examination.wait(0.2)
    examination.stop()
    last = await examination.wait(60)

    assert first.condition is Condition.CHECKING
    assert last.condition is Condition.PARTIAL
    assert last.text == "no damage so far"


def test_programs_agree(tmp_path: Path) -> None:
    """gzip, xz, bzip2 and zstd say of the same files what is said here."""
    data = dump()
    for program, flag in (("gzip", "-t"), ("xz", "-t"), ("bzip2", "-t"), ("zstd", "-t")):
        if shutil.which(program) is None:
            require(program, program)
        packed = PACKERS[program](data)
        suffix = {"gzip": ".gz", "xz": ".xz", "bzip2": ".bz2", "zstd": ".zst"}[program]
        for cut in (len(packed), len(packed) - 1, len(packed) // 2):
            path = tmp_path / f"f{suffix}"
            path.write_bytes(packed[:cut])
            theirs = subprocess.run([program, flag, path], capture_output=True, check=False).returncode == 0
            try:
                taken(packed[:cut])
                ours = True
            except Broken:
                ours = False
            assert ours == theirs, (program, cut)
