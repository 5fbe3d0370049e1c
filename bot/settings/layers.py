"""Where do settings come from, and which name was misspelt?

Environment over `.env` over secret files over `shop.toml` over defaults. Every
name that begins like ours must be one of ours: a typing error stops the start
with its name and the nearest right one, instead of quietly changing nothing.
"""

from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError
from rapidfuzz import process

from bot.settings import Settings
from bot.settings.watching import AlertRule
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

PREFIX: Final = "ASAKAI_"
SHOP_FILE: Final = "shop.toml"
SHOP_VARIABLE: Final = "ASAKAI_SHOP_FILE"
SECRETS_VARIABLE: Final = "ASAKAI_SECRETS_DIR"
_OURS_BUT_NO_SETTING: Final = (SHOP_VARIABLE, SECRETS_VARIABLE)
_LANGUAGE: Final = "ASAKAI_LANGUAGE"
_LARGEST_FILE: Final = 1_000_000


class UnknownSetting(Problem):
    """A name that is no setting: most likely misspelt."""

    key = "unknown_setting"


class BadSetting(Problem):
    """A setting whose value cannot be used."""

    key = "bad_setting"


class UnreadableSettings(Problem):
    """A settings file that is missing, not text, or not TOML."""

    key = "unreadable_settings"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the manual: its dotted name and what pydantic knows of it."""

    name: str
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The environment variable of that name."""
        return PREFIX + self.name.replace(".", "__").upper()

    @property
    def examples(self) -> str:
        """What a right value looks like."""
        return " / ".join(_written(example) for example in self.field.examples or ())


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def all_settings(model: type[BaseModel] = Settings, above: str = "") -> Iterator[Setting]:
    """Every setting, in the order of the manual."""
    for name, field in model.model_fields.items():
        section = _section(field)
        if section:
            yield from all_settings(section, f"{above}{name}.")
        else:
            yield Setting(f"{above}{name}", field)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def load(environ: Mapping[str, str], folder: Path, **changes: object) -> Settings:
    """The settings of a process started in `folder`; `changes` (dotted names with __) outdo everything.

    Raises UnknownSetting, BadSetting or UnreadableSettings.
    """
    dotenv = _dotenv(folder / ".env")
    said = {**dotenv, **environ}
    layers = (
        _shop(folder, said.get(SHOP_VARIABLE)),
        _variables(_secrets(folder, said.get(SECRETS_VARIABLE)), "secrets"),
        _variables(dotenv, ".env"),
        _variables(environ, ""),
        _nested({name.replace("__", "."): value for name, value in changes.items() if value is not None}),
    )
    values: dict[str, Any] = {}
    for layer in layers:
        values = _over(layer, values)
    return _validated(values)


