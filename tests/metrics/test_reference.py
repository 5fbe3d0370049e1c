"""Are the reference values of two real shops reproduced, through files, store and figures alone?"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from metrics.change import Group, kitagawa
from metrics.cpm import CELLS, Cuts, customers_by_cell
from metrics.day import Span
from metrics.dormancy import idle_by_label
from metrics.exposure import cohort_curve
from metrics.gap import bounded_gap, observed_gap
from metrics.repeat import first_repeat_rate
from metrics.rules import Rules
from metrics.sources import files
from metrics.survival import one, restricted_mean_days
from metrics.value import revenue_curve
from metrics.warehouse.store import Store

CURRENCY = {"cdnow": "USD", "online_retail_ii": "GBP"}
ROWS = {"cdnow": 384, "online_retail_ii": 560}
BEGIN = date(1990, 1, 1)


def rules(dataset: str, **others: object) -> Rules:
    """The conventions of the reference: calendar days, no merge across midnight, no burn-in."""
    told = {"zone": "UTC", "currency": CURRENCY[dataset], "merge_minutes": 0, "burn_in_days": 0, "horizon_days": 800}
    return Rules(**{**told, **others})  # type: ignore[arg-type]  # settings by name


@pytest.fixture(scope="module")
def shops(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each data set imported once: the store's path."""
    paths = {}
    for dataset in CURRENCY:
        paths[dataset] = tmp_path_factory.mktemp(dataset) / "store.duckdb"
        store = Store(paths[dataset], rules(dataset))
        with store.writing() as connection:
            files.stage(connection, shared_data / f"{dataset}.csv.gz", store.rules)
            store.take(connection, datetime(2026, 1, 1, tzinfo=UTC))
    return paths


