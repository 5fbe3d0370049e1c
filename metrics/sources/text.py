"""What text is in the file: which encoding, which delimiter, which header?

DuckDB reads plain UTF-8 by itself. Whatever else a shop exports (gzip, CP932,
UTF-16, EUC-JP) is first written as plain UTF-8 beside it, and a file whose
records DuckDB refuses (ragged rows, mixed line ends) is written once more as a
clean one that remembers the row numbers of the original.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import shutil
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

from metrics.problem import Problem

SAMPLE_BYTES = 1 << 20
LONGEST_CELL = 1 << 20
SMALL_BYTES = 100 << 20
MOST_TIMES = 200
"""What unpacks to more than 100 MB and to more than 200 times its size is no table."""
DELIMITERS = (",", "\t", ";", "|")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_PICTURES = (b"\x89PNG", b"%PDF", b"\xff\xd8\xff", b"GIF8")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_JIS = re.compile(rb"\x1b(\$[@B(]|\([BIJ])")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_END = "\x00end\x00"


class SourceNotFound(Problem):
    """There is no such file."""

    key = "file_not_found"


class SourceIsFolder(Problem):
    """The path names a folder."""

    key = "file_is_folder"


class SourceUnreadable(Problem):
    """The file is there, but the system does not let it be read."""

    key = "file_unreadable"


class SourceEmpty(Problem):
    """Not a single character is in the file."""

    key = "file_empty"


class SourceHeaderOnly(Problem):
    """A header, and not one order below it."""

    key = "file_header_only"


class SourceBinary(Problem):
    """The bytes are no text."""

    key = "file_binary"


class SourceSpreadsheet(Problem):
    """An Excel workbook (or another zip) where a CSV is expected."""

    key = "file_spreadsheet"


class SourceMarkup(Problem):
    """A web page or a program's data, and no table."""

    key = "file_markup"


class WrongEncoding(Problem):
    """The text is in none of the encodings that are read."""

    key = "file_encoding"


class TruncatedGzip(Problem):
    """The compressed file ends early or is damaged."""

    key = "file_gzip_damaged"


class PackedTooTight(Problem):
    """A zip or gzip that would fill the disk when unpacked."""

    key = "file_packed_too_tight"


class CellTooLong(Problem):
    """A cell goes on and on: most likely its quotation mark is closed nowhere near."""

    key = "file_cell_too_long"


class NotAFile(Problem):
    """A pipe or a device: it can be read only once, and to open it may wait for ever."""

    key = "file_is_no_file"


class UnclosedQuote(Problem):
    """A quotation mark is opened and never closed."""

    key = "file_unclosed_quote"


@dataclass(frozen=True, slots=True)
class Text:
    """A file that DuckDB can try to read: plain UTF-8, one header row first.

    `path` is where the text is (the file itself or a converted copy), `name` what a
    person calls it. `leading_blank`: blank lines come before the header. `above`: rows of the original above it.
    sheet: of a workbook, where it is not the first.
    """

    path: Path
    name: str
    delimiter: str
    header: tuple[str, ...]
    leading_blank: bool
    above: int = 0
    sheet: str = ""


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """A header name as it is compared: NFKC, no outer spaces, lower case, words joined by _."""
    folded = unicodedata.normalize("NFKC", name).lstrip("\ufeff").strip().casefold()
    return re.sub(r"[\s\-]+", "_", folded)


def open_text(path: Path, scratch: Path, known: frozenset[str], name: str = "") -> Text:
    """The file as plain UTF-8 text; converted copies go to `scratch`.

    `known` are the column names that help to tell the delimiter; `name`: what a person calls the file.
    """
    name = name or path.name
    head = _head(path, name)
    plain = path
    if head.startswith(_GZIP):
        plain = _unpacked(path, scratch)
        head = _head(plain, name)
    _refuse_binary(head, name)
    _refuse_markup(head, name)
    if not _is_utf8(head):
        plain = _transcoded(plain, scratch, name)
        head = _head(plain, name)
    if any(sign in str(plain) for sign in "*?["):
        plain = _linked(plain, scratch)
    return _described(plain, name, head, known)


def repaired(text: Text, scratch: Path) -> Path:
    """The same records, each with its row number and how many cells it had, in a clean CSV.

    Columns: row, cells, then one per header column; blank lines are left out.
    """
    clean = scratch / "repaired.csv"
    width = len(text.header)
    with clean.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["row", "cells", *range(width)])
        for row, cells in _records(text):
            padded = [*cells[:width], *[""] * (width - len(cells))]
            writer.writerow([row, _width(cells, width), *padded])
    return clean


def first_records(text: Text, count: int) -> list[list[str]]:
    """The cells of the first rows below the header, each as wide as the header."""
    width = len(text.header)
    return [[*cells[:width], *[""] * (width - len(cells))] for _, cells in islice(_records(text), count)]


def without_first_rows(text: Text, rows: int, scratch: Path, known: frozenset[str]) -> Text:
    """The text from its n-th row on: some exports begin with a title and a period."""
    rest = scratch / "rest.csv"
    with text.path.open("rb") as source, rest.open("wb") as out:
        for _ in range(rows):
            source.readline()
        shutil.copyfileobj(source, out, SAMPLE_BYTES)
    found = _described(rest, text.name, _head(rest, text.name), known)
    return replace(found, above=text.above + rows, sheet=text.sheet)


def has_blank_lines(path: Path) -> bool:
    """Whether two line ends follow each other anywhere."""
    pairs = (b"\n\n", b"\r\r", b"\n\r\n")
    tail = b""
    with path.open("rb") as file:
        while block := file.read(SAMPLE_BYTES):
            if any(pair in tail + block for pair in pairs):
                return True
            tail = block[-2:]
    return False


