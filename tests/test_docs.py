"""Do the documents say what is there?"""

from __future__ import annotations

import importlib
import importlib.util
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from metrics.segment import DEFAULT_COLUMNS

HOUSE = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(HOUSE)
    for page in [*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md"), *HOUSE.glob("deploy/**/*.md")]
)
DECISIONS = sorted((HOUSE / "docs" / "adr").glob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def text(name: str | Path) -> str:
    return (HOUSE / name).read_text(encoding="utf-8")


def project() -> dict[str, object]:
    return tomllib.loads(text("pyproject.toml"))["project"]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page):
    here = (HOUSE / page).parent
    targets = [
        target for target in LINK.findall(text(page)) if "://" not in target and not target.startswith("mailto:")
    ]
    assert [target for target in targets if not (here / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_room_that_is_named_is_there(page):
    """A path in back quotes that begins like ours must exist."""
    named = re.findall(r"`((?:bot|metrics|tests|deploy|docs|\.ci)/[\w./-]*)`", text(page))
    assert [name for name in named if not (HOUSE / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_test_that_is_named_is_there(page):
    """What a page says is shown by a test is shown: its name cannot rot."""
    named = re.findall(r"`(test_\w+)`", text(page))
    assert [name for name in named if name not in defined_tests()] == []


@cache
def defined_tests() -> frozenset[str]:
    """The name of every test, its file's, too."""
    files = [*(HOUSE / "tests").rglob("test_*.py")]
    found = (
        re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE) for file in files
    )
    return frozenset(chain(chain.from_iterable(found), (file.stem for file in files)))


def test_every_dependency_has_its_reason():
    settled = project()
    wanted = [*settled["dependencies"], *chain.from_iterable(settled["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=;]", one)[0] for one in wanted}
    reasons = text("CONTRIBUTING.md").partition("## Dependencies")[2]
    assert {name for name in names if f"`{name}`" not in reasons} == set()
    assert set(re.findall(r"^- `([\w-]+)`", reasons, re.MULTILINE)) == names


def test_the_changelog_has_this_version_or_is_preparing_it():
    headings = re.findall(r"^## \[([^\]]+)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert "Unreleased" in headings or project()["version"] in headings


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_fits_on_a_page_and_says_why(page):
    said = page.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-[a-z0-9-]+\.md", page.name)
    assert len(said.splitlines()) <= 60
    for heading in ("## Context", "## Decision", "## Consequences"):
        assert heading in said


def test_decisions_are_numbered_without_gaps():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_names_the_columns_that_are_read(readme):
    columns = pytest.importorskip("metrics.sources.columns", reason="metrics/sources is not here yet")
    table = re.findall(r"^\| (`[^|]+`) \|", text(readme), re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(table)))
    assert named == {*columns.REQUIRED, *columns.IDENTITY, *columns.OPTIONAL, *DEFAULT_COLUMNS}


def test_every_figure_of_the_catalogue_is_defined():
    if importlib.util.find_spec("metrics.catalog") is None:
        pytest.skip("metrics/catalog.py is not here yet")
    catalog = importlib.import_module("metrics.catalog").CATALOG
    names = list(catalog) if isinstance(catalog, Mapping) else [figure.name for figure in catalog]
    figures = text("docs/figures.md")
    assert [name for name in names if f"`{name}`" not in figures] == []