def languages_of(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """What each place says about the language, the strongest first; a place that cannot be read says nothing.

    For sentences about settings that are wrong elsewhere, and for commands that need no settings.
    """
    dotenv = _if_readable(lambda: _dotenv(folder / ".env"))
    said = {**dotenv, **environ}
    secrets = _if_readable(lambda: _secrets(folder, said.get(SECRETS_VARIABLE)))
    for variables in (environ, dotenv, secrets):
        yield from (value for name, value in variables.items() if name.upper() == _LANGUAGE)
    yield str(_if_readable(lambda: _toml(folder, said.get(SHOP_VARIABLE))).get("language", ""))


def _if_readable(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except Problem:
        return {}


def _over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        merged[name] = _over(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def _validated(values: Mapping[str, Any]) -> Settings:
    try:
        settings = Settings(**values)
    except ValidationError as error:
        where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        raise _bad(".".join(str(part) for part in where)) from None
    except Problem as problem:  # the zone names itself
        raise _bad("zone") from problem
    if settings.main_dimension not in settings.dimension_names:
        raise _bad("digest.dimension")
    named = {name for digest in settings.digests for name in (digest.dimension, *digest.filters) if name}
    if not named <= set(settings.dimension_names):
        raise _bad("digests")
    for place, rule in enumerate(settings.alerts):
        check_segment(rule, place, settings.dimension_names)
    return settings


def check_segment(rule: AlertRule, place: int, dimensions: Sequence[str]) -> None:
    """Raise BadSetting where a rule's segment cannot be watched."""
    from metrics.watch import NotWatched, able_dimensions  # noqa: PLC0415 - brings numpy, for those who have rules only

    try:
        able = able_dimensions(rule.name, rule.watch, rule.figure, dimensions)
    except NotWatched:
        raise _bad(f"alerts.{place}.figure") from None
    if rule.dimension not in able:
        raise _bad(f"alerts.{place}.dimension")


def _bad_rule(place: str) -> BadSetting | None:
    """What is wrong in a table `[[alerts]]`, by its number as a reader counts."""
    section, _, rest = place.partition(".")
    number, _, field = rest.partition(".")
    if section != "alerts" or not number.isdigit():
        return None
    known = AlertRule.model_fields.get(field.partition(".")[0])
    return BadSetting(
        name=f"alerts[{int(number) + 1}].{field}" if field else f"alerts[{int(number) + 1}]",
        variable="ASAKAI_ALERTS",
        example=" / ".join(_written(example) for example in known.examples or ()) if known else "[[alerts]]",
    )


def _bad(place: str) -> BadSetting:
    if (rule := _bad_rule(place)) is not None:
        return rule
    setting = next(
        (setting for setting in all_settings() if place == setting.name or place.startswith(f"{setting.name}.")), None
    )
    return BadSetting(
        name=setting.name if setting else place,
        variable=setting.variable if setting else PREFIX + place.replace(".", "__").upper(),
        example=setting.examples if setting else f"[{place}]",
    )


def _variables(variables: Mapping[str, str], where: str) -> dict[str, Any]:
    """ASAKAI_DIGEST__AT=08:30 -> {"digest": {"at": "08:30"}}; names of other programs are none of ours."""
    known = {setting.variable: setting.name for setting in all_settings()}
    ours = {name.upper(): value for name, value in variables.items() if name.upper().startswith(PREFIX)}
    found: dict[str, Any] = {}
    for name, value in ours.items():
        if name in _OURS_BUT_NO_SETTING:
            continue
        if name not in known:
            raise UnknownSetting(name=name, nearest=_nearest(name, (*known, *_OURS_BUT_NO_SETTING)), where=where)
        found[known[name]] = value
    return _nested(found)


def _nested(flat: Mapping[str, object]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        section, _, field = name.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[field] = value
    return nested


def _nearest(name: str, known: tuple[str, ...]) -> str:
    return str(process.extractOne(name, known)[0])


def _shop(folder: Path, named: str | None) -> dict[str, Any]:
    values = _toml(folder, named)
    _check_names(values, Settings, "", Path(named or SHOP_FILE).name)
    return values


def _toml(folder: Path, named: str | None) -> dict[str, Any]:
    path = folder / (named or SHOP_FILE)
    if not named and not path.exists():
        return {}
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UnreadableSettings(file=str(path), reason=str(error)) from error


def _check_names(values: Mapping[str, Any], model: type[BaseModel], above: str, where: str) -> None:
    names = tuple(setting.name for setting in all_settings())
    for name, value in values.items():
        field = model.model_fields.get(name)
        section = _section(field) if field else None
        if field is None:
            raise UnknownSetting(name=f"{above}{name}", nearest=_nearest(f"{above}{name}", names), where=where)
        if section and not isinstance(value, dict):
            raise _bad(f"{above}{name}")
        if section:
            _check_names(value, section, f"{above}{name}.", where)
        if name == "alerts":
            _check_rules(value, where)


def _check_rules(value: object, where: str) -> None:
    """Name the first misspelt name in a table `[[alerts]]`."""
    known = tuple(AlertRule.model_fields)
    for number, rule in enumerate(value if isinstance(value, list) else (), start=1):
        for name in rule if isinstance(rule, dict) else ():
            if name not in known:
                nearest = f"alerts.{_nearest(name, known)}"
                raise UnknownSetting(name=f"alerts[{number}].{name}", nearest=nearest, where=where)


def _dotenv(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    from dotenv.parser import parse_stream  # noqa: PLC0415 - only where there is such a file

    values: dict[str, str] = {}
    for line in parse_stream(io.StringIO(_text(path))):
        if line.error:
            raise UnreadableSettings(file=str(path), reason=f"line {line.original.line}")
        if line.key:
            values[line.key] = line.value or ""
    return values


def _secrets(folder: Path, named: str | None) -> dict[str, str]:
    """Files named like variables, as Docker and Kubernetes mount secrets."""
    if not named:
        return {}
    path = folder / named
    if not path.is_dir():
        raise UnreadableSettings(file=str(path), reason="not a folder")
    files = (file for file in sorted(path.iterdir()) if file.is_file() and file.name.upper().startswith(PREFIX))
    return {file.name: _text(file).strip() for file in files}


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():  # to open a pipe would wait for ever
        raise UnreadableSettings(file=str(path), reason="not a file")
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise UnreadableSettings(file=str(path), reason=f"over {_LARGEST_FILE:,} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableSettings(file=str(path), reason=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise UnreadableSettings(file=str(path), reason="not UTF-8") from error
