"""How do EC-CUBE 4 and EC-CUBE 2 keep a shop's orders?

Columns and types are those of EC-CUBE 4's entities Order and OrderItem, and of EC-CUBE 2's create_table_mysqli.sql
and create_table_pgsql.sql.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.metrics.shop_story import Platform, Rows, Sale, counted, table, utc

if TYPE_CHECKING:
    import sqlalchemy as sa

PREFECTURES = {
    "関東": (13, "東京都"), "近畿": (27, "大阪府"), "中部": (23, "愛知県"), "九州・沖縄": (40, "福岡県"),
    "東北": (4, "宮城県"), "中国": (34, "広島県"), "北海道": (1, "北海道"), "四国": (38, "愛媛県"),
}  # fmt: skip
DELIVERY_FEE, CHARGE = 600, 330
_NONE = (None, "")


def _prefectures() -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for number, name in PREFECTURES.values()]


def _discount(sale: Sale) -> int:
    """A coupon now and then; money that is given back afterwards is a discount, too."""
    return (500 if sale.number % 7 == 0 else 0) + sale.given_back


def _subtotal(sale: Sale) -> int:
    return sale.left + _discount(sale)


def _rows_right(sales: Sequence[Sale], words: dict[str, str]) -> Iterator[tuple[Any, ...]]:
    """Purchases, and what a reader must be told of; EC-CUBE knows no channel."""
    for sale in sales:
        if sale.state in words:
            yield (
                sale.number, sale.member or "", sale.email, sale.at, sale.left, words[sale.state], "",
                PREFECTURES.get(sale.region, _NONE)[1], sale.product,
            )  # fmt: skip


# --- EC-CUBE 4 -----------------------------------------------------------------------------

_ORDER_4 = """
id uint!, customer_id uint, country_id usmall, pref_id usmall, sex_id usmall, job_id usmall, payment_id uint,
device_type_id usmall, order_status_id usmall, pre_order_id str255, order_no str255, message str4000, name01 str255!,
name02 str255!, kana01 str255, kana02 str255, company_name str255, email str255, phone_number str14, postal_code str8,
addr01 str255, addr02 str255, birth datetimetz, subtotal umoney!, discount umoney!, delivery_fee_total umoney!,
charge umoney!, tax umoney!, total umoney!, payment_total umoney!, payment_method str255, note str4000,
create_date datetimetz!, update_date datetimetz!, order_date datetimetz, payment_date datetimetz,
currency_code str255, complete_message text, complete_mail_message text, discriminator_type str255!
"""
_ITEM_4 = """
id uint!, order_id uint, product_id uint, product_class_id uint, shipping_id uint, rounding_type_id usmall,
tax_type_id usmall, tax_display_type_id usmall, order_item_type_id usmall, product_name str255!, product_code str255,
class_name1 str255, class_name2 str255, class_category_name1 str255, class_category_name2 str255, price money!,
quantity whole!, tax whole!, tax_rate whole!, tax_adjust whole!, tax_rule_id usmall, currency_code str255,
processor_name str255, discriminator_type str255!
"""
_STATUS_4 = {
    "shipped": 5, "processing": 6, "pending": 1, "odd": 10, "cancelled": 3, "returned": 9, "cart": 8,
}  # fmt: skip
_LINES_4 = ((2, "送料"), (3, "手数料"), (1, ""), (4, "値引き"), (5, "消費税"), (6, "ポイント"))
"""Every order_item_type; the product is not the first line."""


def _tables_4(metadata: sa.MetaData) -> None:
    table(metadata, "mtb_pref", "id usmall!, name str255!, sort_no usmall!, discriminator_type str255!")
    table(metadata, "dtb_order", _ORDER_4)
    table(metadata, "dtb_order_item", _ITEM_4)


def _instant(at: datetime | None) -> datetime | None:
    """As EC-CUBE 4 keeps it: UTC; MySQL's column has no zone and drops the word."""
    return at and utc(at).replace(tzinfo=UTC)


def _order_4(sale: Sale) -> dict[str, Any]:
    status = 7 if sale.state == "cart" and sale.number % 2 else _STATUS_4[sale.state]
    if sale.state == "shipped" and sale.number % 5 == 0:
        status = 4
    fees = DELIVERY_FEE + (CHARGE if sale.number % 3 == 0 else 0)
    return {
        "id": sale.number, "customer_id": sale.member or None, "pref_id": PREFECTURES.get(sale.region, _NONE)[0],
        "order_status_id": status, "order_no": str(sale.number), "email": sale.email or None, "phone_number": None,
        "subtotal": _subtotal(sale), "discount": _discount(sale), "delivery_fee_total": DELIVERY_FEE,
        "charge": fees - DELIVERY_FEE, "total": sale.left + fees, "payment_total": sale.left + fees,
        "create_date": _instant(sale.at), "update_date": _instant(sale.changed_at),
        "order_date": None if sale.state == "cart" else _instant(sale.at), "currency_code": "JPY",
        "discriminator_type": "order",
    }  # fmt: skip


