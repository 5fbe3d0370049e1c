"""Which tables may stand beside the orders, and what is in them?

Each switches figures on; a shop without one has all the other figures. Sources read and
check them, the warehouse keeps them: both know them from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ROLES = ("front", "middle", "back")


class Sort(StrEnum):
    """How a column's cells are read."""

    TEXT = "text"
    DAY = "day"
    INSTANT = "instant"
    MONEY = "money"
    SPEND = "spend"
    WHOLE = "whole"
    TRUTH = "truth"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `words`: headers that mean it, besides its name; `needed`: a cell may not be empty."""

    name: str
    sort: Sort
    words: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `key`: what makes a row the same row again; `people`: rows name a customer.

    `adds`: rows of one key in one file are parts of a sum. `whole`: the columns of the key whose rows
    come all at once: what is not among them any more is gone. `either`: one of these must be there.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    people: bool = False
    adds: bool = False
    whole: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns as they are kept."""
        return (*(("customer_id",) if self.people else ()), *(column.name for column in self.columns))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that a header must have, besides the customer and a day of spend."""
        return tuple(column.name for column in self.columns if column.needed)


WHO = {
    "customer_id": ("会員ID", "会員番号", "顧客ID", "顧客番号", "お客様番号", "Customer ID"),
    "email": ("メールアドレス", "メール", "e-mail", "Email Address"),
}
"""Who a row is of, by the shop's id or by e-mail; kept as one identity, the e-mail as a hash only."""

WHEN = {
    "day": ("date", "日付", "日", "対象日"),
    "month": ("月", "年月", "対象月"),
    "first": ("start", "start_date", "開始日"),
    "last": ("end", "end_date", "終了日"),
}
"""Of which days a cost is: one day, a month, or from the first to the last; it is kept day by day."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "channel_costs",
            (
                Column("day", Sort.DAY),
                Column("channel", Sort.TEXT, ("チャネル", "チャンネル", "媒体", "広告媒体", "流入元"), needed=True),
                Column("cost", Sort.SPEND, ("spend", "費用", "広告費", "コスト", "利用金額"), needed=True),
            ),
            ("channel", "day"),
            adds=True,
        ),
        Table(
            "products",
            (
                Column("product_code", Sort.TEXT, ("商品コード", "商品番号", "sku"), needed=True),
                Column("product_name", Sort.TEXT, ("商品名",)),
                Column("role", Sort.ROLE, ("役割", "商品区分")),
                Column("unit_cost", Sort.MONEY, ("原価", "仕入単価", "仕入れ単価", "原価単価")),
                Column("valid_from", Sort.DAY, ("適用開始日", "有効開始日")),
            ),
            ("product_code", "valid_from"),
            either=("role", "unit_cost"),
        ),
        Table(
            "nps",
            (
                Column("score", Sort.WHOLE, ("nps", "スコア", "点数", "推奨度", "おすすめ度"), needed=True),
                Column(
                    "answered_at", Sort.INSTANT,
                    ("回答日時", "回答日", "タイムスタンプ", "timestamp", "submitted at"), needed=True,
                ),
            ),
            ("customer_id", "answered_at"),
            people=True,
        ),
        Table(
            "subscriptions",
            (
                Column("subscription_id", Sort.TEXT, ("定期番号", "定期受注番号", "定期ID", "契約番号"), needed=True),
                Column("started_at", Sort.DAY, ("開始日", "契約日", "定期開始日"), needed=True),
                Column("ended_at", Sort.DAY, ("終了日", "解約日", "定期終了日")),
                Column("status", Sort.TEXT, ("状態", "ステータス")),
            ),
            ("subscription_id",),
            people=True,
        ),
        Table(
            "measures",
            (
                Column("name", Sort.TEXT, ("施策", "施策名", "measure", "campaign"), needed=True),
                Column("sent_at", Sort.INSTANT, ("送信日時", "配信日時", "送信日", "配信日"), needed=True),
                Column("cost", Sort.SPEND, ("費用", "コスト")),
                Column("hold_out", Sort.TRUTH, ("holdout", "control", "対照群", "非配信")),
            ),
            ("name", "customer_id", "sent_at"),
            people=True,
        ),
        Table(
            "order_items",
            (
                Column("order_id", Sort.TEXT, ("注文番号", "注文ID", "受注番号", "受注ID"), needed=True),
                Column("product_code", Sort.TEXT, ("商品コード", "商品番号", "sku"), needed=True),
                Column("product_name", Sort.TEXT, ("商品名",)),
                Column("quantity", Sort.WHOLE, ("個数", "数量")),
                Column("amount", Sort.MONEY, ("金額", "小計")),
            ),
            ("order_id", "product_code"),
            adds=True,
            whole=("order_id",),
        ),
    )
}  # fmt: skip
