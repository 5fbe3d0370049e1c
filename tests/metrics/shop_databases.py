"""What do the databases of three platforms look like, with every trap in a few orders?

Columns and types follow the platforms' published table definitions, as far as they matter here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

MONEY = sa.Numeric(12, 2)
NOON_UTC = datetime(2026, 10, 5, 16, 30)
"""01:30 of the next day in Tokyo."""
CHANGED = datetime(2026, 10, 6)


def table(metadata: sa.MetaData, title: str, /, **columns: Any) -> sa.Table:
    first, *rest = columns.items()
    return sa.Table(
        title,
        metadata,
        sa.Column(first[0], first[1], primary_key=True, autoincrement=False),
        *(sa.Column(column, kind) for column, kind in rest),
    )


def eccube4(metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    """dtb_order with guests, carts in progress without a date, a return; discounts and shipping are lines."""
    table(metadata, "mtb_pref", id=sa.Integer, name=sa.String(255))
    table(
        metadata, "dtb_order", id=sa.Integer, customer_id=sa.Integer, pref_id=sa.Integer, order_status_id=sa.Integer,
        email=sa.String(255), phone_number=sa.String(14), subtotal=MONEY, discount=MONEY, payment_total=MONEY,
        currency_code=sa.String(255), order_date=sa.DateTime, create_date=sa.DateTime, update_date=sa.DateTime,
    )  # fmt: skip
    table(
        metadata, "dtb_order_item", id=sa.Integer, order_id=sa.Integer, order_item_type_id=sa.Integer,
        product_name=sa.String(255), product_code=sa.String(255), price=MONEY, quantity=sa.Numeric(10, 0),
    )  # fmt: skip

    def order(number: int, status: int, customer: int | None = 7, **more: Any) -> dict[str, Any]:
        return {
            "id": number, "customer_id": customer, "pref_id": 13, "order_status_id": status, "email": "a@b.jp",
            "phone_number": "0312345678", "subtotal": 5000, "discount": 500, "payment_total": 5100,
            "currency_code": "JPY", "order_date": NOON_UTC, "create_date": NOON_UTC,
            "update_date": CHANGED + timedelta(minutes=number), **more,
        }  # fmt: skip

    def item(number: int, of: int, name: str, code: str, price: int, **more: int) -> dict[str, Any]:
        return {
            "id": number, "order_id": of, "order_item_type_id": 1, "product_name": name, "product_code": code,
            "price": price, "quantity": 1, **more,
        }  # fmt: skip

    return {
        "mtb_pref": [{"id": 13, "name": "東京都"}],
        "dtb_order": [
            order(1, 1), order(2, 5, None), order(3, 3), order(4, 7, order_date=None), order(5, 8, order_date=None),
            order(6, 9), order(7, 6, subtotal=3000, discount=0),
        ],
        "dtb_order_item": [
            item(1, 1, "送料", "", 600, order_item_type_id=2), item(2, 1, "美容液①", "SER-30", 1500, quantity=2),
            item(3, 7, "化粧水", "", 3000), item(4, 1, "美容液①", "SER-30", 2000),
        ],
    }  # fmt: skip


def eccube2(metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    """dtb_order with deleted rows, customer_id 0 for guests, local time."""
    table(metadata, "mtb_pref", id=sa.SmallInteger, name=sa.Text)
    table(
        metadata, "dtb_order", order_id=sa.Integer, customer_id=sa.Integer, order_email=sa.Text,
        order_pref=sa.SmallInteger, subtotal=sa.Numeric, discount=sa.Numeric, payment_total=sa.Numeric,
        status=sa.SmallInteger, create_date=sa.DateTime, update_date=sa.DateTime, del_flg=sa.SmallInteger,
    )  # fmt: skip
    table(
        metadata, "dtb_order_detail", order_detail_id=sa.Integer, order_id=sa.Integer, product_name=sa.Text,
        product_code=sa.Text, price=sa.Numeric, quantity=sa.Numeric,
    )  # fmt: skip

    def order(number: int, status: int, customer: int = 7, **more: Any) -> dict[str, Any]:
        return {
            "order_id": number, "customer_id": customer, "order_email": "a@b.jp", "order_pref": 13, "subtotal": 2000,
            "discount": 200, "payment_total": 2300, "status": status, "create_date": NOON_UTC,
            "update_date": CHANGED + timedelta(minutes=number), "del_flg": 0, **more,
        }  # fmt: skip

    return {
        "mtb_pref": [{"id": 13, "name": "東京都"}],
        "dtb_order": [order(1, 1), order(2, 5, 0), order(3, 3), order(4, 7), order(5, 5, del_flg=1), order(6, 6)],
        "dtb_order_detail": [
            {
                "order_detail_id": 1,
                "order_id": 1,
                "product_name": "美容液",
                "product_code": "SER-30",
                "price": 1000,
                "quantity": 2,
            },
        ],
    }


def woocommerce(metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    """HPOS and analytics tables: refunds are rows with a parent, guests have customer_id 0 in the orders."""
    table(
        metadata, "wp_wc_orders", id=sa.BigInteger, status=sa.String(20), currency=sa.String(10), type=sa.String(20),
        total_amount=sa.Numeric(26, 8), customer_id=sa.BigInteger, billing_email=sa.String(320),
        date_created_gmt=sa.DateTime, date_updated_gmt=sa.DateTime, parent_order_id=sa.BigInteger,
    )  # fmt: skip
    table(
        metadata, "wp_wc_orders_meta", id=sa.BigInteger, order_id=sa.BigInteger, meta_key=sa.String(255),
        meta_value=sa.Text,
    )  # fmt: skip
    table(metadata, "wp_wc_order_addresses", id=sa.BigInteger, order_id=sa.BigInteger, address_type=sa.String(20),
          state=sa.Text)  # fmt: skip
    table(metadata, "wp_woocommerce_order_items", order_item_id=sa.BigInteger, order_item_name=sa.Text,
          order_item_type=sa.String(200), order_id=sa.BigInteger)  # fmt: skip
    table(
        metadata, "wp_wc_order_product_lookup", order_item_id=sa.BigInteger, order_id=sa.BigInteger,
        product_id=sa.BigInteger, variation_id=sa.BigInteger, product_qty=sa.Integer, product_net_revenue=sa.Float(53),
    )  # fmt: skip
    table(metadata, "wp_wc_product_meta_lookup", product_id=sa.BigInteger, sku=sa.String(100))
    table(
        metadata, "wp_wc_order_stats", order_id=sa.BigInteger, parent_id=sa.BigInteger, date_created=sa.DateTime,
        date_created_gmt=sa.DateTime, total_sales=sa.Float(53), status=sa.String(20), customer_id=sa.BigInteger,
    )  # fmt: skip
    table(metadata, "wp_options", option_id=sa.BigInteger, option_name=sa.String(191), option_value=sa.Text)
    table(metadata, "wp_wc_customer_lookup", customer_id=sa.BigInteger, user_id=sa.BigInteger, email=sa.String(100),
          state=sa.String(100))  # fmt: skip
    shop = [
        (1, 0, "wc-completed", 4400, 31, 1), (2, 0, "wc-processing", 2000, 0, 2), (3, 0, "wc-cancelled", 900, 31, 1),
        (4, 0, "wc-refunded", 1000, 31, 1), (5, 1, "wc-completed", -400, 31, 1), (6, 4, "wc-completed", -1000, 31, 1),
        (7, 0, "wc-checkout-draft", 700, 0, 2),
    ]  # fmt: skip
    return {
        "wp_wc_orders": [
            {
                "id": n, "status": status, "currency": "JPY", "type": "shop_order_refund" if parent else "shop_order",
                "total_amount": total, "customer_id": user, "billing_email": "a@b.jp" if user else "Guest@b.jp",
                "date_created_gmt": NOON_UTC, "date_updated_gmt": CHANGED + timedelta(minutes=n),
                "parent_order_id": parent,
            }
            for n, parent, status, total, user, _ in shop
        ],
        "wp_wc_orders_meta": [
            {"id": 1, "order_id": 1, "meta_key": "_wc_order_attribution_utm_source", "meta_value": "LINE"},
            {"id": 2, "order_id": 1, "meta_key": "other", "meta_value": "x"},
        ],
        "wp_wc_order_addresses": [{"id": 1, "order_id": 1, "address_type": "billing", "state": "JP13"}],
        "wp_woocommerce_order_items": [
            {"order_item_id": 1, "order_item_name": "送料", "order_item_type": "shipping", "order_id": 1},
            {"order_item_id": 2, "order_item_name": "美容液", "order_item_type": "line_item", "order_id": 1},
            {"order_item_id": 3, "order_item_name": "化粧水", "order_item_type": "line_item", "order_id": 2},
        ],
        "wp_wc_order_product_lookup": [
            {
                "order_item_id": item, "order_id": of, "product_id": product, "variation_id": variation,
                "product_qty": n, "product_net_revenue": total,
            }
            for item, of, product, variation, n, total in (
                (2, 1, 90, 91, 2, 4000), (3, 2, 95, 0, 1, 2000), (4, 5, 90, 91, -1, -400),
            )
        ],
        "wp_wc_product_meta_lookup": [{"product_id": 90, "sku": "PARENT"}, {"product_id": 91, "sku": "SER-30"}],
        "wp_wc_order_stats": [
            {
                "order_id": n, "parent_id": parent, "date_created": NOON_UTC, "date_created_gmt": NOON_UTC,
                "total_sales": total, "status": status, "customer_id": lookup,
            }
            for n, parent, status, total, _, lookup in shop
        ],
        "wp_options": [{"option_id": 1, "option_name": "blogname", "option_value": "shop"}],
        "wp_wc_customer_lookup": [
            {"customer_id": 1, "user_id": 31, "email": "a@b.jp", "state": "JP13"},
            {"customer_id": 2, "user_id": None, "email": "guest@b.jp", "state": ""},
        ],
    }  # fmt: skip


SHOPS = {
    "eccube4_db": eccube4,
    "eccube2_db": eccube2,
    "woocommerce_hpos": woocommerce,
    "woocommerce_analytics": woocommerce,
}
RIGHT = {
    "eccube4_db": [
        ("1", "id", datetime(2026, 10, 6, 1, 30), 4500, "bought", "東京都", "美容液①"),
        ("2", "e", datetime(2026, 10, 6, 1, 30), 4500, "bought", "東京都", None),
        ("6", "id", datetime(2026, 10, 6, 1, 30), 4500, "back", "東京都", None),
        ("7", "id", datetime(2026, 10, 6, 1, 30), 3000, "bought", "東京都", "化粧水"),
    ],
    "eccube2_db": [
        ("1", "id", datetime(2026, 10, 5, 16, 30), 1800, "bought", "東京都", "美容液"),
        ("2", "e", datetime(2026, 10, 5, 16, 30), 1800, "bought", "東京都", None),
        ("6", "id", datetime(2026, 10, 5, 16, 30), 1800, "bought", "東京都", None),
    ],
    "woocommerce_hpos": [
        ("1", "id", datetime(2026, 10, 6, 1, 30), 4000, "bought", "JP13", "美容液"),
        ("2", "e", datetime(2026, 10, 6, 1, 30), 2000, "bought", None, "化粧水"),
        ("4", "id", datetime(2026, 10, 6, 1, 30), 0, "back", None, None),
    ],
    "woocommerce_analytics": [
        ("1", "id", datetime(2026, 10, 6, 1, 30), 4000, "bought", "JP13", "美容液"),
        ("2", "id", datetime(2026, 10, 6, 1, 30), 2000, "bought", None, "化粧水"),
        ("4", "id", datetime(2026, 10, 6, 1, 30), 0, "back", "JP13", None),
    ],
}

SOLD = {
    "eccube4_db": [("1", "SER-30", "美容液①", 3, 5000), ("7", "化粧水", "化粧水", 1, 3000)],
    "eccube2_db": [("1", "SER-30", "美容液", 2, 2000)],
    "woocommerce_hpos": [("1", "SER-30", "美容液", 2, 4000), ("2", "95", "化粧水", 1, 2000)],
    "woocommerce_analytics": [("1", "SER-30", "美容液", 2, 4000), ("2", "95", "化粧水", 1, 2000)],
}
"""What the orders sold: id, code, name, quantity, amount."""
