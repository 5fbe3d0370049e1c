"""How is a run of the bench told, on the terminal and in docs/performance.md?"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import goals
from tests.bench.contest import (
    BOT,
    DAILY,
    DIGEST,
    DRILL,
    DUCKDB,
    DUCKDB_CSV,
    DUCKDB_DRILL,
    IMPORT,
    PANDAS,
    PANDAS_CSV,
    POLARS,
    POLARS_CSV,
    READ_CSV,
    READ_ONCE,
    REBUILD,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.contest import Contender, Measured

BEGIN, END = "<!-- results: written by `python -m tests.bench --write` -->", "<!-- end of results -->"
PACKAGES = ("duckdb", "numpy", "pandas", "polars", "pyarrow")

TABLES: tuple[tuple[str, Contender, tuple[Contender, ...]], ...] = (
    ("Digest, the rivals from their best file, Asakai from its counts", DIGEST, (PANDAS, POLARS, DUCKDB, READ_ONCE)),
    ("Daily run; a rival's is its digest again", DAILY, (PANDAS, POLARS, DUCKDB)),
    ("One question: dimension, day, window", DRILL, (DUCKDB_DRILL,)),
    ("Counting everything anew, against one digest", REBUILD, (DUCKDB,)),
    ("CSV to digest, nothing prepared", IMPORT, (PANDAS_CSV, POLARS_CSV, DUCKDB_CSV)),
)
"""Title, our contender, and whom it is held against."""


class MarksMissingError(Exception):
    """The file has no place for the results."""


def whole(races: Mapping[int, Mapping[Contender, Measured]], runs: int) -> list[str]:
    """The results as Markdown: the goals first."""
    told = [f"{where()} Medians of {runs} runs. `asakai --help`: {seconds(help_seconds(runs))}.", ""]
    told += [*goals.table(races), ""]
    told += [line for grown in goals.growth(races) for line in (grown, "")]
    for orders, race in sorted(races.items()):
        told += of_size(orders, race)
    return told


def help_seconds(runs: int) -> float:
    """How long `asakai --help` takes as a process, the median; the house wants less than 0.3 s."""

    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bot", "--help"], check=True, capture_output=True)
        return time.perf_counter() - started

    return median(once() for _ in range(runs))


def of_size(orders: int, race: Mapping[Contender, Measured]) -> list[str]:
    """Everything that was measured with so many orders."""
    told = []
    for title, ours, others in TABLES:
        told += [f"### {orders:,} orders: {title}", "", *lines([race[ours], *map(race.__getitem__, others)]), ""]
    return [*told, f"### {orders:,} orders: parts", "", *parts(race), ""]


def lines(measured: Sequence[Measured]) -> list[str]:
    """Median, range and memory, and how many times the first one's: one Markdown row each."""
    rows = ["| contender | median | fastest – slowest | peak MB | times ours |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in measured:
        spread = f"{seconds(min(one.seconds))} – {seconds(max(one.seconds))}"
        ratio = f"{one.median / measured[0].median:,.1f}"
        rows.append(f"| {one.name} | {seconds(one.median)} | {spread} | {one.peak_mb:,.0f} | {ratio} |")
    return rows


def parts(race: Mapping[Contender, Measured]) -> list[str]:
    """What the times are made of, and what surrounds them."""
    day, drill, digest = race[DAILY].more, race[DRILL].more, race[DIGEST].more
    cold, bot, read_csv = race[IMPORT].more, race[BOT], race[READ_CSV].median
    told = {
        "Daily run": f"import of the day's file {seconds(day['fold'])}, taking notice {seconds(day['refresh'])},"
        f" digest {seconds(day['digest'])}",
        "One question": f"half of them within {seconds(drill['p50'])}; as the table of `/kpi`"
        f" {seconds(drill['table_p50'])}, p95 {seconds(drill['table'])}; crossed with a second dimension"
        f" {seconds(drill['cross_p50'])}, p95 {seconds(drill['cross'])}",
        "Start": f"counts read in {seconds(digest['load'])}, the first digest {seconds(digest['first'])} later",
        "Product": f"the whole report with three segment tables {seconds(digest['report'])}, a page ready to be posted"
        f" {seconds(bot.median)}",
        "Import, against DuckDB's read_csv": f"read and checked {_against(cold['staged'], read_csv)}"
        + (f", checked and stored {_against(cold['stored'], read_csv)}" if "stored" in cold else "")
        + f", with everything counted {_against(cold['import'], read_csv)}, of {seconds(read_csv)}",
        "Running bot": f"{bot.more['resident_mb']:,.0f} MB resident, {bot.peak_mb:,.0f} MB at most",
    }
    return [f"- {name}: {text}." for name, text in told.items()]


def _against(ours: float, other: float) -> str:
    return f"{seconds(ours)} ({ours / other:.2f} x)"


def seconds(value: float) -> str:
    """A time with three digits and the unit that suits it."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1000:.3g} ms"


def where() -> str:
    """On which machine and with what, and how busy it was."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if find_spec(name))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{date.today().isoformat()}, {os.cpu_count()} cores ({_processor()}), {platform.system()},"  # noqa: DTZ011 - the reader's day
        f" load {load} at the end, Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    names = [line for line in known.read_text().splitlines() if line.startswith("model name")] if known.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.machine()


def write(path: Path, told: Sequence[str]) -> None:
    """Put the results between the marks of the file."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise MarksMissingError(str(path))
    path.write_text("\n".join([before + begin, "", *told, end + after]), encoding="utf-8")
