"""Which rows can be taken, and what is wrong with the others?

Files and databases are checked by the same SQL: one pass makes the table `staged`, in
which a row that cannot be taken has no order id, no instant or no amount. Only
where there are such rows are they read again, and each gets its reason.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.landing import CannotLand
from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources import cells
from metrics.sources.columns import IDENTITY, Layout
from metrics.sources.mapping import Mapping

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 20
BAD_SHARE = 0.01
VALID = "order_id IS NOT NULL AND ordered_at IS NOT NULL AND amount IS NOT NULL"
_ORDER = ("order_id", "customer_id", "ordered_at", "amount", "status", "subscription_id", "cycle_no", "first_flag")
_ABSENT = {"status": "''", "cycle_no": "NULL::INTEGER", "first_flag": "NULL::BOOLEAN"}
_LIST_HEADER = "file,row,column,value,reason"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ErrorsFileTaken(Problem):
    """The list of bad rows would overwrite something else."""

    key = "errors_file_taken"


class ErrorsFileFailed(Problem):
    """The list of bad rows cannot be written."""

    key = "file_failed"


class CurrencyMismatch(Problem):
    """Every amount is in another currency than the shop's."""

    key = "currency_mismatch"


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that stays out: where it is and what is wrong with it.

    `row` counts as a person does: the header is row 1 (in a query's result the first
    row is 1). `reason_key` names the sentence `bad_row.<reason_key>`.
    """

    file: str
    row: int
    column: str
    value: str
    reason_key: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What was read into `incoming`.

    rows = accepted + rejected + ignored; `ignored`: empty rows, and cancelled orders without a
    date. `lines`: of the file, where several make an order; `mapping`: what read it, where it is a platform's.
    `duplicates`: accepted rows whose order id comes again later (the later one wins).
    `unidentified`: accepted rows without a customer. `oldest_at`, `newest_at`: shop-local.
    """

    rows: int
    accepted: int
    rejected: int
    ignored: int
    bad: tuple[BadRow, ...]
    duplicates: int
    unidentified: int
    oldest_at: datetime | None
    newest_at: datetime | None
    lines: int = 0
    mapping: Mapping | None = None

    @property
    def bad_count(self) -> int:
        """The same as `rejected`."""
        return self.rejected


class TooManyBadRows(Problem):
    """More than 1 % of the rows are bad; `staged` holds the first of them."""

    key = "too_many_bad_rows"

    def __init__(self, staged: Staged, file: str) -> None:
        self.staged = staged
        percent = round(100 * staged.rejected / staged.rows, 1)
        super().__init__(path=file, bad=staged.rejected, rows=staged.rows, percent=percent)


def register(connection: DuckDBPyConnection, columns: Layout) -> None:
    """Give the connection NFKC, where e-mail or phone will need it."""
    if {"email", "phone"} & columns.refs.keys():
        register_always(connection)


def register_always(connection: DuckDBPyConnection) -> None:
    """The same before a transaction that may be rolled back: DuckDB would take NFKC away, yet refuse its name."""
    found = connection.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [cells.NFKC]).fetchone()
    if found is None:
        connection.create_function(cells.NFKC, cells.normalised, ["VARCHAR"], "VARCHAR")


def selection(columns: Layout, rules: Rules) -> str:
    """The select list of `staged`: what the input's cells of text say."""
    return ", ".join(f"{sql} AS {_quoted(name)}" for name, sql in _fields(columns, rules).items())


def _fields(columns: Layout, rules: Rules) -> dict[str, str]:
    refs = columns.refs
    read = {
        "status": cells.folded,
        "subscription_id": cells.trimmed,
        "cycle_no": cells.whole,
        "first_flag": cells.truth,
        **dict.fromkeys(rules.columns, cells.trimmed),
    }
    return {
        "order_id": cells.trimmed(refs["order_id"]),
        "customer_id": _identity(columns),
        "ordered_at": cells.instant(refs["ordered_at"], rules.zone),
        "amount": _taken_amount(columns, rules),
        **{name: sql(refs[name]) for name, sql in read.items() if name in refs},
        **_returned_whole(columns, rules),
    }