def _head(path: Path, name: str | None = None) -> bytes:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise NotAFile(path=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
    except FileNotFoundError as error:
        raise SourceNotFound(path=str(path)) from error
    except IsADirectoryError as error:
        raise SourceIsFolder(path=str(path)) from error
    except OSError as error:
        raise SourceUnreadable(path=str(path), why=error.strerror or "") from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise SourceEmpty(path=name or path.name)
    return head


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith((_ZIP, _OLE)):
        raise SourceSpreadsheet(path=name)
    odd = not head.startswith((*_UTF16, *_UTF32)) and _BINARY.search(head[:4096].split(b"\n", 1)[0])
    if odd or head.startswith(_PICTURES):
        raise SourceBinary(path=name)


def _refuse_markup(head: bytes, name: str) -> None:
    """Some shops export a web page and call it .xls."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"[{", b'{"')):
        raise SourceMarkup(path=name, what="JSON" if start[:1] in b"[{" else "HTML/XML")


def _unpacked(path: Path, scratch: Path) -> Path:
    plain = scratch / "unpacked.csv"
    try:
        with gzip.open(path, "rb") as packed, plain.open("wb") as out:
            left = max(SMALL_BYTES, MOST_TIMES * path.stat().st_size)
            while block := packed.read(SAMPLE_BYTES):
                left -= len(block)
                if left < 0:
                    raise PackedTooTight(path=path.name)
                out.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TruncatedGzip(path=path.name) from error
    return plain


def _linked(path: Path, scratch: Path) -> Path:
    """A name without the signs that DuckDB would read as a pattern of names."""
    link = scratch / "linked.csv"
    link.symlink_to(path.resolve())
    return link


def _is_utf8(head: bytes) -> bool:
    if head.startswith((*_UTF16, *_UTF32)) or b"\0" in head or _JIS.search(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(path: Path, name: str) -> str:
    """The encoding in which the whole file can be read, tried in a fixed order."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith((*_UTF32, *_UTF16)):
        return "utf-32" if head.startswith(_UTF32) else "utf-16"
    if _JIS.search(head) and _undecodable_row(path, "iso2022_jp_ext") is None:
        return "iso2022_jp_ext"
    broken = _undecodable_row(path, "utf-8")
    if broken is None:
        return "utf-8-sig"
    if _mostly_utf8(path):
        raise WrongEncoding(path=name, row=broken)
    found = [encoding for encoding in ("cp932", "euc_jp") if _undecodable_row(path, encoding) is None]
    if not found:
        raise WrongEncoding(path=name, row=_undecodable_row(path, "cp932"))
    return "euc_jp" if "euc_jp" in found and _reads_as_kana(head) else found[0]


def _mostly_utf8(path: Path) -> bool:
    """Whether most rows beyond ASCII are UTF-8: such a file is damaged UTF-8, and no other encoding."""
    good = bad = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
    return good > bad


def _reads_as_kana(head: bytes) -> bool:
    """EUC-JP read as CP932 is mostly half-width kana; real CP932 text hardly is."""
    letters = [sign for sign in head.decode("cp932", "ignore") if not sign.isascii()]
    return len(_HALF_WIDTH_KANA.findall("".join(letters))) * 2 > len(letters)


def _undecodable_row(path: Path, encoding: str) -> int | None:
    """The first row that is not valid in the encoding; None where all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    row = 1
    with path.open("rb") as file:
        while block := file.read(SAMPLE_BYTES):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return row + error.object[: error.start].count(b"\n")
            row += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return row
    return None


def _transcoded(path: Path, scratch: Path, name: str) -> Path:
    encoding = _encoding(path, name)
    plain = scratch / "utf8.csv"
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            plain.open("w", encoding="utf-8", newline="") as out,
        ):
            while block := source.read(SAMPLE_BYTES):
                out.write(block.replace("\0", ""))
    except UnicodeDecodeError as error:
        raise WrongEncoding(path=name, row=1) from error
    return plain


def _described(path: Path, name: str, head: bytes, known: frozenset[str]) -> Text:
    sample = head.decode("utf-8-sig", "ignore")
    body = sample.lstrip("\r\n")
    headers = {delimiter: _first_record(body, delimiter) for delimiter in DELIMITERS}
    best = max(
        DELIMITERS, key=lambda delimiter: (len(known & {*map(normal, headers[delimiter])}), len(headers[delimiter]))
    )
    return Text(path, name, best, headers[best], leading_blank=body != sample)


def _first_record(sample: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)))
    except csv.Error:
        return ()


def _records(text: Text) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of every row below the header that is not blank."""
    encoding = _encoding(text.path, text.name)
    csv.field_size_limit(LONGEST_CELL)
    with text.path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(chain(file, ["\n", _END]), delimiter=text.delimiter)
        row = start = 0
        try:
            for row, cells in enumerate(reader, start=1):
                if cells == [_END]:
                    return
                if not any(cell.strip() for cell in cells):
                    continue
                if not start:
                    start = row
                    continue
                if any(_END in cell for cell in cells):
                    raise UnclosedQuote(path=text.name, row=row)
                yield row, cells
        except csv.Error as error:
            raise CellTooLong(path=text.name, row=row + 1, most=LONGEST_CELL) from error


def _width(cells: list[str], width: int) -> int:
    """How many cells the row has; empty ones beyond the header do not count."""
    return width if not any(cells[width:]) and len(cells) > width else len(cells)
