"""How is something written into shop.toml without losing a comment?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_source(text: str, source: Mapping[str, Any]) -> str:
    """The settings with that `[[source]]`; one of the same name is replaced, everything else stays as it is."""
    import tomlkit  # noqa: PLC0415  only where settings are written

    document = tomlkit.parse(text)
    tables = document.get("source")
    if tables is None:
        tables = document["source"] = tomlkit.aot()
    for place in [place for place, table in enumerate(tables) if table.get("name") == source["name"]]:
        del tables[place]
    table = tomlkit.table()
    for name, value in source.items():
        table[name] = _inline(value)
    tables.append(table)
    return tomlkit.dumps(document)


def with_settings(text: str, settings: Mapping[str, Any]) -> str:
    """The settings with these values (a.b names b in the table a)."""
    import tomlkit  # noqa: PLC0415

    document = tomlkit.parse(text)
    for name, value in settings.items():
        section, _, key = name.rpartition(".")
        place = document.setdefault(section, tomlkit.table()) if section else document
        place[key] = value
    return tomlkit.dumps(document)


def _inline(value: object) -> object:
    """Small tables on one line: they read best so."""
    import tomlkit  # noqa: PLC0415

    if not isinstance(value, dict):
        return value
    table = tomlkit.inline_table()
    table.update(value)
    return table


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file wholly or not at all, readable by whom `mode` says from its first byte on."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(path)
