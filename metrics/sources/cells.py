"""How is one cell of text read: which instant, how much money, which customer?

Every function returns an SQL expression over VARCHAR columns; NULL means that the
text cannot be read. The common spellings come first in each CASE, so that ten
million rows pay for them alone.
"""

from __future__ import annotations

import unicodedata

from metrics.sources.dates import spelled

NFKC = "asakai_nfkc"
"""Name of the SQL function that `normalised` is registered under."""

_SPACES = "' ' || chr(9) || chr(10) || chr(13) || chr(12288) || chr(160)"
_NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "XPF", "PYG"})
_NOBODY = r"(?i)[\s\x{3000}]*(0|null|none|nan|guest|ゲスト)?[\s\x{3000}]*"
_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_TIME = r"[T ]\d{1,2}:\d{2}(:\d{2}([.]\d{1,9})?)?"
_OFFSET = r" ?(Z|z|UTC|[-+](0\d|1[0-4])(:?[0-5]\d)?)"
_NUMBER = r"-?[SIGNS]?-?(\d+|\d{1,3}(,\d{3})+)([.]\d*)?"
_SIGNS = {"JPY": "¥円", "CNY": "¥", "EUR": "€", "GBP": "£", "": "¥円$€£"}
_DOLLARS = frozenset({"USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD"})
_USUAL = ("shipped", "completed", "paid", "delivered", "cancelled", "pending", "fulfilled")
_FULL_WIDTH = "０１２３４５６７８９．，－−△▲￥"
_ASCII = "0123456789.,----¥"


def minor_digits(currency: str) -> int:
    """How many decimals the currency's minor unit stands for."""
    return 0 if currency.upper() in _NO_DECIMALS else 2


def normalised(text: str) -> str:
    """NFKC, no outer spaces, casefolded."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def member(expression: str, values: tuple[str, ...]) -> str:
    """Whether the expression is one of the values.

    Not IN: from six values on DuckDB makes it a join, which loses the order of rows.
    """
    return f"list_contains([{', '.join(map(literal, values))}]::VARCHAR[], {expression})"


def trimmed(ref: str) -> str:
    """Without outer spaces of any kind; NULL where nothing is left."""
    ends = " OR ".join(f"suffix({ref}, {space})" for space in ("' '", "chr(9)", "chr(12288)"))
    spaced = f"{ref} < '!' OR prefix({ref}, chr(12288)) OR {ends}"
    return f"CASE WHEN {spaced} THEN nullif(trim({ref}, {_SPACES}), '') ELSE {ref} END"


def is_empty(ref: str) -> str:
    """Whether nothing is in the cell."""
    return f"({trimmed(ref)} IS NULL)"


def folded(ref: str) -> str:
    """A status: without outer spaces, lower case, '' where there is none; the usual ones cost little."""
    return f"CASE WHEN {member(ref, _USUAL)} THEN {ref} ELSE coalesce(lower({trimmed(ref)}), '') END"


def instant(ref: str, zone: str) -> str:
    """Shop-local wall time of a date or date-time, as ISO or as Japan writes it; an offset is honoured.

    DuckDB's cast to TIMESTAMP would drop an offset without a word, so it is used only
    where the text's form leaves no room for one.
    """
    text = trimmed(ref)
    bare = f"regexp_full_match({text}, {literal(f'{_DATE}({_TIME})?')})"
    shifted = f"regexp_full_match({text}, {literal(_DATE + _TIME + _OFFSET)})"
    dashed = f"regexp_replace(replace({text}, '/', '-'), ' ?(UTC|[zZ])$', '+00:00')"
    whole = f"regexp_replace({dashed}, '^([^ T]+[ T][0-9]+:[0-9]+) ?([-+])', '\\1:00\\2')"
    unspaced = f"regexp_replace({whole}, ' ([-+])', '\\1')"
    iso = (
        f"CASE WHEN {ref} LIKE '____-__-_____:__:__' AND {_plausible(ref)}"
        f" THEN try_cast({ref} AS TIMESTAMP)"
        f" WHEN NOT {_plausible(text)} THEN NULL"
        f" WHEN {ref} LIKE '____/__/_____:__:__' THEN try_cast({ref} AS TIMESTAMP)"
        f" WHEN {bare} THEN try_cast({text} AS TIMESTAMP)"
        f" WHEN {shifted} THEN timezone({literal(zone)}, try_cast({unspaced} AS TIMESTAMPTZ)) END"
    )
    return f"coalesce({iso}, {spelled(text)})"


def _plausible(text: str) -> str:
    """Whether the year that the text begins with is 1970..2199: a spreadsheet's day zero is no order date."""
    return f"({text} >= '1970' AND {text} < '2200')"


