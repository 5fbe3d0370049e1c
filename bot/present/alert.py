"""What is said when a rule fires, while it lasts, and when it is over?

The first message of an episode carries its proof: value, k of n, interval, threshold, since when, how many
more repeat buyers would clear it, the segments that lost most, who acknowledged. It is edited to the state
of the morning; what has to be noticed follows as a reply in its thread.
"""

from __future__ import annotations

from datetime import date, datetime

from bot.language import Language
from bot.page import Button, Buttons, Cell, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Signature, Table
from bot.present.digest import drill_down, trend
from bot.present.footing import footing
from bot.present.label import dimension_name, label_name
from bot.present.movement import lost, movers
from bot.present.source import about
from bot.present.told import Told, ended_of, estimate_of, headline_of, over_headline
from bot.present.watched import goal, interval_of, said, shown, subject, title, topic_of, why_of
from metrics.alert import Rule, Side, Standing, State, Track, Watching, missing, needed_to_judge
from metrics.estimate import NOTHING, Estimate

ACKNOWLEDGE, MUTE, UNMUTE = "alert-ack", "alert-mute", "alert-unmute"
"""Who takes the presses of an alert's own buttons."""

MOST_SEGMENTS = 10


def button_value(told: Told) -> str:
    """What a press of an alert's button says: which episode of which rule."""
    return f"{told.standing.episode}|{told.rule.name}"


def read_button(value: str) -> tuple[int, str]:
    """The episode and the rule that `button_value` wrote."""
    number, _, name = value.partition("|")
    return (int(number) if number.isdigit() else 0), name


def alert(told: Told, language: Language, *, calls: bool = False) -> Page:
    """The first message of an open episode; `calls`: with the mention, once, when it fires."""
    headline = headline_of(told, language)
    call = (Signature(told.mention, language.say("alert.call", user="{user}")),) if calls and told.mention else ()
    return Page(
        headline,
        (
            Heading(headline),
            *call,
            *_state_lines(told, language),
            Paragraph("\n".join(_sentences(told, language))),
            *_proof(told, language),
            *_trend(told, language),
            Paragraph(_next_step(told, language), strong=True),
            _buttons(told, language),
            *_footing(told, language),
        ),
        language=language.code,
        about=about("repeat", told.report) if told.report else (),
    )


def over(told: Told, before: Standing, language: Language) -> Page:
    """The first message once the episode is over: how it ended, and no buttons."""
    headline = over_headline(told, before, language)
    since = before.announced_at
    words = (
        language.say("alert.over_words", since=language.day(since.astimezone(told.now.tzinfo).date()))
        if since
        else language.say("alert.over_open")
    )
    return Page(
        headline,
        (
            Heading(headline),
            *_signatures(before, told.now, language),
            Paragraph(words),
            *_proof(told, language, state="recovered", tracks=ended_of(told, before)),
            *_footing(told, language),
        ),
        language=language.code,
        about=about("repeat", told.report) if told.report else (),
    )


def recovered(told: Told, before: Standing, language: Language) -> Page:
    """The reply in the thread that tells everyone who follows it: it is over."""
    headline = over_headline(told, before, language)
    began = before.announced_at.astimezone(told.now.tzinfo).date() if before.announced_at else told.day
    lasted = (told.day - began).days
    return Page(
        headline, (Paragraph(headline, strong=True), Paragraph(language.say("alert.lasted", count=max(1, lasted)))),
        language=language.code,
    )  # fmt: skip


def reminder(told: Told, language: Language) -> Page:
    """The reply that says it still lasts."""
    began = told.standing.began_on or told.day
    said_so = language.say("alert.still", count=max(1, (told.day - began).days), headline=headline_of(told, language))
    return Page(said_so, (Paragraph(said_so), Paragraph(language.say("alert.still_next"))), language=language.code)


def spread(told: Told, before: Standing, language: Language) -> Page:
    """The reply that names further segments."""
    new = [track for track in told.tracks if track.label not in before.told]
    names = [label_name(told.rule.dimension, track.label, language) for track in new]
    headline = language.say("alert.spread", dimension=dimension_name(told.rule.dimension, language), segments=names)
    lines = [said(told.rule, track, language) for track in new]
    return Page(headline, (Paragraph(headline, strong=True), Paragraph("\n".join(lines))), language=language.code)


def failed(told: Told, sentence: str, language: Language) -> Page:
    """A rule that could not be judged at all, said once."""
    headline = language.say("alert.failed", rule=title(told.rule.name, language), day=language.day_short(told.day))
    return Page(
        headline,
        (
            Heading(headline),
            Paragraph(sentence),
            Paragraph(language.say("alert.failed_next"), strong=True),
            Footnote((language.say("alert.rule", rule=title(told.rule.name, language)),)),
        ),
        language=language.code,
    )


