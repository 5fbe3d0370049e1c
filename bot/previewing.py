"""How will a message look in Slack, before anyone gets it?

Any page becomes two files, one to look at and one with what Slack is sent, and a link that opens
it in Slack's own Block Kit Builder. The page of the local Slack draws it: nothing is loaded from
elsewhere, and nothing is sent anywhere until somebody follows the link.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.alerting.foretold import foretold
from bot.blockkit import render
from bot.choices.voices import Voices
from bot.language import Language
from bot.local_slack.web import whole, words
from bot.lookout import Lookout
from bot.present.alert import alert
from bot.present.digest import digest
from bot.settings import MAIN_DIGEST
from bot.subcommands import SUBCOMMANDS, explain
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot.choices.effective import Effective
    from bot.desk import Desk
    from bot.page import Page

BUILDER: Final = "https://app.slack.com/block-kit-builder/#"
APP: Final = "Asakai"
PROBLEM: Final = "problem"


@dataclass(frozen=True, slots=True)
class Previewed:
    """One message on disk. `link`: the same in Slack's Block Kit Builder."""

    name: str
    html: Path
    json: Path
    link: str


def kinds() -> tuple[str, ...]:
    """What can be looked at by name; anything else is taken as words for /kpi."""
    return ("digest", "alert", *SUBCOMMANDS, PROBLEM)


def languages_of(kind: str, effective: Effective) -> tuple[Language, ...]:
    """In which languages it will be read: a digest and an alert in those of their channels, all else in the shop's."""
    voices, settings = Voices(lambda: effective), effective.settings
    match kind:
        case "digest":
            spoken = [voices.digest(MAIN_DIGEST, channel) for channel in settings.digest.channels]
        case "alert":
            spoken = [voices.channel(channel) for channel in settings.alert_channels]
        case _:
            spoken = []
    return tuple({language.code: language for language in spoken or [Language.of(settings.language)]}.values())


def preview_all(
    kind: str, desk: Desk, spoken: Callable[[str], Sequence[Language]], ask: Callable[[str], Page], folder: Path
) -> Iterator[Previewed]:
    """Write one kind, or with none named one of each, in each language that is `spoken` there; tell of each."""
    for name in (kind,) if kind else kinds():
        languages = spoken(name)
        for language in languages:
            called = name if len(languages) == 1 else f"{name}-{language.code}"
            yield write(page_of(name, desk, language, ask), called, folder)


def page_of(kind: str, desk: Desk, language: Language, ask: Callable[[str], Page]) -> Page:
    """The page of a kind, or of words as /kpi takes them; `ask` answers those."""
    match kind:
        case "digest":
            return digest(desk.digest(), language)
        case "alert":
            return alert(foretold(Lookout(desk), desk.settings, desk.now().astimezone(desk.zone)), language)
    text = language.say("preview.mistyped") if kind == PROBLEM else _words(kind, language)
    try:
        return ask(text)
    except Problem as problem:
        return explain(problem, language, asked=text)


def _words(kind: str, language: Language) -> str:
    """The example that help gives for a subcommand; other words stay as they were typed."""
    return language.say(f"help.{kind}.example") if kind in SUBCOMMANDS else kind


def write(page: Page, name: str, folder: Path) -> Previewed:
    """Write a page as HTML and JSON into the folder."""
    messages = list(_messages(page))
    link = builder(messages[0]["blocks"])
    given = {
        "language": page.language,
        "words": words(),
        "preview": {"title": name, "app": APP, "builder": link, "messages": messages},
    }
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", name).strip("-") or "page"
    html, data = folder / f"{stem}.html", folder / f"{stem}.json"
    html.write_text(whole(given), encoding="utf-8")
    data.write_text(json.dumps(messages, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return Previewed(name, html, data, link)


def _messages(page: Page) -> Iterator[dict[str, Any]]:
    """The message, then the replies in its thread."""
    for one in (page, *page.thread):
        message = render(one)
        yield {"text": message.text, "blocks": message.blocks}


def builder(blocks: list[dict[str, Any]]) -> str:
    """The address that opens these blocks in Slack's Block Kit Builder."""
    return BUILDER + quote(json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":")), safe="")
