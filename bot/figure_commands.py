"""Which commands tell the shop's figures: here, or in Slack?

They are hung on the command line by `bot.__main__`, which hands in what commands share.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.hands import Hands, Lang

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.settings import Settings

EARLIEST_YEAR: Final = 1970

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="The last day to count; otherwise yesterday."),
]


def register(app: typer.Typer, hands: Hands) -> None:
    """Hang the commands on the command line."""
    app.command("digest")(_digest(hands))
    app.command("kpi")(_kpi(hands))
    app.command("status")(_status(hands))


def _digest(hands: Hands) -> Callable[..., None]:
    def digest(  # noqa: PLR0913 - one argument per option
        as_of: Day = None,
        segment: Annotated[str | None, typer.Option(help="By which dimension the table is, e.g. channel.")] = None,
        known_at: Annotated[datetime | None, typer.Option(help="With what was known at that time.")] = None,
        to: Annotated[str | None, typer.Option(help="The channel; with --send.", metavar="CHANNEL")] = None,
        *,
        json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
        send: Annotated[bool, typer.Option("--send", help="Post it to Slack now.")] = False,
        lang: Lang = None,
    ) -> None:
        """Show the digest of a morning, or send this morning's to Slack."""
        if to and not send:
            raise typer.BadParameter("--to goes with --send.")
        if send and (as_of or known_at or segment or json):
            raise typer.BadParameter("--send posts this morning's digest; leave the other options out.")
        if send:
            _send(hands, hands.settings(language=lang), to)
            return
        settings = hands.in_force(lang).settings
        desk, language = hands.desk(settings), hands.language(settings.language)
        at = known_at and _instant(known_at, desk, hands.now())
        report = desk.digest(as_of and as_of.date(), known_at=at, dimensions=_dimensions(segment, desk))
        if json:
            from bot.console import as_json

            hands.tell([as_json(report)])
            return
        from bot.present.digest import digest as page

        hands.show(page(report, language))
        if newest := desk.stale_since(report):
            hands.tell([language.say("cli.stale", day=newest, as_of=newest.isoformat())], error=True)

    return digest


def _kpi(hands: Hands) -> Callable[..., None]:
    def kpi(
        words: Annotated[
            list[str] | None, typer.Argument(metavar="WORDS...", help='What to ask, e.g. "dormant by channel".')
        ] = None,
        lang: Lang = None,
    ) -> None:
        """Ask what /kpi would be asked in Slack."""
        settings = hands.in_force(lang).settings
        from bot.subcommands import answer
        from bot.watch.asked import past_of

        dimension, past = settings.main_dimension, past_of(settings.state, settings.zone)
        language, text = hands.language(settings.language), " ".join(words or [])
        desk = hands.desk(settings)
        hands.show(answer(text, desk, language, main_dimension=dimension, sees_customers=True, past=past))

    return kpi


def _status(hands: Hands) -> Callable[..., None]:
    def status(*, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, lang: Lang = None) -> None:
        """Show the last 14 mornings: when each digest came, how late, and why."""
        settings = hands.settings(language=lang)
        from bot.console import mornings_as_json
        from bot.present.watching import status as page
        from bot.watch.asked import past_of

        past = past_of(settings.state, settings.zone)
        if json:
            hands.tell([mornings_as_json(past.mornings())])
        else:
            hands.show(page(past.mornings(), past.zone, hands.language(settings.language)))

    return status


def _send(hands: Hands, settings: Settings, to: str | None) -> None:
    from bot.delivery.clock import utc_now
    from bot.running import send

    language = hands.language(settings.language)
    channels = (to,) if to else settings.digest.channels
    for channel, day, again in send(settings, hands.desk(settings), utc_now, channels):
        hands.tell([language.say("cli.sent_before" if again else "cli.sent", channel=channel, day=day)])


def _instant(known_at: datetime, desk: Desk, now: datetime) -> datetime:
    """The instant that --known-at means, in the shop's zone where it names none."""
    at = known_at if known_at.tzinfo else known_at.replace(tzinfo=desk.zone)
    if at.year < EARLIEST_YEAR or at > now:
        raise typer.BadParameter(f"--known-at takes an instant from {EARLIEST_YEAR} until now.")
    return at


def _dimensions(segment: str | None, desk: Desk) -> tuple[str, ...]:
    """The dimension that a word means: チャネル is channel."""
    if not segment:
        return ()
    from bot.grammar.lexicon import fold, lexicon

    return (lexicon(desk.vocabulary()).keys.get(fold(segment), segment),)