def off(rule: str, language: Language) -> Page:
    """The first message once its rule is gone."""
    said_so = language.say("alert.off", rule=title(rule, language))
    return Page(said_so, (Paragraph(said_so),), language=language.code)


def _trend(told: Told, language: Language) -> tuple[Part, ...]:
    """The weeks before, with the line that the rule watches."""
    if told.report is None:
        return ()
    is_target = told.rule.threshold == told.target
    return trend(told.report.repeat, language, "digest.trend.target" if is_target else "alert.threshold")


def _state_lines(told: Told, language: Language) -> list[Part]:
    standing, lines = told.standing, list[Part]()
    if standing.is_muted(told.now) and standing.muted_until is not None:
        until = standing.muted_until.astimezone(told.now.tzinfo)
        lines.append(Paragraph(language.say("alert.muted", until=_clock(until, language)), strong=True))
    if standing.trouble is State.CANNOT_JUDGE:
        lines.append(Paragraph(_cannot_judge(told, language), strong=True))
    elif standing.trouble is State.ERROR:
        lines.append(Paragraph(language.say("alert.error"), strong=True))
    elif standing.condition is State.RECOVERING:
        left = max(told.rule.good - track.good for track in standing.firing)
        lines.append(Paragraph(language.say("alert.recovering", count=left), strong=True))
    return [*lines, *_signatures(standing, told.now, language)]


def _cannot_judge(told: Told, language: Language) -> str:
    if told.standing.why == "stale":
        return language.say("alert.stale")
    needed = needed_to_judge(told.rule.threshold, told.rule.minimum)
    return language.say("alert.too_few", n=estimate_of(told.first).n, count=needed)


def _signatures(standing: Standing, now: datetime, language: Language) -> list[Part]:
    signed: list[Part] = []
    if standing.acknowledged_at is not None:
        at = _clock(standing.acknowledged_at.astimezone(now.tzinfo), language)
        signed.append(Signature(standing.acknowledged_by, language.say("alert.acknowledged", user="{user}", at=at)))
    if standing.is_muted(now) and standing.muted_by:
        signed.append(Signature(standing.muted_by, language.say("alert.muted_by", user="{user}")))
    return signed


def _clock(at: datetime, language: Language) -> str:
    """11月21日(土) 9:12."""
    return f"{language.day_short(at.date())} {at.hour}:{at.minute:02}"


def _sentences(told: Told, language: Language) -> list[str]:
    rule, track = told.rule, told.first
    lines = [*_happened(told, language)]
    judged = told.standing.condition is not State.RECOVERING and told.standing.why != "too_few"
    if rule.watching is Watching.THRESHOLD and len(told.tracks) == 1 and judged:
        lines.extend(_how_sure(rule, estimate_of(track), language))
    if rule.of > 1:
        lines.append(language.say("alert.of_mornings", of=rule.of, bad=sum(track.window)))
    lines.append(why_of(rule, language))
    if len(told.tracks) == 1 and (short := _short(rule, estimate_of(track))):
        lines.append(language.say("alert.missing", count=short, goal=goal(rule, told.target, language)))
    segments = lost(told.report, language) if told.report else []
    if segments:
        items = (language.say("alert.lost_item", segment=segment) for segment in segments)
        lines.extend((language.say("alert.lost"), *items))
    return lines


def _happened(told: Told, language: Language) -> list[str]:
    rule, since = told.rule, _since(told)
    if rule.watching is Watching.FRESHNESS:
        return [language.say("alert.happened.freshness")]
    if rule.watching is Watching.CHANGE:
        key = "alert.happened.change" if since else "alert.happened.change_open"
        return [language.say(key, since=language.day(since) if since else "")]
    if told.standing.condition is State.RECOVERING and since:
        return [language.say("alert.happened.was", since=language.day(since))]
    key = f"alert.happened.{rule.side}" if since else f"alert.happened.{rule.side}_open"
    return [language.say(key, since=language.day(since) if since else "", goal=goal(rule, told.target, language))]


def _since(told: Told) -> date | None:
    """The first morning of the run; the report looks back farther than a rule does."""
    if told.report and told.report.judgement.since:
        return told.report.judgement.since
    return min((track.since for track in told.tracks if track.since), default=None)


def _how_sure(rule: Rule, found: Estimate, language: Language) -> list[str]:
    if found.interval is None:
        return []
    low, high = found.interval
    apart = high < rule.threshold if rule.side is Side.BELOW else low > rule.threshold
    if not apart:
        return [language.say("alert.unsure", interval=interval_of(rule, found, language))]
    edge = Estimate(high if rule.side is Side.BELOW else low, 0)
    return [language.say(f"alert.sure.{rule.side}", edge=shown(rule, edge, language))]


