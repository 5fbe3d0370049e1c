"""Which commands bring orders in, and tell whether they are all there?

They are hung on the command line by `bot.__main__`, which hands in what commands share.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.hands import Hands, Lang

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.importing import Imported, Wanted
    from bot.language import Language
    from bot.settings import Settings


def register(app: typer.Typer, hands: Hands) -> None:
    """Hang the commands on the command line."""
    app.command("import")(_import(hands))
    app.command("sync")(_sync(hands))
    app.command("fingerprint")(_fingerprint(hands))


def _import(hands: Hands) -> Callable[..., None]:
    def import_orders(  # noqa: PLR0913 - one argument per option
        files: Annotated[
            list[Path] | None,
            typer.Argument(
                metavar="FILE...", help="CSV, TSV or Excel, also .gz and .zip; folders and patterns as well."
            ),
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
        settings, language = hands.settings(), hands.language(lang)
        from bot.importing import Wanted
        from bot.origins import configured, expanded, wishes

        found = expanded(files or []) or ([] if url else configured(settings))
        if not found and not url:
            raise typer.BadParameter("Give files, or --url together with --select.")
        from metrics.acquisition import Channels

        channels = Channels(settings.channels)
        wanted = Wanted(source, accept_bad, errors, dry_run, settings.join_people, wishes(settings, preset), channels)
        done = _imported(hands, found, (url or "", select or ""), wanted, settings, language)
        if dry_run:
            return
        from bot.console import next_step

        if errors and errors.exists():
            hands.tell([language.say("cli.errors_at", file=str(errors))])
        hands.tell(next_step(done, hands.desk(settings).as_of, language))

    return import_orders


def _imported(
    hands: Hands,
    files: Sequence[Path],
    query: tuple[str, str],
    wanted: Wanted,
    settings: Settings,
    language: Language,
) -> list[Imported]:
    from bot.console import bad_rows, bar, said_of, unknown_statuses
    from bot.importing import import_files, import_query
    from bot.shelves import importable
    from metrics.sources.checks import TooManyBadRows

    store, done = importable(settings, hands.now), []
    try:
        with bar(language) as progress:
            for one in (
                import_files(store, files, wanted, hands.now(), progress)
                if files
                else import_query(store, *query, wanted, hands.now(), progress)
            ):
                done.append(one)
                hands.tell(said_of(one, language, settings.currency))
    except TooManyBadRows as problem:
        hands.tell(bad_rows(problem.staged, language), error=True)
        raise
    if any(one.taken for one in done):
        hands.tell(unknown_statuses(store, language))
    return done


def _sync(hands: Hands) -> Callable[..., None]:
    def sync(
        names: Annotated[
            list[str] | None, typer.Argument(metavar="NAME...", help="Which sources; all without.")
        ] = None,
        *,
        accept_bad: Annotated[
            bool, typer.Option("--accept-bad", help="Take the good rows even if over 1% are bad.")
        ] = False,
        accept_deleted: Annotated[
            bool, typer.Option("--accept-deleted", help="Take orders as deleted however many are gone.")
        ] = False,
        lang: Lang = None,
    ) -> None:
        """Take in what is new in the shop's databases (the [[source]] tables with a url)."""
        from bot.commandline import synced

        language = hands.language(lang)
        settings, asked = hands.settings(), tuple(names or ())
        for line in synced(settings, asked, hands.now, language, accept_bad=accept_bad, accept_deleted=accept_deleted):
            hands.tell([line])

    return sync


def _fingerprint(hands: Hands) -> Callable[..., None]:
    def fingerprint(
        *,
        write: Annotated[
            Path | None, typer.Option(help="Write the text of which it is the SHA-256 to a new file.")
        ] = None,
        lang: Lang = None,
    ) -> None:
        """Tell whether two stores hold the same: one SHA-256 of all orders and the counts kept of them."""
        from bot.commandline import fingerprinted

        hands.tell(fingerprinted(hands.settings(), hands.now, hands.language(lang), write))

    return fingerprint
