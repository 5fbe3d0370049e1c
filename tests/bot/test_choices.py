"""Are choices kept on every state database, merged rightly, and seen by whoever reads next?"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bot.choices.chosen import SHOP, Choice, Chosen, Entry, Mark, Plan, of_channel, of_person
from bot.choices.current import LOOK_SECONDS, Current
from bot.choices.effective import effective
from bot.choices.quota import Quota, TooManyExports, TooManyInAMinute, TooManyToday
from bot.choices.store import Choices
from bot.choices.targets import calendar, targets
from bot.choices.tidying import Tidying
from bot.delivery.clock import is_business_day
from bot.delivery.post import ChannelUnknown
from bot.settings import Quotas, Settings
from bot.settings.keeping import Keeping
from bot.settings.layers import BadSetting, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
MARK = Mark("U1", NOW)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def kept(state_url: str) -> Iterator[Choices]:
    with closing(Choices.open(state_url, "T1")) as opened:
        yield opened


def choice(name: str, value: object, scope: str = SHOP) -> Choice:
    return Choice(scope, name, value, MARK)


def settings(tmp_path: Path, toml: str = "") -> Settings:
    (tmp_path / "shop.toml").write_text(toml, encoding="utf-8")
    return load({}, tmp_path)


# --- kept ---------------------------------------------------------------------------------


def test_what_is_chosen_is_read_again_with_who_and_when(kept: Choices) -> None:
    plan = Plan("line", ("C1",), time(9, 5), "Asia/Seoul", ("mon", "thu"), "en", (("channel", "a,b"),), "region", "L")
    kept.choose(choice("target", 0.25), Entry("setting", "U1", "target", before="0.2", after="0.25"))
    kept.put(plan, Entry("digest", "U1", "line"), MARK)
    read = kept.read()
    assert read.choices == (choice("target", 0.25),)
    assert read.plans == (plan.changed(MARK),)
    assert read.version == kept.version() == 2


def test_the_last_choice_counts_and_a_forgotten_one_is_gone(kept: Choices) -> None:
    entry = Entry("setting", "U1", "target")
    for value in (0.25, 0.3):
        kept.choose(choice("target", value), entry)
    assert [one.value for one in kept.read().choices] == [0.3]
    kept.forget(SHOP, "target", entry, NOW)
    assert kept.read().choices == ()
    assert kept.version() == 3
    assert len(kept.audited()) == 3


def test_workspaces_do_not_see_each_other_s_choices(state_url: str, kept: Choices) -> None:
    kept.choose(choice("target", 0.25), Entry("setting", "U1", "target"))
    with closing(Choices.open(state_url, "T2")) as others:
        assert others.read() == Chosen()


def test_the_audit_says_who_did_what_from_what_to_what(kept: Choices) -> None:
    entry = Entry("setting", "U1", "target", before="0.2", after="0.25")
    kept.choose(choice("target", 0.25), entry)
    kept.audit(Entry("denied", "U2", "admins_only", channel="C1"), NOW + timedelta(seconds=1))
    assert kept.audited() == [Entry("denied", "U2", "admins_only", channel="C1"), entry]
    assert [one.at for one in kept.audited(kind="setting")] == [NOW]


def test_uses_are_counted_by_person_kind_and_day(kept: Choices) -> None:
    day = date(2026, 11, 20)
    assert [kept.use("U1", "question", day, times) for times in (1, 1, 10)] == [1, 2, 12]
    assert kept.use("U2", "question", day) == kept.use("U1", "export", day) == 1
    assert kept.use("U1", "question", day + timedelta(days=1)) == 1


def test_old_counts_and_old_audit_rows_are_deleted_and_newer_ones_stay(kept: Choices) -> None:
    today = NOW.date()
    for days in (40, 31, 30, 0):
        kept.use("U1", "question", today - timedelta(days=days))
    for days in (731, 730, 1):
        kept.audit(Entry("denied", "U2", f"{days} days ago"), NOW - timedelta(days=days))
    tidying = Tidying(kept, Keeping())
    tidying.tidy(NOW)
    assert [one.what for one in kept.audited()] == ["1 days ago", "730 days ago"]
    assert [kept.use("U1", "question", today - timedelta(days=days)) for days in (40, 31, 30, 0)] == [1, 2, 2, 2]


def test_the_audit_stays_for_ever_where_the_shop_wants_it_and_is_tidied_once_a_day(kept: Choices) -> None:
    kept.audit(Entry("denied", "U2", "x"), NOW - timedelta(days=5000))
    Tidying(kept, Keeping(audit_days=0)).tidy(NOW)
    assert len(kept.audited()) == 1
    tidying = Tidying(kept, Keeping(audit_days=10))
    tidying.tidy(NOW)
    assert kept.audited() == []
    kept.audit(Entry("denied", "U2", "x"), NOW - timedelta(days=5000))
    tidying.tidy(NOW + timedelta(minutes=1))
    assert len(kept.audited()) == 1
    tidying.tidy(NOW + timedelta(days=1))
    assert kept.audited() == []


# --- merged -------------------------------------------------------------------------------


def test_slack_outdoes_the_files(tmp_path: Path) -> None:
    chosen = Chosen(1, (choice("target", 0.25), choice("alert.threshold", None), choice("slack.allowed_users", ["U1"])))
    found = effective(settings(tmp_path, "target = 0.22\n[alert]\nthreshold = 0.1"), chosen).settings
    assert (found.target, found.threshold, found.slack.allowed_users) == (0.25, 0.25, ("U1",))


def test_a_choice_that_no_longer_fits_is_left_out_and_named(tmp_path: Path) -> None:
    plan = Plan("line", ("C1",), filters=(("rank", "gold"),))
    chosen = Chosen(1, (choice("target", 20), choice("language", "en")), (plan,))
    found = effective(settings(tmp_path), chosen)
    assert (found.settings.target, found.settings.language) == (0.2, "en")
    assert found.left_out == ("target", "line")


def test_a_digest_of_the_files_is_outdone_as_a_whole_or_removed(tmp_path: Path) -> None:
    shop = settings(
        tmp_path,
        '[digest]\nchannels = ["C1"]\n[[digests]]\nname = "line"\nchannels = ["C2"]\nfilters = { channel = "LINE" }\n'
        '[[digests]]\nname = "web"\nchannels = ["C3"]',
    )
    assert [plan.name for plan in effective(shop, Chosen()).plans] == ["daily", "line", "web"]
    mine = (Plan("line", ("C9",), at=time(7, 0)), Plan("web", removed=True), Plan("U1-1", ("D1",), owner="U1"))
    found = effective(shop, Chosen(1, plans=mine))
    assert [(plan.name, plan.channels, plan.filters) for plan in found.plans] == [
        ("daily", ("C1",), ()),
        ("line", ("C9",), ()),
        ("U1-1", ("D1",), ()),
    ]
    assert found.channels() == {"C1", "C9"}, "nobody is answered in somebody's direct message for its digest's sake"


def test_the_main_digest_changed_in_slack_is_what_alerts_and_panels_go_by(tmp_path: Path) -> None:
    shop = settings(tmp_path, '[digest]\nchannels = ["C1"]')
    found = effective(shop, Chosen(1, plans=(Plan("daily", ("C2",), at=time(7, 0), dimension="region"),))).settings
    assert (found.digest.channels, found.digest.at, found.main_dimension) == (("C2",), time(7, 0), "region")
    assert found.alert_channels == ("C2",)


def test_languages_follow_reader_then_channel_then_shop(tmp_path: Path) -> None:
    choices = (choice("language", "en", of_channel("C1")), choice("language", "ja", of_person("U1")))
    found = effective(settings(tmp_path, 'language = "ja"'), Chosen(1, choices))
    assert [found.language_of_person(*who) for who in (("U1", "C1"), ("U2", "C1"), ("U2", "C2"))] == ["ja", "en", "ja"]
    assert found.language_of_plan(Plan("a"), "C1") == "en"
    assert found.language_of_plan(Plan("a", language="ja"), "C1") == "ja"
    assert found.language_of_plan(Plan("a", owner="U1"), "D1") == "ja"


def test_a_channel_without_a_language_of_its_own_speaks_as_the_digest_that_goes_there(tmp_path: Path) -> None:
    shop = settings(
        tmp_path,
        '[digest]\nchannels = ["C1"]\n[[digests]]\nname = "uk"\nchannels = ["C1", "#uk"]\nlanguage = "en"\n'
        '[[digests]]\nname = "web"\nchannels = ["#uk"]\nlanguage = "ja"',
    )
    choices = (choice("language", "en", of_person("U1")), choice("language", "ja", of_channel("C3")))
    mine = (Plan("U1-1", ("D1",), owner="U1"), Plan("kobe", ("C3",), language="en"))
    placed = {"#uk": "C2"}
    found = effective(shop, Chosen(1, choices, mine), lambda channel: placed.get(channel, channel))
    spoken = {channel: found.language_of_channel(channel) for channel in ("C1", "C2", "#uk", "C3", "D1", "C9")}
    assert spoken == {"C1": "ja", "C2": "en", "#uk": "en", "C3": "ja", "D1": "en", "C9": "ja"}
    assert found.language_of_person("U2", "C2") == "en", "so are they answered who have not chosen"


@pytest.mark.parametrize(("owner", "spoken"), [("U1", "en"), ("U2", "ja"), ("C1", "en"), ("", "ja")])
def test_the_owner_is_told_in_their_own_language_or_that_of_their_channel(
    tmp_path: Path, owner: str, spoken: str
) -> None:
    choices = (choice("language", "en", of_person("U1")), choice("language", "en", of_channel("C1")))
    found = effective(settings(tmp_path, f'[watch]\nowner = "{owner}"'), Chosen(1, choices))
    assert found.language_of_owner(owner if owner.startswith("C") else "D1") == spoken


@pytest.mark.parametrize(
    "toml",
    [
        '[[digests]]\nname = "daily"',
        '[[digests]]\nname = "a"\n[[digests]]\nname = "a"',
        '[[digests]]\nname = "a"\ndays = ["mondays"]',
        '[[digests]]\nname = "a"\nfilters = { rank = "gold" }',
        '[[digests]]\nname = "a"\nchanels = ["C1"]',
        '[[digests]]\nname = "A b"',
    ],
)
def test_a_further_digest_that_cannot_be_is_named_at_the_start(tmp_path: Path, toml: str) -> None:
    with pytest.raises(BadSetting) as problem:
        settings(tmp_path, toml)
    assert problem.value.values["name"] == "digests"


# --- targets ------------------------------------------------------------------------------


def ids(channels: Sequence[str]) -> tuple[str, ...]:
    if "#gone" in channels:
        raise ChannelUnknown(channel="#gone")
    return tuple(channels)


def test_each_digest_is_a_target_and_one_without_its_channel_stops_no_other(tmp_path: Path) -> None:
    shop = settings(
        tmp_path,
        '[digest]\nchannels = ["C1"]\n[[digests]]\nname = "line"\nchannels = ["C1"]\nat = "09:00"\nzone = "UTC"\n'
        '[[digests]]\nname = "gone"\nchannels = ["#gone"]',
    )
    own = (Plan("U1-1", ("D1",), owner="U1"), Plan("U2-1", ("D2",), owner="U2"), Plan("p", ("C5",), paused=True))
    now = effective(shop, Chosen(1, plans=own))
    found = targets(now, ids, lambda plan: plan.owner == "U1")
    assert [(target.name, target.channel) for target in found] == [("daily", "C1"), ("line", "C1"), ("U1-1", "D1")]
    assert (found[1].at, found[1].zone) == (time(9, 0), ZoneInfo("UTC"))
    with pytest.raises(ChannelUnknown):
        targets(now, ids, lambda _: True, strict=True)


def test_a_paused_digest_is_no_target(tmp_path: Path) -> None:
    shop = settings(tmp_path, '[digest]\nchannels = ["C1"]')
    paused = Chosen(1, plans=(Plan("daily", ("C1",), paused=True),))
    assert targets(effective(shop, paused), ids, lambda _: True) == ()
    assert [target.channel for target in targets(effective(shop, Chosen(1)), ids, lambda _: True)] == ["C1"]


@pytest.mark.parametrize(
    ("days", "on"),
    [
        (("business",), {"2026-11-20", "2026-11-24", "2026-11-28"}),
        (("every",), {"2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-28"}),
        (("mon", "sat"), {"2026-11-21", "2026-11-23", "2026-11-28"}),
    ],
)
def test_the_days_of_a_digest(tmp_path: Path, days: tuple[str, ...], on: set[str]) -> None:
    """Monday 23 November is a public holiday, the 25th and 26th the company's, Saturday 28th is worked."""
    shop = settings(
        tmp_path,
        '[digest]\ncompany_holidays = ["2026-11-25", "2026-11-26"]\nworking_days = ["2026-11-28"]',
    )
    week = [date(2026, 11, day) for day in (20, 21, 22, 23, 24, 25, 26, 28)]
    found = calendar(Plan("a", days=days), shop)
    assert {str(day) for day in week if is_business_day(day, found)} == on


