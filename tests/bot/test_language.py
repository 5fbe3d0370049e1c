"""Do both languages say the same things, each by its own customs?"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bot.language import LOCALE, Language, MissingWords, UnknownLanguage, placeholders
from bot.settings.layers import all_settings
from metrics.day import Span

JA, EN = Language.of("ja"), Language.of("en")
ROOT = Path(__file__).parents[2]
SATURDAY = date(2026, 11, 21)


def test_there_are_two_languages():
    assert sorted(path.stem for path in LOCALE.glob("*.toml")) == ["en", "ja"]


def test_both_languages_have_the_same_sentences():
    assert set(JA.words) == set(EN.words)


@pytest.mark.parametrize("key", sorted(JA.words))
def test_a_sentence_needs_the_same_values_in_both_languages(key):
    assert placeholders(JA.words[key]) == placeholders(EN.words[key])


@pytest.mark.parametrize("key", [key for key, words in EN.words.items() if not isinstance(words, str)])
def test_a_plural_is_chosen_by_count_and_has_the_forms_english_needs(key):
    assert set(EN.words[key]) == {"one", "other"}
    assert "count" in placeholders(EN.words[key])


def test_japanese_has_no_english_left_in_it():
    words = " ".join(words for words in JA.words.values() if isinstance(words, str))
    settings = "|".join(re.escape(setting.name) for setting in all_settings() if "." in setting.name)
    typed = r"(asakai|\{program\}) [a-z]+|pip install '[^']+'|/invite @asakai|--[a-z-]+|\w*\.csv|設定 [a-z_.]+"
    typed += r"|\[\[?[a-z]+\]\]? [a-z]+|api\.slack\.com/apps|「App Manifest」"  # a line of shop.toml, a place in Slack
    typed += r"|Ctrl-C|\.gz|postgresql://\S+|\.env|none|deploy/manifest\.yaml|shop\.toml|currency = |ASAKAI_\w+"
    typed += r"|https?://[a-z./]+|https |\"http\""
    plain = re.sub(rf"{typed}|\{{\w+\}}|/kpi|{settings}", "", words)
    known = {"F", "M", "d", "y", "E", "EEEE", "dd", "MM", "pt", "Asia", "Tokyo", "LINE", "kpi", "JP"}
    known |= {
        "Asakai",
        "Excel",
        "Slack",
        "ID",
        "UTF",
        "TOML",
        "SQLite",
        "PostgreSQL",
        "LTV",
        "CPO",
        "NPS",
        "CPM",
        "CSV",
        "TSV",
        "SELECT",
        "URL",
    }
    assert set(re.findall(r"[A-Za-z]+", plain)) <= known


def _problem_keys() -> set[str]:
    """The `key = "…"` of every class in the sources."""
    keys = set()
    for path in [*ROOT.glob("metrics/**/*.py"), *ROOT.glob("bot/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.bases:
                keys |= {found for item in node.body if (found := _key(item))}
    return keys


def _key(item: ast.stmt) -> str | None:
    if not isinstance(item, (ast.Assign, ast.AnnAssign)) or not isinstance(item.value, ast.Constant):
        return None
    target = item.targets[0] if isinstance(item, ast.Assign) else item.target
    return str(item.value.value) if isinstance(target, ast.Name) and target.id == "key" else None


def test_every_problem_has_a_sentence():
    keys = _problem_keys()
    assert {"unknown_zone", "unknown_dimension", "unknown_language"} <= keys
    assert {key for key in keys if not JA.has(f"problem.{key}")} == set()


def test_a_missing_sentence_is_a_bug():
    with pytest.raises(MissingWords, match=r"no\.such"):
        JA.say("no.such")


def test_a_missing_value_is_a_bug():
    with pytest.raises(MissingWords, match="zone"):
        JA.say("problem.unknown_zone")


def test_a_plural_without_count_is_a_bug():
    with pytest.raises(MissingWords, match="count"):
        EN.say("common.customers")


PLURALS = "customers|orders|purchases|rows|days|weeks|mornings|minutes|seconds|answers|contracts|questions|replies"
PLURALS += "|lists|files|segments|groups|digests|tables|characters|measures|tries|reports|columns|are|have|were|fit"
A_PLURAL_AFTER_ONE = re.compile(rf"(?<![\d/.])1 (?:more |new |other )?(?:{PLURALS})\b")
NEVER_ONE = {"within", "minimum", "most", "fewer_than", "horizon", "horizon_days", "needed_days", "grace", "length"}
"""What is fixed, and by nature more than one."""
MORE_THAN_ONE = {
    "alert.headline.several_below": "several segments",
    "alert.headline.several_above": "several segments",
    "alert.headline.several_change": "several segments",
    "alert.over.several": "several segments",
    "alert.of_mornings": "a rule that looks at one morning does not say so",
    "watched.of": "a rule that looks at one morning does not say so",
    "gap.sentence": "shares of 100",
    "problem.zip_of_several": "several tables",
    "measure.headline_not_judged": "several measures: one is named",
    "figure.repeat.provisional": "a window of four weeks",
    "repeat.provisional_note": "a window of four weeks",
    "repeat.period_early": "a window of four weeks",
    "nps.before": "90, 180 or 365",
    "nps.trend": "90, 180 or 365",
    "continuation.lately": "30",
    "cpo.headline": "30, 90, 180 or 365",
    "cpo.headline_sales": "30, 90, 180 or 365",
    "cpo.lost": "30, 90, 180 or 365",
    "cpo.open": "30, 90, 180 or 365",
    "cpo.won": "30, 90, 180 or 365",
    "cpo.value": "30, 90, 180 or 365",
    "cpo.value_sales": "30, 90, 180 or 365",
    "cpo.not_yet": "30, 90, 180 or 365",
    "cpo.denominator": "30, 90, 180 or 365",
    "problem.nobody_of_that_age": "30, 90, 180 or 365",
    "problem.trial_too_long": "more than the most",
    "answer.not_matured": "a day, no number",
    "problem.data_not_ready": "a day, no number",
    "problem.currency_mismatch": "a currency, no number",
    "problem.other_shop": "a name, no number",
    "watch.data.headline": "a day, no number",
    "watch.owner.headline": "a day, no number",
}
"""Sentences whose number cannot be one, and why."""


@pytest.mark.parametrize("language", [JA, EN], ids=["ja", "en"])
def test_one_of_everything_is_said_in_the_singular(language):
    wrong = {}
    for key, sentence in language.words.items():
        said = language.say(key, **{name: 30 if name in NEVER_ONE else 1 for name in placeholders(sentence)})
        if A_PLURAL_AFTER_ONE.search(said) and key not in MORE_THAN_ONE:
            wrong[key] = said
    assert wrong == {}
    assert language is JA or MORE_THAN_ONE.keys() <= language.words.keys()


def test_each_number_of_a_sentence_has_its_own_form():
    intro = [EN.say("quality.intro", orders=o, purchases=p, customers=c) for o, p, c in ((1, 1, 1), (3, 2, 1))]
    assert intro == [
        "1 purchase by 1 customer was counted from 1 order.",
        "2 purchases by 1 customer were counted from 3 orders.",
    ]
    assert EN.say("cpo.headline_too_few", n="<5", cohort="May").endswith("too few (<5 new customers, May)")


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(UnknownLanguage) as raised:
        Language.of("fr")
    assert raised.value.values == {"language": "fr", "known": ("en", "ja")}


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 customers"), (1, "1 customer"), (2, "2 customers"), (1234, "1,234 customers")]
)
def test_english_counts_one_customer_and_two_customers(count, said):
    assert EN.say("common.customers", count=count) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.203, "20.3%"), (0.0, "0.0%"), (1.0, "100.0%"), (0.20249, "20.2%"), (0.2025, "20.3%"), (None, "–")],
)
def test_a_percentage_has_one_decimal_and_none_is_a_dash(share, said):
    assert JA.percent(share) == EN.percent(share) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.1996, "19.96%"), (0.19996, "19.996%"), (0.199, "19.9%"), (0.2, "20.0%"), (0.2004, "20.0%")]
)
def test_a_missed_target_never_looks_reached(share, said):
    assert JA.percent_against(share, 0.20) == said


@pytest.mark.parametrize(("target", "said"), [(0.2, "20%"), (0.225, "22.5%"), (0.1, "10%")])
def test_a_target_has_no_idle_decimals(target, said):
    assert JA.target(target) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0.182, 0.203, "18.2%→20.3%（+2.1pt）"),
        (0.203, 0.182, "20.3%→18.2%（-2.1pt）"),
        (0.2, 0.2, "20.0%→20.0%（±0.0pt）"),
        (0.1804, 0.2006, "18.0%→20.1%（+2.1pt）"),
        (None, 0.2, "–→20.0%（–）"),
    ],
)
def test_a_change_is_the_difference_of_what_is_shown(before, after, said):
    assert JA.change(before, after) == said


def test_english_writes_a_change_with_spaces():
    assert EN.change(0.182, 0.203) == "18.2% → 20.3% (+2.1pt)"


@pytest.mark.parametrize(
    ("minor", "currency", "japanese", "english"),
    [
        (1_234_567, "JPY", "1,234,567円", "¥1,234,567"),
        (123_456, "GBP", "£1,234.56", "£1,234.56"),
        (123_456, "USD", "$1,234.56", "$1,234.56"),
        (50, "USD", "$0.50", "$0.50"),
        (-1_200, "JPY", "-1,200円", "-¥1,200"),
    ],
)
def test_money_is_written_by_its_currency(minor, currency, japanese, english):
    assert (JA.money(minor, currency), EN.money(minor, currency)) == (japanese, english)


def test_days_in_sentences_and_tables():
    assert JA.day(SATURDAY) == "2026年11月21日(土)"
    assert JA.day_short(SATURDAY) == "11月21日(土)"
    assert JA.day_table(SATURDAY) == "2026/11/21"
    assert EN.day(SATURDAY) == "Sat 21 Nov 2026"
    assert EN.day_short(SATURDAY) == "Sat 21 Nov"
    assert EN.day_table(SATURDAY) == "2026-11-21"


def test_a_span_says_its_last_day_and_each_year_once():
    autumn = Span(date(2026, 9, 24), date(2026, 10, 22))
    winter = Span(date(2025, 12, 24), date(2026, 1, 22))
    assert (JA.span(autumn), EN.span(autumn)) == ("2026/9/24〜10/21", "24 Sep–21 Oct 2026")
    assert JA.span(Span(date(2026, 9, 24), date(2026, 9, 24))) == "–"
    assert (JA.span(winter), EN.span(winter)) == ("2025/12/24〜2026/1/21", "24 Dec 2025–21 Jan 2026")


def test_durations():
    assert [JA.days(value) for value in (68.0, 12.44, None)] == ["68日", "12.4日", "–"]
    assert [EN.days(value) for value in (1.0, 68.0, 12.44)] == ["1 day", "68 days", "12.4 days"]


def test_values_in_sentences_are_written_by_custom():
    said = [EN.word(value) for value in ("a_b", 1234, 1.25, SATURDAY, ("a", 2), None, True)]
    assert said == ["a_b", "1,234", "1.3", "Sat 21 Nov 2026", "a, 2", "–", "True"]


def test_a_value_with_braces_stays_as_it_is():
    assert "{count}" in JA.say("problem.unknown_zone", zone="{count}")


def test_babel_waits_until_a_day_is_said():
    code = "import sys; from bot.language import Language; Language.of('ja'); print('babel' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
