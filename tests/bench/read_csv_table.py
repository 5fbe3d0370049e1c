"""How long does DuckDB's own read_csv take to make a table of the CSV, in a new file?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from tests.bench import answer as bench
from tests.bench import kept


def table(path: Path, target: Path) -> None:
    """The CSV as a table on disk, until the file is closed."""
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"CREATE TABLE t AS FROM read_csv('{path}')")


def main() -> None:
    """Print the seconds."""
    path, _ = kept.arguments()
    with tempfile.TemporaryDirectory(prefix="asakai-bench-", dir=path.parent) as folder:
        seconds = kept.timed(lambda: table(path, Path(folder) / "t.duckdb"))
        bench.say(None, seconds)


if __name__ == "__main__":
    main()
