"""What could the columns of an unknown export be?

A header is compared with every name that a preset knows for a canonical column, then with
names that are nearly the same; the values must agree, and sometimes they tell alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from metrics.sources.recognition import presets
from metrics.sources.text import normal

ASKED = ("order_id", "ordered_at", "amount", "customer_id", "email", "phone", "status", "channel", "region", "product")
NEEDED = ("order_id", "ordered_at", "amount")
SIMILAR = 80
MOST = 0.8
_MORE_NAMES = {
    "order_id": ("order_id", "注文id", "受注番号", "受注id", "伝票番号", "オーダー番号", "order no", "order number"),
    "ordered_at": ("ordered_at", "注文日", "受注日時", "購入日", "購入日時", "order date", "created_at", "date"),
    "amount": ("amount", "revenue", "注文金額", "購入金額", "売上", "売上金額", "合計", "金額", "total", "grand total"),
    "customer_id": ("customer_id", "顧客id", "顧客番号", "会員番号", "会員id", "お客様番号", "member id", "user id"),
    "email": ("email", "e-mail", "メール", "eメール", "mail"),
    "phone": ("phone", "tel", "電話", "携帯電話"),
    "status": ("status", "ステータス", "状態", "注文状態", "受注状態", "order status"),
    "channel": ("channel", "チャネル", "流入元", "広告コード", "utm_source", "source", "媒体"),
    "region": ("region", "地域", "住所1", "prefecture", "state"),
    "product": ("product", "商品", "購入商品", "品名", "product name", "item"),
}
_DATE = re.compile(
    r"(?:\d{4}|(?:令和|平成|[RH])(?:元|\d{1,2}))[-/年.]\d{1,2}[-/月.]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4}"
)
_NUMBER = re.compile(r"[-△▲]?[¥￥$]?[\d,，]+(\.\d+)?円?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"[+\d][\d\-() ]{8,}")


class Why(StrEnum):
    """Why a column is proposed."""

    NAME = "name"
    SIMILAR = "similar"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its header and some of its values."""

    header: str
    values: tuple[str, ...]

    @property
    def filled(self) -> tuple[str, ...]:
        """The values that are not empty."""
        return tuple(value for value in self.values if value.strip())


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a header is a canonical column; `like`: the known name that it resembles."""

    name: str
    header: str
    why: Why
    like: str = ""
    score: float = 0.0


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """The file's columns with the values of its first rows."""
    return tuple(Column(name, tuple(row[place] for row in rows)) for place, name in enumerate(header))


def proposals(found: Sequence[Column]) -> dict[str, Proposal]:
    """The best proposal for each canonical column; a header is proposed once."""
    every = [one for name in ASKED for column in found if (one := _judged(name, column))]
    chosen: dict[str, Proposal] = {}
    for one in sorted(every, key=lambda one: -one.score):
        if one.name not in chosen and one.header not in {other.header for other in chosen.values()}:
            chosen[one.name] = one
    return chosen


def grouping(order_ids: Column) -> str:
    """How lines belong to orders: an id that comes again, or one that is missing on continuation rows."""
    filled = order_ids.filled
    if len(filled) < len(order_ids.values):
        return "fill_down"
    return "order_id" if len(set(filled)) < len(filled) else ""


def _judged(name: str, column: Column) -> Proposal | None:
    from rapidfuzz import fuzz, process  # noqa: PLC0415  only the wizard compares names

    if not column.header.strip() or not _agrees(name, column):
        return None
    header, known = normal(column.header), _names(name)
    if header in known:
        return Proposal(name, column.header, Why.NAME, score=2.0 - known.index(header) / 1000)
    like = process.extractOne(header, known, scorer=fuzz.ratio, score_cutoff=SIMILAR)
    if like:
        return Proposal(name, column.header, Why.SIMILAR, like[0], like[1] / 100)
    if name in {"email", "ordered_at"}:
        return Proposal(name, column.header, Why.VALUES, score=0.5)
    return None


def _agrees(name: str, column: Column) -> bool:
    """Whether the values can be what the name says; an empty column can be anything."""
    wanted = {"ordered_at": _DATE, "amount": _NUMBER, "email": _EMAIL, "phone": _PHONE}.get(name)
    filled = column.filled
    if wanted is None or not filled:
        return bool(filled) or name not in {"ordered_at", "email", *NEEDED}
    whole = wanted.match if name == "ordered_at" else wanted.fullmatch
    return sum(bool(whole(value.strip())) for value in filled) >= MOST * len(filled)


@cache
def _names(name: str) -> tuple[str, ...]:
    """Names that are known for a canonical column: ours, then those of every preset."""
    theirs = [header for preset in presets() for header in preset.columns.get(name, ())]
    return tuple(dict.fromkeys(map(normal, (*_MORE_NAMES[name], *theirs))))
