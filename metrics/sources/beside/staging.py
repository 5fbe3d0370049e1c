"""Which rows of such a table can be taken, and what is wrong with the others?

The same discipline as for orders: every cell is read by SQL, a row that cannot be taken gets
its reason, and what is good lies in the temporary table `beside` afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.beside import ROLES, WHEN, WHO, Column, Sort
from metrics.sources import cells, checks
from metrics.sources.beside.preset import Layout, ScaleOfFive
from metrics.sources.checks import BAD_SHARE, CurrencyMismatch, Staged, TooManyBadRows
from metrics.sources.columns import Layout as Columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules
    from metrics.sources.people import People

RAW = "beside_raw"
STAGED = "beside"
HIGHEST_SCORE = 10
FIVE = 5
FEW_ANSWERS = 20
"""Of fewer answers than these, that all lie between 1 and 5 may be chance."""
LONGEST_DAYS = 366
_ROLE_WORDS = {
    "front": ("front", "フロント", "フロントエンド", "入口", "入口商品", "導入"),
    "middle": ("middle", "ミドル", "ミドルエンド", "本商品", "主力"),
    "back": ("back", "バック", "バックエンド", "高単価"),
}
_OTHERWISE = {"quantity": "1", "hold_out": "false", "valid_from": "DATE '1970-01-01'"}
_MONTH = r"^(\d{4}) ?[-/年.] ?(\d{1,2})"

Test = tuple[str, str, str, str]
"""Header, cell, reason and SQL condition of what keeps a row out."""


def clear(connection: DuckDBPyConnection) -> None:
    """Forget what was staged before."""
    checks.clear(connection)
    for table in (RAW, STAGED):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def finish(connection: DuckDBPyConnection, layout: Layout, rules: Rules, people: People, *, accept_bad: bool) -> Staged:
    """Make `beside` of the cells of `beside_raw`; raises a Problem, and then there is no `beside`."""
    _refuse_currency(layout, rules)
    columns = _as_columns(layout, people)
    checks.register(connection, columns)
    total = _total(layout)
    ignored = checks.count(connection, f"SELECT count(*) FROM {RAW} WHERE {total}")
    connection.execute(f"DELETE FROM {RAW} WHERE {total}")
    tests = _tests(layout, rules, columns)
    chain = " ".join(f"WHEN {bad} THEN {number}" for number, (_, _, _, bad) in enumerate(tests))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT *, {f'CASE {chain} END' if chain else 'NULL'} AS test FROM {RAW}"
    )
    _reject(connection, layout, tests)
    fields = ", ".join(f"{sql} AS {name}" for name, sql in _fields(layout, rules, columns).items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT row, {fields} FROM {RAW} WHERE test IS NULL")
    rows = checks.count(connection, f"SELECT count(*) FROM {RAW}")
    connection.execute(f"DROP TABLE {RAW}")
    duplicates = _shaped(connection, layout)
    rejected = checks.count(connection, "SELECT count(*) FROM rejected")
    staged = Staged(
        rows + ignored, rows - rejected, rejected, ignored, checks.first_bad(connection), duplicates, 0, None, None
    )
    _refuse(connection, layout, staged, rules, accept_bad=accept_bad)
    return staged


def _as_columns(layout: Layout, people: People) -> Columns:
    """The layout as the checks of orders see it: who a row is of."""
    refs = {name: layout.refs[name] for name in WHO if name in layout.refs}
    return Columns(layout.file, people.source, refs, layout.titles, layout.every, people=people)


def _who(columns: Columns) -> str:
    refs, people = columns.refs, columns.people
    return cells.identity(refs.get("customer_id"), refs.get("email"), None, people.scope, joined=people.joined)


def _total(layout: Layout) -> str:
    """Whether a row sums up others."""
    preset, found = layout.preset, ["false"]
    if preset and preset.totals:
        pattern = cells.literal(preset.totals)
        found += [f"coalesce(regexp_matches({cells.trimmed(ref)}, {pattern}), false)" for ref in layout.every]
    if preset and preset.nameless_is_total and "channel" in layout.refs:
        found.append(cells.is_empty(layout.refs["channel"]))
    return " OR ".join(found)


def _fields(layout: Layout, rules: Rules, columns: Columns) -> dict[str, str]:
    found = {"customer_id": _who(columns)} if layout.table.people else {}
    for column in layout.table.columns:
        if column.name == "day" and layout.table.name == "channel_costs":
            first, last = _days(layout, rules)
            found |= {"first_day": first, "last_day": last}
        else:
            found[column.name] = _field(column, layout, rules)
    return found


def _field(column: Column, layout: Layout, rules: Rules) -> str:
    otherwise = "NULL" if column.needed else _OTHERWISE.get(column.name, "NULL")
    if column.name not in layout.refs:
        return f"CAST({otherwise} AS {KINDS[column.sort]})"
    ref = layout.refs[column.name]
    return f"CAST(coalesce({_read(column.sort, ref, rules)}, {otherwise}) AS {KINDS[column.sort]})"


KINDS = {
    Sort.TEXT: "VARCHAR", Sort.DAY: "DATE", Sort.INSTANT: "TIMESTAMP", Sort.MONEY: "BIGINT", Sort.SPEND: "BIGINT",
    Sort.WHOLE: "INTEGER", Sort.TRUTH: "BOOLEAN", Sort.ROLE: "VARCHAR",
}  # fmt: skip


def _read(sort: Sort, ref: str, rules: Rules) -> str:
    match sort:
        case Sort.TEXT:
            return cells.trimmed(ref)
        case Sort.DAY:
            return f"CAST({cells.instant(ref, rules.zone)} AS DATE)"
        case Sort.INSTANT:
            return cells.instant(ref, rules.zone)
        case Sort.MONEY:
            return cells.minor_units(cells.number(ref, rules.currency), rules.currency)
        case Sort.SPEND:  # platforms bill fractions of a yen; a sum of days is right to the yen
            spent = cells.number(ref, rules.currency)
            return f"CAST(round({spent} * {10 ** cells.minor_digits(rules.currency)}) AS BIGINT)"
        case Sort.WHOLE:
            return cells.whole(ref)
        case Sort.TRUTH:
            return cells.truth(ref)
        case Sort.ROLE:
            said = cells.folded(ref)
            whens = " ".join(f"WHEN {cells.member(said, _ROLE_WORDS[role])} THEN '{role}'" for role in ROLES)
            return f"CASE {whens} END"


def _days(layout: Layout, rules: Rules) -> tuple[str, str]:
    """The first and the last day that a cost is of: its day, else its month, else from … to."""
    refs = layout.refs
    whens: list[tuple[str, str, str]] = []
    if "day" in refs:
        day = _read(Sort.DAY, refs["day"], rules)
        whens.append((refs["day"], day, day))
    if "month" in refs:
        text = cells.trimmed(refs["month"])
        year, month = (f"regexp_extract({text}, {cells.literal(_MONTH)}, {group})" for group in (1, 2))
        start = f"try_cast({year} || '-' || lpad({month}, 2, '0') || '-01' AS DATE)"
        whens.append((refs["month"], start, f"last_day({start})"))
    if {"first", "last"} <= refs.keys():
        first, last = (_read(Sort.DAY, refs[name], rules) for name in ("first", "last"))
        whens.append((refs["first"], first, last))
    # the first that is filled says it, even where it cannot be read
    starts = " ".join(f"WHEN NOT {cells.is_empty(ref)} THEN {first}" for ref, first, _ in whens)
    ends = " ".join(f"WHEN NOT {cells.is_empty(ref)} THEN {last}" for ref, _, last in whens)
    return f"CASE {starts} END", f"CASE {ends} END"


def _tests(layout: Layout, rules: Rules, columns: Columns) -> list[Test]:
    width = len(layout.every)
    first = layout.every[0]
    found: list[Test] = [("", first, "ragged_row", f"cells <> {width}")]
    if layout.table.people:
        ref = next(layout.refs[name] for name in WHO if name in layout.refs)
        title = next(layout.titles[name] for name in WHO if name in layout.titles)
        found.append((title, ref, "nobody", f"{_who(columns)} IS NULL"))
    for column in layout.table.columns:
        if column.name == "day" and layout.table.name == "channel_costs":
            found += _tests_of_days(layout, rules)
        elif column.name in layout.refs:
            found += _tests_of(column, layout, rules)
    if "currency" in layout.refs:
        ref = layout.refs["currency"]
        other = f"NOT {cells.is_empty(ref)} AND upper({cells.trimmed(ref)}) <> {cells.literal(rules.currency)}"
        found.append((layout.titles["currency"], ref, "other_currency", other))
    return found


def _tests_of(column: Column, layout: Layout, rules: Rules) -> list[Test]:
    ref, title = layout.refs[column.name], layout.titles[column.name]
    found: list[Test] = []
    if column.needed:
        found.append((title, ref, "empty_cell", cells.is_empty(ref)))
    reason = {
        Sort.DAY: "not_a_date", Sort.INSTANT: "not_a_date", Sort.WHOLE: "not_a_whole_number",
        Sort.TRUTH: "not_yes_or_no", Sort.ROLE: "not_a_role",
    }.get(column.sort)  # fmt: skip
    if column.sort in {Sort.MONEY, Sort.SPEND}:
        read = cells.number(ref, rules.currency)
        found.append((title, ref, "foreign_sign", f"({cells.number(ref)}) IS NOT NULL AND ({read}) IS NULL"))
        found.append((title, ref, "not_a_number", _unread(ref, read)))
        reason = "too_many_decimals"
    if reason:
        found.append((title, ref, reason, _unread(ref, _read(column.sort, ref, rules))))
    if column.name == "score":
        found.append((title, ref, "not_a_score", f"{cells.whole(ref)} NOT BETWEEN 0 AND {HIGHEST_SCORE}"))
    return found


def _tests_of_days(layout: Layout, rules: Rules) -> list[Test]:
    name = next(name for name in WHEN if name in layout.refs)
    ref, title = layout.refs[name], layout.titles[name]
    first, last = _days(layout, rules)
    return [
        (title, ref, "not_a_date", f"{first} IS NULL OR {last} IS NULL"),
        (title, ref, "reversed_days", f"{last} < {first}"),
        (title, ref, "too_many_days", f"{last} - {first} >= {LONGEST_DAYS}"),
    ]


def _unread(ref: str, sql: str) -> str:
    return f"NOT {cells.is_empty(ref)} AND {sql} IS NULL"


def _reject(connection: DuckDBPyConnection, layout: Layout, tests: list[Test]) -> None:
    column = " ".join(f"WHEN {number} THEN {cells.literal(title)}" for number, (title, *_) in enumerate(tests))
    value = " ".join(f"WHEN {number} THEN {ref}" for number, (_, ref, *_) in enumerate(tests))
    reason = " ".join(f"WHEN {number} THEN {cells.literal(key)}" for number, (_, _, key, _) in enumerate(tests))
    connection.execute(
        f"INSERT INTO rejected SELECT {cells.literal(layout.file)}, row, CASE test {column} END,"
        f" coalesce(CASE test {value} END, ''), CASE test {reason} END FROM {RAW} WHERE test IS NOT NULL"
    )


def _shaped(connection: DuckDBPyConnection, layout: Layout) -> int:
    """One row per key: parts of a sum added, else the last one; gives how many rows came again."""
    table = layout.table
    if table.name == "channel_costs":
        _spread(connection)
    key = ", ".join(table.key)
    if table.adds:
        parts = {column.name: f"sum({column.name})::{KINDS[column.sort]}" for column in table.columns}
        fields = ", ".join(
            f"{parts[name] if _adds(layout, name) else f'arg_max({name}, row)'} AS {name}"
            for name in table.kept
            if name not in table.key
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT {key}, {fields} FROM {STAGED} GROUP BY ALL"
        )
        return 0
    before = checks.count(connection, f"SELECT count(*) FROM {STAGED}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT * EXCLUDE (row) FROM {STAGED}"
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY row DESC) = 1"
    )
    return before - checks.count(connection, f"SELECT count(*) FROM {STAGED}")


def _adds(layout: Layout, name: str) -> bool:
    sorts = {column.name: column.sort for column in layout.table.columns}
    return sorts[name] in {Sort.MONEY, Sort.SPEND, Sort.WHOLE}


def _spread(connection: DuckDBPyConnection) -> None:
    """A cost of several days, day by day: even, in whole units, and the days add up to it."""
    days = "(last_day - first_day + 1)"
    share = f"cost * (i + 1) // {days} - cost * i // {days}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT row, first_day + i::INTEGER AS day, channel,"
        f" ({share})::BIGINT AS cost FROM (SELECT *, unnest(range({days})) AS i FROM {STAGED})"
    )


def _refuse_currency(layout: Layout, rules: Rules) -> None:
    other = sorted(layout.currencies - {rules.currency})
    if other:
        raise CurrencyMismatch(path=layout.file, found=other[0], expected=rules.currency)


def _refuse(connection: DuckDBPyConnection, layout: Layout, staged: Staged, rules: Rules, *, accept_bad: bool) -> None:
    """Raise what the whole file is refused for."""
    if layout.table.name == "nps":
        least, most, answers = connection.execute(f"SELECT min(score), max(score), count(*) FROM {STAGED}").fetchall()[
            0
        ]
        if answers >= FEW_ANSWERS and least >= 1 and most <= FIVE:
            connection.execute(f"DROP TABLE {STAGED}")
            raise ScaleOfFive(column=layout.titles["score"])
    if staged.rejected and ((staged.rejected > BAD_SHARE * staged.rows and not accept_bad) or not staged.accepted):
        connection.execute(f"DROP TABLE {STAGED}")
        if not staged.accepted and all(row.reason_key == "other_currency" for row in staged.bad):
            raise CurrencyMismatch(path=layout.file, found=staged.bad[0].value.strip(), expected=rules.currency)
        raise TooManyBadRows(staged, layout.file)
