"""Are marks summed into the same cells, by slots and by sorting?"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.warehouse import tally
from metrics.warehouse.tally import Marks, Tally

marks = st.lists(st.tuples(st.integers(0, 900_000), st.integers(-9000, 60_000), st.integers(0, 800)), max_size=30)


@pytest.mark.parametrize("dense", [-(10**9), 1 << 20], ids=["by sorting", "by slots"])
@given(marks, marks)
def test_a_tally_is_a_counter_of_its_marks(
    dense: int, added: list[tuple[int, int, int]], taken: list[tuple[int, int, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_DENSE", dense)
        found = Tally()
        for rows, sign in ((added, 1), (added, 1), (taken, -1)):
            label, day, what = np.array(rows, np.int64).reshape(-1, 3).T
            found.add(Marks(label.astype(np.int32), day, what), sign)
    expected = Counter(added + added)
    expected.subtract(taken)
    assert {tuple(row[:3]): row[3] for row in found.rows().tolist()} == {cell: n for cell, n in expected.items() if n}
