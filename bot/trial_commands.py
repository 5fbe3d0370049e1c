"""Which commands show beforehand what the bot would do?

They are hung on the command line by `bot.__main__`, which hands in what commands share.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.hands import Code, Hands, Lang, named_language


def register(app: typer.Typer, hands: Hands) -> None:
    """Hang the commands on the command line."""
    app.command("demo")(_demo(hands))
    app.command("rules")(_rules(hands))
    app.command("backtest")(_backtest(hands))
    app.command("rehearse")(_rehearse(hands))
    app.command("preview")(_preview(hands))


def _demo(hands: Hands) -> Callable[..., None]:
    def demo(lang: Lang = None) -> None:
        """Build a sample shop and show its digest of this morning, in Japanese unless --lang en."""
        from bot.demo import demo_desk, program, question
        from bot.present.digest import digest as page

        language, folder = hands.language(lang), Path("demo")
        shop = hands.language(lang or named_language(os.environ, Path()) or Code.JA)
        hands.show(page(demo_desk(folder, hands.now, shop).digest(), shop))
        hands.tell(["", language.say("cli.demo_next", question=question(folder, shop), program=program())])
        if language.code != shop.code:
            hands.tell([language.say("cli.demo_other", command=f"{program()} demo --lang {language.code}")])

    return demo


def _rules(hands: Hands) -> Callable[..., None]:
    def rules(lang: Lang = None) -> None:
        """List the alert rules with owner and last state."""
        settings = hands.in_force(lang).settings
        from bot.ruling import listed

        hands.show(listed(hands.desk(settings), hands.language(settings.language)))

    return rules


def _backtest(hands: Hands) -> Callable[..., None]:
    def backtest(
        rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's name, as `asakai rules` lists it.")],
        since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day.")],
        until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE")] = None,
        *,
        json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
        lang: Lang = None,
    ) -> None:
        """Show on which mornings a rule would have fired, for how long and with what values."""
        settings = hands.in_force(lang).settings
        from bot.alerting.trial import as_json
        from bot.present.backtest import backtest as page
        from bot.ruling import back_tested

        desk = hands.desk(settings)
        last = min(until.date(), desk.as_of) if until else desk.as_of
        if since.date() > last:
            raise typer.BadParameter("--from lies after --to, or is not over yet.")
        trial = back_tested(desk, rule, since.date(), last)
        if json:
            hands.tell([as_json(trial)])
        else:
            hands.show(page(trial.rule, trial.found, hands.language(settings.language), all_known=trial.all_known))

    return backtest


def _rehearse(hands: Hands) -> Callable[..., None]:
    def rehearse(
        data: Annotated[Path | None, typer.Option(metavar="FILE", help="Your orders instead of a sample shop.")] = None,
        port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the page; otherwise any.")] = 0,
        *,
        no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the page's address.")] = False,
        lang: Lang = None,
    ) -> None:
        """Play a morning in a Slack on this machine: digest, /kpi, buttons; ends with Ctrl-C."""
        from bot.rehearsing import Play
        from bot.rehearsing import rehearse as played

        shop = hands.language(lang or named_language(os.environ, Path()) or Code.JA)
        play = Play(shop, data, port, browser=not no_browser)
        played(play, hands.language(lang), hands.now, lambda line: hands.tell([line]))

    return rehearse


def _preview(hands: Hands) -> Callable[..., None]:
    def preview(
        kind: Annotated[
            list[str] | None,
            typer.Argument(metavar="KIND...", help="digest, alert, problem, or /kpi words; else one of each."),
        ] = None,
        out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = Path("preview"),
        lang: Lang = None,
    ) -> None:
        """Write messages as HTML and JSON, and print their Block Kit Builder links."""
        from bot.previewing import languages_of, preview_all
        from bot.subcommands import answer

        effective = hands.in_force(lang)
        settings = effective.settings
        desk, dimension, usual = hands.desk(settings), settings.main_dimension, hands.language(settings.language)
        ask = partial(answer, figures=desk, language=usual, main_dimension=dimension, sees_customers=True)
        spoken = (lambda _kind: (usual,)) if lang else partial(languages_of, effective=effective)
        for done in preview_all(" ".join(kind or ()), desk, spoken, ask, out):
            hands.tell([str(done.html), str(done.json), done.link, ""])

    return preview