# --- this moment --------------------------------------------------------------------------


class Shelf:
    """A store that counts how often it is read, and may be away."""

    def __init__(self) -> None:
        self.chosen, self.reads, self.away = Chosen(1, (choice("target", 0.25),)), 0, False

    def version(self) -> int:
        if self.away:
            raise ConnectionError
        return self.chosen.version

    def read(self) -> Chosen:
        self.reads += 1
        if self.away:
            raise ConnectionError
        return self.chosen


def test_choices_are_read_when_their_version_has_moved_and_last_while_the_database_is_away(tmp_path: Path) -> None:
    shelf, at = Shelf(), [0.0]
    current = Current(settings(tmp_path), shelf, lambda: at[0])
    assert [current.now().settings.target for _ in range(3)] == [0.25] * 3
    at[0] += LOOK_SECONDS
    current.now()
    assert shelf.reads == 1
    shelf.chosen = Chosen(2, (choice("target", 0.3),))
    assert current.now().settings.target == 0.25, "it was looked at less than a second ago"
    assert current.changed().settings.target == 0.3, "one's own change is seen at once"
    shelf.away = True
    at[0] += LOOK_SECONDS
    assert current.now().settings.target == 0.3


def test_nothing_holds_where_nothing_could_ever_be_read(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.away = True
    with pytest.raises(ConnectionError):
        Current(settings(tmp_path), shelf, lambda: 0.0).now()


# --- quotas -------------------------------------------------------------------------------


class Counter:
    def __init__(self) -> None:
        self.times: dict[tuple[str, str, date], int] = {}
        self.away, self.writes = False, 0

    def use(self, who: str, kind: str, day: date, times: int = 1) -> int:
        if self.away:
            raise ConnectionError
        self.writes += 1
        self.times[who, kind, day] = self.times.get((who, kind, day), 0) + times
        return self.times[who, kind, day]


def test_the_minute_s_questions_come_back_one_by_one() -> None:
    at = [NOW]
    quota, limits = Quota(Counter(), lambda: at[0]), Quotas(questions_per_minute=2, questions_per_day=0)
    for seconds in (0, 10):
        at[0] = NOW + timedelta(seconds=seconds)
        quota.question("U1", limits, TOKYO)
    at[0] = NOW + timedelta(seconds=20)
    with pytest.raises(TooManyInAMinute) as problem:
        quota.question("U1", limits, TOKYO)
    assert problem.value.values == {"limit": 2, "seconds": 41}
    quota.question("U2", limits, TOKYO)
    at[0] = NOW + timedelta(seconds=60)
    quota.question("U1", limits, TOKYO)
    with pytest.raises(TooManyInAMinute):
        quota.question("U1", limits, TOKYO)


def test_the_day_is_the_shop_s() -> None:
    at = [datetime(2026, 11, 20, 14, 59, tzinfo=UTC)]
    quota, limits = Quota(Counter(), lambda: at[0]), Quotas(questions_per_minute=0, questions_per_day=1)
    quota.question("U1", limits, TOKYO)
    with pytest.raises(TooManyToday):
        quota.question("U1", limits, TOKYO)
    at[0] += timedelta(minutes=1)
    quota.question("U1", limits, TOKYO)


def test_questions_are_written_down_ten_at_a_time_and_no_replica_forgets_the_others() -> None:
    counter, limits = Counter(), Quotas(questions_per_minute=0, questions_per_day=25)
    one, other = Quota(counter, lambda: NOW), Quota(counter, lambda: NOW)
    for _ in range(12):
        one.question("U1", limits, TOKYO)
    assert counter.writes == 2, "the first, and ten more"
    for _ in range(13):
        other.question("U1", limits, TOKYO)
    assert refused(other, limits, 10) > 0, "13 asked here and 12 there are the day's 25"


def refused(quota: Quota, limits: Quotas, times: int) -> int:
    """How many of so many questions are refused."""
    found = 0
    for _ in range(times):
        try:
            quota.question("U1", limits, TOKYO)
        except TooManyToday:
            found += 1
    return found


def test_no_limit_means_no_counting_and_a_database_that_is_away_silences_nobody() -> None:
    counter = Counter()
    quota = Quota(counter, lambda: NOW)
    quota.question("U1", Quotas(questions_per_minute=0, questions_per_day=0), TOKYO)
    quota.export("U1", Quotas(exports_per_day=0), TOKYO)
    assert counter.times == {}
    quota.export("U1", Quotas(exports_per_day=1), TOKYO)
    with pytest.raises(TooManyExports):
        quota.export("U1", Quotas(exports_per_day=1), TOKYO)
    counter.away = True
    quota.export("U1", Quotas(exports_per_day=1), TOKYO)
