"""How long does one question take when DuckDB is asked over the raw orders?

The query of `duckdb_query`, with the labels of one dimension only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.bench import answer as bench
from tests.bench import duckdb_query, kept
from tests.bench.questions import COMPARED, Question, questions_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def main() -> None:
    """Print the seconds of a few questions, and their answers."""
    path, _ = kept.arguments()
    connection, orders = duckdb_query.opened(path), duckdb_query.orders_in(path)
    told: dict[str, dict[str, object]] = {"drill": {}, "cross": {}}
    seconds = []
    for question in questions_of(path)[:COMPARED]:
        started = time.perf_counter()
        told["drill"][str(question)] = drill(connection, orders, question)
        seconds.append(time.perf_counter() - started)
        told["cross"][str(question)] = cross(connection, orders, question)
    bench.say(told, seconds)


def drill(connection: DuckDBPyConnection, orders: str, question: Question) -> dict[str, object]:
    """Rate, gap and idle customers of every label of the dimension."""
    connection.execute(duckdb_query.customers(orders, question.as_of, (question.dimension,)))
    numbers = duckdb_query.numbers(question.as_of, question.days)
    rows = connection.execute(f"SELECT {question.dimension}, {numbers} FROM customers GROUP BY ALL").fetchall()
    return {str(label): bench.cell(counted)._asdict() for label, *counted in rows}


def cross(connection: DuckDBPyConnection, orders: str, question: Question) -> dict[str, list[int]]:
    """The rate by the dimension, of the customers with one label of another."""
    connection.execute(duckdb_query.customers(orders, question.as_of, (question.dimension, question.other)))
    rows = connection.execute(
        f"SELECT {question.dimension}, {duckdb_query.rate(question.as_of, question.days)} FROM customers"
        f" WHERE {question.other} = ? GROUP BY ALL",
        [question.label],
    ).fetchall()
    return {str(label): [n, k] for label, n, k in sorted(rows) if n}


if __name__ == "__main__":
    main()
