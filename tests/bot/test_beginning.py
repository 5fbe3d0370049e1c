"""Does a shop begin with one command: the app made, tokens checked, settings written safely?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.beginning import link, manifest, with_variables
from bot.local_slack import LocalSlack
from bot.settings.layers import load
from tests.bot.manifests import manifest_of

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_link_holds_the_whole_manifest_and_is_not_too_long():
    assert manifest() == (DEPLOY / "manifest.yaml").read_text(encoding="utf-8")
    address = urlsplit(link())
    assert (address.scheme, address.hostname, address.path) == ("https", "api.slack.com", "/apps")
    said = unquote(address.query.partition("manifest_yaml=")[2])
    lines = [line for line in manifest().splitlines() if not line.startswith("#")]
    assert said.splitlines() == lines
    assert len(link()) < 8_000


def test_variables_are_set_and_everything_else_is_kept():
    before = "# mine\nOTHER=1\n#ASAKAI_SLACK__BOT_TOKEN=xoxb-…\n"
    assert with_variables(before, {"ASAKAI_SLACK__BOT_TOKEN": "xoxb-1", "NEW": "2"}) == (
        "# mine\nOTHER=1\nASAKAI_SLACK__BOT_TOKEN=xoxb-1\nNEW=2\n"
    )


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with LocalSlack() as slack:
        monkeypatch.setenv("ASAKAI_SLACK__BASE_URL", slack.base_url)
        yield slack


def begin(monkeypatch, *answers: str) -> int:
    left = iter(answers)
    monkeypatch.setattr(command_line.typer, "prompt", lambda _question, **_: next(left))
    return called(["init", "--lang", "ja"])


def test_init_checks_the_tokens_and_writes_them_for_the_owner_only(slack, monkeypatch, capsys):
    Path("shop.toml").write_text("# ours\ntarget = 0.25\n", encoding="utf-8")
    answers = ("月白コスメ", "#asakai-朝会", "nonsense", "xoxb-wrong", slack.bot_token, slack.app_token)
    assert begin(monkeypatch, *answers) == 0
    out = capsys.readouterr().out
    assert slack.bot_token not in out
    assert "api.slack.com/apps?new_app=1" in out
    env = Path(".env")
    assert env.stat().st_mode & 0o777 == 0o600
    settings = load({}, Path())
    assert settings.secret("bot_token") == slack.bot_token
    assert settings.secret("app_token") == slack.app_token
    assert settings.customers.pseudonym_key
    text = Path("shop.toml").read_text(encoding="utf-8")
    assert text.startswith("# ours\ntarget = 0.25\n")
    assert tomllib.loads(text)["digest"]["channels"] == ["#asakai-朝会"]
    assert (settings.shop, settings.language, settings.target) == ("月白コスメ", "ja", 0.25)


def test_init_again_keeps_the_key_of_the_pseudonyms(slack, monkeypatch):
    answers = ("月白コスメ", "C0ASAKAI01", slack.bot_token, slack.app_token)
    assert begin(monkeypatch, *answers) == 0
    key = load({}, Path()).customers.pseudonym_key
    assert begin(monkeypatch, *answers) == 0
    assert load({}, Path()).customers.pseudonym_key == key


def test_without_a_token_that_works_nothing_is_written(slack, monkeypatch, capsys):
    assert begin(monkeypatch, "x", "#y", "xoxb-1", "xoxb-2", "xoxb-3") == 1
    assert "トークン" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_the_manifest_alone_asks_nothing(capsys):
    assert called(["init", "--manifest", "--lang", "en"]) == 0
    assert manifest().splitlines()[-1] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://kpi.example.com", "https://kpi.example.com/slack/events"),
        ("https://kpi.example.com/", "https://kpi.example.com/slack/events"),
        ("https://example.com:8443/asakai/slack", "https://example.com:8443/asakai/slack"),
    ],
)
def test_for_http_mode_the_manifest_names_the_address_wherever_slack_asks(capsys, url, address):
    assert called(["init", "--url", url, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    found = manifest_of(said.split("\n\n", 1)[0])
    assert found["settings"]["socket_mode_enabled"] is False
    assert found["settings"]["event_subscriptions"]["request_url"] == address
    assert found["settings"]["interactivity"] == {"request_url": address, "is_enabled": True}
    assert [command["url"] for command in found["features"]["slash_commands"]] == [address]
    assert said.count(address) == 3
    assert "signing secret" in said
    assert len(link(url)) < 8_000


@pytest.mark.parametrize("url", ["http://kpi.example.com", "kpi.example.com", "https://", "https://x.example\n  a: b"])
def test_an_address_that_slack_cannot_reach_is_refused(capsys, url):
    assert called(["init", "--manifest", "--url", url, "--lang", "en"]) == 1
    assert "https address only" in capsys.readouterr().err
