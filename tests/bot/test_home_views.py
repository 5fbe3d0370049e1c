"""Does Home say the right thing to each reader, in a form that Slack takes?"""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date, time

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blockkit import render
from bot.choices.chosen import Plan
from bot.delivery.row import State
from bot.home import digest_form, settings_form
from bot.home.mornings import SHOWN, Went, arrivals
from bot.home.page import Reader, Today, Told
from bot.language import Language
from bot.local_slack.validation import check_view
from bot.present.language import language_page
from tests.bot.home_gallery import FRESH, HOME, KNOWN, OWN, ROWS, SATO, SUZUKI, VIEWS, page, row, shop
from tests.bot.second_opinion import validate
from tests.bot.second_opinion_view import validate_view

JA = Language.of("ja")
LANGUAGES = ("ja", "en")


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_as_it_was_approved(name, code, golden):
    assert VIEWS[name](Language.of(code)) == golden


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", VIEWS)
def test_two_strangers_would_show_it(name, code):
    view = VIEWS[name](Language.of(code))
    assert check_view(view) == ()
    validate_view(copy.deepcopy(view))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_language_page_offers_the_other_language_in_its_own_words(code, golden):
    it = Language.of(code)
    message = render(language_page(it.say("home.language.chosen"), it))
    validate(message)
    assert message.blocks == golden


def test_the_strangers_refuse_what_slack_refuses():
    view = VIEWS["form_settings"](JA)
    view["title"]["text"] = "長" * 25
    assert check_view(view)
    with pytest.raises(Exception, match=r"24|length|title"):
        validate_view(view)


def test_what_somebody_typed_mentions_nobody():
    plan = replace(OWN, title="⟦@U0SATO0001⟧ <!channel> *x*", filters=(("channel", "⟦#C0ASAKAI01⟧"),))
    text = json.dumps(page(Told(shop(plans=(plan,)), FRESH), Reader(SUZUKI, True, False), JA), ensure_ascii=False)
    assert "<!channel>" not in text
    assert f"<#{HOME}>" not in text
    read = digest_form.read(plan, SAID | {"title": "⟦@U0SATO0001⟧ 朝"}, LISTS)
    assert read.title == "@U0SATO0001 朝"


def test_nobody_sees_another_s_own_digest():
    for reader in (Reader(SATO, True, True), Reader("U9", True, False)):
        assert "LINE ∗朝∗" not in json.dumps(page(Told(shop(), FRESH), reader, JA), ensure_ascii=False)


def test_a_hundred_digests_still_fit():
    plans = tuple(Plan(f"p{i}", tuple(f"C{i:08}{j}" for j in range(40)), title="長" * 60) for i in range(100))
    told = Told(shop(plans=plans), FRESH, arrivals(row(day % 28 + 1, name=f"p{day}") for day in range(200)))
    assert check_view(page(told, Reader(SATO, True, True), JA)) == ()


# --- mornings -----------------------------------------------------------------------------


def test_a_morning_is_on_time_late_waiting_or_missing():
    found = {arrival.day.day: arrival.went for arrival in arrivals(ROWS)}
    assert found == {
        20: Went.ON_TIME, 19: Went.LATE, 18: Went.MISSING, 17: Went.MISSING, 16: Went.WAITING, 13: Went.WAITING,
        12: Went.MISSING,
    }  # fmt: skip


def test_the_last_fourteen_mornings_of_one_s_own_channels_are_told():
    rows = [row(day) for day in range(1, 29)]
    assert [arrival.day for arrival in arrivals(rows)] == [date(2026, 11, day) for day in range(28, 28 - SHOWN, -1)]
    assert arrivals(rows, frozenset({"C1"})) == ()


# --- what was filled in -------------------------------------------------------------------

SAID = {
    "title": " LINE ", "at": "07:45", "zone": "Asia/Tokyo", "days": "weekly", "dimension": "usual", "language": "en",
}  # fmt: skip
LISTS = {"channels": (HOME,), "weekdays": ("thu", "mon"), "segments": ("channel=a=b,c",)}


def test_a_digest_is_read_as_it_was_filled_in():
    assert digest_form.wrong(Plan(""), SAID, LISTS, KNOWN, JA) == {}
    assert digest_form.read(Plan(""), SAID, LISTS) == Plan(
        "", (HOME,), time(7, 45), "Asia/Tokyo", ("mon", "thu"), "en", (("channel", "a=b,c"),), "", "LINE"
    )
    assert digest_form.read(OWN, SAID, LISTS).channels == OWN.channels, "nobody sends their own digest elsewhere"


@pytest.mark.parametrize(
    ("said", "lists", "field"),
    [
        ({"title": "  "}, {}, "title"),
        ({}, {"channels": ()}, "channels"),
        ({"at": ""}, {}, "at"),
        ({"at": "25:00"}, {}, "at"),
        ({"zone": "../etc/passwd"}, {}, "zone"),
        ({}, {"weekdays": ()}, "weekdays"),
        ({}, {"segments": ("channel=a", "channel=b")}, "segments"),
        ({}, {"segments": ("rank=gold",)}, "segments"),
        ({"dimension": "rank"}, {}, "dimension"),
    ],
)
def test_what_is_wrong_with_a_digest_is_said_at_its_field(said, lists, field):
    assert set(digest_form.wrong(Plan(""), SAID | said, LISTS | lists, KNOWN, JA)) == {field}


FILLED = {"target": "22.5", "threshold": "", "language": "ja", "holidays": "2026-12-29、２０２６/12/30"}


def test_settings_are_read_as_they_were_filled_in():
    found = settings_form.values_of(FILLED, {"people": (SUZUKI,), "channels": ()})
    assert found == {
        "target": 0.225,
        "alert.threshold": None,
        "language": "ja",
        "digest.company_holidays": ["2026-12-29", "2026-12-30"],
        "slack.allowed_channels": [],
        "slack.allowed_users": [SUZUKI],
    }


@pytest.mark.parametrize(
    ("field", "text"),
    [("target", "0"), ("target", "100"), ("target", "x"), ("target", "nan"), ("threshold", "-1"), ("language", "fr"),
     ("holidays", "2026-02-30"), ("holidays", "いつか")],
)  # fmt: skip
def test_what_is_wrong_with_a_setting_is_said_at_its_field(field, text):
    assert set(settings_form.wrong(shop().settings, FILLED | {field: text}, {}, JA)) == {field}


def test_a_form_sent_back_untouched_changes_nothing():
    settings = shop(("alert.threshold", 0.185)).settings
    form = settings_form.settings_form(settings, JA, "")
    said = {field.name: ",".join(field.value) for field in form.fields}
    lists = {field.name: field.value for field in form.fields}
    for name, value in settings_form.values_of(said, lists).items():
        assert value == settings_form.plain(settings, name), name


def test_waiting_rows_say_why():
    text = json.dumps(VIEWS["home_admin"](JA), ensure_ascii=False)
    assert "ボットがチャンネルにいません" in text
    assert "注文がまだありません" in text
    assert State.WAITING_DATA.value not in text


def test_today_without_a_report_says_what_to_do():
    assert Today().report is None
    assert "asakai import" in json.dumps(VIEWS["home_first_day"](JA), ensure_ascii=False)
