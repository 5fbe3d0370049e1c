"""Do real processes that are killed, paused and cut off leave each digest once? The short form of `make chaos`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.chaos.__main__ import Chaos, Plan

if TYPE_CHECKING:
    from pathlib import Path


def test_real_processes_that_die_sleep_and_lose_their_ledger_leave_each_digest_once(
    state_url: str, tmp_path: Path
) -> None:
    plan = Plan(state_url, 4, 4, 3, 12, tmp_path, errors=subprocess.DEVNULL)
    found = Chaos(plan).run()
    assert (found["once"], found["missed"], found["left twice"]) == (16, 0, 0)
    assert found["SIGKILL"] + found["SIGSTOP"] >= 12
    assert found["ledger lost"] == found["ledger restored"] == 1
