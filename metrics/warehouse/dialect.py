"""What do SQL engines say differently?

Everything else in `reduce.py` is written once. A new engine needs its lines here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class wall_second(FunctionElement[int]):  # noqa: N801 - named like the SQL functions it stands among
    """Seconds from 1970-01-01 00:00 to a naive timestamp, read on the same clock."""

    type = BigInteger()
    inherit_cache = True


class day_of(FunctionElement[int]):  # noqa: N801 - named like the SQL functions it stands among
    """Day number of a second: the quotient by 86,400, rounded down."""

    type = Integer()
    inherit_cache = True


class exact(FunctionElement[str]):  # noqa: N801 - named like the SQL functions it stands among
    """Text compared and sorted by its code points, whatever the database's collation."""

    type = Text()
    inherit_cache = True


class trimmed(FunctionElement[str]):  # noqa: N801 - named like the SQL functions it stands among
    """Text without outer spaces of any kind."""

    type = Text()
    inherit_cache = True


def argument(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    """The SQL that a construct is called with."""
    return str(compiler.process(element.clauses, **kw))


@compiles(wall_second, "duckdb")
def _(element: wall_second, compiler: Any, **kw: Any) -> str:
    return f"(epoch_us({argument(element, compiler, **kw)}) // 1000000)"


@compiles(wall_second, "postgresql")
def _(element: wall_second, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {argument(element, compiler, **kw)})) AS BIGINT)"


@compiles(wall_second, "sqlite")
def _(element: wall_second, compiler: Any, **kw: Any) -> str:
    return f"CAST(strftime('%s', {argument(element, compiler, **kw)}) AS INTEGER)"


@compiles(wall_second, "mysql")
@compiles(wall_second, "mariadb")
def _(element: wall_second, compiler: Any, **kw: Any) -> str:
    return f"TIMESTAMPDIFF(SECOND, '1970-01-01', {argument(element, compiler, **kw)})"


@compiles(day_of)
def _(element: day_of, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor({argument(element, compiler, **kw)} / 86400.0) AS INTEGER)"


@compiles(day_of, "duckdb")
def _(element: day_of, compiler: Any, **kw: Any) -> str:
    return f"CAST({argument(element, compiler, **kw)} // 86400 AS INTEGER)"


@compiles(day_of, "mysql")
@compiles(day_of, "mariadb")
def _(element: day_of, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor({argument(element, compiler, **kw)} / 86400) AS SIGNED)"


@compiles(exact)
def _(element: exact, compiler: Any, **kw: Any) -> str:
    return argument(element, compiler, **kw)


@compiles(exact, "postgresql")
def _(element: exact, compiler: Any, **kw: Any) -> str:
    return f'({argument(element, compiler, **kw)} COLLATE "C")'


@compiles(exact, "mysql")
@compiles(exact, "mariadb")
def _(element: exact, compiler: Any, **kw: Any) -> str:
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    return f"(CONVERT({argument(element, compiler, **kw)} USING utf8mb4) COLLATE {collation})"


SPACES = " \t\n\r\u3000\u00a0"


@compiles(trimmed)
def _(element: trimmed, compiler: Any, **kw: Any) -> str:
    return f"trim({argument(element, compiler, **kw)}, '{SPACES}')"


@compiles(trimmed, "postgresql")
def _(element: trimmed, compiler: Any, **kw: Any) -> str:
    return f"btrim({argument(element, compiler, **kw)}, '{SPACES}')"


@compiles(trimmed, "mysql")
@compiles(trimmed, "mariadb")
def _(element: trimmed, compiler: Any, **kw: Any) -> str:
    return f"REGEXP_REPLACE({argument(element, compiler, **kw)}, '^[{SPACES}]+|[{SPACES}]+$', '')"
