"""How does a shop's own table or SELECT become canonical orders, without being copied?

What an import does to a file's cells is said here in SQL over the database's own types: nobody's
ids, statuses in lower case, instants in the shop's time, money in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    text,
)

from metrics.day import zone
from metrics.problem import Problem
from metrics.warehouse.dialect import trimmed, wall_second
from metrics.warehouse.identity import email_key, phone_key

if TYPE_CHECKING:
    from metrics.rules import Rules

NOBODY = ("", "0", "null", "none", "nan", "guest", "ゲスト")
YES, NO = ("1", "true", "t", "yes", "y", "はい"), ("0", "false", "f", "no", "n", "いいえ")
_NO_DECIMALS = frozenset({"JPY"})
_EARLIEST, _LATEST = 0, 7_258_118_400
"""1970 until 2200, in seconds: a spreadsheet's day zero is no order date."""


class Retyped(Problem):
    """A column is of a type that cannot be read without guessing."""

    key = "warehouse_type"


class NoZoneThere(Problem):
    """The database knows no time zone rules, and the shop's change with the season."""

    key = "warehouse_zone"


@dataclass(frozen=True, slots=True)
class Table:
    """A shop's SELECT: its name, the SQL, which column is what, of which kind, and where its naive dates are meant.

    columns: canonical name -> column; kinds: canonical name -> local, instant, date, number, text, flag, or ""
    where the database does not say. zone: "" the shop's. joined: people are told by e-mail or phone first.
    """

    name: str
    select: str
    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    dialect: str
    zone: str = ""
    joined: bool = False


def canonical(table: Table, rules: Rules) -> FromClause:
    """Orders as tables.orders_table has them, and `bad` (0 or 1): whether the row cannot be read.

    Raises Retyped, NoZoneThere.
    """
    _check_kinds(table)
    rows = text(table.select.replace(":", r"\:")).columns(*map(column, table.columns.values())).subquery("shop")
    shop = {name: rows.c[given] for name, given in table.columns.items()}
    status = _status(shop)
    amount = _amount(shop, status, rules)
    at = _local(shop["ordered_at"], table, rules)
    order_id = trimmed(cast(shop["order_id"], Text))
    second = wall_second(at)
    odd_day = or_(second < _EARLIEST, second >= _LATEST)
    wrong = or_(order_id.is_(None), order_id == "", at.is_(None), odd_day, amount.is_(None), *_foreign(shop, rules))
    return (
        select(
            order_id.label("order_id"),
            _customer(shop, joined=table.joined).label("customer_id"),
            at.label("ordered_at"),
            amount.label("amount"),
            _returned_whole(shop, status, rules).label("status"),
            _said(shop, "subscription_id").label("subscription_id"),
            cast(shop.get("cycle_no", null()), Integer).label("cycle_no"),
            _truth(shop.get("first_flag")).label("first_flag"),
            *(_said(shop, name).label(name) for name in rules.columns),
            case((wrong, 1), else_=0).label("bad"),
        )
        .where(or_(at.is_not(None), status.not_in(rules.excluded)))  # a cart in progress has no date and is no error
        .subquery("canonical")
    )


def good(orders: FromClause) -> FromClause:
    """Those of them that can be read."""
    return select(*(one for one in orders.c if one.name != "bad")).where(orders.c.bad == 0).subquery("orders")


def _check_kinds(table: Table) -> None:
    wanted = {"ordered_at": "TIMESTAMP", "amount": "NUMERIC", "refunded": "NUMERIC", "cycle_no": "INTEGER"}
    for name, kind in wanted.items():
        found = table.kinds.get(name, "")
        right = {"local", "instant", "date", ""} if name == "ordered_at" else {"number", ""}
        if name in table.columns and found not in right:
            raise Retyped(source=table.name, column=table.columns[name], found=found, wanted=kind)


