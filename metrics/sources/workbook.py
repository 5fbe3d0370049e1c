"""What is in a workbook or a zip, as text that the other rooms can read?

A workbook's sheet is written as CSV, row by row; a zip with one table in it is unpacked.
What unpacks to far more than a table would is refused before it fills the disk.
"""

from __future__ import annotations

import csv
import shutil
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from metrics.problem import Problem
from metrics.sources.text import MOST_TIMES, SAMPLE_BYTES, SMALL_BYTES, PackedTooTight, SourceSpreadsheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_TABLES = (".csv", ".tsv", ".txt")


class NoSuchSheet(Problem):
    """The workbook has no sheet of that name."""

    key = "no_such_sheet"


class WorkbookDamaged(Problem):
    """A workbook or zip that cannot be read: damaged, or protected by a password."""

    key = "workbook_damaged"


class ZipOfSeveral(Problem):
    """A zip that holds no table, or more than one."""

    key = "zip_of_several"


def as_text(path: Path, scratch: Path, sheet: str = "") -> Path:
    """The path itself, or a CSV of the workbook's sheet (the first, or that name), or what the zip holds."""
    head = _head(path)
    if head.startswith(_OLE):
        return _sheet(path, scratch, sheet)
    if not head.startswith(_ZIP):
        return path
    try:
        with zipfile.ZipFile(path) as packed:
            _refuse_bomb(packed, path)
            names = packed.namelist()
            if not any(name == "[Content_Types].xml" or name.startswith("xl/") for name in names):
                return _unzipped(packed, path, scratch)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WorkbookDamaged(path=path.name) from error
    return _sheet(path, scratch, sheet)


def sheet_names(path: Path) -> list[str]:
    """The names of a workbook's sheets; none where it is no workbook."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError  # noqa: PLC0415  rarely needed

    if not _head(path).startswith((_OLE, _ZIP)):
        return []
    try:
        with path.open("rb") as file:
            return list(CalamineWorkbook.from_filelike(file).sheet_names)
    except (CalamineError, PasswordError, ZipError, OSError):
        return []


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""  # whoever opens it next has the words for it
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def _refuse_bomb(packed: zipfile.ZipFile, path: Path) -> None:
    size = sum(one.file_size for one in packed.infolist())
    if size > SMALL_BYTES and size > MOST_TIMES * path.stat().st_size:
        raise PackedTooTight(path=path.name)


def _unzipped(packed: zipfile.ZipFile, path: Path, scratch: Path) -> Path:
    tables = [
        one
        for one in packed.infolist()
        if PurePosixPath(one.filename).suffix.lower() in _TABLES and not one.filename.startswith("__MACOSX/")
    ]
    if len(tables) != 1:
        raise ZipOfSeveral(path=path.name, count=len(tables))
    plain = scratch / "unzipped.csv"
    most = max(SMALL_BYTES, MOST_TIMES * path.stat().st_size)
    with packed.open(tables[0]) as source, plain.open("wb") as out:
        left = most
        while block := source.read(SAMPLE_BYTES):
            left -= len(block)
            if left < 0:  # the directory of a zip can lie about sizes
                raise PackedTooTight(path=path.name)
            out.write(block)
    return plain


def _sheet(path: Path, scratch: Path, wanted: str) -> Path:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError  # noqa: PLC0415  rarely needed

    copy = scratch / "workbook"
    shutil.copyfile(path, copy)  # read by what it holds, whatever its name ends in
    try:
        book = CalamineWorkbook.from_path(str(copy))
        names = book.sheet_names
        if wanted and wanted not in names:
            raise NoSuchSheet(path=path.name, name=wanted, known=tuple(names))
        if not names:
            raise SourceSpreadsheet(path=path.name)
        sheet = book.get_sheet_by_name(wanted or names[0])
        plain = scratch / "sheet.csv"
        with plain.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(_rows(sheet.iter_rows()))
    except (CalamineError, PasswordError, ZipError, OSError) as error:
        raise WorkbookDamaged(path=path.name) from error
    return plain


def _rows(rows: Iterable[Sequence[object]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(cell) for cell in row]


def _cell(cell: object) -> str:
    """A cell as a CSV would hold it: 1980 and not 1980.0, dates as ISO."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)
