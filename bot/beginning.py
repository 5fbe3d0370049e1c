"""How does a shop begin: from nothing to tokens that work and settings that are written?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bot.delivery.introduction import introduced, opens_connections
from bot.delivery.post import web_client
from bot.present.problem import sentence
from bot.settings.layers import SHOP_FILE, SHOP_VARIABLE
from bot.shop_file import replace_file, with_settings
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.language import Language

NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="
TRIES = 3
KEY_BYTES = 24
_PLAIN = re.compile(r"[A-Za-z0-9.:/_~%-]+")


class NoManifest(Problem):
    """The manifest that belongs to the program is not where it should be."""

    key = "no_manifest"


class AddressNotTaken(Problem):
    """Slack sends requests to an https address only."""

    key = "address_not_taken"


class TokensRefused(Problem):
    """No token was given that Slack accepts."""

    key = "tokens_refused"


@dataclass(frozen=True, slots=True)
class Asking:
    """How the person is asked: `plain` shows what is typed, `hidden` does not; `tell` says a line."""

    plain: Callable[[str, str], str]
    hidden: Callable[[str], str]
    tell: Callable[[str], None]


def manifest(url: str = "") -> str:
    """What the Slack app asks of a workspace; with a `url`, for HTTP mode at that address."""
    packaged = files("bot").joinpath("manifest.yaml")
    here = Path(__file__).parents[1] / "deploy" / "manifest.yaml"
    found = packaged if packaged.is_file() else here
    if not found.is_file():
        raise NoManifest(path=str(here))
    text = found.read_text(encoding="utf-8")
    return _over_http(text, url) if url else text


def _over_http(text: str, url: str) -> str:
    """The same with signed requests instead of a socket; Slack asks for the address in each of three places."""
    from bot.listening import EVENTS_PATH  # noqa: PLC0415  loads Bolt, which only this needs

    asked = urlsplit(url)
    if asked.scheme != "https" or not asked.hostname or not _PLAIN.fullmatch(url):
        raise AddressNotTaken(url=url)
    address = url if asked.path.strip("/") else f"{url.rstrip('/')}{EVENTS_PATH}"
    text = text.replace("socket_mode_enabled: true", "socket_mode_enabled: false")
    text = re.sub(r"(?m)^( *)(event_subscriptions|interactivity):\n", rf"\g<0>\1  request_url: {address}\n", text)
    return re.sub(r"(?m)^( *)- command: .*\n", rf"\g<0>\1  url: {address}\n", text)


def link(url: str = "") -> str:
    """The address that creates the app with the manifest filled in; comments stay out, it must not get too long."""
    lines = [line for line in manifest(url).splitlines() if not line.lstrip().startswith("#")]
    return NEW_APP + quote("\n".join(lines) + "\n")


def introduction(language: Language, url: str = "") -> Iterator[str]:
    """The manifest, the link, and what to do with them."""
    yield manifest(url).rstrip("\n")
    yield ""
    yield language.say("init.link")
    yield link(url)
    yield language.say("init.secret" if url else "init.tokens")


def begin(asking: Asking, base_url: str, language: Language, environ: Mapping[str, str]) -> Iterator[str]:
    """Ask, check the tokens live, write `.env` (0600) and shop.toml; raises TokensRefused."""
    shop = asking.plain(language.say("init.ask.shop"), "")
    channel = asking.plain(language.say("init.ask.channel"), "#general")
    bot_token = _token(asking, "bot_token", language, lambda token: _bot(token, base_url))
    app_token = _token(asking, "app_token", language, lambda token: _app(token, base_url))
    env = Path(".env")
    known = env.read_text(encoding="utf-8-sig") if env.exists() else ""
    wanted = {"ASAKAI_SLACK__BOT_TOKEN": bot_token, "ASAKAI_SLACK__APP_TOKEN": app_token}
    if not re.search(r"(?m)^ASAKAI_CUSTOMERS__PSEUDONYM_KEY=.", known):
        wanted["ASAKAI_CUSTOMERS__PSEUDONYM_KEY"] = secrets.token_urlsafe(KEY_BYTES)
    replace_file(env, with_variables(known, wanted), 0o600)
    path = Path(environ.get(SHOP_VARIABLE) or SHOP_FILE)
    said = {"shop": shop, "language": language.code, "digest.channels": [channel]}
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    replace_file(path, with_settings(before, {name: value for name, value in said.items() if value}))
    yield language.say("init.written", env=str(env), shop=str(path))
    yield language.say("init.next", channel=channel)


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """The lines of `.env` with these variables set; everything else stays as it is."""
    lines = text.splitlines()
    for name, value in values.items():
        place = next((at for at, line in enumerate(lines) if re.match(rf"#?\s*(export\s+)?{name}=", line)), None)
        line = f"{name}={value}"
        if place is None:
            lines.append(line)
        else:
            lines[place] = line
    return "\n".join(lines) + "\n"


def _token(asking: Asking, name: str, language: Language, check: Callable[[str], str]) -> str:
    """A token that Slack accepts; asked three times."""
    for _ in range(TRIES):
        token = asking.hidden(language.say(f"init.ask.{name}")).strip()
        try:
            if not re.fullmatch(r"xox[a-z]-\S+|xapp-\S+", token):
                raise TokensRefused(name=name)
            asking.tell(language.say("init.works", who=check(token)))
        except Problem as problem:
            asking.tell(sentence(problem, language))
        else:
            return token
    raise TokensRefused(name=name)


def _bot(token: str, base_url: str) -> str:
    found = introduced(web_client(token, base_url))
    return f"{found.team} @{found.user}"


def _app(token: str, base_url: str) -> str:
    opens_connections(web_client(token, base_url))
    return "Socket Mode"
