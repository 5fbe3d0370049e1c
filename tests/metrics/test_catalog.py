"""Does the catalogue name every figure once?"""

from __future__ import annotations

import pytest

from metrics.catalog import CATALOG, Figure, Needs, Unit, figure
from tests.metrics.counting import DAY, TRUSTED, counts_of


def test_every_name_is_there_once() -> None:
    names = [each.name for each in CATALOG]
    assert len(names) == len(set(names))
    assert {each.title_key for each in CATALOG} == {f"figure.{name}" for name in names}


def test_figures_on_counts_give_one_estimate_per_label() -> None:
    counts = counts_of([("1", DAY, 5, 3), ("2", DAY, None, 4)])
    for each in CATALOG:
        assert (each.by_label is not None) == (each.needs is Needs.COUNTS), each.name
        if each.by_label:
            assert len(each.by_label(counts, DAY, TRUSTED)) == len(counts.labels), each.name


def test_shares_stay_between_0_and_1() -> None:
    counts = counts_of([("1", DAY, 5, 3), ("2", DAY, None, 4)])
    for each in (each for each in CATALOG if each.unit is Unit.SHARE and each.by_label):
        for estimate in each.by_label(counts, DAY.replace(month=12), TRUSTED):  # type: ignore[misc]  # filtered above
            assert estimate.value is None or 0 <= estimate.value <= 1, each.name


def test_a_figure_is_found_by_name() -> None:
    found = figure("repeat")
    assert isinstance(found, Figure)
    with pytest.raises(KeyError):
        figure("churn")
