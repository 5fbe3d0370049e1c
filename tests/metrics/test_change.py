"""Does a change split into mix and rate without a rest?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.change import OTHER, Group, kitagawa

groups = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", OTHER]),
    st.integers(0, 50).flatmap(lambda n: st.builds(Group, st.just(n), st.integers(0, n))),
)


def test_cdnow_january_against_march_by_first_day_discs() -> None:
    january = {"1": Group(3928, 553), "2": Group(1783, 320), "3+": Group(2135, 501)}
    march = {"1": Group(3693, 510), "2": Group(1656, 317), "3+": Group(1899, 425)}
    split = kitagawa(january, march)
    assert split is not None
    assert float(split.mix) == pytest.approx(-0.000851298, abs=5e-10)
    assert float(split.rate) == pytest.approx(-0.001532476, abs=5e-10)


@given(groups, groups)
def test_mix_and_rate_add_up_to_the_change_exactly(before: dict[str, Group], after: dict[str, Group]) -> None:
    split = kitagawa(before, after)
    n1, n2 = sum(g.n for g in before.values()), sum(g.n for g in after.values())
    if not n1 or not n2:
        assert split is None
        return
    assert split is not None
    change = Fraction(sum(g.k for g in after.values()), n2) - Fraction(sum(g.k for g in before.values()), n1)
    assert split.change == change == split.mix + split.rate
    assert sum(part.mix + part.rate for part in split.parts) == change


@given(groups)
def test_nothing_changed_is_no_change(one: dict[str, Group]) -> None:
    split = kitagawa(one, one)
    assert split is None or (split.mix, split.rate) == (0, 0)


def test_a_label_empty_in_one_period_goes_into_other() -> None:
    split = kitagawa({"a": Group(10, 2), "b": Group(5, 1)}, {"a": Group(10, 3), "c": Group(5, 2)})
    assert split is not None
    assert [part.label for part in split.parts] == ["a", OTHER]


def test_an_other_empty_in_one_period_takes_the_smallest_label() -> None:
    split = kitagawa({"a": Group(10, 2), "b": Group(5, 1)}, {"a": Group(10, 3), "b": Group(4, 2), "c": Group(3, 0)})
    assert split is not None
    assert [part.label for part in split.parts] == ["a", OTHER]


def test_the_same_rates_in_another_mix_are_all_mix() -> None:
    split = kitagawa({"a": Group(50, 5), "b": Group(50, 25)}, {"a": Group(80, 8), "b": Group(20, 10)})
    assert split is not None
    assert split.rate == 0
    assert split.mix == split.change == Fraction(18, 100) - Fraction(30, 100)
