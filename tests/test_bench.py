"""Do the contenders of the bench answer one question, and is a wrong answer found out?"""

from __future__ import annotations

import importlib
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from statistics import mean, median

import duckdb
import numpy as np
import pytest

from tests.bench import __main__ as command
from tests.bench import answer as bench
from tests.bench import goals, report
from tests.bench.contest import (
    BOT,
    DAILY,
    DRILL,
    DUCKDB_DRILL,
    IMPORT,
    OURS,
    READ_CSV,
    READ_ONCE,
    RIVALS,
    Measured,
    WrongAnswerError,
    agree,
    measure,
    race,
)
from tests.bench.orders import days_of, every_form, for_us

AS_OF = date(2026, 11, 18)
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount", "status", "channel", "region", "product")


def some_orders(count: int = 3000):
    """Orders of about three years with everything that is left out or merged."""
    dice = random.Random(7)
    start = datetime(2023, 11, 21)
    for number in range(count):
        at = start + timedelta(days=dice.randrange(1100), seconds=dice.choice([0, 1, 43200, 86399]))
        if dice.random() < 0.7:  # most customers are young, some are old
            at = datetime.combine(AS_OF, at.time()) - timedelta(days=dice.randrange(130))
        yield (
            f"o{dice.randrange(10**6):06d}x{number:05d}",
            f"c{dice.randrange(count // 3):05d}",
            at,
            dice.choice([0, 100, 2500, 2500, 9900]),
            dice.choice(["completed", "completed", "completed", "cancelled"]),
            dice.choice(["listing", "sns", ""]),
            dice.choice(["東京都", "大阪府"]),
            dice.choice(["化粧水", "美容液", "石鹸"]),
        )


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """The path, without suffix, of the same orders in every form, and the orders."""
    rows = list(some_orders())
    parquet = tmp_path_factory.mktemp("bench") / "orders.parquet"
    with duckdb.connect() as connection:
        columns = dict(zip(COLUMNS, map(np.array, zip(*rows, strict=True)), strict=True))
        connection.register("o", columns | {"ordered_at": columns["ordered_at"].astype("datetime64[us]")})
        connection.execute(f"COPY o TO '{parquet}' (FORMAT parquet)")
    stem = every_form(parquet)
    for_us(stem, AS_OF, days=2, seed=1)
    return stem, rows


def by_hand(rows):
    """The same question, one customer at a time."""
    valid = defaultdict(list)
    for order_id, customer, at, amount, status, channel, region, product in rows:
        if status != "cancelled" and amount > 0 and at.date() <= AS_OF:
            valid[customer].append((at, order_id, {"channel": channel, "region": region, "product": product}))
    customers = []
    for bought in valid.values():
        bought.sort(key=lambda order: order[:2])
        days = sorted({at.date() for at, _, _ in bought})
        gap = (days[1] - days[0]).days if len(days) > 1 else None
        customers.append((days[0], gap, (AS_OF - days[-1]).days, bought[0][2]))
    groups = {"all": {"": cell(customers)}}
    for dimension in bench.DIMENSIONS:
        labels = {labels[dimension] for *_, labels in customers}
        groups[dimension] = {label: cell([c for c in customers if c[3][dimension] == label]) for label in labels}
    return bench.answer(groups, [rate(customers, day) for day in bench.mornings(AS_OF)])


def rate(customers, as_of):
    cohort = [gap for first, gap, *_ in customers if 30 <= (as_of - first).days <= 57]
    return len(cohort), sum(gap is not None and gap <= 30 for gap in cohort)


def cell(customers):
    gaps = [gap for first, gap, *_ in customers if gap is not None and gap <= 180 and (AS_OF - first).days >= 180]
    idle = [days for _, _, days, _ in customers]
    told = [*rate(customers, AS_OF), len(gaps), mean(gaps) if gaps else None, median(gaps) if gaps else None]
    return bench.cell([*told, sum(d < 60 for d in idle), sum(60 <= d < 90 for d in idle), sum(d >= 90 for d in idle)])


def have(contender):
    for package in {"pandas_script": ["pyarrow"], "polars_lazy": ["polars"]}.get(contender.module, []):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} comes with make bench")


DIGESTS = [one for one in (*RIVALS, *OURS) if one.question == "digest" and one is not READ_ONCE]


@pytest.mark.parametrize("contender", DIGESTS, ids=lambda one: one.name)
def test_a_contender_answers_what_a_patient_person_would(contender, orders):
    have(contender)
    stem, rows = orders
    told = measure(contender, stem, AS_OF, runs=1)
    expected = Measured("by hand", by_hand(rows), (1.0,), 0)
    agree([expected, told])
    assert told.answer is not None
    assert told.seconds[0] > 0
    assert told.peak_mb > 10


def test_reading_the_orders_once_touches_all_of_them(orders):
    stem, rows = orders
    told = measure(READ_ONCE, stem, AS_OF, runs=1)
    assert told.answer is None
    assert told.more["orders"] == len(rows)


def test_questions_and_crossed_ones_get_one_answer(orders):
    stem, _ = orders
    told = race([DRILL, DUCKDB_DRILL], stem, AS_OF, runs=1)
    answers = told[DRILL].answer
    assert all(answers["drill"].values())
    assert any(answers["cross"].values())
    assert told[DRILL].more["cross"] >= told[DRILL].more["cross_p50"] > 0


