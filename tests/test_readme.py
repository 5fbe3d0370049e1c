"""Does everything that the README tells a newcomer to type work?

Its fenced `sh` blocks are run, in order, in a folder of their own. A word after
`sh` says where: `get` from outside the checkout, `workspace` needs a real Slack
(only the sub-command and its options are checked), `test` is what runs this.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
LABELS = (("リスティング", "SNS"), ("東京都", "大阪府"), ("化粧水", "美容液"))
READMES = ("README.md", "README.ja.md")
BLOCK = re.compile(r"^```sh ?(?P<where>\w*)\n(?P<lines>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it is meant to be run, and its lines."""

    where: str
    lines: tuple[str, ...]


def blocks(readme: str) -> list[Block]:
    text = (HOUSE / readme).read_text(encoding="utf-8")
    return [Block(found["where"], tuple(found["lines"].splitlines())) for found in BLOCK.finditer(text)]


def lines(readme: str, where: str) -> list[str]:
    return [line for block in blocks(readme) if block.where == where for line in block.lines]


def venv_for(folder: Path) -> None:
    """What `make setup` leaves behind, borrowed from the environment that runs the tests."""
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    version = re.search(r"^UV_VERSION := (\S+)", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    for stamp in (f".uv-{version[1]}", ".base", ".test"):
        (folder / ".venv" / stamp).touch()


def orders_csv(path: Path) -> None:
    """A small shop: two years, columns as the README names them."""
    dice = random.Random(20261121)
    rows = ["order_id,customer_id,ordered_at,amount,status,channel,region,product"]
    for customer in range(1, 900):
        at = datetime(2024, 11, 1) + timedelta(days=dice.randrange(740), minutes=dice.randrange(1440))
        labels = ",".join(map(dice.choice, LABELS))
        while at < datetime(2026, 11, 21):
            status = "cancelled" if dice.random() < 0.04 else "completed"
            rows.append(
                f"A{len(rows):05d},{customer},{at:%Y-%m-%d %H:%M},{dice.randrange(1980, 9800)},{status},{labels}"
            )
            if dice.random() > 0.35:
                break
            at += timedelta(days=dice.randrange(5, 90))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The lines in a shell, without this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASAKAI_", "MAKE"))}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=kept | {"NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with the environment and an orders.csv, in which the blocks run one after the other."""
    folder = tmp_path_factory.mktemp("shop")
    venv_for(folder)
    orders_csv(folder / "orders.csv")
    return folder


def test_the_two_commands_show_a_digest(tmp_path):
    clone, demo = lines("README.md", "get")
    assert demo == "make demo"
    if not (HOUSE / ".git").exists():
        pytest.skip("not a git checkout: there is nothing to clone")
    script = [
        clone.replace("REPOSITORY", shlex.quote(str(HOUSE))),
        f"{shlex.quote(sys.executable)} {shlex.quote(__file__)}",
        demo,
    ]
    done = run("\n".join(script), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "リピート率" in done.stdout or "repeat rate" in done.stdout, "in the language of whoever sits here"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", lines("README.md", ""))
def test_a_command_for_the_own_shop_works(command, shop):
    done = run(command, shop)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip()
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", lines("README.md", "workspace"))
def test_a_command_for_a_workspace_has_its_options(command, shop):
    program, subcommand, *arguments = shlex.split(command)
    done = run(f"{program} {subcommand} --help", shop)
    assert done.returncode == 0, done.stderr
    for option in (word for word in arguments if word.startswith("--")):
        assert option in done.stdout, f"{command}: {option} is no option of {subcommand}"


def test_both_languages_have_the_same_commands():
    assert blocks("README.md") == blocks("README.ja.md")


def test_the_test_command_is_make_test_and_ci_calls_it():
    assert lines("README.md", "test") == ["make test"]
    ci = (HOUSE / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^(\w+=\S+ )*make test\b", ci, re.MULTILINE)
    assert re.search(r"^(\w+=\S+ )*make check\b", ci, re.MULTILINE)
    assert re.search(r"^(\w+=\S+ )*make demo\b", ci, re.MULTILINE)


@pytest.mark.parametrize("readme", READMES)
def test_every_variable_named_is_a_setting(readme):
    manual = (HOUSE / "docs" / "settings.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\s*(ASAKAI_\w+)=", (HOUSE / readme).read_text(encoding="utf-8"), re.MULTILINE))
    assert named
    assert {name for name in named if f"`{name}`" not in manual} == set()


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_stays_about_a_page(readme):
    assert len((HOUSE / readme).read_text(encoding="utf-8").splitlines()) <= 120


if __name__ == "__main__":
    venv_for(Path.cwd())
