"""What does an app manifest say that a person would give to Slack?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parents[2] / "deploy" / "manifest.yaml"


def shipped() -> dict[str, Any]:
    """The manifest of deploy/."""
    return manifest_of(SHIPPED.read_text(encoding="utf-8"))


def manifest_of(text: str) -> dict[str, Any]:
    """The little YAML that deploy/manifest.yaml is written in: maps, lists, and folded text."""
    rows = [row for row in text.splitlines() if row.strip() and not row.lstrip().startswith("#")]
    return _block(rows, 0)[0]


def _block(rows: list[str], indent: int) -> tuple[Any, list[str]]:
    if rows[0].lstrip().startswith("- "):
        return _list(rows, indent)
    found: dict[str, Any] = {}
    while rows and len(rows[0]) - len(rows[0].lstrip()) == indent:
        name, _, value = rows[0].strip().partition(":")
        rows, value = rows[1:], value.strip()
        if value == ">-":
            inside = [row for row in rows if len(row) - len(row.lstrip()) > indent]
            count = next((i for i, row in enumerate(rows) if len(row) - len(row.lstrip()) <= indent), len(rows))
            found[name], rows = " ".join(row.strip() for row in inside[:count]), rows[count:]
        elif value:
            found[name] = _plain(value)
        else:
            deeper = len(rows[0]) - len(rows[0].lstrip())
            found[name], rows = _block(rows, deeper)
    return found, rows


def _list(rows: list[str], indent: int) -> tuple[Any, list[str]]:
    items = []
    while rows and rows[0].startswith(" " * indent + "- "):
        own = [" " * (indent + 2) + rows[0].lstrip()[2:]]
        count = next((i for i, row in enumerate(rows[1:], 1) if len(row) - len(row.lstrip()) <= indent), len(rows))
        own, rows = own + rows[1:count], rows[count:]
        items.append(_block(own, indent + 2)[0] if re.match(r" *[a-z_]+:( |$)", own[0]) else _plain(own[0].strip()))
    return items, rows


def _plain(value: str) -> Any:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdigit() else value.strip('"')
