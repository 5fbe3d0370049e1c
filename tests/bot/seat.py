"""Who sits before the page of the local Slack: what they see, press and type, and the pictures taken of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.language import Language
from bot.local_slack import LocalSlack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
DESK, PHONE = (1280, 900), (375, 812)
PATIENCE_MS = 60_000
NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, summary, dialog, [role=img]")]
    .filter((one) => one.checkVisibility() && one.closest("[inert]") === null)
    .filter((one) => !one.getAttribute("aria-label") && !one.getAttribute("aria-labelledby"))
    .filter((one) => !one.labels?.length && !one.textContent.trim())
    .map((one) => one.outerHTML.slice(0, 160))"""
"""What can be used but is not called anything: a screen reader says nothing there."""

DROP = """([name, content]) => {
    const held = new DataTransfer(), over = document.querySelector("main .stream, main .empty");
    held.items.add(new File([new Uint8Array(content)], name));
    for (const what of ["dragover", "drop"])
        over.dispatchEvent(new DragEvent(what, {bubbles: true, cancelable: true, dataTransfer: held}));
}"""


@dataclass(slots=True)
class Seat:
    """A person before the page, in one language. `wrong`: what the browser complained about; `album`: for pictures."""

    page: Page
    slack: LocalSlack
    language: Language
    wrong: list[str]
    album: str = "page"
    pictures: int = 0

    def says(self, key: str, **values: object) -> str:
        """The page's own words."""
        return self.language.say(f"local_slack.{key}", **values)

    # -- what is seen --------------------------------------------------------------

    @property
    def channel(self) -> Locator:
        """The conversation in the middle."""
        return self.page.get_by_role("main")

    @property
    def thread(self) -> Locator:
        """The thread beside it."""
        return self.page.get_by_role("complementary")

    @property
    def modal(self) -> Locator:
        """The form on top."""
        return self.page.get_by_role("dialog")

    def messages(self, place: Locator | None = None) -> Locator:
        """What was said there."""
        return (place or self.channel).locator("li.message")

    def only_mine(self, place: Locator | None = None) -> Locator:
        """The answers that nobody else sees."""
        return (place or self.channel).locator("li.only-you")

    def answer_to(self, does: Callable[[], object], place: Locator | None = None) -> Locator:
        """The ephemeral answer that comes of doing something."""
        before = self.only_mine(place).count()
        does()
        answer = self.only_mine(place).nth(before)
        answer.wait_for()
        return answer

    def shows(self, place: Locator, words: list[str]) -> None:
        """Wait until exactly these stand there."""
        from playwright.sync_api import expect  # noqa: PLC0415  where there is no playwright, tests are skipped

        expect(place).to_have_text(words, timeout=PATIENCE_MS)

    # -- what is done --------------------------------------------------------------

    def type(self, text: str, place: Locator | None = None) -> None:
        """Write into the composer and send."""
        field = (place or self.channel).get_by_role("textbox").and_(self.page.locator("textarea"))
        field.fill(text)
        field.press("Enter")

    def press(self, name: str, place: Locator | None = None) -> None:
        """Press a button by its words."""
        (place or self.page).get_by_role("button", name=name, exact=True).click()

    def attach(self, path: Path, place: Locator | None = None) -> None:
        """Choose a file for the message being written."""
        with self.page.expect_file_chooser() as chooser:
            self.press(self.says("attach"), place or self.channel)
        chooser.value.set_files(path)

    def drop(self, name: str, content: bytes) -> None:
        """Let a file go over the conversation."""
        self.page.evaluate(DROP, [name, list(content)])

    def go(self, name: str) -> None:
        """Choose a channel or the app in the sidebar."""
        room = re.compile(rf"^{re.escape(name)}\s*({self.says('new')})?$")
        self.page.get_by_role("navigation").get_by_role("button", name=room).click()

    def picture(self, name: str) -> Path:
        """Keep what is seen now, at a desk's and at a phone's width."""
        self.pictures += 1
        for room, (width, height) in {"desk": DESK, "phone": PHONE}.items():
            self.page.set_viewport_size({"width": width, "height": height})
            path = PICTURES / self.album / f"{self.language.code}-{room}" / f"{self.pictures:02}-{name}.png"
            self.page.screenshot(path=path, animations="disabled")
            assert self.overflow() <= 0, f"{path.name}: wider than a {room}"
            assert self.page.evaluate(NAMELESS) == [], f"{path.name}: without a name"
        self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        return path

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(wide))


def _is_trouble(said: ConsoleMessage) -> bool:
    """A deed that was refused is answered with 400: the page says so itself."""
    return said.type in {"error", "warning"} and "status of 400" not in said.text


@contextmanager
def seated(
    browser: Browser, slack: LocalSlack, code: str, *, person: str = "", place: str = "", album: str = "page"
) -> Iterator[Seat]:
    """Open the page as a person; at the end the browser must have had nothing to complain about."""
    own = (slack.url, "data:", "blob:")
    locale = {"ja": "ja-JP", "en": "en-GB"}[code]
    context = browser.new_context(
        viewport={"width": DESK[0], "height": DESK[1]}, locale=locale, timezone_id="Asia/Tokyo", accept_downloads=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: wrong.append(said.text) if _is_trouble(said) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(asked.url))
    try:
        page.goto(f"{slack.url}/?lang={code}&as={person}#{place}")
        page.get_by_role("navigation").wait_for()
        yield Seat(page, slack, Language.of(code), wrong, album)
        assert wrong == [], wrong
    finally:
        context.close()
