"""What does docs/commands.md say?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.grammar.words import COMPARE_WORDS, DIMENSION_WORDS, HANDOUT_WORDS, NEXT_WORDS, NOUNS, TOPIC_WORDS
from bot.language import Language
from bot.subcommands import SUBCOMMANDS, Period

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTRODUCTION: Final = """# Commands

<!-- Made from SUBCOMMANDS and the words of bot/grammar by `asakai docs commands`; a test compares. -->

`/kpi` in Slack, `@asakai` in a channel or thread, plain words in the direct message with the bot, a button and
`asakai kpi "…"` on the command line take the same words. They may stand in any order, in Japanese or English,
full-width or not: `/kpi チャネル別 リピート率 先月` and `/kpi repeat by channel last month` ask the same. Japanese
needs no spaces: `先月のチャネル別リピート率`.

A word that is not known is not passed over: the answer says which one, with the two nearest whole questions as
buttons, or the usual ones where nothing is alike (similarity under 65). A misspelling that can only mean one thing
(similarity of 90 or more) is answered at once, and the answer says how it was taken.
"""
_PERIODS: Final = """## Periods

| like this | which days |
| --- | --- |
| `昨日` `先週` `今週` `先月` `今月` `先々月` `今年` `去年` | as a reader means it today; weeks begin on Monday |
| `yesterday` `last week` `this month` `last quarter` `last year` | the same |
| `直近30日` `過去90日` `直近3か月` `半年` `1年` | the days (months, years) before today |
| `last 90 days` `past 4 weeks` | the same |
| `2026/10` `2026-10` `2026年10月` `10月` `october` | a month; without a year the latest that has begun |
| `10/1` `10月1日` `2026-10-01` | a day |
| `10/1-10/31` `10/1〜10/31` `2026-10-01..2026-10-31` | from the first to the last of these |
| `from october to november` | the same |
| `10/1以降` `since october` | until the last complete day |
| `Q3` `2026Q3` `第3四半期` `2026` | a quarter, a year |

Days that are not over are left out. For the repeat rate and the gap a period means *who bought for the first time
in it*; for the others it means the state at its end.

## Filters

`channel:web`, `チャネル=Google広告`, `region:「東京 都心」`, `entry:定期`, `channel:不明` (no value).
A label that lies in one dimension only may stand alone: `リピート率 LINE`.

## Language

`/kpi 言語 英語`, `/kpi language ja`: from now on whoever typed it is answered in that language; `/kpi language` says
which one it is. `/kpi 言語 チャンネル 英語`, `/kpi language channel ja`: an admin chooses the language of what is
posted and answered in a channel; readers who chose their own keep it.
"""
_MORE: Final = """## Words that may be added

| like this | what it does |
| --- | --- |
| {before} | against the period before: the month before a month, else as many days; without a period the usual window |
| {week} | against the same weekday last week |
| `リピート率 LINE 比較 楽天` `repeat LINE vs email` | one label of a dimension against another |
| `リピート率 先月 比較 8月` `repeat last month vs august` | one period against another |
| {next} | the next rows of a long table; `続き3`, `page 3` |
| {share} | the answer, signed, to the channel; single customers never |
| {csv} | the answer as a file, in a direct message to those who may export |
| {xlsx} | the same as a workbook |
| `時点:2026-11-01` `asof:2026-11-01` | the answer of the morning after that day |

## Buttons and choices

Each carries a question that could be typed; the text form of a message lists them. Under an answer: the next
dimension (inside the label that is furthest behind), **{compare}**, **{why}**, **{definition}**,
the other figures, then **{share_button}** (once per answer), **CSV**, **Excel**. The panel
(`/kpi` alone) adds a menu of segments and a date.

## Shortcuts

- **{ask}** (anywhere): a form with figure, split, label, period and comparison; the answer
  goes where the person chooses, to them alone, or into their direct message.
- **{source}** (on a message of the bot): definition,
  numerator and denominator, cohort dates and what was left out, counted again from the orders that were known when the
  message was made.
"""
_MEANS: Final = {
    Period.COHORT: "who first bought in it",
    Period.END: "the state at its end",
    Period.DURING: "what happened in it",
    Period.MORNING: "that morning's message",
    Period.NONE: "takes none",
}


def manual() -> str:
    """The whole page, as it is checked in."""
    return "\n".join((_INTRODUCTION, *_subcommands(), _PERIODS, _more(), *_dimensions(), *_topics()))


def _more() -> str:
    ja, en = Language.of("ja"), Language.of("en")
    both = {
        name: f"{en.say(key)} · {ja.say(key)}"
        for name, key in (
            ("compare", "onward.compare"),
            ("why", "button.why"),
            ("definition", "button.definition"),
            ("share_button", "onward.share"),
            ("ask", "ask_form.title"),
            ("source", "source.title"),
        )
    }
    words = {
        "before": _listed((*COMPARE_WORDS["any"], *COMPARE_WORDS["before"])),
        "week": _listed(COMPARE_WORDS["week"]),
        "next": _listed(NEXT_WORDS),
        **{name: _listed(words) for name, words in HANDOUT_WORDS.items()},
    }
    return _MORE.format(**both, **words)


def _subcommands() -> Iterator[str]:
    ja, en = Language.of("ja"), Language.of("en")
    yield "## Subcommands\n"
    for name, known in SUBCOMMANDS.items():
        yield f"### {name}\n"
        yield f"{en.say(f'help.{name}.what')} · {ja.say(f'help.{name}.what')}\n"
        examples = (f"/kpi {language.say(f'help.{name}.example')}".strip() for language in (en, ja))
        yield f"- for example {' · '.join(f'`{example}`' for example in examples)}"
        yield f"- words: {_listed(NOUNS[name])}"
        yield f"- a period means: {_MEANS[known.period]}"
        if known.days:
            yield f"- days: {', '.join(map(str, known.days))} (`{_english(name)} {known.days[-1]} days`)"
        yield "" if known.narrows else "- takes no filter and no dimension\n"


def _english(noun: str) -> str:
    return next(word for word in NOUNS[noun] if word.isascii())


def _dimensions() -> Iterator[str]:
    yield "## Dimensions\n"
    yield "`by channel`, `チャネル別`, `チャネルごと`. A shop's own columns go by their names (`by 会員ランク`).\n"
    yield from _words(DIMENSION_WORDS)


def _topics() -> Iterator[str]:
    yield "## More words that `definition` knows\n"
    yield from _words(TOPIC_WORDS)


def _words(words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, known in words.items():
        yield f"- **{name}**: {_listed(known)}"
    yield ""


def _listed(words: tuple[str, ...]) -> str:
    return " ".join(f"`{word}`" for word in words)
