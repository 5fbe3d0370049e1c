"""Which orders count as purchases, and on which day?

Every rule is a setting; the defaults are those whose reasons were measured on
real orders (docs/figures.md). A figure's message names the rules that differ.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from metrics.segment import DEFAULT_COLUMNS

DELETED = "deleted"
"""What an order is whose row a synchronised database no longer has."""
EXCLUDED_STATUSES = (
    "cancelled", "canceled", "voided", "failed", "expired", "unpaid_expired", "test", "draft", DELETED, "adjustment",
    "exchange", "exchanged", "replacement", "reshipment", "キャンセル", "キャンセル済み", "取消", "取消済み",
    "期限切れ", "テスト", "下書き", "削除", "削除済み", "交換", "再発送",
)  # fmt: skip
"""Exchanges and re-shipments belong to the order they replace: no purchase of their own."""
RETURNED_STATUSES = ("returned", "refunded", "返品", "返品済み", "返金", "返金済み")
PURCHASE_STATUSES = (
    "", "completed", "complete", "paid", "pending", "authorized", "partially_paid", "partially_refunded",
    "processing", "shipped", "fulfilled", "delivered", "on-hold", "open", "new",
    "新規", "新規受付", "受付", "入金待ち", "入金済み", "後払い", "決済済み", "一部返金",
    "処理中", "出荷準備中", "出荷待ち", "発送待ち", "出荷済み", "発送済み", "配達完了", "完了", "対応済み",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """How raw orders become purchases.

    zone: the shop's time zone; a purchase's day is the order's local date.
    same_day: "merge" makes one customer's orders of one local day one purchase;
        "separate" counts each order as a purchase.
    merge_minutes: an order at most this long after the previous one belongs to the same
        purchase even across midnight; 0 switches it off. Only with same_day = "merge".
    excluded: statuses (casefolded) that are no purchase.
    returned: fully returned: no purchase, but a returned first order stays in the denominator.
    purchase_statuses: known statuses that count; any other status counts too and is listed.
    zero_amounts: whether orders of amount 0 are purchases (negative ones never are).
    burn_in_days: first purchases this soon after the first day of data are not trusted as first.
    subscription_first: "own" keeps customers whose first purchase starts a subscription out of
        the first-repeat cohort (they are their own); "same" puts them in.
    horizon_days: gaps longer than this are kept only as "later".
    columns: order columns that may serve as dimensions (value at the first purchase).
    """

    zone: str = "Asia/Tokyo"
    currency: str = "JPY"
    same_day: Literal["merge", "separate"] = "merge"
    merge_minutes: int = 60
    excluded: tuple[str, ...] = EXCLUDED_STATUSES
    returned: tuple[str, ...] = RETURNED_STATUSES
    purchase_statuses: tuple[str, ...] = PURCHASE_STATUSES
    zero_amounts: bool = False
    burn_in_days: int = 365
    subscription_first: Literal["own", "same"] = "own"
    horizon_days: int = 180
    columns: tuple[str, ...] = DEFAULT_COLUMNS

    def differing(self) -> tuple[tuple[str, str], ...]:
        """The rules that are not the default, as (name, value): what a message must say."""
        return tuple(
            (field.name, str(getattr(self, field.name)))
            for field in fields(self)
            if field.name not in {"zone", "currency", "columns", "horizon_days"}
            and getattr(self, field.name) != field.default
        )
