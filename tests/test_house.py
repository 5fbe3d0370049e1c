"""Is the house in order: names, sizes, first lines, and a quick door?"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
FILES = sorted(path.relative_to(HOUSE) for room in ("metrics", "bot", "tests") for path in (HOUSE / room).rglob("*.py"))
CODE = [path for path in FILES if path.parts[0] != "tests"]
LINES = {"bot": 400, "metrics": 400, "tests": 500}
HEAVY = {
    "aiohttp", "alembic", "apscheduler", "babel", "duckdb", "holidays", "numpy", "pandas", "rapidfuzz", "slack_bolt",
    "slack_sdk", "sqlalchemy", "structlog",
}  # fmt: skip
NOBODYS_ROOM = {"utils", "util", "helpers", "helper", "common", "service", "services", "manager", "managers", "misc"}
WIRING = {Path("bot/__main__.py"), Path("bot/delivery/migrations/env.py")}
"""The command line is put together when it is loaded, and Alembic runs its environment by loading it."""
EFFECTS = (ast.For, ast.While, ast.With, ast.Try)


def tree(path: Path) -> ast.Module:
    return ast.parse((HOUSE / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_is_named_for_what_it_knows(path):
    assert NOBODYS_ROOM.isdisjoint({*path.parts[:-1], path.stem})


@pytest.mark.parametrize("path", CODE, ids=str)
def test_a_file_begins_with_the_question_it_answers(path):
    said = ast.get_docstring(tree(path))
    assert said
    first = said.splitlines()[0]
    assert first.rstrip("»\"'").endswith((".", "?", "!")), f"{path} begins with half a sentence: {first}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_fits_into_a_head(path):
    assert len((HOUSE / path).read_text(encoding="utf-8").splitlines()) <= LINES[path.parts[0]]


@pytest.mark.parametrize("path", sorted({*CODE} - WIRING), ids=str)
def test_nothing_happens_on_import(path):
    """No loops, files or attempts at the top of a file; a choice of imports is no effect."""
    busy = [
        node.lineno
        for node in tree(path).body
        if isinstance(node, EFFECTS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    ]
    assert busy == [], f"{path} does something on import, line {busy}"


def test_the_top_level_names_stay():
    there = {path.name for path in HOUSE.iterdir()}
    assert {"pyproject.toml", "bot", "metrics", "tests", "deploy"} <= there
    modules = {path.name for path in HOUSE.glob("*.py")}
    assert modules == set(), "a module at the top belongs to no room"


def test_every_lint_exception_has_its_reason():
    """Each ignored rule has a comment; each `noqa` and `type: ignore` names its rule."""
    inside = False
    for line in (HOUSE / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        inside = line.startswith("[tool.ruff.lint") if line.startswith("[") and not line.startswith("[[") else inside
        if inside and line.startswith('    "') and not line.startswith('    "pydantic'):
            assert "# " in line, f"no reason given: {line.strip()}"
    bare = [
        f"{path}:{number}"
        for path in FILES
        for number, line in enumerate((HOUSE / path).read_text(encoding="utf-8").splitlines(), 1)
        if line.rstrip().endswith(("# noqa", "# type: ignore", "# pragma: no cover"))
    ]
    assert bare == []


def test_the_version_of_uv_that_locked_can_read_its_lock():
    assert tomllib.loads((HOUSE / "uv.lock").read_text(encoding="utf-8"))["version"] == 1


def test_help_imports_nothing_heavy():
    """Whoever asks for help does not wait for pandas."""
    asked = (
        "import sys\nsys.argv = ['asakai', '--help']\nfrom bot.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_a_running_bot_holds_no_pandas():
    """It costs 80 MB for as long as the bot runs; only those pay whose database the bot reads."""
    asked = "import sys, bot.running, bot.rehearsing, bot.demo; print('LOADED', 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["LOADED", "False"]
