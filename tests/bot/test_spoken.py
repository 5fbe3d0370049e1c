"""Does every command speak the language that is set: --lang, else the environment, else shop.toml?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

import bot.__main__ as command_line
from bot.__main__ import app, called
from bot.beginning import manifest

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
COMMANDS = {
    "demo": "demo",  # the folder is somebody else's
    "import": "import orders.csv",
    "digest": "digest",
    "kpi": "kpi dormant",
    "run": "run",  # there is no token
    "status": "status",
    "rules": "rules",
    "backtest": "backtest nothing --from 2026-10-01",
    "rehearse": "rehearse --data nowhere.csv --no-browser",
    "preview": "preview problem --out shown",
    "map": "map orders.csv --yes",
    "init": "init --manifest",
    "doctor": "doctor",
    "sync": "sync",  # there is no database
    "fingerprint": "fingerprint --write whole.txt",
}
"""Every command with --lang -> how it comes to say a sentence."""
OTHER = {"ja": "en", "en": "ja"}
PLACES = ("--lang", "environment", ".env", "shop.toml")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a few orders, imported, and a terminal in German."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.delenv("ASAKAI_LANGUAGE", raising=False)
    rows = "".join(f"{n},C{n},2026-10-{n % 28 + 1:02} 9:00,100\n" for n in range(40))
    Path("orders.csv").write_text(f"order_id,customer_id,ordered_at,amount\n{rows}", encoding="utf-8")
    assert called(["import", "orders.csv"]) == 0
    Path("demo").mkdir()
    Path("demo/thesis.txt").write_text("mine", encoding="utf-8")
    capsys.readouterr()
    return tmp_path


def is_japanese(text: str) -> bool:
    return bool(re.search("[ぁ-んァ-ヶ]", text.replace(manifest().rstrip("\n"), "")))


def test_every_command_that_speaks_is_asked() -> None:
    names = {
        one.name or getattr(one.callback, "__name__", "")
        for one in app.registered_commands
        if "lang" in getattr(one.callback, "__annotations__", {})
    }
    assert names == {*COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_strongest_place_decides(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Weaker places say the other language; each place is tried with each language."""
    for place, wanted in product(PLACES, ("ja", "en")):
        said = {one: wanted if one == place else OTHER[wanted] for one in PLACES[PLACES.index(place) :]}
        Path("shop.toml").write_text(f'language = "{said["shop.toml"]}"\n', encoding="utf-8")
        Path(".env").write_text(f"ASAKAI_LANGUAGE={said['.env']}\n" if ".env" in said else "", encoding="utf-8")
        monkeypatch.delenv("ASAKAI_LANGUAGE", raising=False)
        if "environment" in said:
            monkeypatch.setenv("ASAKAI_LANGUAGE", said["environment"])
        Path("whole.txt").unlink(missing_ok=True)
        called([*COMMANDS[command].split(), *(["--lang", wanted] if place == "--lang" else [])])
        out = capsys.readouterr()
        shown = "".join(path.read_text(encoding="utf-8") for path in sorted(Path().glob("shown/*.json")))
        assert is_japanese(shown or out.out + out.err) is (wanted == "ja"), (place, wanted, out)


def test_a_file_that_is_wrong_elsewhere_still_tells_the_language(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("shop.toml").write_text('language = "ja"\nlangauge = "en"\n', encoding="utf-8")
    assert called(["digest"]) == 1
    assert is_japanese(capsys.readouterr().err)