def number(ref: str, currency: str = "") -> str:
    """A DECIMAL of up to six decimals; thousands separators and currency signs are read.

    currency: whose sign may stand there, for $100 are not 100 yen; "" any.
    """
    signs = "$" if currency.upper() in _DOLLARS else _SIGNS.get(currency.upper(), "")
    before = "".join(sign for sign in signs if sign != "円")
    form = _NUMBER.replace("[SIGNS]?", f"[{before}]?" if before else "") + ("円?" if "円" in signs else "")
    ascii_text = f"translate({trimmed(ref)}, {literal(_FULL_WIDTH)}, {literal(_ASCII)})"
    plain = f"regexp_replace({ascii_text}, '[,¥$€£円 ]', '', 'g')"
    is_number = f"regexp_full_match({ascii_text}, {literal(form)})"
    spelled = f"CASE WHEN {is_number} THEN try_cast({plain} AS DECIMAL(18, 6)) END"
    return f"coalesce(try_cast({ref} AS DECIMAL(18, 6)), {spelled})"


def minor_units(number_sql: str, currency: str) -> str:
    """The amount in whole minor units; NULL where it has more decimals than the currency."""
    scaled = f"({number_sql})" if minor_digits(currency) == 0 else f"(CAST({number_sql} AS DECIMAL(22, 6)) * 100)"
    return f"CASE WHEN {scaled} % 1 = 0 THEN CAST({scaled} AS BIGINT) END"


def whole(ref: str) -> str:
    """A whole number; "3.0" is one too."""
    return f"CASE WHEN {number(ref)} % 1 = 0 THEN try_cast({number(ref)} AS INTEGER) END"


def truth(ref: str) -> str:
    """True, false or NULL where unknown."""
    yes, no = ("1", "true", "t", "yes", "y", "はい"), ("0", "false", "f", "no", "n", "いいえ")
    return f"CASE WHEN {member(folded(ref), yes)} THEN true WHEN {member(folded(ref), no)} THEN false END"


def identity(
    customer: str | None, email: str | None, phone: str | None, scope: str = "", *, joined: bool = False
) -> str:
    """Who bought: the shop's id, else the e-mail, else the phone; NULL where none is known.

    E-mail and phone are hashed; the text itself is not kept. scope: whose customers these are,
    where a shop has several sources; joined: e-mail and phone tell, in whichever of them.
    """
    shared = "" if joined else scope
    known = [_shop_id(customer, scope)] if customer else []
    told = [_email(email, shared)] if email else []
    told += [_phone(phone, shared)] if phone else []
    found = [*told, *known] if joined else [*known, *told]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]


def _shop_id(ref: str, scope: str) -> str:
    """The id; a filler such as 0, null or guest is nobody. Fillers have at most five letters."""
    prefix = literal(f"id:{scope}/" if scope else "id:")
    certain = (
        f"strlen({ref}) > 5 AND {ref} > '!' AND {ref} < '~' AND NOT (suffix({ref}, ' ') OR suffix({ref}, chr(12288)))"
    )
    checked = f"CASE WHEN regexp_full_match({ref}, {literal(_NOBODY)}) THEN NULL ELSE {prefix} || {trimmed(ref)} END"
    return f"CASE WHEN {certain} THEN {prefix} || {ref} ELSE {checked} END"


def _plain(ref: str) -> str:
    """The cell normalised; only text beyond ASCII pays for Python's NFKC."""
    ascii_text = f"regexp_full_match({ref}, '[ -~]*')"
    return f"CASE WHEN {ascii_text} THEN lower(trim({ref})) ELSE {NFKC}({ref}) END"


def _hashed(text: str, prefix: str, scope: str) -> str:
    salted = f"{literal(scope + chr(10))} || {text}" if scope else text
    return f"'{prefix}' || substring(sha256({salted}), 1, 32)"


def _email(ref: str, scope: str) -> str:
    text = _plain(ref)
    return f"CASE WHEN regexp_full_match({text}, '[^@\\s]+@[^@\\s]+') THEN {_hashed(text, 'e:', scope)} END"


def _phone(ref: str, scope: str) -> str:
    """Digits; Japan's +81 becomes the leading 0. Fillers such as 000-0000-0000 are nobody."""
    digits = f"regexp_replace({_plain(ref)}, '[^0-9+]', '', 'g')"
    local = f"regexp_replace(regexp_replace({digits}, '^[+]810?', '0'), '[+]', '', 'g')"
    real = f"length({local}) BETWEEN 9 AND 15 AND NOT regexp_full_match({local}, '0+|1+|9+')"
    return f"CASE WHEN {real} THEN {_hashed(local, 'p:', scope)} END"
