"""How is it said in Japanese and in English?

`Language` gives sentences by key from `locale/<code>.toml` and writes numbers,
days and amounts by the customs of the language. A new language is one file
there. A missing sentence, or a value missing in one, is a bug and is raised.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Self, cast

from metrics.day import Span
from metrics.problem import Problem

LOCALE = Path(__file__).parent / "locale"
NO_VALUE = "–"
FINEST_DIGITS = 4
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})

Sentence = str | Mapping[str, str]


class UnknownLanguage(Problem):
    """There is no file for that language."""

    key = "unknown_language"


class MissingWords(LookupError):
    """A sentence or one of its values is missing: a bug, never a gap in a message."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language's words by dotted key, and its customs for numbers and days."""

    code: str
    words: Mapping[str, Sentence]

    @classmethod
    def of(cls, code: str) -> Language:
        """The language of that code; raises UnknownLanguage."""
        return _load(code)

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        return key in self.words

    def say(self, key: str, /, **values: object) -> str:
        """The sentence with its values; `count` chooses between singular and plural.

        So does each value by itself: `{orders} {orders:order|orders}`.
        """
        sentence = self._form(key, values)
        try:
            return sentence.format_map(
                {name: _Said(self.word(value), value, self.code) for name, value in values.items()}
            )
        except KeyError as missing:
            raise MissingWords(f"{self.code}: {key} needs the value {missing}") from None

    def _form(self, key: str, values: Mapping[str, object]) -> str:
        try:
            sentence = self.words[key]
            if isinstance(sentence, str):
                return sentence
            return sentence.get(_plural(self.code, cast("int", values["count"])), sentence["other"])
        except KeyError as missing:
            raise MissingWords(f"{self.code}: {key} ({missing})") from None

    def word(self, value: object) -> str:
        """A value inside a sentence."""
        match value:
            case str():
                return value
            case bool() | None:
                return self.say("custom.none") if value is None else str(value)
            case int() | float():
                return self.number(value)
            case date():
                return self.day(value)
            case Span():
                return self.span(value)
            case Iterable():
                return self.listed(value)
            case _:
                return str(value)

    def listed(self, items: Iterable[object]) -> str:
        """Things one after another: 「A、B」, "A, B"."""
        return self.say("custom.list").join(self.word(item) for item in items)

    def number(self, value: float | None, digits: int = 1) -> str:
        """1,234 or 12.3; whole numbers without decimals."""
        if value is None:
            return self.say("custom.none")
        return f"{int(value):,}" if value == int(value) else f"{_rounded(value, digits):,}"

    def percent(self, share: float | None, digits: int = 1) -> str:
        """20.3%, always with as many decimals as asked for."""
        return self.say("custom.none") if share is None else f"{_percent(share, digits)}%"

    def percent_against(self, share: float | None, target: float) -> str:
        """20.3%; more decimals where rounding would hide that the target is missed (19.96%)."""
        digits = 1
        while share is not None and share < target and digits < FINEST_DIGITS:
            if _percent(share, digits) < _percent(target, digits):
                break
            digits += 1
        return self.percent(share, digits)

    def target(self, share: float) -> str:
        """20% or 22.5%: no decimals that say nothing."""
        return f"{self.number(float(_percent(share, 1)))}%"

    def points(self, before: float | None, after: float | None) -> str:
        """+2.1pt: the difference of the two percentages as they are shown."""
        if before is None or after is None:
            return self.say("custom.none")
        moved = _percent(after, 1) - _percent(before, 1)
        return f"{moved:+}pt" if moved else "±0.0pt"

    def change(self, before: float | None, after: float | None) -> str:
        """18.2%→20.3%（+2.1pt）."""
        return self.say(
            "custom.change",
            before=self.percent(before),
            after=self.percent(after),
            points=self.points(before, after),
        )

    def change_inside(self, before: float | None, after: float | None) -> str:
        """18.2%→20.3%、+2.1pt: where it stands inside brackets already."""
        return self.say(
            "custom.change_inside",
            before=self.percent(before),
            after=self.percent(after),
            points=self.points(before, after),
        )

    def interval(self, interval: tuple[float, float] | None) -> str:
        """18.2〜22.6%."""
        if interval is None:
            return self.say("custom.none")
        low, high = interval
        return self.say("custom.range", low=str(_percent(low, 1)), high=self.percent(high))

    def signed(self, count: int) -> str:
        """+12, -3, ±0."""
        return f"{count:+,}" if count else "±0"

    def days(self, value: float | None) -> str:
        """68日, 12.4日."""
        if value is None:
            return self.say("custom.none")
        return self.say("custom.days", count=float(_rounded(value, 1)))

    def days_moved(self, value: float) -> str:
        """+3日, -1.5日, ±0日."""
        said = self.days(abs(value))
        return f"{'+' if value > 0 else '-' if value < 0 else '±'}{said}"

    def money(self, minor: int, currency: str) -> str:
        """1,234,567円, £12.34: an amount in minor units."""
        from babel.numbers import format_currency, get_currency_precision  # noqa: PLC0415  babel is slow to import

        amount = Decimal(minor).scaleb(-get_currency_precision(currency))
        key = f"custom.money.{currency}"
        if self.has(key):
            return f"{'-' if minor < 0 else ''}{self.say(key, amount=f'{abs(amount):,}')}"
        return format_currency(amount, currency, locale=self.code)

    def day(self, day: date) -> str:
        """2026年11月21日(土), Sat 21 Nov 2026: in sentences."""
        return self._date(day, "custom.day")

    def day_short(self, day: date) -> str:
        """11月21日(土), Sat 21 Nov: where the year is plain."""
        return self._date(day, "custom.day_short")

    def day_table(self, day: date) -> str:
        """2026/11/21: in tables."""
        return self._date(day, "custom.day_table")

    def day_axis(self, day: date) -> str:
        """11/21, 21 Nov: along an axis."""
        return self._date(day, "custom.day_axis")

    def weekday(self, day: date) -> str:
        """土曜日, Saturday."""
        return self._date(day, "custom.weekday")

    def month(self, day: date) -> str:
        """2026年11月, Nov 2026."""
        return self._date(day, "custom.month")

    def span(self, span: Span) -> str:
        """2026/9/24〜10/21: first to last day, the year said once where one is enough; – without a day."""
        if not span.days:
            return self.say("custom.none")
        years = "same_year" if span.start.year == span.last.year else "two_years"
        return self.say(
            "custom.range",
            low=self._date(span.start, f"custom.span.start.{years}"),
            high=self._date(span.last, f"custom.span.end.{years}"),
        )

    def _date(self, day: date, pattern: str) -> str:
        from babel.dates import format_date  # noqa: PLC0415  babel is slow to import

        return format_date(day, self.say(pattern), locale=self.code)


