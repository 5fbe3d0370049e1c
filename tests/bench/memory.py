"""`make bench-memory`: how much memory does the real `asakai` take for a very large shop?

A Shopify-like export with all of its columns is written, and `asakai import` reads it in a process of
its own behind a terminal, so that its progress is drawn; then a shop's MariaDB is filled and
`asakai sync` reads that. What is told is the kernel's VmHWM, the most that the process ever held.
"""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import create_engine

from tests import servers

GOAL_MB: Final = 600
LINES_A_PAGE: Final = 2
"""Lines that `asakai sync` prints of each page."""
LINES_AN_ORDER: Final = 2.5
RUN: Final = (
    "import sys; from pathlib import Path; from bot.__main__ import called; code = called(sys.argv[2:]);"
    " line = [x for x in Path('/proc/self/status').read_text().splitlines() if x.startswith('VmHWM')][0];"
    " Path(sys.argv[1]).write_text(line.split()[1]); sys.exit(code)"
)
"""The command line as a shop calls it; its last breath writes down its own peak (in a file: stdout is the shop's)."""

SHOPIFY: Final = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
OF_THE_ORDER: Final = {
    "Financial Status": "CASE WHEN h % 25 = 0 THEN 'voided' WHEN h % 25 = 1 THEN 'refunded' ELSE 'paid' END",
    "Fulfillment Status": "'fulfilled'",
    "Accepts Marketing": "'yes'",
    "Currency": "'JPY'",
    "Subtotal": "1000 + h % 9000",
    "Shipping": "500",
    "Taxes": "100",
    "Total": "1600 + h % 9000",
    "Created at": "strftime(TIMESTAMP '2023-11-01' + to_seconds(o * {spread}), '%Y-%m-%d %H:%M:%S') || ' +0900'",
    "Billing Name": "'山田 花子'",
    "Billing Street": "'神南1-2-' || h % 99",
    "Billing City": "'渋谷区'",
    "Billing Zip": "'1500041'",
    "Billing Province": "'JP-13'",
    "Billing Country": "'JP'",
    "Payment Method": "'Shopify Payments'",
    "Refunded Amount": "CASE WHEN h % 25 = 1 THEN 1600 + h % 9000 ELSE 0 END",
    "Id": "5000000000000 + o",
    "Source": "CASE h % 4 WHEN 0 THEN 'web' WHEN 1 THEN 'pos' WHEN 2 THEN 'LINE' ELSE 'instagram' END",
    "Billing Province Name": "'東京都'",
}
"""On the first line of an order only; the lines after it leave these cells empty."""
OF_THE_LINE: Final = {
    "Name": "'#' || o",
    "Email": "'customer' || c || '@example.jp'",
    "Lineitem quantity": "1 + l % 3",
    "Lineitem name": "'美容液 ' || hash(l) % 24",
    "Lineitem price": "1000 + l % 900",
    "Lineitem sku": "'SKU-' || hash(l) % 24",
    "Lineitem fulfillment status": "'fulfilled'",
    "Vendor": "'月白'",
}


