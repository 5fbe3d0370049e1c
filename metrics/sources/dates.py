"""Which instant is meant, where a date is not written as ISO writes it?

Read is what can mean one instant only: 2026年10月1日 9時05分, 令和8年10月1日, 2026/10/1(木) 午後 1:05, R8.10.1,
full-width signs, a spreadsheet's serial number. What can mean two days (10/1/2026) is not guessed at.
"""

from __future__ import annotations

from typing import Final

_WIDE: Final = "０１２３４５６７８９／：－．（）　"
_PLAIN: Final = "0123456789/:-.() "
_FORM: Final = (
    r"^(?:(令和|平成|昭和|[RHS])[ .]?(元|\d{1,2})|(\d{4})) ?[-年./] ?(\d{1,2}) ?[-月./] ?(\d{1,2}) ?日?"
    r"(?: ?\([月火水木金土日](?:曜日?)?\))?"
    r"(?:[ T]?(午前|午後|AM|PM)? ?(\d{1,2}) ?[:時] ?(\d{1,2}) ?分?(?: ?:? ?(\d{1,2}) ?秒?)?)?(?: ?(AM|PM))?$"
)
_PARTS: Final = ("era", "of_era", "year", "month", "day", "half", "hour", "minute", "second", "half_behind")
_SERIAL: Final = r"[3-7]\d{4}([.]\d+)?"
"""Days since 1899-12-30: 2000 is 36,526, 2100 is 73,051."""


def spelled(text: str) -> str:
    """SQL: the wall time that a text beside ISO means; NULL where it means none, or not one only."""
    plain = f"translate(upper({text}), '{_WIDE}', '{_PLAIN}')"
    names = ", ".join(f"'{name}'" for name in _PARTS)
    parts = f"regexp_extract({plain}, '{_FORM}', [{names}])"
    serial = f"CASE WHEN regexp_full_match({plain}, '{_SERIAL}') THEN {_of_serial(plain)} END"
    return f"coalesce([{_of_parts('part')} FOR part IN [{parts}]][1], {serial})"


def _of_parts(part: str) -> str:
    def number(name: str) -> str:
        return f"coalesce(try_cast({part}.{name} AS INTEGER), 0)"

    before = f"CASE WHEN {part}.era IN ('令和', 'R') THEN 2018 WHEN {part}.era IN ('平成', 'H') THEN 1988 ELSE 1925 END"
    of_era = f"CASE WHEN {part}.of_era = '元' THEN 1 ELSE {number('of_era')} END"
    year = f"CASE WHEN {part}.era = '' THEN {number('year')} ELSE {before} + {of_era} END"
    half = f"{part}.half || {part}.half_behind"
    hour = number("hour")
    hour = (
        f"CASE WHEN {half} IN ('午後', 'PM') AND {hour} <= 12 THEN {hour} % 12 + 12"
        f" WHEN {half} IN ('午前', 'AM') THEN CASE WHEN {hour} <= 12 THEN {hour} % 12 ELSE 99 END ELSE {hour} END"
    )
    clock = ", ".join((year, number("month"), number("day"), hour, number("minute"), number("second")))
    instant = f"try_cast(format('{{:04d}}-{{:02d}}-{{:02d}} {{:02d}}:{{:02d}}:{{:02d}}', {clock}) AS TIMESTAMP)"
    return f"CASE WHEN {year} BETWEEN 1970 AND 2199 THEN {instant} END"


def _of_serial(text: str) -> str:
    days = f"CAST({text} AS DECIMAL(12, 6))"
    seconds = f"CAST(round({days} * 86400) AS BIGINT)"
    return f"CASE WHEN {days} >= 36526 AND {days} < 73051 THEN TIMESTAMP '1899-12-30' + to_seconds({seconds}) END"
