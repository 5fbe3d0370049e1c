"""Can every message be looked at before anyone gets it?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot.blockkit import render
from bot.language import Language
from bot.local_slack.web import GIVEN
from bot.previewing import BUILDER, kinds, page_of, write
from tests.bot.gallery import PAGES
from tests.bot.seat import PICTURES


@pytest.mark.parametrize("code", ["ja", "en"])
def test_a_message_becomes_a_page_its_json_and_a_link(tmp_path: Path, code: str) -> None:
    page = PAGES["digest"](Language.of(code))
    done = write(page, "digest", tmp_path)
    messages = json.loads(done.json.read_text(encoding="utf-8"))
    assert messages[0] == {"text": render(page).text, "blocks": render(page).blocks}
    assert len(messages) == 1 + len(page.thread)
    assert json.loads(unquote(done.link.removeprefix(BUILDER))) == {"blocks": messages[0]["blocks"]}
    html = done.html.read_text(encoding="utf-8")
    assert GIVEN not in html
    assert not re.search(r'(src|href)="(?!data:)', html.partition("<body>")[0]), "one file, nothing beside it"


def test_a_name_of_any_words_becomes_a_file_name(tmp_path: Path) -> None:
    page = PAGES["segment"](Language.of("ja"))
    assert write(page, "../休眠 チャネル別", tmp_path).html == tmp_path / "休眠-チャネル別.html"


def test_every_kind_is_known_and_other_words_are_asked() -> None:
    asked: list[str] = []
    page = PAGES["panel"](Language.of("ja"))

    def ask(text: str):
        asked.append(text)
        return page

    assert {"digest", "alert", "panel", "segment", "problem"} <= set(kinds())
    for kind in ("segment", "problem", "休眠 地域別"):
        assert page_of(kind, None, Language.of("ja"), ask) is page
    assert asked == [
        Language.of("ja").say("help.segment.example"),
        Language.of("ja").say("preview.mistyped"),
        "休眠 地域別",
    ]


def test_the_preview_is_drawn_without_a_server(chromium, tmp_path: Path) -> None:
    with chromium.new_context(viewport={"width": 1000, "height": 1100}, offline=True) as context:
        for name in ("digest", "alert", "segment", "panel"):
            page = PAGES[name](Language.of("ja"))
            seen = context.new_page()
            wrong: list[str] = []
            seen.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
            seen.goto(write(page, name, tmp_path).html.as_uri())
            seen.get_by_role("heading", name=name).wait_for()
            assert page.headline in seen.locator(".notification").inner_text()
            assert seen.locator("article .blocks").count() == 1 + len(page.thread)
            assert seen.get_by_role("link").get_attribute("href").startswith(BUILDER)
            seen.screenshot(path=PICTURES / "preview" / f"{name}.png", animations="disabled")
            assert wrong == []
