"""Do Slack's own types, published in @slack/web-api, know our manifest, and does the local Slack know theirs?

The types are read twice: the compiler holds each manifest that a person would give to Slack against them, and
the fields and lengths that they name are compared with the local Slack's rules (bot/local_slack/manifest.py).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import pytest

from bot.beginning import introduction, link
from bot.language import Language
from bot.local_slack.manifest import MANIFEST, NAMED_ONLY, Fields, Items, Text, manifest_flaws
from tests.bot.by_node import installed
from tests.bot.manifests import manifest_of, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.local_slack.manifest import Rule

URL = "https://kpi.example.com"


def printed(code: str, url: str = "") -> dict[str, Any]:
    """What `asakai init --manifest` prints before its first empty line; with --url, for HTTP mode."""
    return manifest_of("\n".join(introduction(Language.of(code), url)).split("\n\n", 1)[0])


def linked(url: str = "") -> dict[str, Any]:
    """What the link fills in."""
    return manifest_of(unquote(link(url).partition("manifest_yaml=")[2]))


GIVEN = {
    "shipped": shipped(),
    "in the link": linked(),
    "in the link, over HTTP": linked(URL),
    "printed in Japanese": printed("ja"),
    "printed in English": printed("en"),
    "printed, over HTTP": printed("en", URL),
}


def broken(*path: str | int, value: object) -> dict[str, Any]:
    """Our manifest with something wrong in it."""
    manifest = shipped()
    holder: Any = manifest
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return manifest


BROKEN = {
    "a field at the top": (broken("extra", value=True), "'\"extra\"' does not exist"),
    "a field inside": (broken("display_information", "nome", value="x"), "'\"nome\"' does not exist"),
    "a field in a list": (broken("features", "shortcuts", 0, "icon", value="x"), "'\"icon\"' does not exist"),
    "an unknown scope": (broken("oauth_config", "scopes", "bot", 0, value="chat:shout"), "'BotScope'"),
    "a person's scope": (broken("oauth_config", "scopes", "bot", 0, value="search:read"), "'BotScope'"),
    "an unknown event": (
        broken("settings", "event_subscriptions", "bot_events", 0, value="app_homed"),
        "'ManifestEvent'",
    ),
    "a word out of no list": (broken("features", "shortcuts", 0, "type", value="anywhere"), "'\"anywhere\"'"),
    "words instead of a switch": (broken("settings", "socket_mode_enabled", value="yes"), "'boolean | undefined'"),
    "no name": (broken("display_information", value={"description": "x"}), "'name' is missing"),
}


@pytest.fixture(scope="module")
def types() -> Path:
    """manifest.mts beside @slack/web-api."""
    return installed("manifest.mts")


@pytest.fixture(scope="module")
def told(types: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the compiler says of each manifest; nothing where it is content."""
    folder = tmp_path_factory.mktemp("manifests")
    (folder / "node_modules").symlink_to(types.parent / "node_modules")
    shutil.copy(types, folder)
    for name, manifest in {**GIVEN, **{name: manifest for name, (manifest, _) in BROKEN.items()}}.items():
        lines = [
            'import type { Manifest } from "./manifest.mts";',
            f"export const manifest: Manifest = {json.dumps(manifest)};",
        ]
        (folder / f"{name}.given.mts").write_text("\n".join(lines), encoding="utf-8")
    compiler = [str(folder / "node_modules" / ".bin" / "tsc"), "--noEmit", "--strict", "--skipLibCheck"]
    kind = ["--target", "es2022", "--module", "nodenext", "--allowImportingTsExtensions", "--types", "node"]
    files = sorted(path.name for path in folder.glob("*.mts"))
    done = subprocess.run(
        [*compiler, *kind, "--pretty", "false", *files], cwd=folder, capture_output=True, text=True, check=False
    )
    said: dict[str, str] = dict.fromkeys([*GIVEN, *BROKEN], "")
    for line in (done.stdout + done.stderr).splitlines():
        found = re.match(r"(.+)\.given\.mts\(\d+,\d+\): (error .*)", line)
        assert found or line.startswith(" "), line
        if found:
            said[found[1]] += found[2] + "\n"
    return said


@pytest.mark.parametrize("name", GIVEN)
def test_slacks_types_know_all_of_our_manifest(told: dict[str, str], name: str) -> None:
    assert told[name] == ""


