"""What happens when somebody drops a file into a direct message with the bot?

It is imported like a file on the command line, for people who may see customers, and the same
report comes back. The token goes to Slack's own hosts only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bot.console import bad_rows, said_of, unknown_statuses
from bot.deed import Deed, Doing, Route
from bot.delivery.post import SlackUnreachable, is_loopback
from bot.importing import Wanted, import_files
from bot.origins import wishes
from bot.page import Page, Paragraph, printable
from metrics.acquisition import Channels
from metrics.problem import Problem
from metrics.sources.checks import TooManyBadRows
from metrics.sources.reading import UnknownHeader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bot.access import Who
    from bot.language import Language
    from bot.settings import Settings
    from metrics.warehouse.store import Store

EVENT = "file_shared"
MOST_BYTES = 500 << 20
BLOCK = 1 << 20
SECONDS = 60
_HOST = "slack.com"


class MayNotImport(Problem):
    """Only people who may see customers may add orders."""

    key = "may_not_import"


class FileTooLarge(Problem):
    """A file that is larger than what is taken from Slack."""

    key = "file_too_large"


class FileElsewhere(Problem):
    """A file that is not kept by Slack itself: a link, a document of another program."""

    key = "file_elsewhere"


class ColumnsUnknown(Problem):
    """A file whose columns nobody knows: whoever dropped it cannot say what they are, an admin can."""

    key = "columns_unknown_in_slack"


class Shop(Protocol):
    """The shop at each moment."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock."""
        ...

    def language(self, who: Who) -> Language:
        """The reader's language."""
        ...


class Gate(Protocol):
    """Who is let in now."""

    def refusal_of_stranger(self, who: Who) -> Problem | None:
        """Why somebody is none of us."""
        ...

    def noted(self, who: Who, problem: Problem | None) -> Problem | None:
        """The refusal, written down."""
        ...


@dataclass(frozen=True, slots=True)
class Dropbox:
    """Takes files for one shop. `gate`: who is let in, asked anew each time; `token`: the bot's, for the download."""

    shop: Shop
    store: Store
    gate: Callable[[], Gate]
    token: str

    def route(self) -> Route:
        """The deed that is taken; who may is checked here, for it takes more than to see figures."""
        return Route(Doing.EVENT, EVENT, self.take, open_to_all=True)

    def take(self, deed: Deed) -> None:
        """Import the file and say what became of it; files in channels are none of ours."""
        if not deed.who.channel.startswith("D"):
            return
        refused = self._refusal(deed.who)
        if refused is not None:
            raise refused
        event = deed.body.get("event", {})
        file = deed.web.call("files.info", file=str(event.get("file_id", "")))["file"]
        language = self.shop.language(deed.who)
        with TemporaryDirectory(prefix="asakai-") as scratch:
            path = Path(scratch) / _file_name(file)
            self._download(file, path)
            lines = list(self._imported(path, language))
        deed.reply(Page(lines[0], tuple(map(Paragraph, lines)), language=language.code))

    def _refusal(self, who: Who) -> Problem | None:
        """Why that person may not import; written down."""
        gate = self.gate()
        found = gate.refusal_of_stranger(who)
        if found is None and who.user not in self.shop.settings.customers.allowed_users:
            found = MayNotImport(user=who.user)
        return gate.noted(who, found)

    def _imported(self, path: Path, language: Language) -> Iterator[str]:
        settings = self.shop.settings
        wanted = Wanted(joined=settings.join_people, wish=wishes(settings), channels=Channels(settings.channels))
        try:
            for done in import_files(self.store, [path], wanted, self.shop.now(), lambda *_: None):
                yield from said_of(done, language, settings.currency)
                if done.taken:
                    yield from unknown_statuses(self.store, language)
        except UnknownHeader as problem:
            raise ColumnsUnknown(**{**problem.values, "path": printable(path.name)}) from problem
        except TooManyBadRows as problem:
            yield language.say("problem.too_many_bad_rows", **problem.values)
            yield from bad_rows(problem.staged, language)

    def _download(self, file: Mapping[str, Any], path: Path) -> None:
        name, url = printable(path.name), str(file.get("url_private_download") or file.get("url_private") or "")
        if not self._is_slack(url):
            raise FileElsewhere(name=name)
        if int(file.get("size") or 0) > MOST_BYTES:
            raise FileTooLarge(name=name, most=MOST_BYTES >> 20)
        request = Request(url, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310  checked above
        try:
            with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer, path.open("wb") as out:
                left = MOST_BYTES
                while block := answer.read(BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise FileTooLarge(name=name, most=MOST_BYTES >> 20)
                    out.write(block)
        except OSError as error:
            raise SlackUnreachable(reason=str(error)) from error

    def _is_slack(self, url: str) -> bool:
        """Whether the token may be shown there: Slack's hosts, or the local Slack that we talk to."""
        place, ours = urlsplit(url), urlsplit(self.shop.settings.slack.base_url)
        if is_loopback(self.shop.settings.slack.base_url):
            return place.netloc == ours.netloc
        host = place.hostname or ""
        return place.scheme == "https" and (host == _HOST or host.endswith("." + _HOST))


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the token elsewhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _file_name(file: Mapping[str, Any]) -> str:
    """The file's own name without folders: reports and the shop's patterns know it by that."""
    name = Path(str(file.get("name") or "orders.csv").replace("\\", "/")).name
    return name if name not in {"", ".", ".."} and "\0" not in name else "orders.csv"