def _items_4(sale: Sale) -> Iterator[dict[str, Any]]:
    prices = {1: _subtotal(sale), 2: DELIVERY_FEE, 3: CHARGE, 4: -_discount(sale), 5: 0, 6: -10}
    for place, (kind, name) in enumerate(_LINES_4):
        yield {
            "id": sale.number * 10 + place, "order_id": sale.number, "order_item_type_id": kind,
            "product_name": name or sale.product, "price": prices[kind], "quantity": 1, "currency_code": "JPY",
            "discriminator_type": "orderitem",
        }  # fmt: skip


def _rows_4(sales: Sequence[Sale]) -> Rows:
    there = [sale for sale in sales if sale.state != "dropped"]  # EC-CUBE 4 has no flag for what is thrown away
    return {
        "mtb_pref": [{**row, "discriminator_type": "pref"} for row in _prefectures()],
        "dtb_order": [_order_4(sale) for sale in there],
        "dtb_order_item": [item for sale in there for item in _items_4(sale)],
    }


def _right_4(sales: Sequence[Sale]) -> Iterator[tuple[Any, ...]]:
    return _rows_right(
        sales, {"shipped": "paid", "processing": "paid", "pending": "paid", "odd": "10", "returned": "returned"}
    )


EC_CUBE_4 = Platform(
    "eccube4_db", _tables_4, _rows_4, _right_4,
    lambda sales: counted(sales, "cancelled"), "10",
)  # fmt: skip


# --- EC-CUBE 2 -----------------------------------------------------------------------------

_ORDER_2 = """
order_id int!, order_temp_id text, customer_id int!, message text, order_name01 text, order_name02 text,
order_kana01 text, order_kana02 text, order_company_name text, order_email text, order_tel01 text, order_tel02 text,
order_tel03 text, order_fax01 text, order_fax02 text, order_fax03 text, order_zip01 text, order_zip02 text,
order_zipcode text, order_country_id int, order_pref small, order_addr01 text, order_addr02 text, order_sex small,
order_birth datetime, order_job int, subtotal numeric, discount numeric!, deliv_id int, deliv_fee numeric,
charge numeric, use_point numeric!, add_point numeric!, birth_point numeric!, tax numeric, total numeric,
payment_total numeric, payment_id int, payment_method text, note text, status small, create_date timestamp!,
update_date timestamp!, commit_date datetime, payment_date datetime, device_type_id int, del_flg small!,
memo01 text, memo02 text, memo03 text, memo04 text, memo05 text, memo06 text, memo07 text, memo08 text, memo09 text,
memo10 text
"""
_DETAIL_2 = """
order_detail_id int!, order_id int!, product_id int!, product_class_id int!, product_name text!, product_code text,
classcategory_name1 text, classcategory_name2 text, price numeric, quantity numeric, point_rate numeric!,
tax_rate numeric, tax_rule small
"""
_STATUS_2 = {
    "shipped": 5, "processing": 6, "pending": 2, "odd": 8, "cancelled": 3, "returned": 3, "cart": 7, "dropped": 5,
}  # fmt: skip


def _tables_2(metadata: sa.MetaData) -> None:
    table(metadata, "mtb_pref", "id small!, name text, rank small!")
    table(metadata, "dtb_order", _ORDER_2)
    table(metadata, "dtb_order_detail", _DETAIL_2)


def _order_2(sale: Sale) -> dict[str, Any]:
    status = 1 if sale.state == "shipped" and sale.number % 5 == 0 else _STATUS_2[sale.state]
    return {
        "order_id": sale.number, "customer_id": sale.member, "order_email": sale.email,
        "order_pref": PREFECTURES.get(sale.region, _NONE)[0], "subtotal": _subtotal(sale), "discount": _discount(sale),
        "deliv_fee": DELIVERY_FEE, "charge": 0, "total": _subtotal(sale) + DELIVERY_FEE,
        "payment_total": sale.left + DELIVERY_FEE, "status": status, "create_date": sale.at,
        "update_date": sale.changed_at, "del_flg": int(sale.state == "dropped"),
    }  # fmt: skip


def _rows_2(sales: Sequence[Sale]) -> Rows:
    return {
        "mtb_pref": _prefectures(),
        "dtb_order": [_order_2(sale) for sale in sales],
        "dtb_order_detail": [
            {
                "order_detail_id": sale.number, "order_id": sale.number, "product_name": sale.product,
                "price": _subtotal(sale), "quantity": 1,
            }
            for sale in sales
        ],
    }  # fmt: skip


def _right_2(sales: Sequence[Sale]) -> Iterator[tuple[Any, ...]]:
    """It has no word for what came back: that is cancelled."""
    return _rows_right(sales, {"shipped": "paid", "processing": "paid", "pending": "paid", "odd": "8"})


EC_CUBE_2 = Platform(
    "eccube2_db", _tables_2, _rows_2, _right_2,
    lambda sales: counted(sales, "cancelled", "returned", "cart", "dropped"), "8",
)  # fmt: skip
