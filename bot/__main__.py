"""What can be asked of Asakai on the command line?

The only wiring: every command opens what it needs and hands it on. Heavy modules
are imported inside the commands, so that help is there at once. Exit codes: 0 done,
1 the data or the world said no (one sentence on stderr), 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot import setup_commands, trial_commands
from bot.hands import Code, Hands, Lang, named_language, spoken
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.desk import Desk
    from bot.importing import Imported, Wanted
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings

FAILED: Final = 1
INTERRUPTED: Final = 130
EARLIEST_YEAR: Final = 1970


class FileFailed(Problem):
    """The system did not let us read or write a file."""

    key = "file_failed"


app = typer.Typer(
    name="asakai",
    help="The morning figures of a mail-order shop, in Slack and here.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
docs_app = typer.Typer(help="The manuals of the settings and of /kpi.", no_args_is_help=True)
app.add_typer(docs_app, name="docs")

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="The last day to count; otherwise yesterday."),
]


@app.callback()
def every(
    debug: Annotated[bool, typer.Option("--debug", help="Show the details of an unexpected error.")] = False,  # noqa: FBT002
) -> None:
    """The morning figures of a mail-order shop, in Slack and here."""


@app.command()
def demo(lang: Lang = None) -> None:
    """Build a sample shop and show its digest of this morning, in Japanese unless --lang en."""
    from bot.demo import demo_desk, program, question
    from bot.present.digest import digest as page

    language, shop, folder = (
        _language(lang),
        _language(lang or named_language(os.environ, Path()) or Code.JA),
        Path("demo"),
    )
    _show(page(demo_desk(folder, _now, shop).digest(), shop))
    _print(["", language.say("cli.demo_next", question=question(folder, shop), program=program())])
    if language.code != shop.code:
        _print([language.say("cli.demo_other", command=f"{program()} demo --lang {language.code}")])


@app.command("import")
def import_orders(  # noqa: PLR0913 - one argument per option
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="CSV, TSV or Excel, also .gz and .zip; folders and patterns as well."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="A database instead of files, e.g. postgresql://…")] = None,
    select: Annotated[str | None, typer.Option(help="The SELECT that gives the orders; with --url.")] = None,
    source: Annotated[str, typer.Option(help="A name for where these orders come from.")] = "",
    preset: Annotated[str, typer.Option(help="The platform, where the header does not tell, e.g. shopify.")] = "",
    errors: Annotated[Path | None, typer.Option(help="Write the rows that stay out to this CSV.")] = None,
    *,
    accept_bad: Annotated[
        bool, typer.Option("--accept-bad", help="Take the good rows even if over 1% are bad.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check, import nothing.")] = False,
    lang: Lang = None,
) -> None:
    """Take in orders from files or from one SELECT; without either, the files of the shop's sources."""
    if (files and url) or bool(url) != bool(select):
        raise typer.BadParameter("Give either files, or --url together with --select.")
    if source and (not source.strip() or not source.isprintable()):
        raise typer.BadParameter("--source takes a name.")
    settings, language = _settings(), _language(lang)
    from bot.importing import Wanted
    from bot.origins import configured, expanded, wishes

    found = expanded(files or []) or ([] if url else configured(settings))
    if not found and not url:
        raise typer.BadParameter("Give files, or --url together with --select.")
    from metrics.acquisition import Channels

    channels = Channels(settings.channels)
    wanted = Wanted(source, accept_bad, errors, dry_run, settings.join_people, wishes(settings, preset), channels)
    done = _import(found, (url or "", select or ""), wanted, settings, language)
    if dry_run:
        return
    from bot.console import next_step

    if errors and errors.exists():
        _print([language.say("cli.errors_at", file=str(errors))])
    _print(next_step(done, _desk(settings).as_of, language))


@app.command()
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
        _send(_settings(language=lang), to)
        return
    settings = _in_force(lang)
    desk = _desk(settings)
    at = known_at and _instant(known_at, desk)
    report = desk.digest(as_of and as_of.date(), known_at=at, dimensions=_dimensions(segment, desk))
    if json:
        from bot.console import as_json

        _print([as_json(report)])
        return
    from bot.language import Language
    from bot.present.digest import digest as page

    language = Language.of(settings.language)
    _show(page(report, language))
    _warn_if_stale(desk.stale_since(report), language)


@app.command()
def kpi(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS...", help='What to ask, e.g. "dormant by channel".')
    ] = None,
    lang: Lang = None,
) -> None:
    """Ask what /kpi would be asked in Slack."""
    settings = _in_force(lang)
    from bot.subcommands import answer
    from bot.watch.asked import past_of

    dimension, past = settings.main_dimension, past_of(settings.state, settings.zone)
    language, text = _language(settings.language), " ".join(words or [])
    _show(answer(text, _desk(settings), language, main_dimension=dimension, sees_customers=True, past=past))


@app.command()
def run(lang: Lang = None) -> None:
    """Run the bot: answer /kpi and post each morning's digest."""
    settings = _settings(language=lang)
    from bot.delivery.clock import utc_now
    from bot.running import serve
    from bot.stop import leave

    if not serve(settings, _desk(settings), utc_now):
        leave(FAILED)  # a thread hangs; the ledger makes it safe to cut it off


@app.command()
def status(*, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, lang: Lang = None) -> None:
    """Show the last 14 mornings: when each digest came, how late, and why."""
    settings = _settings(language=lang)
    from bot.console import mornings_as_json
    from bot.present.watching import status as page
    from bot.watch.asked import past_of

    past = past_of(settings.state, settings.zone)
    if json:
        _print([mornings_as_json(past.mornings())])
    else:
        _show(page(past.mornings(), past.zone, _language(settings.language)))


