"""How would a morning be in our Slack, without a Slack?

A local Slack with a page to see it, a shop of samples or of one's own orders in a folder that
is gone afterwards, and the bot as it is: it connects, posts this morning's digest, answers. A
rehearsal has no weekends and no hour: the digest is due the minute it begins.
"""

from __future__ import annotations

import logging
import os
import webbrowser
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bot.answering import ASK, SOURCE
from bot.console import bar, said_of
from bot.desk import Desk, desk
from bot.importing import Wanted, import_files
from bot.local_slack import LocalSlack
from bot.local_slack.features import Command, Features, Shortcut
from bot.local_slack.seeds import ASAKAI, SATO, SUZUKI
from bot.running import serve
from bot.settings.layers import load
from bot.slack import EVENTS
from metrics.day import last_complete, zone
from metrics.sources.sample import sample_shop
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.language import Language
    from bot.settings import Settings

BURST: Final = 10
"""Nobody rehearses Slack's pace: a whole thread may come at once."""


@dataclass(frozen=True, slots=True)
class Play:
    """What is rehearsed: in whose language, with which orders (None: a sample shop), at which port (0: any)."""

    shop: Language
    orders: Path | None = None
    port: int = 0
    browser: bool = True


def rehearse(play: Play, language: Language, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
    """Play until Ctrl-C; whoever sits at the terminal is told, in their language, where the page is."""
    with (
        TemporaryDirectory(prefix="asakai-rehearsal-", ignore_cleanup_errors=True) as folder,
        _quiet(),
        LocalSlack(port=play.port, burst=BURST, features=features(play.shop)) as slack,
    ):
        settings = _settings(play, slack, Path(folder), now)
        opened = _shop(play, settings, now, language, tell)
        address = f"{slack.url}/?lang={play.shop.code}&as={SATO}"
        tell(language.say("rehearse.ready", address=address))
        if play.browser:
            _look(address)
        serve(settings, opened, now)
    tell(language.say("rehearse.over"))


def features(language: Language) -> Features:
    """What the app's manifest promises, in one language."""
    said = language.say
    return Features(
        (Command("/kpi", said("rehearse.command"), said("rehearse.hint")),),
        (
            Shortcut(ASK, said("rehearse.ask"), "global", said("rehearse.ask_hint")),
            Shortcut(SOURCE, said("rehearse.source"), "message", said("rehearse.source_hint")),
        ),
        frozenset(EVENTS),
    )


def _look(address: str) -> None:
    """Open the page where there is a browser to see it with; a machine without one is no trouble."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.name == "nt" or _is_mac():
        webbrowser.open(address)


def _is_mac() -> bool:
    return os.uname().sysname == "Darwin"


def _settings(play: Play, slack: LocalSlack, folder: Path, now: Callable[[], datetime]) -> Settings:
    """The own settings, or the sample's, in a Slack that is not Slack; nothing of one's own is written to."""
    own = play.orders is not None
    base: Mapping[str, str] = os.environ if own else {"ASAKAI_SHOP": play.shop.say("cli.shop")}
    where = Path() if own else folder
    begins = now().astimezone(zone(load(base, where).zone))
    today = {"ASAKAI_DIGEST__AT": f"{begins:%H:%M}", "ASAKAI_DIGEST__WORKING_DAYS": f"{begins:%Y-%m-%d}"}
    return load({**base, **_stage(play, slack, folder), **today}, where)


def _stage(play: Play, slack: LocalSlack, folder: Path) -> dict[str, str]:
    return {
        "ASAKAI_LANGUAGE": play.shop.code,
        "ASAKAI_STORE": str(folder / "asakai.duckdb"),
        "ASAKAI_STATE": str(folder / "asakai-state.sqlite"),
        "ASAKAI_SLACK__MODE": "socket",
        "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
        "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
        "ASAKAI_SLACK__BASE_URL": slack.base_url,
        "ASAKAI_SLACK__NATIVE_BLOCKS": "true",
        "ASAKAI_SLACK__ALLOWED_CHANNELS": ASAKAI,
        "ASAKAI_SLACK__ALLOWED_USERS": f"{SATO},{SUZUKI}",
        "ASAKAI_SLACK__ADMINS": SATO,
        "ASAKAI_CUSTOMERS__ALLOWED_USERS": SATO,
        "ASAKAI_DIGEST__CHANNELS": ASAKAI,
        "ASAKAI_ALERT__CHANNELS": ASAKAI,
        "ASAKAI_DIGEST__BUSINESS_DAYS_ONLY": "false",
    }


def _shop(
    play: Play, settings: Settings, now: Callable[[], datetime], language: Language, tell: Callable[[str], None]
) -> Desk:
    """Take in the orders and open the desk."""
    store = Store(settings.store, settings.rules)
    with bar(language) as progress:
        files: Sequence[Path] = (play.orders,) if play.orders else _sample(settings, now, language, progress)
        for done in import_files(store, files, Wanted(), now(), progress):
            if play.orders:
                for line in said_of(done, language, settings.currency):
                    tell(line)
    opened = desk(settings, store, now)
    if play.orders and (newest := opened.stale_since(opened.digest())):
        tell(language.say("rehearse.stale", day=newest))
    return opened


def _sample(
    settings: Settings, now: Callable[[], datetime], language: Language, progress: Callable[[str, float], None]
) -> tuple[Path, ...]:
    progress(language.say("cli.demo_shop"), 0.0)
    shop = sample_shop(settings.store.parent, last_complete(now(), zone(settings.zone)))
    progress(language.say("cli.demo_shop"), 1.0)
    return shop.files


@contextmanager
def _quiet() -> Iterator[None]:
    """Only warnings and errors of the bot on this terminal: the page shows the rest."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)