def _identity(columns: Layout) -> str:
    customer, email, phone = (columns.refs.get(name) for name in IDENTITY)
    return cells.identity(customer, email, phone, columns.people.scope, joined=columns.people.joined)


def _returned_whole(columns: Layout, rules: Rules) -> dict[str, str]:
    """The status where all that was paid was given back: a return, whatever the shop calls it.

    By its amount, which is 0, it would be no purchase at all, and a returned first order would be forgotten.
    """
    refs = columns.refs
    if "refunded" not in refs or not rules.returned:
        return {}
    paid = refs["amount"] if columns.decimal_amount else cells.number(refs["amount"])
    whole = f"{paid} > 0 AND {cells.number(refs['refunded'])} >= {paid} AND NOT {_cancelled(columns, rules)}"
    status = cells.folded(refs["status"]) if "status" in refs else "''"
    returned = "refunded" if "refunded" in rules.returned else rules.returned[0]
    return {"status": f"CASE WHEN {whole} THEN {cells.literal(returned)} ELSE {status} END"}


def landing_selection(columns: Layout, rules: Rules) -> str:
    """The same, with the source's name and a status for every order."""
    status = "" if "status" in _fields(columns, rules) else f", {_ABSENT['status']} AS status"
    return f"{selection(columns, rules)}{status}, {cells.literal(columns.source)} AS source"


def _publish(connection: DuckDBPyConnection, columns: Layout, rules: Rules) -> None:
    """Show the good rows of `staged` as `incoming`, with the columns that every source has.

    A view: to write constants and to number ten million rows would cost as much as reading them.
    """
    here = _fields(columns, rules)
    fields = ", ".join(
        _quoted(name) if name in here else f"{_ABSENT.get(name, 'NULL::VARCHAR')} AS {_quoted(name)}"
        for name in dict.fromkeys((*_ORDER, *rules.columns))
    )
    source = f"{cells.literal(columns.source)} AS source"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT {source}, {fields}, rowid AS seq FROM staged WHERE {VALID}"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def clear(connection: DuckDBPyConnection) -> None:
    """Forget what was staged before and free its memory."""
    for view in ("incoming", "itemised"):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    for table in ("staged", "incoming_items"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rejected"
        ' (file VARCHAR, row BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)'
    )


def count(connection: DuckDBPyConnection, sql: str) -> int:
    """The one whole number that the statement gives."""
    found = connection.execute(sql).fetchone()
    return int(found[0]) if found else 0


def invalid_rows(connection: DuckDBPyConnection, table: str = "staged") -> int:
    """How many staged rows cannot be taken."""
    return count(connection, f"SELECT count(*) FROM {table} WHERE NOT ({VALID})")


def reject(connection: DuckDBPyConnection, columns: Layout, rules: Rules, raw: str) -> None:
    """Add the reason of every bad row of `raw` (SQL with "row" and the cells) to `rejected`."""
    tests = _tests(columns, rules)
    chain = " ".join(f"WHEN {bad} THEN {number}" for number, (_, _, _, bad) in enumerate(tests))
    column = " ".join(f"WHEN {number} THEN {cells.literal(title)}" for number, (title, *_) in enumerate(tests))
    value = " ".join(f"WHEN {number} THEN {ref}" for number, (_, ref, *_) in enumerate(tests))
    reason = " ".join(f"WHEN {number} THEN {cells.literal(key)}" for number, (_, _, key, _) in enumerate(tests))
    empty = " AND ".join(cells.is_empty(ref) for ref in columns.every)
    connection.execute(
        f"INSERT INTO rejected SELECT {cells.literal(columns.file)}, row + {columns.above}, CASE test {column} END,"
        f" coalesce(CASE test {value} END, ''), CASE test {reason} END"
        f" FROM (SELECT *, CASE {chain} END AS test FROM ({raw}) WHERE NOT ({empty})) WHERE test IS NOT NULL"
    )


