"""What does a browser get that opens the local Slack's address?

The built page (`page/`, made from `page_source/`), its words from `bot/locale`, and nothing from
elsewhere. The same build draws a single message for `asakai preview`, all in one file.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.language import LOCALE, Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

BUILD: Final = Path(__file__).parent / "page"
GIVEN: Final = '<script type="application/json" id="given">{}</script>'
STYLE: Final = '<link rel="stylesheet" href="page.css" />'
SCRIPT: Final = '<script src="page.js"></script>'
PREFIX: Final = "local_slack."
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Only what we ship runs, and it talks to nobody else; images are what a message may name."""


def routes() -> list[BaseRoute]:
    """The addresses of the page itself."""
    from starlette.responses import Response  # noqa: PLC0415 - an extra, needed when served
    from starlette.routing import Route  # noqa: PLC0415

    from bot.local_slack.person import at_home  # noqa: PLC0415

    async def index(request: Request) -> Response:
        wanted = request.query_params.get("lang", "")
        language = wanted if wanted in languages() else languages()[0]
        return Response(document({"language": language, "words": words()}), headers=_headers("text/html"))

    async def script(_request: Request) -> Response:
        return Response((BUILD / "page.js").read_bytes(), headers=_headers("text/javascript"))

    async def style(_request: Request) -> Response:
        return Response((BUILD / "page.css").read_bytes(), headers=_headers("text/css"))

    addresses = {"/": index, "/page.js": script, "/page.css": style}
    return [Route(path, at_home(endpoint)) for path, endpoint in addresses.items()]


def _headers(kind: str) -> dict[str, str]:
    return {
        "Content-Type": f"{kind}; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def document(given: Mapping[str, Any]) -> str:
    """The page's HTML with what it is to show."""
    said = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
    html = (BUILD / "index.html").read_text(encoding="utf-8")
    return html.replace(GIVEN, GIVEN.replace("{}", said))


def whole(given: Mapping[str, Any]) -> str:
    """The same with style and script inside: one file that needs nobody."""
    style = (BUILD / "page.css").read_text(encoding="utf-8").replace("</", "<\\/")
    script = re.sub(r"</(?=script)", r"<\\/", (BUILD / "page.js").read_text(encoding="utf-8"), flags=re.IGNORECASE)
    html = document(given).replace(STYLE, f"<style>{style}</style>")
    return html.replace(SCRIPT, f"<script>{script}</script>")


@cache
def words() -> dict[str, dict[str, str]]:
    """What the page itself says, by language."""
    return {code: _said(Language.of(code)) for code in languages()}


def languages() -> list[str]:
    """The languages there are; the house's own comes first."""
    return sorted((path.stem for path in LOCALE.glob("*.toml")), reverse=True)


def _said(language: Language) -> dict[str, str]:
    there = language.words.items()
    return {key.removeprefix(PREFIX): str(said) for key, said in there if key.startswith(PREFIX)}