def reference(folder: Path) -> dict[tuple[str, date], list[dict[str, str]]]:
    """The rows of reference.csv by data set and as_of."""
    found: dict[tuple[str, date], list[dict[str, str]]] = defaultdict(list)
    with (folder / "reference.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["dataset"], date.fromisoformat(row["as_of"])].append(row)
    return found


def figures(merged: Store, separate: Store, dimension: str, as_of: date) -> Iterator[tuple[tuple[str, str], object]]:
    """(label, metric) -> value, of every metric of the reference but `_same_day`'s, which `separate` gives."""
    counts = merged.counts(dimension)
    matured = as_of - timedelta(days=29)
    cohorts = {"all": Span(BEGIN, matured), "t90": Span.ending(as_of - timedelta(days=30), 90)}
    idle = idle_by_label(counts, as_of)
    customers = counts.firsts(Span(BEGIN, as_of + timedelta(days=1)))
    gaps = {"gap_all": observed_gap(counts, as_of), "gap_h180": bounded_gap(counts, as_of, BEGIN)}
    for i, label in enumerate(counts.labels):
        yield (label, "customers"), int(customers[i])
        yield (label, "idle_0_59"), idle[i].active
        yield (label, "idle_60_89"), idle[i].pre_dormant
        yield (label, "idle_90p"), idle[i].dormant
        for name, cohort in cohorts.items():
            rate = first_repeat_rate(counts, cohort)[i]
            yield (label, f"den_{name}"), rate.n
            yield (label, f"num_{name}"), rate.k
        for name, gap in gaps.items():
            yield (label, f"{name}.n"), gap[i].mean_days.n
            yield (label, f"{name}.mean_days"), gap[i].mean_days.value
            yield (label, f"{name}.median_days"), gap[i].median_days.value
    counts = separate.counts(dimension)
    for i, label in enumerate(counts.labels):
        rate = first_repeat_rate(counts, cohorts["all"])[i]
        yield (label, "den_all_same_day"), rate.n
        yield (label, "num_all_same_day"), rate.k


@pytest.mark.parametrize("dataset", CURRENCY)
def test_every_row_of_the_reference_is_reproduced(
    dataset: str, shops: dict[str, Path], shared_data: Path, tmp_path: Path
) -> None:
    merged = Store(shops[dataset], rules(dataset))
    apart = Path(tmp_path / "separate.duckdb")
    apart.write_bytes(shops[dataset].read_bytes())
    separate = Store(apart, rules(dataset, same_day="separate"))
    checked = 0
    for (name, as_of), rows in reference(shared_data).items():
        if name != dataset:
            continue
        for dimension in sorted({row["segment"] for row in rows}):
            found = dict(figures(merged, separate, dimension or "all", as_of))
            for row in (row for row in rows if row["segment"] == dimension):
                value = found[row["segment_value"], row["metric"]]
                wanted = float(row["value"]) if row["value"] else None
                assert value == (pytest.approx(wanted, rel=1e-12) if wanted is not None else None), row
                checked += 1
    assert checked == ROWS[dataset]


# -- "Numbers to reproduce" of the design, on the whole CDNOW log with its zero-amount rows ----------

END = date(1998, 6, 30)


@pytest.fixture(scope="module")
def whole_log(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("whole") / "store.duckdb"
    path.write_bytes(shops["cdnow"].read_bytes())
    return Store(path, rules("cdnow", zero_amounts=True))


def test_cdnow_share_back_by_day(whole_log: Store) -> None:
    counts = whole_log.counts("all")
    everyone = Span(BEGIN, END)
    histogram = counts.gap_histogram(everyone)[0].cumsum()
    assert counts.firsts(everyone)[0] == 23_570
    assert [int(histogram[h]) for h in (7, 14, 30, 60, 90, 180, 365)] == [1384, 2429, 4115, 5929, 6887, 8827, 10810]


def test_cdnow_restricted_mean(whole_log: Store) -> None:
    curve = one(cohort_curve(whole_log.counts("all"), Span(BEGIN, END), END), 0)
    assert float(restricted_mean_days(curve, 30)) == pytest.approx(27.035, abs=5e-4)
    assert float(restricted_mean_days(curve, 90)) == pytest.approx(72.372, abs=5e-4)


def test_cdnow_revenue_per_acquired_customer(whole_log: Store) -> None:
    money = whole_log.revenue_by_age(END, 365)
    curve = revenue_curve(money.revenue, money.observed) / 100
    assert [round(float(curve[h]), 2) for h in (0, 30, 90, 180, 365)] == [33.29, 42.28, 53.68, 66.93, 90.86]


def test_cdnow_cpm_cells(whole_log: Store) -> None:
    cells = customers_by_cell(whole_log.customer_groups(END), END, Cuts(amount=250_00))
    found = {(cell.kind.value, cell.lapsed): cells.get(cell, 0) for cell in CELLS}
    assert {name: n for name, n in found.items() if n} == {
        ("first", True): 12054, ("toddler", True): 2457, ("steady", False): 4670, ("steady", True): 2250,
        ("trendy", True): 163, ("excellent", False): 1905, ("excellent", True): 71,
    }  # fmt: skip


def with_first_day_cds(source: Path, target: Path) -> None:
    """The log with one more column: how many CDs the customer bought on the first day."""
    with gzip.open(source, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    first = {}
    for row in rows:
        first[row["customer_id"]] = min(row["ordered_at"], first.get(row["customer_id"], "9999"))
    cds: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["ordered_at"] == first[row["customer_id"]]:
            cds[row["customer_id"]] += int(row["product"][0])
    with target.open("w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], "first_day_cds"])
        writer.writeheader()
        writer.writerows({**row, "first_day_cds": min(3, cds[row["customer_id"]])} for row in rows)


def test_cdnow_kitagawa_of_january_against_march(shared_data: Path, tmp_path: Path) -> None:
    """By a mapped column of the shop's own."""
    with_first_day_cds(shared_data / "cdnow.csv.gz", tmp_path / "orders.csv")
    store = Store(tmp_path / "store.duckdb", rules("cdnow", zero_amounts=True, columns=("first_day_cds",)))
    with store.writing() as connection:
        files.stage(connection, tmp_path / "orders.csv", store.rules)
        store.take(connection, datetime(2026, 1, 1, tzinfo=UTC))
    counts = store.counts("first_day_cds")
    assert counts.labels == ("1", "2", "3")

    def groups(cohort: Span) -> dict[str, Group]:
        rates = first_repeat_rate(counts, cohort)
        return {label: Group(rate.n, rate.k or 0) for label, rate in zip(counts.labels, rates, strict=True)}

    january = groups(Span(date(1997, 1, 1), date(1997, 2, 1)))
    march = groups(Span(date(1997, 3, 1), date(1997, 4, 1)))
    assert january == {"1": Group(3928, 553), "2": Group(1783, 320), "3": Group(2135, 501)}
    assert march == {"1": Group(3693, 510), "2": Group(1656, 317), "3": Group(1899, 425)}
    split = kitagawa(january, march)
    assert split is not None
    assert float(split.mix) == pytest.approx(-0.000851298, abs=5e-10)
    assert float(split.rate) == pytest.approx(-0.001532476, abs=5e-10)
    assert split.mix + split.rate == split.change
