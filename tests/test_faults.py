"""Is every fault that is promised to be survived shown by a test that exists?"""

from __future__ import annotations

import re
from pathlib import Path

HOUSE = Path(__file__).parents[1]
ROW = re.compile(r"^\| ((?:Slack|Database|Host|Input): [^|]+?) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
FAULTS = {
    "Slack": """Retry-After 1, 30, 3600; 500; 502; 503; HTML; empty 200; timeout after accept; reset after accept;
        half body; history lagging; history failing; 2,000 foreign messages; token revoked; scope removed;
        archived; renamed; kicked; private; shared; deleted by a person; warning; refresh; silent stall; too
        many; duplicate; late; response_url""",
    "Database": """refused; wrong password at start; 07:59; slow; locked; deadlock; black-holed; dropped mid-result;
        read-only; disk full; missing; renamed; retyped; text dates; null ids; empty table; half-loaded day;
        reloaded twice; future dates""",
    "Host": """clock step; suspend over the due time; DST gap and fold; two versions at once; SIGTERM at each step;
        SIGKILL at each step; out of memory; no space; no file descriptors""",
    "Input": """mentions; mark-up; RTL override; zero width; NUL; lone surrogates; 10,000 characters; =HYPERLINK;
        SQL; 1 M segment values; 4,000 characters; smart quotes; full-width digits; 2026-02-30; replayed;
        unsigned; foreign-team""",
}


def rows() -> list[tuple[str, str]]:
    """Each fault of the table with its tests."""
    return ROW.findall((HOUSE / "docs" / "reliability.md").read_text(encoding="utf-8"))


def test_every_fault_of_the_list_stands_in_the_table():
    table = {kind: " ".join(fault for fault, _ in rows() if fault.startswith(kind)) for kind in FAULTS}
    wanted = [(kind, " ".join(fault.split())) for kind, text in FAULTS.items() for fault in text.split(";")]
    assert [fault for fault in wanted if fault[1] not in table[fault[0]]] == []


def test_every_test_that_the_table_names_exists():
    files = sorted((HOUSE / "tests").rglob("test_*.py"))
    defined = {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = [re.findall(r"`(test_\w+)`", tests) for _, tests in rows()]
    assert all(named), "a fault without a test"
    assert {name for names in named for name in names} - defined == set()
