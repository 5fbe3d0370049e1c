"""Who may take a file away, is it counted once, and are customers looked up for nobody else?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.access import Who
from bot.answering import Answering, ExportNotAllowed, NotForChannels
from bot.choices.current import Current
from bot.choices.quota import TooManyExports
from bot.choices.store import Choices
from bot.delivery.ledger import Ledger
from bot.desk import desk
from bot.reception import Reception
from bot.roll import Roll
from bot.settings.layers import load
from bot.shop import Counter, Shop
from tests.bot.shelf import FakeShelf, steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
CHANNEL, GROUP, OWNERS = "C1", "S1", "S2"
LISTED, IN_GROUP, IN_OWNERS, STRANGER, GUEST = "U1", "U2", "U3", "U4", "U5"


@dataclass
class Slack:
    """Knows who is in which group, and who is a guest."""

    members: dict[str, list[str]] = field(default_factory=lambda: {GROUP: [IN_GROUP, GUEST], OWNERS: [IN_OWNERS]})

    def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        match method:
            case "users.info":
                return {"user": {"id": arguments["user"], "is_restricted": arguments["user"] == GUEST}}
            case "usergroups.users.list":
                return {"users": self.members[str(arguments["usergroup"])]}
            case _:
                return {"channel": {"is_member": True}}


class Directory:
    def ids(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        return channels


@dataclass
class Outlet:
    files: list[tuple[str, str]] = field(default_factory=list)

    def upload(self, user: str, name: str, content: bytes, comment: str) -> None:
        assert content
        assert comment
        self.files.append((user, name))

    def post(self, who: Who, payload: object) -> None:
        raise AssertionError((who, payload))

    tell = post


@dataclass
class House:
    slack: Slack
    outlet: Outlet
    choices: Choices
    room: Answering

    def ask(self, text: str, user: str) -> str:
        return self.room.answer(text, Who(user, CHANNEL)).headline

    def audited(self) -> list[tuple[str, str]]:
        return [(one.kind, one.what) for one in self.choices.audited()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "shop.toml").write_text(
        f"""
        [slack]
        allowed_channels = ["{CHANNEL}"]
        allowed_users = ["{LISTED}"]
        allowed_groups = ["{GROUP}"]
        [export]
        allowed_groups = ["{OWNERS}"]
        [customers]
        allowed_users = ["{LISTED}", "{STRANGER}"]
        [quotas]
        exports_per_day = 2
        """,
        encoding="utf-8",
    )
    settings, state = load({}, tmp_path), f"{tmp_path}/state.sqlite"
    found, slack, outlet = desk(settings, FakeShelf(steady_shop()), lambda: NOW), Slack(), Outlet()
    with closing(Choices.open(state, "default")) as choices, closing(Ledger.open(state)) as ledger:
        shop = Shop(Current(settings, choices, time.monotonic), found, lambda: NOW)
        reception = Reception(shop, choices, ledger, Directory(), Roll(slack), None)
        room = Answering(Counter(shop, reception), outlet, slack, reception.door)
        yield House(slack, outlet, choices, room)


@pytest.mark.parametrize("user", [LISTED, IN_GROUP, IN_OWNERS])
def test_who_is_named_has_files_by_themselves_or_through_a_group(house: House, user: str) -> None:
    house.ask("リピート率 チャネル別 CSV", user)
    assert house.outlet.files == [(user, "asakai-repeat-20261120.csv")]


@pytest.mark.parametrize("user", [STRANGER, GUEST])
def test_nobody_else_has_files_nor_does_a_guest_in_the_group(house: House, user: str) -> None:
    with pytest.raises(ExportNotAllowed):
        house.ask("リピート率 チャネル別 CSV", user)
    assert house.outlet.files == []


def test_who_has_left_the_group_has_files_no_more(house: House) -> None:
    house.ask("リピート率 CSV", IN_GROUP)
    house.slack.members[GROUP] = []
    house.room.shop.reception.roll = Roll(house.slack)  # type: ignore[attr-defined]  # five minutes later
    with pytest.raises(ExportNotAllowed):
        house.ask("リピート率 CSV", IN_GROUP)


def test_customers_are_not_looked_up_for_who_may_not_take_them(house: House) -> None:
    with pytest.raises(ExportNotAllowed):
        house.ask("休眠 リスト CSV", STRANGER)
    with pytest.raises(NotForChannels):
        house.ask("休眠 リスト 共有", LISTED)
    assert [kind for kind, _ in house.audited() if kind == "customers"] == []


@pytest.mark.parametrize("text", ["リピート率 CSV", "休眠 リスト CSV", "休眠 リスト"])
def test_a_file_and_a_list_count_once(house: House, text: str) -> None:
    house.ask(text, LISTED)
    house.ask(text, LISTED)
    with pytest.raises(TooManyExports):
        house.ask(text, LISTED)
