"""Who is let in now, with what Slack says of them?

The rules are `bot.access`; this looks up what they ask for, and writes down who was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.access import Access, ChannelNotListed, ForeignTeam, Who
from bot.choices.chosen import Entry
from bot.roll import Roll
from metrics.problem import Problem

if TYPE_CHECKING:
    from bot.choices.effective import Effective

log = structlog.get_logger("asakai.access")


Rule = Callable[[Access, Who], Problem | None]


@dataclass(frozen=True, slots=True)
class Door:
    """Access for this moment's settings. `note` keeps the audit row of a refusal.

    `workspace_admins`: whether Slack's own admins are ours.
    """

    access: Access
    roll: Roll
    note: Callable[[Entry], None]
    workspace_admins: bool = False

    def refusal(self, who: Who) -> Problem | None:
        """Why that person gets no figures there; written down."""
        found = self.access.refusal(who)
        if not isinstance(found, ForeignTeam | ChannelNotListed):
            found = self._of(who, Access.refusal)
        return self.noted(who, found)

    def refusal_of_person(self, who: Who) -> Problem | None:
        """Why that person gets no figures in Home, nor a digest of their own."""
        return self._of(who, Access.refusal_of_person)

    def refusal_of_admin(self, who: Who) -> Problem | None:
        """Why that person may not change the shop's settings."""
        return self._of(who, Access.refusal_of_admin)

    def refusal_of_stranger(self, who: Who) -> Problem | None:
        """Why somebody is none of us: from elsewhere, or a guest."""
        return self._of(who, Access.refusal_of_stranger)

    def noted(self, who: Who, problem: Problem | None) -> Problem | None:
        """The refusal, written down."""
        if problem is not None:
            try:
                self.note(Entry("denied", who.user, problem.key, channel=who.channel))
            except Exception as error:  # noqa: BLE001  the refusal stands, written down or not
                log.warning("refusal_not_noted", why=type(error).__name__)
        return problem

    def _of(self, who: Who, rule: Rule) -> Problem | None:
        """The rule with what Slack knows of the person and the channel; what it cannot say refuses."""
        try:
            person = self.roll.person(who.user)
            shared = who.shared or (bool(who.channel) and self.roll.shared(who.channel))
        except Problem as problem:
            return problem
        access = self.access
        if self.workspace_admins and person.admin:
            access = replace(access, admins=access.admins | {who.user})
        return rule(access, replace(who, guest=person.guest, shared=shared))


def access_of(effective: Effective, roll: Roll, channels: frozenset[str], team: str | None) -> Access:
    """The rules of this moment. `channels`: ids of `effective.channels()`. Groups are looked up."""
    slack = effective.settings.slack
    listed = roll.people(slack.allowed_groups)
    return Access(
        channels,
        frozenset(slack.allowed_users) | listed.people,
        team,
        frozenset(slack.admins),
        only_people=slack.people == "allowed",
        unread=listed.unread,
    )