class _Said(str):
    """A value as it is said; with two words after a colon, the one of them that goes with it."""

    __slots__ = ("code", "value")
    code: str
    value: object

    def __new__(cls, said: str, value: object, code: str) -> Self:
        """The words, and what they stand for."""
        self = super().__new__(cls, said)
        self.value, self.code = value, code
        return self

    def __format__(self, words: str) -> str:
        """The value itself without words; else the singular for one, the plural for any other."""
        if not words:
            return str(self)
        one, other = words.split("|")
        is_one = isinstance(self.value, int | float) and _plural(self.code, self.value) == "one"
        return one if is_one else other


def placeholders(sentence: Sentence) -> frozenset[str]:
    """The names of the values a sentence needs, in any of its plural forms."""
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return frozenset(name for form in forms for _, name, _, _ in Formatter().parse(form) if name is not None)


def _rounded(value: float, digits: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _percent(share: float, digits: int) -> Decimal:
    return (Decimal(repr(float(share))) * 100).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@cache
def _load(code: str) -> Language:
    known = sorted(path.stem for path in LOCALE.glob("*.toml"))
    if code not in known:
        raise UnknownLanguage(language=code, known=tuple(known))
    tree = tomllib.loads((LOCALE / f"{code}.toml").read_text(encoding="utf-8"))
    return Language(code, dict(_flat(tree, "")))


def _flat(tree: Mapping[str, object], prefix: str) -> Iterable[tuple[str, Sentence]]:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and not ("other" in value and value.keys() <= PLURALS):
            yield from _flat(value, f"{key}.")
        else:
            yield key, cast("Sentence", value)


@cache
def _plural(code: str, count: float) -> str:
    from babel import Locale  # noqa: PLC0415  babel is slow to import

    return Locale.parse(code).plural_form(count)
