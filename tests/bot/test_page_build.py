"""Is the page that is shipped the one its source makes?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import must_have_servers

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "bot" / "local_slack" / "page_source"
SHIPPED = HOUSE / "bot" / "local_slack" / "page"
CALM = {"NPM_CONFIG_AUDIT": "false", "NPM_CONFIG_FUND": "false", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=os.environ | CALM, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source in a folder of its own, with the locked packages."""
    if shutil.which("npm") is None:
        reason = "no npm here: whether the shipped page is the one of its source was not looked at"
        (pytest.fail if must_have_servers() else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    run("npm", "ci", "--ignore-scripts", "--prefer-offline", folder=folder)
    return folder


def test_the_shipped_page_is_made_of_its_source(workshop: Path) -> None:
    run("node", "build.mjs", "made", folder=workshop)
    made = {path.name: path.read_bytes() for path in (workshop / "made").iterdir()}
    shipped = {path.name: path.read_bytes() for path in SHIPPED.iterdir()}
    assert sorted(made) == sorted(shipped)
    other = [name for name, content in made.items() if shipped[name] != content]
    assert other == [], "build it again: make page"


def test_its_types_hold(workshop: Path) -> None:
    run("npx", "--no-install", "tsc", "--noEmit", folder=workshop)


def test_the_locked_packages_come_from_wherever_npm_is_told() -> None:
    packages = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_a_file_of_the_page_begins_with_its_question_and_fits_into_a_head() -> None:
    for path in sorted((SOURCE / "source").glob("*.ts*")):
        if path.name.endswith(".d.ts"):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        assert re.match(r"// .*\?", lines[0]), path.name
        assert len(lines) <= 300, path.name


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = (SHIPPED / "index.html").read_text(encoding="utf-8") + (SHIPPED / "page.css").read_text(encoding="utf-8")
    assert "url(http" not in page
    assert "@import" not in page
    assert 'src="http' not in page
    assert 'href="http' not in page
