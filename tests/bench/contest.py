"""Who answers the same question, how often are they asked, and how do they compare?

Every run is a process of its own, and the contenders take turns, so that a noisy
minute hits all of them. Answers are compared before any time is looked at: a
fast wrong answer is out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

RUNS = 5


@dataclass(frozen=True, slots=True)
class Contender:
    """A module `tests.bench.<module>` that prints answer, seconds and peak MB for FILE and AS_OF.

    `question`: contenders of the same question must answer the same. `suffix`: the form
    of the orders it is given. `once`: it repeats its work by itself.
    """

    name: str
    module: str
    suffix: str
    question: str = "digest"
    once: bool = False


PANDAS = Contender("pandas script (Parquet)", "pandas_script", ".parquet")
POLARS = Contender("polars lazy (Parquet)", "polars_lazy", ".parquet")
DUCKDB = Contender("DuckDB by hand (its own table)", "duckdb_query", ".duckdb")
READ_ONCE = Contender("reading the orders once (memory)", "read_once", ".duckdb")
PANDAS_CSV = Contender("pandas script (CSV)", "pandas_script", ".csv")
POLARS_CSV = Contender("polars lazy (CSV)", "polars_lazy", ".csv")
DUCKDB_CSV = Contender("DuckDB by hand (CSV)", "duckdb_query", ".csv")
DUCKDB_DRILL = Contender("DuckDB by hand, one dimension", "duckdb_drill", ".duckdb", "drill")
READ_CSV = Contender("DuckDB's read_csv into a table", "read_csv_table", ".csv", "import")

STORE = ".kept.duckdb"
DIGEST = Contender("Asakai, running", "asakai_digest", STORE)
DAILY = Contender("Asakai, daily run (fold, digest)", "asakai_daily", STORE, "daily", once=True)
DRILL = Contender("Asakai, running (p95)", "asakai_drill", STORE, "drill")
REBUILD = Contender("Asakai, counting everything anew", "asakai_rebuild", STORE)
IMPORT = Contender("Asakai, new store (CSV)", "asakai_import", ".csv")
BOT = Contender("Asakai, bot at rest", "asakai_bot", STORE, "memory")

RIVALS: tuple[Contender, ...] = (
    PANDAS,
    POLARS,
    DUCKDB,
    READ_ONCE,
    PANDAS_CSV,
    POLARS_CSV,
    DUCKDB_CSV,
    DUCKDB_DRILL,
    READ_CSV,
)
OURS: tuple[Contender, ...] = (DIGEST, DAILY, DRILL, REBUILD, IMPORT, BOT)


class WrongAnswerError(Exception):
    """Two contenders disagree, or one failed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender's answer, seconds of every run, most memory of any run, and the medians of what else it tells."""

    name: str
    answer: object
    seconds: tuple[float, ...]
    peak_mb: float
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the runs, in seconds."""
        return median(self.seconds)


def race(
    contenders: Sequence[Contender],
    orders: Path,
    as_of: date,
    runs: int = RUNS,
    note: Callable[[str], None] = lambda _: None,
) -> dict[Contender, Measured]:
    """Let the contenders take turns, `runs` times; `orders` is the path without its suffix."""
    told: dict[Contender, list[dict[str, object]]] = defaultdict(list)
    for run in range(runs):
        for contender in contenders:
            if not (contender.once and run):
                note(f"round {run + 1} of {runs}: {contender.name}")
                told[contender].append(ask(contender, orders, as_of))
    measured = {contender: summed_up(contender, told[contender]) for contender in contenders}
    for question in {contender.question for contender in contenders}:
        agree(one for contender, one in measured.items() if contender.question == question)
    return measured


def measure(contender: Contender, orders: Path, as_of: date, runs: int = RUNS) -> Measured:
    """Ask one contender `runs` times."""
    return race([contender], orders, as_of, runs)[contender]


def ask(contender: Contender, orders: Path, as_of: date) -> dict[str, object]:
    """One run in a process of its own; raises WrongAnswerError when it fails."""
    path = orders.with_suffix(contender.suffix)
    command = [sys.executable, "-m", f"tests.bench.{contender.module}", str(path), as_of.isoformat()]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise WrongAnswerError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def summed_up(contender: Contender, told: Sequence[Mapping[str, object]]) -> Measured:
    """The runs of one contender, which must all answer the same."""
    runs = [Run(**run) for run in told]  # type: ignore[arg-type] # JSON has no types; Run names what must be there
    for run in runs[1:]:
        if run.answer != runs[0].answer:
            raise WrongAnswerError(f"{contender.name} answers now this, now that")
    return Measured(
        contender.name,
        runs[0].answer,
        tuple(seconds for run in runs for seconds in run.seconds),
        max(run.peak_mb for run in runs),
        {key: median(run.more[key] for run in runs) for key in runs[0].more},
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What one process printed."""

    answer: object
    seconds: Sequence[float]
    peak_mb: float
    more: Mapping[str, float]


def agree(measured: Iterable[Measured]) -> None:
    """Raise WrongAnswerError where two answers differ; who answers nothing is not compared."""
    answers = [one for one in measured if one.answer is not None]
    for other in answers[1:]:
        if other.answer != answers[0].answer:
            raise WrongAnswerError(f"{other.name} differs from {answers[0].name}: {difference(answers[0], other)}")


def difference(one: Measured, other: Measured) -> str:
    """The first place where two answers part."""
    left, right = flat(one.answer), flat(other.answer)
    places = [place for place in sorted(left.keys() | right.keys()) if left.get(place) != right.get(place)]
    return f"{places[0]}: {left.get(places[0])} / {right.get(places[0])}, in all {len(places)}"


def flat(value: object, place: str = "") -> dict[str, object]:
    """Nested dictionaries as one, by path."""
    if not isinstance(value, dict):
        return {place: value}
    return {path: leaf for key, inner in value.items() for path, leaf in flat(inner, f"{place}/{key}").items()}