def test_a_days_file_holds_new_late_and_cancelled_orders(orders):
    stem, rows = orders
    first, second = days_of(stem.with_suffix(".csv"))
    known = {row[0] for row in rows}
    day = AS_OF + timedelta(days=1)
    got = duckdb.sql(f"SELECT order_id, ordered_at::DATE, status FROM read_csv('{first}')").fetchall()
    new = [row for row in got if row[0] not in known]
    assert {row[1] for row in new} >= {day}
    assert sum(row[1] < day for row in new) == 1
    assert [row[2] for row in got if row[0] in known] == ["cancelled"]
    assert first.read_text() != second.read_text()


def test_folded_days_are_the_same_as_counting_anew(orders):
    stem, _ = orders
    told = measure(DAILY, stem, AS_OF)  # fails where they differ, and is asked once, however many runs
    assert len(told.seconds) == len(days_of(stem))
    assert told.median >= told.more["digest"] > 0


def test_an_import_tells_its_parts(orders):
    stem, _ = orders
    told = race([IMPORT, READ_CSV], stem, AS_OF, runs=1)[IMPORT].more
    assert 0 < told["staged"] < told["stored"] < told["import"]


def test_a_bot_at_rest_tells_its_memory(orders):
    stem, _ = orders
    told = measure(BOT, stem, AS_OF, runs=1)
    assert 10 < told.more["resident_mb"] <= told.peak_mb + 1


def test_a_wrong_answer_is_found_before_any_time_is_looked_at():
    right = Measured("right", {"all": {"n": 1, "k": 1}}, (2.0,), 1)
    wrong = Measured("wrong", {"all": {"n": 1, "k": 2}}, (1.0,), 1)
    with pytest.raises(WrongAnswerError, match=r"wrong differs from right: /all/k: 1 / 2, in all 1"):
        agree([right, wrong])


def test_a_contender_that_fails_says_why(orders):
    stem, _ = orders
    with pytest.raises(WrongAnswerError, match=r"(?s)asakai_rebuild .* failed:.*FileNotFoundError"):
        measure(next(one for one in OURS if one.module == "asakai_rebuild"), stem.with_name("none"), AS_OF, runs=1)


def test_the_table_says_the_median_and_how_many_times_ours():
    ours, other = Measured("ours", None, (0.002, 0.001, 0.9), 50), Measured("other", None, (2.0, 4.0, 3.0), 900)
    assert report.lines([ours, other])[2:] == [
        "| ours | 2 ms | 1 ms – 900 ms | 50 | 1.0 |",
        "| other | 3 s | 2 s – 4 s | 900 | 1,500.0 |",
    ]


def invented(scale):
    """A race in which everyone of ours takes `scale` ms and MB, and the others a second."""
    mine = {"cross": scale / 1000, "stored": scale / 1000, "resident_mb": scale}
    told = dict.fromkeys(("fold", "refresh", "digest", "load", "first", "report", "staged", "import"), 0.001)
    told |= dict.fromkeys(("p50", "table", "table_p50", "cross_p50"), 0.001)
    return {one: Measured(one.name, None, (1.0,), 900) for one in RIVALS} | {
        one: Measured(one.name, None, (scale / 1000,), scale, told | mine) for one in OURS
    }


def test_a_goal_is_reached_or_not():
    good, bad = goals.table({10_000_000: invented(1)}), goals.table({10_000_000: invented(10_000)})
    assert len(good) == len(goals.GOALS) + 2
    assert all("✓" in row for row in good[2:])
    assert all("✗" in row for row in bad[2:])
    assert "| 1 | warm digest / pandas script | ≤ 1/1,000 | 1/1,000 ✓ |" in good
    assert "| 7 | running bot, resident | ≤ 250 MB | 10,000 MB ✗ |" in bad


def test_a_small_shop_may_start_a_little_slower():
    races = {1_000_000: invented(1100), 10_000_000: invented(1100)}
    assert "1.10 x ✓ | 1.10 x ✗" in next(row for row in goals.table(races) if row.startswith("| 5 "))


def test_growth_is_an_exponent():
    races = {1_000_000: invented(1), 10_000_000: invented(10)}
    (told,) = goals.growth(races)
    assert told.startswith("Growth from 1,000,000 to 10,000,000 orders")
    assert told.endswith(": digest 1.00, daily run 1.00, counting anew 1.00.")
    assert goals.growth({1_000_000: invented(1)}) == []


def test_results_are_written_between_the_marks(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Fast\n{report.BEGIN}\nlast year\n{report.END}\nthe rest\n", encoding="utf-8")
    told = report.whole({1_000_000: invented(1)}, 5)
    report.write(page, told)
    report.write(page, told)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# Fast\n{report.BEGIN}\n\n")
    assert text.endswith(f"{report.END}\nthe rest\n")
    assert "last year" not in text
    assert text.count("| 4 | counting everything anew / one DuckDB digest |") == 1


def test_a_page_without_marks_is_left_alone(tmp_path):
    page = tmp_path / "other.md"
    page.write_text("# Something else\n", encoding="utf-8")
    with pytest.raises(report.MarksMissingError, match=r"other\.md"):
        report.write(page, ["new"])
    assert page.read_text(encoding="utf-8") == "# Something else\n"


def test_sizes_may_be_written_with_underscores():
    assert command.sizes("1_000_000,300000") == [1_000_000, 300_000]
