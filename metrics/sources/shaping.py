"""How do a platform's lines become orders in canonical columns?

Everything here gives SQL over the table `lines`: one row per line of the file, its cells
as text. The shaped orders are text again, so that they are checked like any other.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics.rules import Rules
from metrics.sources import cells, items
from metrics.sources.columns import IDENTITY, OPTIONAL, REQUIRED, MissingColumns
from metrics.sources.mapping import Mapping, Values
from metrics.sources.text import normal

NUMBERS = frozenset({"amount", "refunded", "cycle_no"})
"""Canonical columns in which the platform's word for "no number" may stand."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row of one file: which SQL column a name is, `name#2` being the second of that name."""

    names: Sequence[str]

    def ref(self, wanted: str) -> str | None:
        """The SQL column, or None where the file has no such header."""
        name, _, nth = wanted.partition("#")
        at = [position for position, one in enumerate(self.names) if normal(one) == normal(name)]
        place = int(nth or 1) - 1
        return f"c{at[place]}" if place < len(at) else None

    def refs(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The SQL columns of those names that are there."""
        return tuple(found for found in map(self.ref, wanted) if found)

    def title(self, wanted: Sequence[str]) -> str:
        """The first of the names that is there, as the file writes it."""
        refs = self.refs(wanted)
        return self.names[int(refs[0][1:])] if refs else ""


@dataclass(frozen=True, slots=True)
class Shape:
    """One mapping on one header, for one shop's rules."""

    mapping: Mapping
    header: Header
    rules: Rules
    parts: dict[str, str] = field(default_factory=dict)
    """What the orders are put together from: the name of a part -> SQL over an order's lines.

    Each is computed once and then named: written out, they would be repeated many times over.
    """

    # -- what is there ---------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical columns that the file gives, the necessary ones always."""
        optional = (*IDENTITY, *OPTIONAL, *self.rules.columns)
        there = [name for name in optional if self.header.refs(self.mapping.columns.get(name, ()))]
        extra = ["status"] if self._cancels and "status" not in there else []
        extra += ["refunded"] if self.mapping.refund_rows and "refunded" not in there else []
        extra += ["customer_id"] if not {*IDENTITY} & {*there} else []
        return tuple(dict.fromkeys((*REQUIRED, *there, *extra)))

    @property
    def titles(self) -> Table[str, str]:
        """Canonical name -> header as the file writes it."""
        amount = self.mapping.columns.get("amount", ()) or self.mapping.lines.amount or self.mapping.lines.unit
        found = {name: self.header.title(self.mapping.columns.get(name, ())) for name in self.names}
        return {**found, "amount": self.header.title(amount)}

    def check(self, file: str) -> None:
        """Raise MissingColumns where the header lacks what no order can do without."""
        lines, mapping = self.mapping.lines, self.mapping
        wanted = {name: mapping.columns.get(name, ()) for name in ("order_id", "ordered_at")}
        wanted["amount"] = (*mapping.columns.get("amount", ()), *lines.amount, *lines.unit)
        missing = [" / ".join(names) or name for name, names in wanted.items() if not self.header.refs(names)]
        if mapping.customers and not any(self.header.refs(mapping.columns.get(name, ())) for name in IDENTITY):
            missing.append(" / ".join(one for name in IDENTITY for one in mapping.columns.get(name, ())))
        if missing:
            raise MissingColumns(
                path=file, missing=", ".join(missing), found=", ".join(filter(None, self.header.names))
            )

    @property
    def used(self) -> tuple[str, ...]:
        """The SQL columns of the file that are read at all."""
        mapping = self.mapping
        several = [
            *mapping.columns.values(), mapping.less, mapping.lines.amount, mapping.lines.unit, mapping.lines.quantity,
            mapping.lines.less, mapping.lines.line_id, tuple(mapping.keep_rows), tuple(mapping.drop_rows),
            tuple(mapping.refund_rows), tuple(mapping.items.keep), mapping.items.code, mapping.items.name,
            mapping.items.quantity, mapping.items.amount, mapping.items.unit,
        ]  # fmt: skip
        found = {ref for names in several for ref in self.header.refs(names)}
        return tuple(sorted(found, key=lambda ref: int(ref[1:])))

    # -- which lines ------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The order id of a line; NULL on a line that continues the one above."""
        return self._first_of(self.mapping.columns.get("order_id", ()))

    @property
    def taken(self) -> str:
        """Whether a line is read at all."""
        kept = [self._among(header, values) for header, values in self.mapping.keep_rows.items()]
        gone = [
            f"NOT coalesce(regexp_matches({ref}, {cells.literal(pattern)}), false)"
            for header, patterns in self.mapping.drop_rows.items()
            for ref in self.header.refs((header,))
            for pattern in patterns
        ]
        return " AND ".join([*kept, *gone]) or "true"

    @property
    def refund(self) -> str:
        """Whether a line gives money back instead of being a purchase."""
        return self._all(self.mapping.refund_rows) if self.mapping.refund_rows else "false"

    def _all(self, wanted: Values) -> str:
        return " AND ".join(self._among(header, values) for header, values in wanted.items()) or "true"

    def _among(self, header: str, values: tuple[str, ...]) -> str:
        ref = self.header.ref(header)
        return f"coalesce({cells.member(cells.trimmed(ref), values)}, false)" if ref else "true"

    # -- what an order is ------------------------------------------------------------

    def fields(self) -> dict[str, str]:
        """Canonical name -> SQL over the `parts`; fills these."""
        found = {name: self._field(name) for name in self.names}
        if self.mapping.refund_rows:
            found["refunded"] = self._given_back()
        return found

    def _field(self, name: str) -> str:
        special = {"ordered_at": self._instant, "amount": self._amount, "status": self._status, "product": self._item}
        if name in special:
            return special[name]()
        return self._cell(self.mapping.columns.get(name, ()), number=name in NUMBERS)

    def _cell(self, headers: Sequence[str], *, number: bool = False) -> str:
        """The first cell of these headers that is not empty, of an order's first line that has it."""
        found = [self._over(self._number_cell(ref) if number else cells.trimmed(ref)) for ref in self._refs(headers)]
        return self._part(f"coalesce({', '.join(found)}, NULL)") if found else "NULL::VARCHAR"

    def _part(self, sql: str) -> str:
        """The name of that part."""
        name = next((name for name, known in self.parts.items() if known == sql), f"p{len(self.parts)}")
        self.parts[name] = sql
        return name

    def _refs(self, headers: Sequence[str]) -> tuple[str, ...]:
        return self.header.refs(headers)

    def _first_of(self, headers: Sequence[str]) -> str:
        return f"coalesce({', '.join(map(cells.trimmed, self._refs(headers)))}, NULL)"

    @property
    def sold(self) -> str | None:
        """SQL of the list of what a line sold; None where the file does not say."""
        mapping = self.mapping
        found = items.of_line(mapping.items, self._refs, mapping.missing_numbers, self.rules.currency)
        mine = f"{self._all(mapping.items.keep)} AND NOT ({self.refund})"
        return f"CASE WHEN {mine} THEN {found} ELSE [] END" if found else None

    def _over(self, value: str) -> str:
        if not self.mapping.group:
            return value
        purchase = f"CASE WHEN {self.refund} THEN NULL ELSE {value} END" if self.mapping.refund_rows else value
        return f"arg_min({purchase}, row)"

    def _number_cell(self, ref: str) -> str:
        text = cells.trimmed(ref)
        if not self.mapping.missing_numbers:
            return text
        return f"CASE WHEN {cells.member(text, self.mapping.missing_numbers)} THEN NULL ELSE {text} END"

    def _amount(self) -> str:
        """The amount as text: the total, or the sum of the lines, less what is taken off."""
        headers = self.mapping.columns.get("amount", ())
        total = self._total(headers) if headers else self._sum_of_lines()
        less = [self._cell((header,), number=True) for header in self.mapping.less if self._refs((header,))]
        if not less:
            return total
        left = " - ".join([cells.number(total), *(f"coalesce({cells.number(one)}, 0)" for one in less)])
        wrong = " ".join(f"WHEN {one} IS NOT NULL AND {cells.number(one)} IS NULL THEN {one}" for one in less)
        return f"CASE WHEN {cells.number(total)} IS NULL THEN {total} {wrong} ELSE CAST({left} AS VARCHAR) END"

    def _total(self, headers: Sequence[str]) -> str:
        plain = self._cell(headers, number=True)
        if not self.mapping.zero_is_missing:
            return plain
        each = [self._cell((header,), number=True) for header in headers if self._refs((header,))]
        real = [f"CASE WHEN {cells.number(one)} = 0 THEN NULL ELSE {one} END" for one in each]
        return f"coalesce({', '.join([*real, plain])})"

    def _sum_of_lines(self) -> str:
        lines = self.mapping.lines
        if lines.amount:
            parts = [self._first_of(lines.amount)]
        else:
            parts = [self._first_of(lines.unit), self._first_of(lines.quantity)]
        product = " * ".join(f"CAST({cells.number(self._no_filler(part))} AS DECIMAL(18, 3))" for part in parts)
        less = "".join(
            f" - coalesce({cells.number(self._no_filler(cells.trimmed(ref)))}, 0)" for ref in self._refs(lines.less)
        )
        if not self.mapping.group:
            return self._part(f"CAST({product}{less} AS VARCHAR)")
        mine = f"{self._all(self.mapping.items.keep)} AND NOT ({self.refund})"
        unread = " OR ".join(f"({part} IS NOT NULL AND {cells.number(part)} IS NULL)" for part in parts)
        wrong = f"arg_min({parts[0]}, row) FILTER (WHERE {mine} AND ({unread}))"
        return self._part(f"coalesce({wrong}, CAST(sum({product}{less}) FILTER (WHERE {mine}) AS VARCHAR))")

    def _no_filler(self, part: str) -> str:
        return f"nullif({part}, '')" if not self.mapping.missing_numbers else (
            f"CASE WHEN {cells.member(part, self.mapping.missing_numbers)} THEN NULL ELSE {part} END"
        )  # fmt: skip

    def _given_back(self) -> str:
        headers = self.mapping.columns.get("amount", ()) or self.mapping.lines.amount
        amount = cells.number(self._first_of(headers))
        return self._part(f"CAST(sum(abs({amount})) FILTER (WHERE {self.refund}) AS VARCHAR)")

    # -- when, in which state, and what first -------------------------------------------

    def _instant(self) -> str:
        day = self._cell(self.mapping.columns.get("ordered_at", ()))
        clock = self._cell(self.mapping.columns.get("time", ()))
        if self.mapping.date_format:
            read = f"try_strptime({day}, {cells.literal(self.mapping.date_format)})"
            day = f"coalesce(strftime({read}, '%Y-%m-%d %H:%M:%S'), {day})"
        if clock != "NULL::VARCHAR":
            digits = f"lpad({clock}, 6, '0')"
            colons = f"substr({digits}, 1, 2) || ':' || substr({digits}, 3, 2) || ':' || substr({digits}, 5, 2)"
            bare = f"regexp_full_match({clock}, '[0-9]{{3,6}}')"
            day = f"concat_ws(' ', {day}, CASE WHEN {bare} THEN {colons} ELSE {clock} END)"
        zone = self.mapping.zone
        if not zone or zone == self.rules.zone:
            return day
        wall = f"timezone({cells.literal(zone)}, {cells.instant(day, zone)})"
        return f"coalesce(strftime(timezone('UTC', {wall}), '%Y-%m-%d %H:%M:%S+00:00'), {day})"

    @property
    def _cancels(self) -> bool:
        return bool(self._refs(self.mapping.columns.get("cancelled_at", ())))

    def _status(self) -> str:
        said, rules, statuses = self._cell(self.mapping.columns.get("status", ())), self.rules, self.mapping.statuses
        folded = f"coalesce(lower({said}), '')"
        words = (
            (statuses.purchase, _word("paid", rules.purchase_statuses)),
            (statuses.excluded, _word("cancelled", rules.excluded)),
            (statuses.returned, _word("refunded", rules.returned)),
        )
        cases = [
            f"WHEN {cells.member(folded, tuple(value.lower() for value in known))} THEN {cells.literal(word)}"
            for known, word in words
            if known
        ]
        out = cells.literal(_word("cancelled", rules.excluded))
        if self._cancels:
            cases.insert(0, f"WHEN {self._cell(self.mapping.columns['cancelled_at'])} IS NOT NULL THEN {out}")
        unknown = out if statuses.otherwise else folded
        return f"CASE {' '.join(cases)} ELSE {unknown} END" if cases else folded

    def _item(self) -> str:
        """The first product that is no freebie."""
        kept, name = self.mapping.items, self._first_of(self.mapping.columns.get("product", ()))
        if kept.split:
            real = f"NOT regexp_matches(one, {cells.literal(kept.ignore)})" if kept.ignore else "true"
            parts = f"[trim(one) FOR one IN string_split({name}, {cells.literal(kept.split)}) IF {real}]"
            name = f"nullif({parts}[1], '')"
        elif kept.ignore:
            name = f"CASE WHEN regexp_matches({name}, {cells.literal(kept.ignore)}) THEN NULL ELSE {name} END"
        if kept.keep:
            name = f"CASE WHEN {self._all(kept.keep)} THEN {name} END"
        return self._part(self._over(name))


def _word(usual: str, known: Sequence[str]) -> str:
    """The usual word where the shop's rules know it, else one that they know."""
    return usual if usual in known or not known else known[0]
