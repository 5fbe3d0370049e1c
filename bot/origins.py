"""Which files are meant, and to which of the shop's sources does each belong?"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.problem import Problem
from metrics.sources.beside import preset as tables
from metrics.sources.reading import Wish
from metrics.sources.recognition import mapping_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.settings import Settings
    from bot.settings.sources import Source

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm", ".ods", ".zip", ".gz")
_PATTERN = "*?["


class NothingToImport(Problem):
    """A folder or a pattern in which there is no table."""

    key = "nothing_to_import"


def expanded(paths: Sequence[Path]) -> list[Path]:
    """Files as they are; of a folder its tables, of a pattern what fits, in the order of their names."""
    return [file for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(one for one in path.iterdir() if one.is_file() and _is_table(one))
    elif any(sign in str(path) for sign in _PATTERN) and not path.exists():
        found = sorted(one for one in _matching(path) if one.is_file() and not one.name.startswith("."))
    else:
        return [path]
    if not found:
        raise NothingToImport(path=str(path))
    return found


def _matching(path: Path) -> list[Path]:
    """What fits a pattern, relative or absolute."""
    if path.is_absolute():
        return list(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    return list(Path().glob(str(path)))


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES and not path.name.startswith((".", "~$", "errors"))


def configured(settings: Settings) -> list[Path]:
    """The files of all sources of the shop."""
    return expanded([Path(pattern) for source in settings.source for pattern in source.files])


def wishes(settings: Settings, preset: str = "") -> Callable[[Path], Wish]:
    """How each file is read: by the preset asked for, else as its source says, else as its header tells."""
    asked = _asked(preset) if preset else None
    said = {source.name: _wish(source) for source in settings.source}

    def wish(path: Path) -> Wish:
        if asked:
            return asked
        mine = _owner(path, settings.source)
        return said[mine.name] if mine else Wish()

    return wish


def _asked(preset: str) -> Wish:
    """The preset that --preset names: of orders, or of a table beside them."""
    beside = tables.presets().get(preset)
    return Wish(beside=beside) if beside else Wish(mapping=mapping_of(preset, {}, preset))


def _wish(source: Source) -> Wish:
    over = source.model_extra or {}
    if source.table:
        return Wish(source.of, beside=tables.of_shop(source.name, source.table, source.preset, over))
    known = not source.url and bool(source.preset or over)
    return Wish(source.name, mapping=mapping_of(source.preset, over, source.name) if known else None)


def _owner(path: Path, sources: Sequence[Source]) -> Source | None:
    """The source whose patterns the path fits; a file from elsewhere belongs by its name, where that is plain."""
    whole = str(path.absolute())
    by_path = [one for one in sources if any(fnmatch(whole, str(Path(pattern).absolute())) for pattern in one.files)]
    by_name = [one for one in sources if any(fnmatch(path.name, Path(pattern).name) for pattern in one.files)]
    if by_path:
        return by_path[0]
    return by_name[0] if len(by_name) == 1 else None