def _local(at: ColumnElement[Any], table: Table, rules: Rules) -> ColumnElement[Any]:
    """The order's wall time in the shop."""
    kind, here = table.kinds.get("ordered_at", ""), rules.zone
    if kind == "instant":
        return func.timezone(here, at)
    naive = at if table.dialect == "sqlite" else cast(at, DateTime)
    if table.zone in {"", here}:
        return naive
    if table.dialect in {"postgresql", "duckdb"}:
        return func.timezone(here, func.timezone(table.zone, naive))
    seconds = _ahead(here) - _ahead(table.zone)
    if table.dialect == "sqlite":
        return func.datetime(naive, f"{seconds:+d} seconds")
    return func.timestampadd(text("SECOND"), seconds, naive)


def _ahead(name: str) -> int:
    """Seconds by which a zone without summer time is ahead of UTC; raises NoZoneThere."""
    found = {zone(name).utcoffset(datetime(year, month, 1, tzinfo=UTC).replace(tzinfo=None))
             for year in range(1990, 2038) for month in (1, 4, 7, 10)}  # fmt: skip
    [ahead] = found if len(found) == 1 else [None]
    if ahead is None:
        raise NoZoneThere(zone=name)
    return int(ahead.total_seconds())


def _minor(amount: ColumnElement[Any], rules: Rules) -> ColumnElement[Any]:
    """Whole minor units; NULL where there are more decimals than the currency has."""
    scaled = func.round(cast(amount, Numeric(22, 6)) * (1 if rules.currency in _NO_DECIMALS else 100), 6)
    return case((scaled == cast(scaled, BigInteger), cast(scaled, BigInteger)))


def _amount(shop: Mapping[str, Any], status: ColumnElement[str], rules: Rules) -> ColumnElement[Any]:
    amount = shop["amount"]
    if "refunded" in shop:
        amount = cast(amount, Numeric(22, 6)) - func.coalesce(cast(shop["refunded"], Numeric(22, 6)), 0)
    return case((and_(shop["amount"].is_(None), status.in_(rules.excluded)), 0), else_=_minor(amount, rules))


def _status(shop: Mapping[str, Any]) -> ColumnElement[str]:
    found: ColumnElement[str] = func.lower(func.coalesce(_said(shop, "status"), ""))
    return found


def _returned_whole(shop: Mapping[str, Any], status: ColumnElement[str], rules: Rules) -> ColumnElement[str]:
    """The status; where all that was paid was given back a return, whatever the shop calls it."""
    if "refunded" not in shop or not rules.returned:
        return status
    whole = and_(shop["amount"] > 0, shop["refunded"] >= shop["amount"], status.not_in(rules.excluded))
    return case((whole, "refunded" if "refunded" in rules.returned else rules.returned[0]), else_=status)


def _said(shop: Mapping[str, Any], name: str) -> ColumnElement[Any]:
    """The text of a column without outer spaces; NULL where there is none."""
    return func.nullif(trimmed(cast(shop[name], Text)), "") if name in shop else cast(null(), Text)


def _customer(shop: Mapping[str, Any], *, joined: bool) -> ColumnElement[Any]:
    """The shop's id, else the e-mail, else the phone; `joined`: e-mail and phone before the id."""
    keys = {"email": email_key, "phone": phone_key}
    told: list[ColumnElement[Any]] = [key(cast(shop[name], Text)) for name, key in keys.items() if name in shop]
    known = [_shop_id(shop["customer_id"])] if "customer_id" in shop else []
    return func.coalesce(*([*told, *known] if joined else [*known, *told]), cast(null(), Text))


def _shop_id(customer: ColumnElement[Any]) -> ColumnElement[Any]:
    """The shop's id; a filler such as 0, null or guest is nobody."""
    plain = trimmed(cast(customer, Text))
    return case((func.lower(plain).not_in(NOBODY), literal("id:", literal_execute=True).concat(plain)))


def _truth(flag: ColumnElement[Any] | None) -> ColumnElement[Any]:
    if flag is None:
        flag = cast(null(), Text)
    said = func.lower(trimmed(cast(flag, Text)))
    return case((said.in_(YES), True), (said.in_(NO), False))


def _foreign(shop: Mapping[str, Any], rules: Rules) -> list[ColumnElement[bool]]:
    if "currency" not in shop:
        return []
    return [func.coalesce(func.upper(_said(shop, "currency")), rules.currency) != rules.currency]