def _short(rule: Rule, found: Estimate) -> int:
    """How many more repeat buyers would have been enough; 0 where that means nothing."""
    if rule.watching is not Watching.THRESHOLD or rule.figure != "repeat" or rule.side is not Side.BELOW:
        return 0
    return missing(found, rule.threshold)


def _proof(
    told: Told, language: Language, *, state: str = "", tracks: tuple[Track, ...] | None = None
) -> tuple[Part, ...]:
    rule, shown_tracks = told.rule, told.tracks if tracks is None else tracks
    acknowledged = told.standing.acknowledged_at is not None and told.state is State.FIRING
    key = state or ("acknowledged" if acknowledged else told.state.value)
    facts = [Fact(language.say("alert.state_label"), language.say(f"alert.state.{key}"))]
    if len(shown_tracks) > 1:
        return (Facts(tuple(facts)), _table(rule, shown_tracks, language))
    track = next(iter(shown_tracks), Track())
    found = estimate_of(track)
    note = [language.say("common.of", k=found.k, n=found.n)] if found.k is not None else []
    if told.report:
        note.append(language.say("common.cohort", cohort=told.report.repeat.now.cohort))
    facts.append(Fact(subject(rule, track.label, language), shown(rule, found, language), "\n".join(note)))
    if found.interval is not None:
        facts.append(Fact(language.say("alert.interval"), interval_of(rule, found, language)))
    facts.append(_threshold_fact(told, track, language))
    if not state and (since := _since(told)):
        facts.append(Fact(language.say("alert.since"), language.day_table(since)))
    if not state and (short := _short(rule, found)):
        facts.append(Fact(language.say("alert.short"), language.say("common.customers", count=short)))
    return (Facts(tuple(facts)),)


def _threshold_fact(told: Told, track: Track, language: Language) -> Fact:
    if told.rule.watching is Watching.CHANGE:
        usual = track.seen.usual if track.seen else NOTHING
        return Fact(language.say("alert.usual"), shown(told.rule, usual, language))
    return Fact(
        language.say("alert.threshold"), shown(told.rule, Estimate(told.rule.threshold, 0), language, goal=True)
    )


def _table(rule: Rule, tracks: tuple[Track, ...], language: Language) -> Table:
    rows = []
    for track in tracks[:MOST_SEGMENTS]:
        found = estimate_of(track)
        rows.append(
            (
                Cell(label_name(rule.dimension, track.label, language)),
                Cell(shown(rule, found, language), found.value),
                Cell(language.say("common.of_short", k=found.k, n=found.n) if found.k is not None else "–"),
                Cell(interval_of(rule, found, language)),
                Cell(language.day_table(track.since) if track.since else "–"),
            )
        )
    heads = ("alert.segment", "alert.value", "alert.buyers", "alert.interval", "alert.since")
    caption = language.say("alert.segments", dimension=dimension_name(rule.dimension, language))
    return Table(caption, tuple(map(language.say, heads)), tuple(rows))


def _next_step(told: Told, language: Language) -> str:
    if told.rule.watching is Watching.FRESHNESS:
        return language.say("alert.next_freshness")
    where = _where(told)
    if where is None:
        return language.say("alert.next_open")
    return language.say("alert.next", dimension=dimension_name(where, language))


def _where(told: Told) -> str | None:
    """By which dimension to look for the cause."""
    if told.rule.dimension != "all":
        return told.rule.dimension
    if told.report is None:
        return None
    fallen = next((mover.dimension for mover in movers(told.report, down=True)), None)
    return fallen or next((table.dimension for table in told.report.segments), None)


def _buttons(told: Told, language: Language) -> Buttons:
    value, where = button_value(told), _where(told)
    ack = Button(language.say("alert.button.acknowledge"), value, primary=True, action=ACKNOWLEDGE)
    held = told.standing.is_muted(told.now)
    mute = Button(
        language.say("alert.button.unmute" if held else "alert.button.mute"), value, action=UNMUTE if held else MUTE
    )
    drill = (
        (drill_down(where, language, primary=False),) if where and told.rule.watching is not Watching.FRESHNESS else ()
    )
    meaning = language.say("command.definition", topic=language.say(f"topic.{topic_of(told.rule)}"))
    first = () if told.standing.acknowledged_at is not None else (ack,)
    return Buttons((*first, mute, *drill, Button(language.say("button.definition"), meaning)))


def _footing(told: Told, language: Language) -> tuple[Part, ...]:
    rule = language.say("alert.rule", rule=title(told.rule.name, language))
    if told.report:
        foot = footing(told.report, language)
        return (Footnote((*foot.items, rule)),)
    until = language.say("common.until", day=language.day(told.standing.as_of)) if told.standing.as_of else ""
    return (Footnote(tuple(item for item in (until, rule) if item)),)