def summed_up(connection: DuckDBPyConnection, columns: Layout, rules: Rules, *, accept_bad: bool) -> Staged:
    """What was staged, now visible as `incoming`; raises TooManyBadRows unless bad rows are accepted."""
    _publish(connection, columns, rules)
    staged = _summary(connection)
    if staged.rejected > BAD_SHARE * staged.rows and not accept_bad:
        connection.execute("DROP VIEW incoming")
        _refuse_other_currency(connection, staged, columns.file, rules)
        raise TooManyBadRows(staged, columns.file)
    return staged


def landed(connection: DuckDBPyConnection, rules: Rules, table: str) -> Staged:
    """What was written into `table`, now visible as `incoming`; raises CannotLand unless all of it is good."""
    if invalid_rows(connection, table):
        raise CannotLand
    fields = ", ".join(_quoted(name) for name in (*_ORDER, *rules.columns))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT source, {fields}, rowid AS seq FROM {table}")
    staged = _summary(connection, table)
    if not staged.rows or staged.duplicates:
        raise CannotLand
    return staged


def _summary(connection: DuckDBPyConnection, table: str = "staged") -> Staged:
    rejected = count(connection, "SELECT count(*) FROM rejected")
    rows = count(connection, f"SELECT count(*) FROM {table}")
    accepted, unidentified, oldest_at, newest_at = connection.execute(
        "SELECT count(*), count(*) - count(customer_id), min(ordered_at), max(ordered_at) FROM incoming"
    ).fetchall()[0]
    return Staged(
        rows, accepted, rejected, rows - accepted - rejected, first_bad(connection),
        _duplicates(connection, accepted), unidentified, oldest_at, newest_at,
    )  # fmt: skip


def _refuse_other_currency(connection: DuckDBPyConnection, staged: Staged, file: str, rules: Rules) -> None:
    found = connection.execute(
        "SELECT upper(trim(value)), count(*) AS n FROM rejected WHERE reason = 'other_currency'"
        " GROUP BY ALL ORDER BY n DESC, 1 LIMIT 1"
    ).fetchone()
    if found and staged.accepted == 0:
        raise CurrencyMismatch(path=file, found=found[0], expected=rules.currency)


def refuse_taken(path: Path) -> None:
    """Raise ErrorsFileTaken unless the path is free or holds an earlier list."""
    if not path.exists():
        return
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(200)
        if not start or start.decode("utf-8-sig", "replace").startswith(_LIST_HEADER):
            return
    raise ErrorsFileTaken(path=str(path))


def write_errors(connection: DuckDBPyConnection, path: Path) -> int:
    """Write every bad row as CSV that a spreadsheet opens as text; returns how many."""
    try:
        return _written(connection, path)
    except OSError as error:
        raise ErrorsFileFailed(file=str(path), reason=error.strerror or str(error)) from error


def _written(connection: DuckDBPyConnection, path: Path) -> int:
    found = connection.execute('SELECT file, row, "column", value, reason FROM rejected ORDER BY row')
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(_LIST_HEADER.split(","))
        while rows := found.fetchmany(10_000):
            writer.writerows([_as_text(cell) for cell in row] for row in rows)
            written += len(rows)
    return written


def hours(connection: DuckDBPyConnection) -> tuple[int, ...]:
    """Orders by hour of the day, 0..23: a peak at night hints at times in UTC."""
    found = connection.execute("SELECT hour(ordered_at) AS h, count(*) FROM incoming GROUP BY h").fetchall()
    by_hour = dict(found)
    return tuple(by_hour.get(hour, 0) for hour in range(24))


def _as_text(cell: object) -> str:
    text = str(cell)
    return "'" + text if text.startswith(_FORMULA) else text


def first_bad(connection: DuckDBPyConnection) -> tuple[BadRow, ...]:
    """The first of the rows that stay out."""
    found = connection.execute(f'SELECT file, row, "column", value, reason FROM rejected ORDER BY row LIMIT {SHOWN}')
    return tuple(BadRow(*row) for row in found.fetchall())


