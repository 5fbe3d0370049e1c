"""How does WooCommerce keep a shop's orders, in its own order tables and in those of its analytics?

Columns and types are those of WooCommerce's OrdersTableDataStore, WC_Install (analytics) and WordPress's schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tests.metrics.shop_story import Platform, Rows, Sale, counted, table, utc

if TYPE_CHECKING:
    import sqlalchemy as sa

STATES = {
    "関東": "JP13", "近畿": "JP27", "中部": "JP23", "九州・沖縄": "JP40", "東北": "JP04", "中国": "JP34",
    "北海道": "JP01", "四国": "JP38", "": "",
}  # fmt: skip
_ORDERS = """
id ubig!, status str20, currency str10, type str20, tax_amount total, total_amount total, customer_id ubig,
billing_email str320, date_created_gmt datetime, date_updated_gmt datetime, parent_order_id ubig,
payment_method str100, payment_method_title text, transaction_id str100, ip_address str100, user_agent text,
customer_note text
"""
_ADDRESSES = """
id ubig!, order_id ubig!, address_type str20, first_name text, last_name text, company text, address_1 text,
address_2 text, city text, state text, postcode text, country text, email str320, phone str100
"""
_STATS = """
order_id ubig!, parent_id ubig!, date_created datetime!, date_created_gmt datetime!, date_paid datetime,
date_completed datetime, num_items_sold int!, total_sales double!, tax_total double!, shipping_total double!,
net_total double!, returning_customer tiny, status str20!, customer_id ubig!
"""
_LOOKUP = """
customer_id ubig!, user_id ubig, username str60!, first_name str255!, last_name str255!, email str100,
date_last_active timestamp, date_registered timestamp, country str2!, postcode str20!, city str100!, state str100!
"""
_PRODUCTS = """
order_item_id ubig!, order_id ubig!, product_id ubig!, variation_id ubig!, customer_id ubig, date_created datetime!,
product_qty int!, product_net_revenue double!, product_gross_revenue double!, coupon_amount double!, tax_amount double!,
shipping_amount double!, shipping_tax_amount double!
"""
_STATUS = {
    "shipped": "wc-completed", "processing": "wc-processing", "pending": "wc-on-hold", "odd": "wc-packing",
    "cancelled": "wc-cancelled", "returned": "wc-refunded", "cart": "wc-checkout-draft",
}  # fmt: skip
_DROPPED = ("trash", "auto-draft", "wc-failed", "wc-pending")
_MINE = "_wc_order_attribution_utm_source"


def _tables(metadata: sa.MetaData) -> None:
    table(metadata, "wp_wc_orders", _ORDERS)
    table(metadata, "wp_wc_orders_meta", "id ubig!, order_id ubig, meta_key str255, meta_value text")
    table(metadata, "wp_wc_order_addresses", _ADDRESSES)
    _common(metadata)


def _analytics_tables(metadata: sa.MetaData) -> None:
    """Of a shop that still keeps its orders as posts."""
    table(metadata, "wp_postmeta", "meta_id ubig!, post_id ubig!, meta_key str255, meta_value text")
    table(metadata, "wp_wc_order_stats", _STATS)
    table(metadata, "wp_wc_customer_lookup", _LOOKUP)
    _common(metadata)


def _common(metadata: sa.MetaData) -> None:
    table(
        metadata,
        "wp_woocommerce_order_items",
        "order_item_id ubig!, order_item_name text!, order_item_type str200!, order_id ubig!",
    )
    table(metadata, "wp_wc_order_product_lookup", _PRODUCTS)
    table(metadata, "wp_wc_product_meta_lookup", "product_id ubig!, sku str100")


def _id(sale: Sale) -> int:
    return sale.number * 10


def _status(sale: Sale) -> str:
    return _STATUS.get(sale.state) or _DROPPED[sale.number % 4]


def _paid_back(sale: Sale) -> int:
    return sale.amount if sale.state == "returned" else sale.given_back


def _source(sale: Sale) -> str:
    """What the attribution says of a visitor; who typed the address came "(direct)"."""
    return "(direct)" if sale.channel == "自社サイト" else sale.channel


def _attribution(sales: Sequence[Sale], key: str, order: str) -> list[dict[str, Any]]:
    told = ((sale, {"_wc_order_attribution_source_type": "utm", _MINE: _source(sale)}) for sale in sales)
    return [
        {key: _id(sale) + place, order: _id(sale), "meta_key": name, "meta_value": value}
        for sale, several in told
        if sale.channel
        for place, (name, value) in enumerate(several.items())
    ]


def _items(sales: Sequence[Sale]) -> list[dict[str, Any]]:
    return [
        {
            "order_item_id": _id(sale) + place, "order_item_name": name, "order_item_type": kind,
            "order_id": _id(sale),
        }
        for sale in sales
        for place, (kind, name) in enumerate((("shipping", "送料"), ("line_item", sale.product), ("fee", "手数料")))
    ]  # fmt: skip


def _sold(sales: Sequence[Sale]) -> list[dict[str, Any]]:
    return [
        {
            "order_item_id": _id(sale) + 1, "order_id": _id(sale), "product_id": 1 + sale.number % 10,
            "product_qty": 1, "product_net_revenue": float(sale.amount),
        }
        for sale in sales
    ]  # fmt: skip


# --- HPOS ------------------------------------------------------------------------------------


def _order(sale: Sale) -> dict[str, Any]:
    return {
        "id": _id(sale), "status": _status(sale), "currency": "JPY", "type": "shop_order",
        "total_amount": sale.amount, "customer_id": sale.member, "billing_email": sale.email,
        "date_created_gmt": utc(sale.at), "date_updated_gmt": utc(sale.changed_at), "parent_order_id": 0,
    }  # fmt: skip


def _refund(sale: Sale) -> dict[str, Any]:
    return {
        **_order(sale), "id": _id(sale) + 1, "status": "wc-completed", "type": "shop_order_refund",
        "total_amount": -_paid_back(sale), "date_created_gmt": utc(sale.changed_at), "parent_order_id": _id(sale),
    }  # fmt: skip


def _rows(sales: Sequence[Sale]) -> Rows:
    refunds = [_refund(sale) for sale in sales if _paid_back(sale)]
    return {
        "wp_wc_orders": [*map(_order, sales), *refunds],
        "wp_wc_orders_meta": _attribution(sales, "id", "order_id"),
        "wp_wc_order_addresses": [
            {
                "id": _id(sale) + place, "order_id": _id(sale), "address_type": kind,
                "state": STATES[sale.region] if kind == "billing" else "JP99", "country": "JP",
            }
            for sale in sales
            for place, kind in enumerate(("shipping", "billing"))
        ],
        "wp_woocommerce_order_items": _items(sales),
        "wp_wc_order_product_lookup": _sold(sales),
        "wp_wc_product_meta_lookup": [{"product_id": 1 + place, "sku": f"SKU-{place}"} for place in range(9)],
    }  # fmt: skip


_WORDS = {"shipped": "paid", "processing": "paid", "pending": "paid", "odd": "wc-packing", "returned": "returned"}


def _right(sales: Sequence[Sale]) -> Iterator[tuple[Any, ...]]:
    for sale in sales:
        if sale.state in _WORDS:
            yield (
                _id(sale), sale.member or "", sale.email, sale.at, sale.left, _WORDS[sale.state],
                _source(sale), STATES[sale.region], sale.product,
            )  # fmt: skip


def _excluded(sales: Sequence[Sale]) -> int:
    return counted(sales, "cancelled", "cart", "dropped")


HPOS = Platform("woocommerce_hpos", _tables, _rows, _right, _excluded, "wc-packing")


# --- analytics -------------------------------------------------------------------------------


def _customers(sales: Sequence[Sale]) -> dict[str, int]:
    """A row of the look-up for each user and each guest's address; all who left none share one row."""
    found: dict[str, int] = {}
    for sale in sales:
        found.setdefault(_customer(sale), 100_000 + sale.member if sale.member else sale.number)
    return found


