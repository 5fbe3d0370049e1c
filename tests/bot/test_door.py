"""Is whoever is no member of the shop kept out, and nobody let in on a guess?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.access import Access, AdminsOnly, ChannelNotListed, ForeignTeam, GuestRefused, PersonNotListed, Who
from bot.choices.chosen import Chosen, Entry
from bot.choices.effective import effective
from bot.delivery.post import ScopeMissing, SlackBusy, SlackUnreachable
from bot.home.door import Door, access_of
from bot.roll import AWAY_SECONDS, KEEP_SECONDS, PATIENCE_SECONDS, Person, Roll
from bot.settings import Settings
from metrics.problem import Problem

ACCESS = Access(frozenset({"C1"}), frozenset({"U1"}), "T1", frozenset({"U2"}))


@dataclass
class Slack:
    """Answers as Slack does; counts how often it is asked, and may be away."""

    people: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    channels: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    away: Problem | None = None
    pauses: tuple[float, ...] = ()
    asked: list[str] = field(default_factory=list)

    def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        self.asked.append(method)
        if self.away:
            raise self.away
        if self.pauses:
            raise SlackBusy(self.pauses[0])
        match method:
            case "users.info":
                user = str(arguments["user"])
                return {"user": {"id": user, "locale": "en-GB", "tz": "Europe/London", **self.people.get(user, {})}}
            case "conversations.info":
                return {"channel": self.channels.get(str(arguments["channel"]), {"is_member": True})}
            case "usergroups.users.list":
                return {"users": self.members}
            case _:
                return {"channel": {"id": f"D{arguments['users']}"}}


@dataclass
class Hall:
    slack: Slack = field(default_factory=Slack)
    at: float = 0.0
    notes: list[Entry] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roll = Roll(self.slack, lambda: self.at, self.wait)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds
        self.slack.pauses = self.slack.pauses[1:]

    def door(self, access: Access = ACCESS, *, workspace_admins: bool = False) -> Door:
        return Door(access, self.roll, self.notes.append, workspace_admins)


def who(user: str = "U1", channel: str = "C1", team: str = "T1", **more: bool) -> Who:
    return Who(user, channel, team, **more)


@pytest.mark.parametrize(
    ("asker", "problem"),
    [
        (who("U9"), None),
        (who("U9", "C2"), ChannelNotListed),
        (who("U9", "D1"), PersonNotListed),
        (who("U1", "D1"), None),
        (who("U2", "D1"), None),
        (who("U1", team="T2"), ForeignTeam),
        (who("U1", shared=True), ForeignTeam),
        (who("U1", guest=True), GuestRefused),
    ],
)
def test_who_is_answered_where(asker: Who, problem: type | None) -> None:
    found = ACCESS.refusal(asker)
    assert (None if found is None else type(found)) is problem


def test_only_listed_people_are_answered_in_channels_where_the_shop_wants_it() -> None:
    strict = Access(frozenset({"C1"}), frozenset({"U1"}), admins=frozenset({"U2"}), only_people=True)
    assert [strict.refusal(who(user)) is None for user in ("U1", "U2", "U9")] == [True, True, False]


def test_home_and_settings_are_for_listed_people_and_admins() -> None:
    assert [ACCESS.refusal_of_person(who(user, "")) is None for user in ("U1", "U2", "U9")] == [True, True, False]
    assert isinstance(ACCESS.refusal_of_admin(who("U1", "")), AdminsOnly)
    assert ACCESS.refusal_of_admin(who("U2", "")) is None
    assert isinstance(ACCESS.refusal_of_admin(who("U2", "", guest=True)), GuestRefused)


@pytest.mark.parametrize("sign", ["is_restricted", "is_ultra_restricted", "is_stranger", "deleted"])
def test_guests_are_known_by_what_slack_says_of_them(sign: str) -> None:
    hall = Hall(Slack(people={"U1": {sign: True}}))
    assert isinstance(hall.door().refusal(who()), GuestRefused)
    assert hall.notes == [Entry("denied", "U1", "guest_refused", channel="C1")]


@pytest.mark.parametrize("sign", ["is_ext_shared", "is_pending_ext_shared"])
def test_a_channel_of_two_companies_is_known_by_what_slack_says_of_it(sign: str) -> None:
    hall = Hall(Slack(channels={"C1": {sign: True}}))
    assert isinstance(hall.door().refusal(who()), ForeignTeam)


def test_what_slack_does_not_say_refuses() -> None:
    """An app installed before it asked for users:read cannot tell a guest from a member."""
    hall = Hall(Slack(away=ScopeMissing(scopes="users:read")))
    assert isinstance(hall.door().refusal(who()), ScopeMissing)
    assert isinstance(hall.door().refusal_of_admin(who("U2", "")), ScopeMissing)


def test_an_unlisted_channel_is_refused_without_asking_slack() -> None:
    hall = Hall()
    assert isinstance(hall.door().refusal(who(channel="C2")), ChannelNotListed)
    assert hall.slack.asked == []


def test_slack_is_asked_once_in_five_minutes_and_an_hour_without_it_is_survived() -> None:
    hall = Hall(Slack(people={"U1": {"is_admin": True}}))
    for at in (0.0, KEEP_SECONDS - 1):
        hall.at = at
        assert hall.roll.person("U1") == Person("U1", admin=True, locale="en-GB", zone="Europe/London")
    assert len(hall.slack.asked) == 1
    hall.slack.people = {"U1": {"is_restricted": True}}
    hall.at = KEEP_SECONDS
    assert hall.roll.person("U1").guest
    hall.slack.away = SlackUnreachable(reason="timeout")
    hall.at += AWAY_SECONDS - 1
    assert hall.roll.person("U1").guest
    hall.at += 1
    with pytest.raises(SlackUnreachable):
        hall.roll.person("U1")


@pytest.mark.parametrize(
    ("pauses", "waited", "let_in"),
    [
        ((2.0,), [2.0], True),
        ((2.0, 4.0), [2.0, 4.0], True),
        ((PATIENCE_SECONDS,), [PATIENCE_SECONDS], True),
        ((PATIENCE_SECONDS + 1,), [], False),
        ((4.0, 3.0), [4.0], False),
        ((0.0,) * 6, [1.0] * 6, True),
        ((0.0,) * 7, [1.0] * 6, False),
    ],
)
def test_a_pause_that_slack_asks_for_is_waited_for_as_long_as_a_reader_would(
    pauses: tuple[float, ...], waited: list[float], let_in: bool
) -> None:
    hall = Hall(Slack(pauses=pauses))
    found = hall.door().refusal(who())
    assert hall.waited == waited
    assert (found is None) is let_in
    assert found is None or isinstance(found, SlackBusy)


def test_who_was_known_does_not_wait() -> None:
    hall = Hall()
    assert hall.door().refusal(who()) is None
    hall.at = KEEP_SECONDS
    hall.slack.pauses = (3.0,)
    assert hall.door().refusal(who()) is None
    assert hall.waited == []


def test_a_guest_whom_slack_does_not_tell_in_time_stays_outside() -> None:
    hall = Hall(Slack(people={"U1": {"is_restricted": True}}, pauses=(30.0,)))
    assert isinstance(hall.door().refusal(who()), SlackBusy)
    hall.slack.pauses = ()
    assert isinstance(hall.door().refusal(who()), GuestRefused)


def test_whoever_may_be_in_a_group_that_is_not_read_just_now_is_asked_to_come_again_and_not_let_in() -> None:
    hall = Hall(Slack(members=["U9"], pauses=(30.0,)))
    settings = Settings(slack={"allowed_groups": ("S1",), "allowed_users": ("U1",), "people": "allowed"})
    access = access_of(effective(settings, Chosen()), hall.roll, frozenset({"C1"}), "T1")
    assert isinstance(access.refusal(who("U9")), SlackBusy)
    assert isinstance(access.refusal(who("U8", "D1")), SlackBusy)
    assert isinstance(access.refusal_of_person(who("U8", "")), SlackBusy)
    assert access.refusal(who("U1")) is None, "listed by name"
    hall.slack.pauses = ()
    access = access_of(effective(settings, Chosen()), hall.roll, frozenset({"C1"}), "T1")
    assert access.refusal(who("U9")) is None
    assert isinstance(access.refusal(who("U8")), PersonNotListed)


@pytest.mark.parametrize(
    ("slack", "channel", "name"),
    [
        (Slack(channels={"C123": {"name": "朝会"}}), "C123", "#朝会"),
        (Slack(), "C123", "C123"),
        (Slack(away=ScopeMissing(scopes="channels:read")), "C123", "C123"),
        (Slack(channels={"#朝会": {"name": "never asked"}}), "#朝会", "#朝会"),
    ],
    ids=["named", "nameless", "untold", "no id"],
)
def test_a_channel_is_called_as_people_say_it_or_else_by_its_id(slack: Slack, channel: str, name: str) -> None:
    assert Hall(slack).roll.called(channel) == name


def test_a_refusal_is_no_silence_what_was_known_before_does_not_outlive_it() -> None:
    hall = Hall()
    hall.roll.person("U1")
    hall.slack.away = ScopeMissing(scopes="users:read")
    hall.at = KEEP_SECONDS
    with pytest.raises(ScopeMissing):
        hall.roll.person("U1")


def test_slack_s_admins_are_ours_only_where_the_shop_says_so() -> None:
    hall = Hall(Slack(people={"U9": {"is_owner": True}}))
    assert isinstance(hall.door().refusal_of_admin(who("U9", "")), AdminsOnly)
    assert hall.door(workspace_admins=True).refusal_of_admin(who("U9", "")) is None
    assert isinstance(hall.door(workspace_admins=True).refusal_of_admin(who("U8", "")), AdminsOnly)


def test_a_group_lists_its_members_and_one_that_cannot_be_read_nobody() -> None:
    settings = Settings(slack={"allowed_users": ("U1",), "allowed_groups": ("S1",), "people": "allowed"})
    now, hall = effective(settings, Chosen()), Hall(Slack(members=["U5"]))
    assert access_of(now, hall.roll, frozenset({"C1"}), None).people == {"U1", "U5"}
    assert access_of(now, hall.roll, frozenset({"C1"}), None).only_people
    gone = Hall(Slack(away=ScopeMissing(scopes="usergroups:read")))
    assert access_of(now, gone.roll, frozenset({"C1"}), None).people == {"U1"}


def test_a_refusal_stands_though_it_could_not_be_written_down() -> None:
    def fails(_: Entry) -> None:
        raise OSError

    assert isinstance(Door(ACCESS, Hall().roll, fails).refusal(who("U9", "D1")), PersonNotListed)


def test_a_person_s_language_and_direct_message_come_from_slack() -> None:
    hall = Hall()
    assert hall.roll.person("U1").language == "en"
    assert hall.roll.direct("U1") == "DU1"
    assert not hall.roll.shared("DU1"), "a direct message with the bot is nobody else's"
