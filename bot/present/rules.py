"""Which rules are there, whose are they, and how does each stand?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.form import Row, person, unreferring
from bot.language import Language
from bot.page import Button, Buttons, Cell, Footnote, Heading, Page, Paragraph, Signature, Table
from bot.present.label import dimension_name, label_name
from bot.present.watched import condition, figure_name, title
from metrics.alert import Rule, Standing, State, Watching
from metrics.segment import ALL

NEW, EDIT = "rule-new", "rule-edit"
"""Who takes the presses of the list's buttons."""

MOST_EDITS = 4
_ID = re.compile(r"[UW][A-Z0-9]{2,30}")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of the list. `source`: built_in, file or slack; `standing` None: not judged yet."""

    rule: Rule
    source: str
    owner: str
    channels: tuple[str, ...]
    standing: Standing | None
    enabled: bool = True


def rules(lines: Sequence[RuleLine], now: datetime, language: Language, *, forms: bool = True) -> Page:
    """The list of rules; `forms`: with buttons that open forms, which only Slack can."""
    headline = language.say("rules.headline", count=len(lines))
    heads = ("rules.name", "rules.when", "rules.state", "rules.made", "rules.channels")
    table = Table(
        language.say("rules.caption"),
        tuple(map(language.say, heads)),
        tuple(_row(line, now, language) for line in lines),
        page_size=10,
    )
    buttons = (Buttons(_buttons(lines, language)),) if forms else ()
    owners = _owners(lines, language)
    note = Footnote((*_judged(lines, language), language.say("rules.note")))
    return Page(headline, (Heading(headline), table, *owners, *buttons, note), language=language.code)


def _judged(lines: Sequence[RuleLine], language: Language) -> tuple[str, ...]:
    """Until when the rules have looked at orders; nothing where none has yet."""
    days = [line.standing.as_of for line in lines if line.standing and line.standing.as_of]
    return (language.say("common.until", day=language.day_short(max(days))),) if days else ()


def rows(lines: Sequence[RuleLine], now: datetime, language: Language) -> tuple[Row, ...]:
    """The same as lines of Home: name, condition, state, and whose it is."""
    return tuple(_home_row(line, now, language) for line in lines)


def _home_row(line: RuleLine, now: datetime, language: Language) -> Row:
    name, when, state, source, _ = _row(line, now, language)
    whose = source.text
    if line.owner:
        owner = person(line.owner) if _ID.fullmatch(line.owner) else unreferring(line.owner)
        whose = language.say("rules.owned", owner=owner, source=source.text)
    return Row(name.text, unreferring(when.text), language.say("home.separator").join((state.text, whose)))


def _owners(lines: Sequence[RuleLine], language: Language) -> tuple[Signature, ...]:
    """Each owner by the name that Slack shows, with their rules: a table's cell knows no person."""
    theirs: dict[str, list[str]] = {}
    for line in lines:
        if line.owner:
            theirs.setdefault(line.owner, []).append(title(line.rule.name, language))
    return tuple(
        Signature(owner, language.say("rules.owned_by", user="{user}", rules=names)) for owner, names in theirs.items()
    )


def _row(line: RuleLine, now: datetime, language: Language) -> tuple[Cell, ...]:
    source = language.say(f"rules.source.{line.source}")
    channels = language.listed(line.channels) or language.say("rules.none")
    return (
        Cell(title(line.rule.name, language)),
        Cell(_when(line.rule, language)),
        Cell(_state(line, now, language)),
        Cell(source),
        Cell(channels, channels=line.channels),
    )


def _when(rule: Rule, language: Language) -> str:
    if rule.watching is Watching.FRESHNESS:
        return language.say("rules.fresh", figure=figure_name(rule, language), when=condition(rule, language))
    return language.say(
        "rules.whom", whom=whom(rule, language), figure=figure_name(rule, language), when=condition(rule, language)
    )


def whom(rule: Rule, language: Language) -> str:
    """Everyone, one segment, or each."""
    if rule.dimension == ALL:
        return language.say("rules.everyone")
    dimension = dimension_name(rule.dimension, language)
    if rule.label is None:
        return language.say("rules.segments", dimension=dimension)
    return language.say("rules.segment", dimension=dimension, label=label_name(rule.dimension, rule.label, language))


def _state(line: RuleLine, now: datetime, language: Language) -> str:
    if not line.enabled:
        return language.say("alert.state.off")
    standing = line.standing
    if standing is None or (standing.as_of is None and standing.trouble is None):
        return language.say("alert.state.never")
    state = standing.state(now)
    said = language.say(f"alert.state.{state.value}")
    since = min((track.since for track in standing.firing if track.since), default=None)
    if state in {State.FIRING, State.RECOVERING, State.MUTED} and since:
        return language.say("rules.since", state=said, day=language.day_table(since))
    return said


def _buttons(lines: Sequence[RuleLine], language: Language) -> tuple[Button, ...]:
    made = [line.rule.name for line in lines if line.source == "slack"][:MOST_EDITS]
    edits = (Button(language.say("rules.edit", name=name), name, action=EDIT) for name in made)
    return (Button(language.say("rules.new"), "new", primary=True, action=NEW), *edits)


def note(text: str, language: Language, more: str = "") -> Page:
    """One sentence to the one who pressed or sent a form."""
    parts = (Paragraph(text, strong=True), *((Paragraph(more),) if more else ()))
    return Page(text, parts, language=language.code)
