"""Does the memory of an import or a sync stay what it is while the rows grow?"""

from __future__ import annotations

from pathlib import Path

from tests.bench.memory import GOAL_MB, fill_shop, import_peak, interrupted_sync


def test_an_import_of_three_times_the_lines_takes_no_more_memory(tmp_path: Path) -> None:
    some, many = tmp_path / "some", tmp_path / "many"
    some.mkdir()
    many.mkdir()
    less, more = import_peak(some, 700_000), import_peak(many, 2_100_000)
    assert more.peak_mb < 1.25 * less.peak_mb, (less, more)
    assert more.peak_mb < GOAL_MB, more
    assert more.drawn > less.drawn > 0, "its progress is drawn"


def test_a_killed_sync_goes_on_where_it_stopped(tmp_path: Path, mariadb: str) -> None:
    fill_shop(mariadb, 120_000)
    killed, whole = interrupted_sync(tmp_path, mariadb)
    assert 0 < killed < whole == 120_000
