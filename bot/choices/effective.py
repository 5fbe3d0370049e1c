"""What holds now: shop.toml, or what was chosen in Slack?

Slack outdoes the environment, which outdoes the files: whoever pressed "save" last wants it so.
A choice that no longer fits (a segment that the shop gave up) is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.choices.chosen import Choice, Chosen, Mark, Plan, of_channel, of_person
from bot.settings import MAIN_DIGEST, OneDigest, Settings
from metrics.problem import Problem


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings and digests in force. `left_out`: choices that do not fit any more, by name.

    `placed`: a channel's id, where the files name it #like-this.
    """

    settings: Settings
    plans: tuple[Plan, ...]
    chosen: Chosen
    left_out: tuple[str, ...] = ()
    placed: Callable[[str], str] = str

    def plan(self, name: str) -> Plan | None:
        """The digest of that name."""
        return next((plan for plan in self.plans if plan.name == name), None)

    def mark(self, name: str) -> Mark | None:
        """Who changed a setting in Slack; None where the files still decide."""
        choice = self.chosen.of_shop().get(name)
        return choice.mark if choice else None

    def language_of_channel(self, channel: str) -> str:
        """The language of a channel: chosen for it, else of the digest that goes there, else the shop's."""
        channel = self.placed(channel)
        return self.chosen.language(of_channel(channel)) or self._language_of_first(channel) or self.settings.language

    def _language_of_first(self, channel: str) -> str:
        """What the digest there names as its own, the main one's where it goes there; "" for nothing."""
        there = (plan for plan in self.plans if channel and channel in map(self.placed, plan.channels))
        first = min(there, key=lambda plan: plan.name != MAIN_DIGEST, default=None)
        if first is None:
            return ""
        return first.language or (self.language_of_person(first.owner) if first.owner else "")

    def language_of_person(self, user: str, channel: str = "") -> str:
        """The language of an answer: the reader's own, else the channel's, else the shop's."""
        return self.chosen.language(of_person(user)) or self.language_of_channel(channel)

    def language_of_owner(self, channel: str) -> str:
        """The language of what the owner of the deliveries is told: a person's own, or that of their channel."""
        owner = self.settings.watch.owner
        return self.language_of_person(owner if owner.startswith(("U", "W")) else "", channel)

    def language_of_plan(self, plan: Plan, channel: str) -> str:
        """The language of a digest: its own, else its owner's, else the channel's."""
        if plan.language:
            return plan.language
        return self.language_of_person(plan.owner) if plan.owner else self.language_of_channel(channel)

    def channels(self) -> frozenset[str]:
        """Where figures are answered: what the settings list, and wherever a digest goes."""
        posted = (channel for plan in self.plans if not plan.owner for channel in plan.channels)
        return self.settings.answered_in | frozenset(posted)


def effective(settings: Settings, chosen: Chosen, placed: Callable[[str], str] = str) -> Effective:
    """What holds, of the settings as read and the choices as kept."""
    changed, left_out = _with_choices(settings, chosen.of_shop())
    plans = tuple(plan for plan in _plans(changed, chosen.plans) if not plan.removed)
    fitting = tuple(plan for plan in plans if _fits(plan, changed))
    main = next((plan for plan in fitting if plan.name == MAIN_DIGEST), None)
    unfit = (plan.name for plan in plans if plan not in fitting)
    return Effective(_with_main(changed, main), fitting, chosen, (*left_out, *unfit), placed)


def _with_choices(settings: Settings, choices: Mapping[str, Choice]) -> tuple[Settings, tuple[str, ...]]:
    """The settings with each choice that is still valid."""
    left_out = []
    for name, choice in choices.items():
        try:
            settings = changed(settings, name, choice.value)
        except (ValidationError, Problem):
            left_out.append(name)
    return settings, tuple(left_out)


def changed(settings: Settings, name: str, value: object) -> Settings:
    """The settings with another value of one; raises ValidationError or a Problem."""
    section, _, field = name.rpartition(".")
    if not section:
        return Settings(**{**_fields(settings), field: value})
    below = getattr(settings, section)
    return Settings(**{**_fields(settings), section: type(below)(**{**_fields(below), field: value})})


def _fields(model: Any) -> dict[str, Any]:  # noqa: ANN401  a model of pydantic, whichever
    return {name: getattr(model, name) for name in type(model).model_fields}


def _plans(settings: Settings, chosen: Iterable[Plan]) -> tuple[Plan, ...]:
    """The files' digests, each outdone by what was chosen for it, then those made in Slack."""
    mine = {plan.name: plan for plan in chosen}
    filed = (*_main(settings), *(_of_file(digest) for digest in settings.digests))
    names = {plan.name for plan in filed}
    return (*(mine.get(plan.name, plan) for plan in filed), *(plan for plan in mine.values() if plan.name not in names))


def _main(settings: Settings) -> tuple[Plan, ...]:
    """The digest of the section `digest`; none without a channel."""
    wanted = settings.digest
    if not wanted.channels:
        return ()
    days = ("business",) if wanted.business_days_only else ("every",)
    return (Plan(MAIN_DIGEST, wanted.channels, wanted.at, days=days, dimension=wanted.dimension),)


def _of_file(digest: OneDigest) -> Plan:
    return Plan(
        digest.name,
        digest.channels,
        digest.at,
        zone=digest.zone or "",
        days=digest.days,
        language=digest.language or "",
        filters=tuple(digest.filters.items()),
        dimension=digest.dimension,
        title=digest.title or digest.name,
    )


def _fits(plan: Plan, settings: Settings) -> bool:
    """Whether the shop still tells its customers apart by what the digest names."""
    named = {name for name in (plan.dimension, *(name for name, _ in plan.filters)) if name}
    return named <= set(settings.dimension_names)


def _with_main(settings: Settings, main: Plan | None) -> Settings:
    """The section `digest` as the main digest now says it: alerts and panels read it there."""
    digest = settings.digest
    if main is None:
        return settings.model_copy(update={"digest": digest.model_copy(update={"channels": ()})})
    update = {"channels": main.channels, "at": main.at, "dimension": main.dimension}
    return settings.model_copy(update={"digest": digest.model_copy(update=update)})
