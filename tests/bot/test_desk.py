"""Does the desk answer for the right morning, with what was known then?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.desk import DayNotOver, Desk, desk
from bot.language import Language
from bot.present.footing import footing
from bot.settings.layers import load
from metrics.counts import Counts
from metrics.report import BeforeFirstPurchase, NoPurchases
from metrics.segment import SHOP_COLUMNS, UnknownDimension
from tests.bot.shelf import Buyer, FakeShelf, steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # Saturday 10:00 in Tokyo
YESTERDAY = date(2026, 11, 20)


def at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


@pytest.fixture
def shelf() -> FakeShelf:
    return FakeShelf(steady_shop())


@pytest.fixture
def shop(shelf: FakeShelf, tmp_path: Path) -> Desk:
    return desk(load({"ASAKAI_SHOP": "月白コスメ"}, tmp_path), shelf, at(NOW))


def test_the_last_complete_day_is_the_shops_not_utcs(shop: Desk) -> None:
    assert shop.as_of == YESTERDAY
    shop.now = at(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))  # 23:59 in Tokyo
    assert shop.as_of == date(2026, 11, 19)


def test_a_digest_without_a_day_is_of_yesterday_and_says_nothing_of_knowledge(shop: Desk) -> None:
    basis = shop.digest().basis
    assert (basis.as_of, basis.known_at, basis.shop) == (YESTERDAY, None, "月白コスメ")


def test_a_past_morning_is_replayed_as_it_was_known_then(shop: Desk, shelf: FakeShelf) -> None:
    shelf.first_at = datetime(2026, 11, 1, tzinfo=UTC)
    basis = shop.digest(date(2026, 11, 10)).basis
    morning = datetime(2026, 11, 10, 23, 30, tzinfo=UTC)  # the 11th, 08:30 in Tokyo
    assert shelf.asked == [morning]
    assert (basis.as_of, basis.known_at) == (date(2026, 11, 10), morning)


def test_a_past_morning_before_the_first_import_uses_todays_knowledge_and_says_so(shop: Desk, shelf: FakeShelf) -> None:
    shelf.first_at = datetime(2026, 11, 11, 0, 0, tzinfo=UTC)  # half an hour after the digest of the 11th
    basis = shop.digest(date(2026, 11, 10)).basis
    assert shelf.asked == []
    assert (basis.as_of, basis.known_at) == (date(2026, 11, 10), NOW)


def test_any_instant_of_knowledge_can_be_asked_for(shop: Desk, shelf: FakeShelf) -> None:
    later = datetime(2026, 11, 15, tzinfo=UTC)
    assert shop.digest(date(2026, 11, 10), known_at=later).basis.known_at == later
    assert shelf.asked == [later]


def test_a_replay_does_not_see_what_was_learned_later(shop: Desk, shelf: FakeShelf) -> None:
    shelf.first_at = datetime(2026, 1, 1, tzinfo=UTC)
    late = Buyer("late", "LINE", (date(2026, 11, 9),))
    shelf.knew = {datetime(2026, 11, 12, tzinfo=UTC): shelf.buyers}
    shelf.buyers = (*shelf.buyers, late)
    then, now = shop.digest(date(2026, 11, 10)), shop.report(date(2026, 11, 10))
    assert now.dormancy.now.active == then.dormancy.now.active + 1


@pytest.mark.parametrize("days", [1, 2, 400])
def test_a_day_that_is_not_over_is_refused(shop: Desk, days: int) -> None:
    with pytest.raises(DayNotOver):
        shop.digest(YESTERDAY + timedelta(days=days))


def test_a_day_before_the_first_order_is_refused(shop: Desk) -> None:
    with pytest.raises(BeforeFirstPurchase):
        shop.digest(date(2020, 1, 1))


def test_an_empty_store_is_said(shop: Desk) -> None:
    shop.store = FakeShelf(())
    with pytest.raises(NoPurchases):
        shop.digest()


def test_an_unknown_dimension_is_refused_with_the_known_ones(shop: Desk) -> None:
    with pytest.raises(UnknownDimension) as problem:
        shop.digest(dimensions=("chanel",))
    assert "channel" in problem.value.values["known"]


def test_the_target_judges_the_digest_and_the_threshold_the_alert(shop: Desk, tmp_path: Path) -> None:
    shop.settings = load({"ASAKAI_TARGET": "0.5", "ASAKAI_ALERT__THRESHOLD": "0.1"}, tmp_path)
    assert shop.digest().judgement.threshold == 0.5
    assert shop.alert(YESTERDAY).judgement.threshold == 0.1


def test_pseudonyms_hide_ids_and_stay_the_same_where_a_key_is_set(tmp_path: Path, shelf: FakeShelf) -> None:
    keyed = load({"ASAKAI_CUSTOMERS__PSEUDONYM_KEY": "k"}, tmp_path)
    one, other = desk(keyed, shelf, at(NOW)), desk(keyed, shelf, at(NOW))
    customers = one.candidates(one.report(YESTERDAY), 50)
    assert customers
    names = one.pseudonyms(customers)
    assert names == other.pseudonyms(customers)
    assert not set(names.values()) & {customer.customer_id.removeprefix("id:") for customer in customers}
    without = load({}, tmp_path)
    assert desk(without, shelf, at(NOW)).pseudonyms(customers) != desk(without, shelf, at(NOW)).pseudonyms(customers)


def test_ids_are_shown_only_where_the_shop_turns_them_on_and_never_a_hashed_mail(tmp_path: Path) -> None:
    shop = desk(load({"ASAKAI_CUSTOMERS__SHOW_IDS": "true"}, tmp_path), FakeShelf(steady_shop()), at(NOW))
    known = shop.candidates(shop.report(YESTERDAY), 1)[0]
    mailed = replace(known, customer_id="e:0123456789abcdef")
    names = shop.pseudonyms((known, mailed))
    assert names[known.customer_id] == known.customer_id.removeprefix("id:")
    assert "0123456789" not in names[mailed.customer_id]


def test_the_report_says_what_the_burn_in_leaves_out(shop: Desk) -> None:
    quality = shop.report(YESTERDAY).basis.quality  # 729 days of history
    assert (quality.burn_in_days, quality.firsts_in_burn_in, quality.burn_in_shortened) == (364, 300, True)


def test_a_short_history_shortens_the_burn_in_and_the_report_says_so(shop: Desk) -> None:
    first = shop.report(YESTERDAY).basis.start
    assert first is not None
    report = shop.report(first + timedelta(days=99))
    assert (report.basis.quality.burn_in_days, report.basis.quality.burn_in_shortened) == (50, True)
    assert (
        "Short history: first purchases of its first 50 days only are left out"
        in footing(report, Language.of("en")).items
    )


def test_a_platform_that_tells_which_orders_are_firsts_needs_no_burn_in(shop: Desk, shelf: FakeShelf) -> None:
    shelf.told = True
    report = shop.report(YESTERDAY)
    assert (report.basis.quality.burn_in_days, report.basis.quality.firsts_in_burn_in) == (0, 0)
    assert report.gap.bounded_cohort.start == report.basis.start


def test_old_orders_are_noticed(shop: Desk) -> None:
    assert shop.stale_since(shop.digest()) is None
    shop.now = at(NOW + timedelta(days=5))
    assert shop.stale_since(shop.digest()) == YESTERDAY


def test_the_vocabulary_holds_the_shops_own_dimensions_and_labels(shop: Desk) -> None:
    known = shop.vocabulary()
    assert known.dimensions == (*SHOP_COLUMNS, "purchase_count", "cohort_month", "entry")
    assert known.offered == ("channel", "region", "product", "purchase_count", "cohort_month", "entry")
    assert "LINE" in dict(known.labels)["channel"]


@dataclass(slots=True)
class Counting(FakeShelf):
    """Remembers what was counted; `fresh`: something was imported since."""

    asked_for: list[str] = field(default_factory=list)
    fresh: bool = False

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        self.asked_for.append(f"{dimension} {filters}")
        return FakeShelf.counts(self, dimension, filters)

    def refresh(self) -> bool:
        return self.fresh


def test_a_narrow_question_is_counted_once_until_an_import(tmp_path: Path) -> None:
    shelf = Counting(steady_shop(60))
    found = desk(load({}, tmp_path), shelf, lambda: datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    narrow = (("channel", "LINE"),)
    first = found.report(found.as_of, filters=narrow)
    once = len([one for one in shelf.asked_for if "LINE" in one])
    assert found.report(found.as_of, filters=narrow) == first
    assert len([one for one in shelf.asked_for if "LINE" in one]) == once
    shelf.fresh = True
    found.refresh()
    found.report(found.as_of, filters=narrow)
    assert len([one for one in shelf.asked_for if "LINE" in one]) == 2 * once


def test_the_same_question_is_answered_from_what_was_made_for_the_first(tmp_path: Path) -> None:
    shelf = Counting(steady_shop(60))
    found = desk(load({}, tmp_path), shelf, lambda: datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    first = found.report(found.as_of, dimensions=("channel",))
    asked = list(shelf.asked_for)
    assert found.report(found.as_of, dimensions=("channel",)) == first
    assert shelf.asked_for == asked
    assert found.report(found.as_of) != first, "another question is counted"
    shelf.fresh = True
    found.refresh()
    assert found.report(found.as_of, dimensions=("channel",)) == first
    assert len(shelf.asked_for) > 2 * len(asked), "after an import it is counted again"


def test_a_morning_gone_by_says_each_time_until_when_it_was_known(tmp_path: Path) -> None:
    clock = [datetime(2026, 11, 21, 1, 0, tzinfo=UTC)]
    found = desk(load({}, tmp_path), Counting(steady_shop(60)), lambda: clock[0])
    day = found.as_of - timedelta(days=7)
    assert found.report(day).basis.known_at == clock[0]
    clock[0] += timedelta(hours=1)
    assert found.report(day).basis.known_at == clock[0]


class GrowingShelf(FakeShelf):
    """A shelf that can be told of an import."""

    def refresh(self) -> bool:
        return True


def test_a_whole_team_asks_for_one_report_until_something_is_imported(tmp_path: Path) -> None:
    shelf = GrowingShelf(steady_shop())
    shop = desk(load({}, tmp_path), shelf, at(NOW))
    first = shop.report(YESTERDAY, dimensions=("channel",))
    assert shop.report(YESTERDAY, dimensions=("channel",)) is first
    assert shop.report(YESTERDAY, dimensions=("channel",), limit=1) is not first, "another question"
    assert shop.report(YESTERDAY, filters=(("channel", "LINE"),)).repeat.now.rate.n < first.repeat.now.rate.n

    shelf.buyers = shelf.buyers[:300]
    shop.refresh()
    assert shop.report(YESTERDAY, dimensions=("channel",)).basis.quality.customers == 300


def test_other_settings_are_another_report(shop: Desk) -> None:
    shop.report(YESTERDAY)
    strict = replace(shop, settings=shop.settings.model_copy(update={"target": 0.3}))
    assert (shop.report(YESTERDAY).judgement.threshold, strict.report(YESTERDAY).judgement.threshold) == (0.2, 0.3)