def _duplicates(connection: DuckDBPyConnection, accepted: int) -> int:
    """Rows whose order id comes again; exports are mostly sorted, and then one look is enough."""
    rising = connection.execute(
        "SELECT bool_and(order_id > before) FROM"
        " (SELECT order_id, lag(order_id) OVER () AS before FROM incoming) WHERE before IS NOT NULL"
    ).fetchone()
    if rising and rising[0] is not False:
        return 0
    if count(connection, "SELECT count(DISTINCT hash(order_id)) FROM incoming") == accepted:
        return 0
    return accepted - count(connection, "SELECT count(DISTINCT order_id) FROM incoming")


def _taken_amount(columns: Layout, rules: Rules) -> str:
    """The amount in minor units after refunds; NULL where anything else in the row is bad too."""
    refs = columns.refs
    ref = refs["amount"]
    read = ref if columns.decimal_amount else cells.number(ref, rules.currency)
    if "refunded" in refs:
        back = cells.number(refs["refunded"], rules.currency)
        refunded = f"CASE WHEN {cells.is_empty(refs['refunded'])} THEN 0 ELSE {back} END"
        read = f"CAST({read} AS DECIMAL(20, 6)) - {refunded}"
    amount = cells.minor_units(read, rules.currency)
    if "status" in refs:
        nothing = f"{ref} IS NULL" if columns.decimal_amount else cells.is_empty(ref)
        amount = f"coalesce({amount}, CASE WHEN {_cancelled(columns, rules)} AND {nothing} THEN 0 END)"
    elsewhere = {"ragged_row", "other_currency", "not_a_whole_number"}
    clauses = [f"WHEN {bad} THEN NULL" for _, _, key, bad in _tests(columns, rules) if key in elsewhere]
    return f"CASE {' '.join(clauses)} ELSE {amount} END" if clauses else amount


def _cancelled(columns: Layout, rules: Rules) -> str:
    if "status" not in columns.refs:
        return "false"
    return cells.member(cells.folded(columns.refs["status"]), rules.excluded)


def _tests(columns: Layout, rules: Rules) -> list[tuple[str, str, str, str]]:
    """Header, cell, reason and SQL condition of everything that keeps a row out, in order."""
    refs, titles = columns.refs, columns.titles
    amount, ordered_at = refs["amount"], refs["ordered_at"]
    counts_anyway = f"NOT {_cancelled(columns, rules)}"
    found = [
        ("order_id", "empty_order_id", cells.is_empty(refs["order_id"])),
        ("ordered_at", "empty_date", f"{cells.is_empty(ordered_at)} AND {counts_anyway}"),
        ("ordered_at", "not_a_date", _unread(ordered_at, cells.instant(ordered_at, rules.zone))),
        ("amount", "empty_amount", f"{cells.is_empty(amount)} AND {counts_anyway}"),
        *_not_money("amount", amount, rules),
    ]
    if "refunded" in refs:
        found += _not_money("refunded", refs["refunded"], rules)
    if "currency" in refs:
        currency = f"upper({cells.trimmed(refs['currency'])})"
        differs = f"coalesce({currency} <> {cells.literal(rules.currency.upper())}, false)"
        found.append(("currency", "other_currency", differs))
    if "cycle_no" in refs:
        cycle = refs["cycle_no"]
        found.append(("cycle_no", "not_a_whole_number", _unread(cycle, cells.whole(cycle))))
    tests = [(titles[name], refs[name], key, bad) for name, key, bad in found]
    if columns.width:
        wide = f"{columns.width} <> {len(columns.every)}"
        tests.insert(0, ("", f"{columns.width}::VARCHAR", "ragged_row", wide))
    return tests


def _unread(ref: str, read: str) -> str:
    """Whether something stands in the cell that cannot be read."""
    return f"NOT {cells.is_empty(ref)} AND ({read}) IS NULL"


def _not_money(name: str, ref: str, rules: Rules) -> list[tuple[str, str, str]]:
    read = cells.number(ref, rules.currency)
    exact = cells.minor_units(read, rules.currency)
    return [
        (name, "foreign_sign", f"({cells.number(ref)}) IS NOT NULL AND ({read}) IS NULL"),
        (name, "not_a_number", _unread(ref, read)),
        (name, "too_many_decimals", f"({read}) IS NOT NULL AND ({exact}) IS NULL"),
    ]