@docs_app.command("settings")
def docs_settings() -> None:
    """Print the manual of the settings (docs/settings.md)."""
    from bot.settings.manual import manual

    _print([manual().rstrip("\n")])


@docs_app.command("commands")
def docs_commands() -> None:
    """Print the manual of /kpi (docs/commands.md)."""
    from bot.commands import manual

    _print([manual().rstrip("\n")])


# --- what the commands share --------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _settings(**changes: object) -> Settings:
    from bot.settings.layers import load

    return load(os.environ, Path(), **changes)


def _in_force(lang: str | None) -> Settings:
    """The settings as Slack goes by them; those of the files, and a word of it, while the state cannot be read."""
    settings = _settings(language=lang)
    from bot.choices.on_host import in_force

    try:
        settings = in_force(settings)
    except Problem as problem:
        _print([_language(settings.language).say("cli.files_only", why=problem.key)], error=True)
    return settings.model_copy(update={"language": str(lang)}) if lang else settings


def _desk(settings: Settings) -> Desk:
    from bot.desk import desk
    from bot.shelves import shelf

    return desk(settings, shelf(settings, _now), _now)


def _language(lang: str | None) -> Language:
    from bot.language import Language

    return Language.of(lang or spoken(os.environ, Path()))


def _import(
    files: Sequence[Path], query: tuple[str, str], wanted: Wanted, settings: Settings, language: Language
) -> list[Imported]:
    from bot.console import bad_rows, bar, said_of, unknown_statuses
    from bot.importing import import_files, import_query
    from bot.shelves import importable
    from metrics.sources.checks import TooManyBadRows

    store, done = importable(settings, _now), []
    try:
        with bar(language) as progress:
            for one in (
                import_files(store, files, wanted, _now(), progress)
                if files
                else import_query(store, *query, wanted, _now(), progress)
            ):
                done.append(one)
                _print(said_of(one, language, settings.currency))
    except TooManyBadRows as problem:
        _print(bad_rows(problem.staged, language), error=True)
        raise
    if any(one.taken for one in done):
        _print(unknown_statuses(store, language))
    return done


def _send(settings: Settings, to: str | None) -> None:
    from bot.delivery.clock import utc_now
    from bot.running import send

    language = _language(settings.language)
    for channel, day, again in send(settings, _desk(settings), utc_now, (to,) if to else settings.digest.channels):
        _print([language.say("cli.sent_before" if again else "cli.sent", channel=channel, day=day)])


def _instant(known_at: datetime, desk: Desk) -> datetime:
    """The instant that --known-at means, in the shop's zone where it names none."""
    at = known_at if known_at.tzinfo else known_at.replace(tzinfo=desk.zone)
    if at.year < EARLIEST_YEAR or at > _now():
        raise typer.BadParameter(f"--known-at takes an instant from {EARLIEST_YEAR} until now.")
    return at


def _dimensions(segment: str | None, desk: Desk) -> tuple[str, ...]:
    """The dimension that a word means: チャネル is channel."""
    if not segment:
        return ()
    from bot.grammar.lexicon import fold, lexicon

    return (lexicon(desk.vocabulary()).keys.get(fold(segment), segment),)


def _show(page: Page) -> None:
    from bot.terminal import show

    show(page)


def _warn_if_stale(newest: date | None, language: Language) -> None:
    if newest:
        _print([language.say("cli.stale", day=newest, as_of=newest.isoformat())], error=True)


def _print(lines: Iterable[str], *, error: bool = False) -> None:
    for line in lines:
        typer.echo(line, err=error)


# looked up when they are called: a test sets the clock
_hands = Hands(lambda **changes: _settings(**changes), lambda: _now(), _language, _print, _desk, _show, _in_force)  # noqa: PLW0108
trial_commands.register(app, _hands)
setup_commands.register(app, _hands)


# --- how it ends -----------------------------------------------------------------------


def main() -> None:
    """Run one command line and end with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it is closed
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"  # cron's locale: the words would not pass
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    sys.exit(called(sys.argv[1:]))


def called(arguments: Sequence[str]) -> int:
    """Run the command line; whatever happens becomes an exit code and at most one sentence."""
    code = _ended(arguments)
    if code == INTERRUPTED:
        _print(["", _language(_asked_language(arguments)).say("cli.interrupted")], error=True)
    return code


def _ended(arguments: Sequence[str]) -> int:
    try:
        app(list(arguments), prog_name="asakai")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except Problem as problem:
        _complain(problem, arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _complain(FileFailed(file=str(error.filename or "stdout"), reason=error.strerror or str(error)), arguments)
    except Exception as error:
        if str(error) == "Query interrupted":  # so DuckDB says that a key was pressed
            return INTERRUPTED
        if "--debug" in arguments:
            raise
        _confess(error, arguments)
    return FAILED


def _complain(problem: Problem, arguments: Sequence[str]) -> None:
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(problem)
    from bot.present.problem import sentence

    _print([" ".join(sentence(problem, _language(_asked_language(arguments))).split())], error=True)


def _confess(error: Exception, arguments: Sequence[str]) -> None:
    from bot.console import note_bug

    number, log = note_bug(error)
    _print([_language(_asked_language(arguments)).say("cli.bug", id=number, log=str(log))], error=True)


def _asked_language(arguments: Sequence[str]) -> str | None:
    """The --lang of a command line that went wrong, wherever it stood."""
    joined = " ".join(arguments).replace("--lang=", "--lang ").split()
    after = dict(pairwise(joined)).get("--lang")
    return after if after in list(Code) else None


if __name__ == "__main__":
    main()