def _customer(sale: Sale) -> str:
    return str(sale.member) if sale.member else sale.email.casefold()


def _stats(sale: Sale, customers: dict[str, int]) -> Iterator[dict[str, Any]]:
    row = {
        "order_id": _id(sale), "parent_id": 0, "date_created": sale.at, "date_created_gmt": utc(sale.at),
        "num_items_sold": 1, "total_sales": float(sale.amount), "net_total": float(sale.amount),
        "status": _status(sale), "customer_id": customers[_customer(sale)],
    }  # fmt: skip
    yield row
    if back := _paid_back(sale):
        yield {
            **row, "order_id": _id(sale) + 1, "parent_id": _id(sale), "status": "wc-completed", "total_sales": -back,
            "net_total": -back, "date_created": sale.changed_at, "date_created_gmt": utc(sale.changed_at),
        }  # fmt: skip


def _analytics_rows(sales: Sequence[Sale]) -> Rows:
    customers = _customers(sales)
    of = {customers[_customer(sale)]: sale for sale in sales}
    return {
        "wp_postmeta": _attribution(sales, "meta_id", "post_id"),
        "wp_wc_order_stats": [row for sale in sales for row in _stats(sale, customers)],
        "wp_wc_customer_lookup": [
            {
                "customer_id": number, "user_id": sale.member or None, "email": sale.email,
                "state": STATES[sale.region],
            }
            for number, sale in of.items()
        ],
        "wp_woocommerce_order_items": _items(sales),
        "wp_wc_order_product_lookup": _sold(sales),
        "wp_wc_product_meta_lookup": [{"product_id": 1 + place, "sku": f"SKU-{place}"} for place in range(9)],
    }  # fmt: skip


def _analytics_right(sales: Sequence[Sale]) -> Iterator[tuple[Any, ...]]:
    """The look-up's ids are customers, guests too; but for the one row of all who left no address."""
    customers = _customers(sales)
    for sale in sales:
        if sale.state in _WORDS:
            who = customers[_customer(sale)] if sale.member or sale.email else ""
            yield (
                _id(sale), who, "", sale.at, sale.left, _WORDS[sale.state], _source(sale), STATES[sale.region],
                sale.product,
            )  # fmt: skip


ANALYTICS = Platform(
    "woocommerce_analytics", _analytics_tables, _analytics_rows, _analytics_right, _excluded, "wc-packing"
)