@pytest.mark.parametrize("name", GIVEN)
def test_the_local_slack_takes_each_of_them(name: str) -> None:
    assert manifest_flaws(GIVEN[name]) == ()
    assert GIVEN[name]["settings"]["socket_mode_enabled"] is ("HTTP" not in name)


@pytest.mark.parametrize("name", BROKEN)
def test_slacks_types_do_not_know_a_broken_one(told: dict[str, str], name: str) -> None:
    assert BROKEN[name][1] in told[name]


# --- what the types name, and what the local Slack knows -----------------------------------


class Known(NamedTuple):
    """What is said of one field."""

    kind: str
    needed: bool


BEYOND = {
    "/$schema",
    "/_metadata/schema_version",
    "/_metadata/min_version",
    "/features/functions",
    "/features/workflow_steps",
    "/oauth_config/pkce_enabled",
    "/settings/is_hosted",
    "/settings/siws_links",
    "/settings/hermes_app_type",
    "/settings/is_mcp_enabled",
}
"""What Slack's schema knows and its types do not name. When they learn one, it leaves this list."""


def declared(types: Path) -> tuple[dict[str, Known], dict[str, int]]:
    """The fields of the interface Manifest, and the most that the comment above a field allows."""
    text = (types.parent / "node_modules/@slack/web-api/dist/types/request/manifest.d.ts").read_text("utf-8")
    bodies = dict(re.findall(r"^(?:export )?interface (\w+)[^{\n]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL))
    unions = dict(re.findall(r"^type (\w+) = (.+);$", text, re.MULTILINE))
    fields: dict[str, Known] = {}
    most: dict[str, int] = {}

    def walk(name: str, at: str) -> None:
        field = r"(?:/\*\*((?:(?!\*/).)*)\*/\s*)?^ {4}(\w+)(\?)?: ([^\n]+);$"
        for comment, word, optional, written in re.findall(field, bodies[name], re.MULTILINE | re.DOTALL):
            said = re.sub(r"\s*\n\s*\* ?", " ", comment)
            where, kind = f"{at}/{word}", written.removesuffix("[]")
            inside = f"{where}/0" if written.endswith("[]") else where
            if word in NAMED_ONLY and not at:
                continue
            fields[where] = Known("list" if written.endswith("[]") else kind_of(kind), not optional)
            bound = re.search(r"(?:[Mm]aximum (?:length is|of)|Between 1 and) ([0-9]+)", said)
            if bound:
                most[where] = int(bound[1])
            if kind in bodies:
                walk(kind, inside)

    def kind_of(written: str) -> str:
        if written in bodies:
            return "fields"
        return "text" if written in unions or written.startswith("'") else written.replace("string", "text")

    walk("Manifest", "")
    return fields, most


def known(rule: Rule, at: str = "") -> Iterator[tuple[str, Known, int | None]]:
    """The same of the local Slack's rules."""
    if isinstance(rule, Items):
        yield from known(rule.of, f"{at}/0")
    if not isinstance(rule, Fields):
        return
    names = {Text: "text", Items: "list", Fields: "fields", bool: "boolean", int: "number", list: "list"}
    for name, inside in rule.known.items():
        kind = names[inside if isinstance(inside, type) else type(inside)]
        yield f"{at}/{name}", Known(kind, name in rule.needed), getattr(inside, "most", None)
        yield from known(inside, f"{at}/{name}")


def test_the_local_slack_knows_each_field_of_slacks_types_and_they_each_of_its(types: Path) -> None:
    theirs, _ = declared(types)
    ours = {
        where: field
        for where, field, _ in known(MANIFEST)
        if not any(where == one or where.startswith(f"{one}/") for one in BEYOND)
    }
    assert len(theirs) > 50, "they were read as a whole"
    assert ours == theirs


def test_what_the_local_slack_knows_beyond_them_is_still_beyond_them(types: Path) -> None:
    theirs, _ = declared(types)
    assert {where for where, _, _ in known(MANIFEST)} >= BEYOND
    assert BEYOND.isdisjoint(theirs)


def test_the_local_slack_draws_each_line_where_the_comments_of_slacks_types_draw_it(types: Path) -> None:
    _, theirs = declared(types)
    ours = {where: most for where, _, most in known(MANIFEST) if where in theirs}
    assert len(theirs) >= 20, "they were read as a whole"
    assert ours == theirs
