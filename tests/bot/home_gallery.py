"""Home and its forms for invented readers, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.access import GuestRefused
from bot.blockkit.form import home, modal
from bot.choices.chosen import SHOP, Choice, Chosen, Mark, Plan
from bot.choices.effective import Effective, effective
from bot.delivery.row import Delivery, Key, Kind, State
from bot.form import Press, Row
from bot.home.digest_form import Known, digest_form
from bot.home.mornings import arrivals
from bot.home.page import Reader, Today, Told, home_parts
from bot.home.settings_form import settings_form
from bot.language import Language
from bot.settings import Settings
from metrics.report import NoPurchases
from tests.bot import morning

SATO, SUZUKI, HOME = "U0SATO0001", "U0SUZUKI01", "C0ASAKAI01"
MARK = Mark(SATO, datetime(2026, 11, 20, 0, 12, tzinfo=UTC))
KNOWN = Known(
    "Asia/Tokyo",
    ("channel", "region", "product", "purchase_count"),
    (("channel", ("LINE", "Google広告", "楽天")), ("region", ("東京", "大阪")), ("purchase_count", ("1",))),
    "Europe/London",
)
OWN = Plan("U0SUZUKI01-1", ("D1",), time(7, 45), "Europe/London", ("mon", "thu"), "en", (("channel", "LINE"),),
           title="LINE *朝*", owner=SUZUKI, mark=Mark(SUZUKI, MARK.at))  # fmt: skip
PAUSED = Plan("slack-1", (HOME, "C0GENERAL1"), time(9, 0), days=("every",), dimension="region", title="全社 <!here>",
              paused=True, mark=MARK)  # fmt: skip


def shop(
    *choices: tuple[str, object], plans: tuple[Plan, ...] = (OWN, PAUSED), admins: tuple[str, ...] = (SATO,)
) -> Effective:
    """The shop's settings with choices of Sato's."""
    settings = Settings(
        shop="月白コスメ",
        digest={"channels": (HOME,), "company_holidays": (date(2026, 12, 29), date(2026, 12, 30))},
        slack={"admins": admins, "allowed_users": (SUZUKI,)},
    )
    return effective(settings, Chosen(1, tuple(Choice(SHOP, name, value, MARK) for name, value in choices), plans))


def row(day: int, state: State = State.SENT, late: int = 0, why: str = "", name: str = "daily") -> Delivery:
    """A digest of a day in November."""
    due = datetime(2026, 11, day, 23, 30, tzinfo=UTC) - timedelta(days=1)
    key = Key("T1", Kind.DIGEST, name, HOME, date(2026, 11, day))
    sent = due + timedelta(minutes=late) if state is State.SENT else None
    return Delivery(f"{day}", key, due, due + timedelta(hours=12), state, last_error=why or None, sent_at=sent)


ROWS = (
    row(20),
    row(19, late=42),
    row(18, State.EXPIRED, why="not_in_channel"),
    row(17, State.BLOCKED, why="token_revoked"),
    row(16, State.WAITING_DATA, why="no_purchases: "),
    row(13, State.PENDING),
    row(12, State.EXPIRED, why="http_503"),
)
RULE = Row("リピート率が目標を下回ったら", "<#x> & 20%", "毎朝", (Press("変更", "alert:edit", "repeat"),))
FRESH = Today(morning.normal())

VIEWS: dict[str, Callable[[Language], dict[str, Any]]] = {
    "home_admin": lambda it: page(
        Told(shop(("target", 0.25), ("alert.threshold", 0.18)), FRESH, arrivals(ROWS), rules=(RULE,)),
        Reader(SATO, sees=True, admin=True),
        it,
    ),
    "home_reader": lambda it: page(
        Told(shop(), Today(morning.below(), stale=date(2026, 11, 17)), arrivals((*ROWS, row(20, name="line"))), "★"),
        Reader(SUZUKI, sees=True, admin=False, suggested="en"),
        it,
    ),
    "home_first_day": lambda it: page(
        Told(shop(plans=()), Today(problem=NoPurchases())), Reader(SUZUKI, sees=True, admin=False), it
    ),
    "home_not_listed": lambda it: page(Told(shop(), Today()), Reader("U9", sees=False, admin=False), it),
    "home_guest": lambda it: page(
        Told(shop(), Today()), Reader("U9", sees=False, admin=False, refused=GuestRefused(user="U9")), it
    ),
    "home_not_listed_nobody_to_ask": lambda it: page(
        Told(shop(admins=()), Today()), Reader("U9", sees=False, admin=False), it
    ),
    "form_settings": lambda it: modal(settings_form(shop(("alert.threshold", 0.185)).settings, it, "{}")),
    "form_digest_new": lambda it: modal(digest_form(Plan(""), KNOWN, it, "")),
    "form_digest_main": lambda it: modal(digest_form(Plan("daily", (HOME,)), KNOWN, it, "{}")),
    "form_digest_own": lambda it: modal(digest_form(OWN, KNOWN, it, "{}")),
}


def page(told: Told, reader: Reader, language: Language) -> dict[str, Any]:
    """Home as Slack takes it."""
    return home(home_parts(told, reader, language), language.code)
