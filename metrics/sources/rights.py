"""What may the role behind a source's URL do besides reading? Session settings are belts, a GRANT is the boundary."""

from __future__ import annotations

import re

import sqlalchemy as sa

from metrics.sources.database import connected, engine, query_problems

_POSTGRES = """
SELECT found FROM (
    SELECT 1 AS place, 'superuser' AS found FROM pg_roles WHERE rolname = current_user AND rolsuper
    UNION ALL
    SELECT 2, n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    UNION ALL
    SELECT 3, n.nspname || '.*' FROM pg_namespace n
    WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(n.oid, 'CREATE')
) rights ORDER BY place, found LIMIT 3
"""
_MYSQL = "SHOW GRANTS FOR CURRENT_USER()"
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<where>\S+) TO ", re.IGNORECASE)
_READS = frozenset({"select", "usage", "show view", "show databases", "process", "references"})


def writes(url: str) -> tuple[str, ...]:
    """Up to three things that the role could write to, () where it can only read; raises a Problem like a read."""
    database = engine(url)
    kind = database.dialect.name
    try:
        if kind not in {"postgresql", "mysql", "mariadb"}:
            return ()  # a file is opened for reading
        with connected(database) as live, query_problems(database.url):
            if kind == "postgresql":
                return tuple(live.execute(sa.text(_POSTGRES)).scalars())
            grants = live.exec_driver_sql(_MYSQL).scalars()
            return tuple(where for where in map(_written, map(str, grants)) if where)[:3]
    finally:
        database.dispose()


def _written(grant: str) -> str:
    """Where a grant of MySQL's allows more than reading; "" where it does not."""
    found = _GRANT.match(grant)
    if found is None:
        return ""
    rights = {right.split("(")[0].strip().casefold() for right in found["rights"].split(",")}
    return "" if rights <= _READS else found["where"].replace("`", "")
