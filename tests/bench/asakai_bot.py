"""How much memory does a running bot hold, and how long until a page is ready to be posted?

Everything that `asakai run` imports, all counts in memory, pages made in both
languages: what stays resident for the day. No Slack is asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING

from bot.choices.current import Current, Unchosen
from bot.delivery.payload import payload_of
from bot.desk import Desk
from bot.schedule import awake
from bot.settings import Purchases, Settings
from bot.shop import Shop
from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import kept

if TYPE_CHECKING:
    from datetime import date

PAGES = 5


def main() -> None:
    """Print the median seconds of the digest's page, and resident and peak memory."""
    import_module("bot.running")
    path, as_of = kept.arguments()
    settings = Settings(zone="UTC", store=path, purchases=Purchases(merge_minutes=0, burn_in_days=0))
    morning = datetime(as_of.year, as_of.month, as_of.day, 8, 30, tzinfo=UTC) + timedelta(days=1)
    desk = Desk(settings, Store(path, settings.rules), lambda: morning)
    desk.vocabulary()
    for code in ("en", "ja"):
        spoken = settings.model_copy(update={"language": code})
        shop = Shop(Current(spoken, Unchosen(), awake), desk, lambda: morning)
        post(shop, as_of)
        desk.report(as_of, dimensions=settings.dimension_names)
    pages = [kept.timed(lambda: post(shop, as_of)) for _ in range(PAGES)]
    bench.say(None, median(pages), resident_mb=bench.resident_mb())


def post(shop: Shop, as_of: date) -> None:
    """Make what would be posted this morning."""
    payload_of(shop.digest(as_of), native=True, data_as_of=as_of)


if __name__ == "__main__":
    main()