def write_shopify(path: Path, lines: int) -> None:
    """An export of so many line items: three years in the order of time, 2.5 lines an order, 2.5 orders a customer."""
    orders = max(1, int(lines / LINES_AN_ORDER))
    spread = max(1, 3 * 365 * 86400 // orders)

    def cell(name: str) -> str:
        if name in OF_THE_LINE:
            return f'({OF_THE_LINE[name]})::VARCHAR AS "{name}"'
        if name in OF_THE_ORDER:
            return f'CASE WHEN opens THEN ({OF_THE_ORDER[name].format(spread=spread)})::VARCHAR END AS "{name}"'
        return f'NULL::VARCHAR AS "{name}"'

    rows = (
        f"SELECT l, l * 2 // 5 AS o, hash(l * 2 // 5) AS h, hash(l * 2 // 5, 'who') % {max(1, orders * 2 // 5)} AS c,"
        f" l = 0 OR (l - 1) * 2 // 5 <> l * 2 // 5 AS opens FROM range({lines}) t(l)"
    )
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        fields = ", ".join(map(cell, SHOPIFY.split(",")))
        connection.execute(f"COPY (SELECT {fields} FROM ({rows})) TO '{path}' (HEADER)")


def fill_shop(url: str, orders: int) -> None:
    """A shop's own table of so many orders, as a MariaDB or PostgreSQL holds it."""
    database = create_engine(url)
    step = 20_000
    try:
        with database.begin() as live:
            live.exec_driver_sql("DROP TABLE IF EXISTS large_sales")
            live.exec_driver_sql(
                "CREATE TABLE large_sales (id BIGINT PRIMARY KEY, who VARCHAR(40), placed TIMESTAMP NULL, yen BIGINT,"
                " state VARCHAR(20), seen TIMESTAMP NULL)"
            )
            live.exec_driver_sql("CREATE INDEX large_sales_seen ON large_sales (seen, id)")
        spread = max(1, 2 * 365 * 86400 // orders)
        for low in range(0, orders, step):
            rows = ", ".join(
                f"({n}, 'C{n * 7919 % max(1, orders * 2 // 5)}', '{_at(n * spread)}', {1000 + n % 9000},"
                f" '{'cancelled' if n % 25 == 0 else 'paid'}', '{_at(n * spread + 60)}')"
                for n in range(low, min(low + step, orders))
            )
            with database.begin() as live:
                live.exec_driver_sql(f"INSERT INTO large_sales VALUES {rows}")
    finally:
        database.dispose()


SELECT: Final = (
    "SELECT id AS order_id, who AS customer_id, placed AS ordered_at, yen AS amount, state AS status,"
    " seen AS changed_at FROM large_sales"
)


def _at(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + seconds))


@dataclass(frozen=True, slots=True)
class Peak:
    """What a command took: most memory, seconds, how often its progress was drawn, and what it said at the end."""

    peak_mb: float
    seconds: float
    drawn: int
    said: str


def asakai(folder: Path, *arguments: str, kill_after: Callable[[str], bool] | None = None) -> Peak:
    """Run the real command line in that folder, behind a terminal; raises where it fails."""
    peak_file = folder / "peak"
    keep, terminal = pty.openpty()
    drawn = [0]

    def draw() -> None:
        while True:
            try:
                drawn[0] += os.read(keep, 65536).count(b"%")
            except OSError:  # so a terminal says that nobody writes any more
                return

    environ = {key: value for key, value in os.environ.items() if not key.startswith("ASAKAI_")}
    environ |= {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm", "ASAKAI_LANGUAGE": "en"}
    started = time.monotonic()
    reader = threading.Thread(target=draw, daemon=True)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(peak_file), *arguments],
        cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=terminal, text=True,
    ) as process:  # fmt: skip
        os.close(terminal)
        reader.start()
        said = []
        for line in process.stdout or ():
            said.append(line.rstrip())
            if kill_after and kill_after(line):
                process.kill()
                break
        code = process.wait()
    reader.join(10)
    os.close(keep)
    if kill_after:
        return Peak(0.0, time.monotonic() - started, drawn[0], "\n".join(said))
    if code:
        raise RuntimeError(f"asakai {' '.join(arguments)} failed: {said[-3:]}")
    return Peak(int(peak_file.read_text()) / 1024, time.monotonic() - started, drawn[0], "\n".join(said[-3:]))


def import_peak(folder: Path, lines: int) -> Peak:
    """Import an export of so many lines into a new store there."""
    export = folder / "orders_export.csv"
    if not export.exists():
        write_shopify(export, lines)
    _fresh(folder)
    return asakai(folder, "import", str(export))


def _fresh(folder: Path) -> None:
    """No store there any more."""
    for name in ("asakai.duckdb", "asakai.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)


def sync_peak(folder: Path, url: str) -> Peak:
    """Read the shop's table into a new store there."""
    text = f'[[source]]\nname = "shop"\nurl = "{url}"\nselect = """{SELECT}"""\nin_place = false\n'
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return asakai(folder, "sync")


def interrupted_sync(folder: Path, url: str) -> tuple[int, int]:
    """Kill `asakai sync` after its second page and run it again; how many orders the store holds after each."""
    lines = count(1)
    text = f'[[source]]\nname = "shop"\nurl = "{url}"\nselect = """{SELECT}"""\nin_place = false\n'
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    asakai(folder, "sync", kill_after=lambda _: next(lines) == 2 * LINES_A_PAGE)
    killed = _orders(folder)
    asakai(folder, "sync")
    return killed, _orders(folder)


def _orders(folder: Path) -> int:
    with duckdb.connect(str(folder / "asakai.duckdb"), read_only=True) as connection:
        return int(connection.execute("SELECT count(DISTINCT order_id) FROM orders").fetchall()[0][0])


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="line items of the export")
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders in the shop's database; 0: none")
    parser.add_argument("--folder", type=Path, help="where the files are written; they stay there")
    asked = parser.parse_args()
    print("| measured | rows | file | peak MB (goal 600) | seconds | progress drawn |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        _told("`asakai import`, Shopify export", asked.lines, folder, import_peak(folder, asked.lines))
        if asked.orders:
            with servers.mariadb_url() as url:
                fill_shop(url, asked.orders)
                _fresh(folder)
                _told("`asakai sync`, MariaDB", asked.orders, None, sync_peak(folder, url))
                _fresh(folder)
                killed, found = interrupted_sync(folder, url)
                print(f"\n`asakai sync` killed after its second page: {killed:,} orders; run again: {found:,}.")


def _told(what: str, rows: int, folder: Path | None, peak: Peak) -> None:
    size = f"{(folder / 'orders_export.csv').stat().st_size / 1e9:.2f} GB" if folder else "–"
    mark = "✓" if peak.peak_mb <= GOAL_MB else "✗"
    print(f"| {what} | {rows:,} | {size} | {peak.peak_mb:.0f} {mark} | {peak.seconds:.0f} | {peak.drawn} |", flush=True)
    print(peak.said, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
