"""How long does one question take in a running bot: a dimension, a day, a window?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.burn_in import BurnIn
from metrics.repeat import first_repeat_rate
from metrics.segment import ALL
from metrics.table import Asked, segment_table
from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import kept
from tests.bench.questions import COMPARED, Question, questions_of

if TYPE_CHECKING:
    from datetime import date

TABLES = 300
CROSSED = 40


def main() -> None:
    """Print the 95th percentile of many questions and the answers to the first of them."""
    path, _ = kept.arguments()
    asked = questions_of(path)
    store = Store(path, kept.RULES)
    start = store.counts(ALL).start or asked[0].as_of
    told = {
        "drill": {str(one): drill(store, one, start) for one in asked[:COMPARED]},
        "cross": {str(one): cross(store, one) for one in asked[:COMPARED]},
    }
    for name in bench.DIMENSIONS:
        table(store, next(one for one in asked if one.dimension == name), start)
    drills = [kept.timed(lambda one=one: drill(store, one, start)) for one in asked]  # type: ignore[misc]
    tables = [kept.timed(lambda one=one: table(store, one, start)) for one in asked[:TABLES]]  # type: ignore[misc]
    crosses = [kept.timed(lambda one=one: cross(store, one)) for one in asked[:CROSSED]]  # type: ignore[misc]
    more = {"p50": percentile(drills, 50), "cross": percentile(crosses, 95), "cross_p50": percentile(crosses, 50)}
    more |= {"table": percentile(tables, 95), "table_p50": percentile(tables, 50)}
    bench.say(told, percentile(drills, 95), **more)


def drill(store: Store, question: Question, start: date) -> dict[str, object]:
    """Rate, gap and idle customers of every label of the dimension."""
    counts = store.counts(question.dimension)
    found = kept.cells(counts, kept.window(question.as_of, question.days), question.as_of, start)
    return {label: cell._asdict() for label, cell in found.items()}


def table(store: Store, question: Question, start: date) -> object:
    """The table that /kpi shows for it."""
    period = kept.window(question.as_of, question.days)
    counts = store.counts(question.dimension)
    return segment_table(counts, question.as_of, BurnIn(start, 0), Asked(period=period))


def cross(store: Store, question: Question) -> dict[str, list[int]]:
    """The rate by the dimension, of the customers with one label of another."""
    counts = store.cohort_counts(question.dimension, {question.other: question.label})
    rates = first_repeat_rate(counts, kept.window(question.as_of, question.days))
    return {label: [rate.n, rate.k or 0] for label, rate in zip(counts.labels, rates, strict=True) if rate.n}


def percentile(seconds: list[float], percent: int) -> float:
    """The smallest of them that so many per cent do not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
