"""Who bought, where only an e-mail or a phone says so, told by the engine that holds the orders?

The same rules as an import's (metrics.sources.cells), so that a customer is the same customer either way:
compared after NFKC and in lower case, fillers are nobody, and only a hash leaves the database. MySQL,
MariaDB and DuckDB have no NFKC; there full-width signs become plain ones, which is all of it that an
address or a number meets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from metrics.warehouse.dialect import SPACES, argument

_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_PLAIN = "".join(map(chr, range(0x21, 0x7F)))
_ADDRESS = "^[^@[:space:]]+@[^@[:space:]]+$"
_FILLER = "^(0+|1+|9+)$"
_KEPT = 32


class email_key(FunctionElement[str]):  # noqa: N801 - named like the SQL functions it stands among
    """The customer whom an e-mail address tells; NULL where it is none."""

    type = Text()
    inherit_cache = True


class phone_key(FunctionElement[str]):  # noqa: N801 - named like the SQL functions it stands among
    """The customer whom a phone number tells; NULL where it is none."""

    type = Text()
    inherit_cache = True


@dataclass(frozen=True, slots=True)
class _Words:
    """How an engine says: as compared, as hashed, whether it fits a pattern, each match replaced, and two joined."""

    plain: Callable[[str], str]
    hashed: Callable[[str], str]
    fits: Callable[[str, str], str]
    replaced: Callable[[str, str, str], str]
    joined: Callable[[str, str], str]

    def email(self, text: str) -> str:
        """SQL of email_key."""
        plain = self.plain(text)
        return f"CASE WHEN {self.fits(plain, _ADDRESS)} THEN {self._key('e:', plain)} END"

    def phone(self, text: str) -> str:
        """SQL of phone_key: digits, Japan's +81 as the leading 0."""
        digits = self.replaced(self.plain(text), "[^0-9+]", "")
        local = self.replaced(self.replaced(digits, "^[+]810?", "0"), "[+]", "")
        real = f"length({local}) BETWEEN 9 AND 15 AND NOT {self.fits(local, _FILLER)}"
        return f"CASE WHEN {real} THEN {self._key('p:', local)} END"

    def _key(self, prefix: str, text: str) -> str:
        return self.joined(f"'{prefix}'", f"substr({self.hashed(text)}, 1, {_KEPT})")


def _translated(text: str) -> str:
    return f"lower(trim(translate({text}, '{_WIDE}', '{_PLAIN.replace(chr(39), chr(39) * 2)}'), '{SPACES}'))"


_POSTGRESQL = _Words(
    lambda text: (
        f"lower(btrim(CASE WHEN {text} ~ '^[ -~]*$' THEN {text} ELSE normalize({text}, NFKC) END, '{SPACES}'))"
    ),
    lambda text: f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')",
    lambda text, pattern: f"({text} ~ '{pattern}')",
    lambda text, pattern, by: f"regexp_replace({text}, '{pattern}', '{by}', 'g')",
    lambda left, right: f"{left} || {right}",
)
_DUCKDB = _Words(
    _translated,
    lambda text: f"sha256({text})",
    lambda text, pattern: f"regexp_matches({text}, '{pattern}')",
    lambda text, pattern, by: f"regexp_replace({text}, '{pattern}', '{by}', 'g')",
    lambda left, right: f"{left} || {right}",
)


def _mysql_plain(text: str) -> str:
    utf8 = f"CONVERT({text} USING utf8mb4)"
    narrow = reduce(_narrowed, zip(_WIDE, _PLAIN, strict=True), utf8)
    signs = f"CASE WHEN {utf8} REGEXP '^[ -~]*$' THEN {utf8} ELSE {narrow} END"
    return f"lower(REGEXP_REPLACE({signs}, '^[{SPACES}]+|[{SPACES}]+$', ''))"


def _narrowed(sql: str, signs: tuple[str, str]) -> str:
    wide, plain = signs
    quoted = {"'": "''", "\\": "\\\\", "%": "%%"}.get(plain, plain)
    return f"REPLACE({sql}, '{wide}', '{quoted}')"


_MYSQL = _Words(
    _mysql_plain,
    lambda text: f"SHA2({text}, 256)",
    lambda text, pattern: f"({text} REGEXP '{pattern}')",
    lambda text, pattern, by: f"REGEXP_REPLACE({text}, '{pattern}', '{by}')",
    lambda left, right: f"CONCAT({left}, {right})",
)


_SPOKEN = {"postgresql": _POSTGRESQL, "duckdb": _DUCKDB, "mysql": _MYSQL, "mariadb": _MYSQL}


@compiles(email_key, "postgresql")
@compiles(email_key, "duckdb")
@compiles(email_key, "mysql")
@compiles(email_key, "mariadb")
def _(element: email_key, compiler: Any, **kw: Any) -> str:
    return _SPOKEN[compiler.dialect.name].email(argument(element, compiler, **kw))


@compiles(phone_key, "postgresql")
@compiles(phone_key, "duckdb")
@compiles(phone_key, "mysql")
@compiles(phone_key, "mariadb")
def _(element: phone_key, compiler: Any, **kw: Any) -> str:
    return _SPOKEN[compiler.dialect.name].phone(argument(element, compiler, **kw))


@compiles(email_key, "sqlite")
def _(element: email_key, compiler: Any, **kw: Any) -> str:
    return f"asakai_email_key({argument(element, compiler, **kw)})"


@compiles(phone_key, "sqlite")
def _(element: phone_key, compiler: Any, **kw: Any) -> str:
    return f"asakai_phone_key({argument(element, compiler, **kw)})"


def lend(connection: Connection) -> None:
    """Give SQLite what it does not have: it runs in our own process, and the functions go with the connection."""
    if connection.dialect.name != "sqlite":
        return
    driver: Any = connection.connection.driver_connection
    driver.create_function("asakai_email_key", 1, _email, deterministic=True)
    driver.create_function("asakai_phone_key", 1, _phone, deterministic=True)


def _email(text: str | None) -> str | None:
    plain = _compared(text)
    return f"e:{_hash(plain)}" if re.fullmatch(r"[^@\s]+@[^@\s]+", plain) else None


def _phone(text: str | None) -> str | None:
    digits = re.sub(r"[^0-9+]", "", _compared(text))
    local = re.sub(r"^[+]810?", "0", digits).replace("+", "")
    shortest, longest = 9, 15
    real = shortest <= len(local) <= longest and not re.fullmatch(r"0+|1+|9+", local)
    return f"p:{_hash(local)}" if real else None


def _compared(text: str | None) -> str:
    return unicodedata.normalize("NFKC", str(text or "")).strip().casefold()


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_KEPT]
