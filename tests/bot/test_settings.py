"""Is every setting read from where it was set, and every mistake named?"""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import MissingSetting, Settings
from bot.settings.layers import BadSetting, Setting, UnknownSetting, UnreadableSettings, all_settings, load
from bot.settings.manual import manual
from metrics.problem import Problem
from metrics.rules import Rules
from metrics.segment import SHOP_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"


def of_shop(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return load(environ, folder)


def test_without_anything_set_the_defaults_are_a_japanese_shop(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert (settings.zone, settings.language, settings.currency, settings.target) == ("Asia/Tokyo", "ja", "JPY", 0.2)
    assert (settings.digest.at, settings.digest.business_days_only, settings.digest.country) == (
        time(8, 30),
        True,
        "JP",
    )
    assert (settings.store, settings.state) == (Path("asakai.duckdb"), "asakai-state.sqlite")
    assert settings.rules == Rules(columns=SHOP_COLUMNS)


def test_the_environment_outdoes_dotenv_outdoes_secrets_outdoes_the_shop_file(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for layer in ("shop", "secrets", ".env", "environ"):
        environ = {"ASAKAI_SECRETS_DIR": "secrets"}
        if layer == "shop":
            (tmp_path / "shop.toml").write_text('shop = "shop"\n[digest]\nat = "07:00"')
        elif layer == "secrets":
            (tmp_path / "secrets" / "ASAKAI_SHOP").write_text("secrets\n")
        elif layer == ".env":
            (tmp_path / ".env").write_text("ASAKAI_SHOP=.env\nOTHER=1\n")
        else:
            environ["ASAKAI_SHOP"] = "environ"
        assert load(environ, tmp_path).shop == layer
    assert load({}, tmp_path).digest.at == time(7, 0)


def test_lists_in_the_environment_are_written_with_commas_or_as_json(tmp_path: Path) -> None:
    environ = {
        "ASAKAI_DIGEST__CHANNELS": "C1, C2",
        "ASAKAI_DIGEST__COMPANY_HOLIDAYS": '["2026-12-29"]',
        "ASAKAI_DIMENSIONS": "channel,会員ランク",
        "ASAKAI_PURCHASES__EXCLUDED": "Cancelled, TEST",
    }
    settings = load(environ, tmp_path)
    assert settings.digest.channels == ("C1", "C2")
    assert settings.digest.company_holidays == (date(2026, 12, 29),)
    assert settings.rules.columns == ("channel", "会員ランク")
    assert settings.rules.excluded == ("cancelled", "test", "deleted")


def test_the_purchase_rules_of_the_shop_file_reach_the_store(tmp_path: Path) -> None:
    settings = of_shop(tmp_path, 'zone="UTC"\n[purchases]\nsame_day="separate"\nmerge_minutes=0\nburn_in_days=0')
    usual = Rules(columns=SHOP_COLUMNS, zone="UTC", same_day="separate", merge_minutes=0, burn_in_days=0)
    assert settings.rules == usual


@pytest.mark.parametrize(
    ("text", "name", "nearest"),
    [
        ("langauge = 'ja'", "langauge", "language"),
        ("[digest]\nchanels = []", "digest.chanels", "digest.channels"),
        ("[digets]\nat = '08:00'", "digets", "digest.at"),
        ("[purchases]\nmerge_minute = 5", "purchases.merge_minute", "purchases.merge_minutes"),
    ],
)
def test_a_misspelt_name_in_the_shop_file_stops_with_the_nearest(
    tmp_path: Path, text: str, name: str, nearest: str
) -> None:
    with pytest.raises(UnknownSetting) as problem:
        of_shop(tmp_path, text)
    assert (problem.value.values["name"], problem.value.values["where"]) == (name, "shop.toml")
    if name != "digets":
        assert problem.value.values["nearest"] == nearest


RULE = '[[alerts]]\nname = "LINE"\ndimension = "channel"\nlabel = "LINE"\nthreshold = 0.15\n'


def test_rules_of_the_shop_file_are_read_and_their_channels_are_listed(tmp_path: Path) -> None:
    settings = of_shop(tmp_path, RULE + 'channels = ["C7"]\nbad = 2\nof = 3\n')
    [rule] = settings.alerts
    assert (rule.name, rule.label, rule.threshold, rule.bad, rule.of) == ("LINE", "LINE", 0.15, 2, 3)
    assert "C7" in settings.answered_in


@pytest.mark.parametrize(
    ("more", "name", "nearest"),
    [
        ("thresold = 0.1", "alerts[1].thresold", "alerts.threshold"),
        ("mentoin = 'U1'", "alerts[1].mentoin", "alerts.mention"),
    ],
)
def test_a_misspelt_name_in_a_rule_is_named(tmp_path: Path, more: str, name: str, nearest: str) -> None:
    with pytest.raises(UnknownSetting) as problem:
        of_shop(tmp_path, RULE + more)
    assert (problem.value.values["name"], problem.value.values["nearest"]) == (name, nearest)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ('figure = "repeet"', "alerts[1].figure"),
        ('figure = "lifetime_value"', "alerts[1].figure"),
        ("threshold = 20", "alerts[1].threshold"),
        ('figure = "gap_median"', "alerts[1].threshold"),
        ('dimension = "chanel"', "alerts[1].dimension"),
        ('dimension = "cohort_month"', "alerts[1].dimension"),
        ('label = "LINE"', "alerts[1].label"),
        ("threshold = 0.2\nback = 0.1", "alerts[1].back"),
        ("bad = 3\nof = 2", "alerts[1].of"),
        ('mention = "here"', "alerts[1].mention"),
        ('mention = "<!channel>"', "alerts[1].mention"),
        ('watch = "change"\nfigure = "gap_median"', "alerts[1].figure"),
        ('figure = "return_chance"', "alerts[1].dimension"),
        ('name = "repeat"', "alerts"),
        ('name = "a\\nb"', "alerts[1].name"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_place(tmp_path: Path, rule: str, name: str) -> None:
    named = rule if rule.startswith("name") else f'name = "x"\n{rule}'
    with pytest.raises(BadSetting) as problem:
        of_shop(tmp_path, f"[[alerts]]\n{named}")
    assert problem.value.values["name"] == name
    assert problem.value.values["example"]


@pytest.mark.parametrize("layer", ["environ", ".env", "secrets"])
def test_a_misspelt_variable_stops_with_the_nearest(tmp_path: Path, layer: str) -> None:
    environ = {"ASAKAI_SECRETS_DIR": str(tmp_path), "PATH": "/bin"}
    if layer == "environ":
        environ["ASAKAI_SLACK__BOT_TOKN"] = "xoxb-canary"
    elif layer == ".env":
        (tmp_path / ".env").write_text("ASAKAI_SLACK__BOT_TOKN=xoxb-canary")
    else:
        (tmp_path / "ASAKAI_SLACK__BOT_TOKN").write_text("xoxb-canary")
    with pytest.raises(UnknownSetting) as problem:
        load(environ, tmp_path)
    assert problem.value.values["name"] == "ASAKAI_SLACK__BOT_TOKN"
    assert problem.value.values["nearest"] == "ASAKAI_SLACK__BOT_TOKEN"
    assert "canary" not in str(problem.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASAKAI_ZONE", "Asia/Tokio"),
        ("ASAKAI_ZONE", "../../etc/passwd"),
        ("ASAKAI_LANGUAGE", "fr"),
        ("ASAKAI_CURRENCY", "ZZZ"),
        ("ASAKAI_TARGET", "20"),
        ("ASAKAI_TARGET", "nan"),
        ("ASAKAI_DIGEST__AT", "25:00"),
        ("ASAKAI_DIGEST__AT", "830"),
        ("ASAKAI_DIGEST__COUNTRY", "Japan"),
        ("ASAKAI_DIGEST__DIMENSION", "chanel"),
        ("ASAKAI_DIGEST__COMPANY_HOLIDAYS", "2026-02-30"),
        ("ASAKAI_DIGEST__CHANNELS", "[C1"),
        ("ASAKAI_PURCHASES__BURN_IN_DAYS", "-1"),
        ("ASAKAI_PURCHASES__MERGE_MINUTES", "-60"),
        ("ASAKAI_PURCHASES__HORIZON_DAYS", "0"),
        ("ASAKAI_ALERT__THRESHOLD", "-0.2"),
        ("ASAKAI_SLACK__MODE", "rtm"),
        ("ASAKAI_SLACK__PORT", "99999"),
    ],
)
def test_a_bad_value_is_refused_with_the_setting_and_an_example(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(BadSetting) as problem:
        load({variable: value}, tmp_path)
    assert problem.value.values["variable"] == variable
    assert problem.value.values["example"]


@pytest.mark.parametrize(
    "content", [b"shop = ", b"\xff\xfe\x00", b'shop = "a"\nshop = "b"', "店 = 1 =".encode("cp932")]
)
def test_a_shop_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shop.toml").write_bytes(content)
    with pytest.raises(UnreadableSettings) as problem:
        load({}, tmp_path)
    assert "shop.toml" in str(problem.value.values["file"])


def test_files_that_are_named_must_be_there(tmp_path: Path) -> None:
    for variable in ("ASAKAI_SHOP_FILE", "ASAKAI_SECRETS_DIR"):
        with pytest.raises(UnreadableSettings):
            load({variable: "nowhere"}, tmp_path)


def test_a_section_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        of_shop(tmp_path, "digest = 3")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = load({"ASAKAI_SLACK__BOT_TOKEN": "xoxb-canary"}, tmp_path)
    assert "canary" not in repr(settings)
    assert settings.secret("bot_token") == "xoxb-canary"
    with pytest.raises(MissingSetting) as problem:
        settings.secret("app_token")
    assert problem.value.values["variable"] == "ASAKAI_SLACK__APP_TOKEN"


def test_settings_cannot_be_changed_in_place(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    with pytest.raises(ValidationError):
        settings.language = "en"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.digest.at = time(9)  # type: ignore[misc]


def test_an_argument_outdoes_everything(tmp_path: Path) -> None:
    settings = load({"ASAKAI_LANGUAGE": "ja"}, tmp_path, language="en", digest__at="09:00", shop=None)
    assert (settings.language, settings.digest.at, settings.shop) == ("en", time(9), "")


def test_the_alert_follows_the_target_and_the_digest_unless_set(tmp_path: Path) -> None:
    settings = load({"ASAKAI_TARGET": "0.3", "ASAKAI_DIGEST__CHANNELS": "C1"}, tmp_path)
    assert (settings.threshold, settings.alert_channels) == (0.3, ("C1",))
    settings = load({"ASAKAI_ALERT__THRESHOLD": "0.1", "ASAKAI_ALERT__CHANNELS": "C2"}, tmp_path)
    assert (settings.threshold, settings.alert_channels) == (0.1, ("C2",))


@pytest.mark.parametrize("setting", tuple(all_settings()), ids=lambda setting: setting.name)
def test_every_setting_has_a_manual_entry_and_an_example_that_works(setting: Setting, tmp_path: Path) -> None:
    assert setting.field.description, setting.name
    for example in setting.field.examples:
        load({}, tmp_path, **{setting.name.replace(".", "__"): example})


def test_the_checked_in_manual_is_the_one_made_from_the_settings() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == manual()


def test_the_main_dimension_is_the_first_column_unless_set(tmp_path: Path) -> None:
    assert load({}, tmp_path).main_dimension == "channel"
    assert load({"ASAKAI_DIMENSIONS": "会員ランク,region"}, tmp_path).main_dimension == "会員ランク"
    assert load({"ASAKAI_DIMENSIONS": "[]"}, tmp_path).main_dimension == "purchase_count"
    assert load({"ASAKAI_DIGEST__DIMENSION": "entry"}, tmp_path).main_dimension == "entry"


def test_every_refusal_is_a_problem() -> None:
    assert all(issubclass(kind, Problem) for kind in (BadSetting, UnknownSetting, UnreadableSettings, MissingSetting))
