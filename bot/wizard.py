"""What are the columns of a file that no preset knows? The shop says, we propose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bot.page import printable
from metrics.problem import Problem
from metrics.sources.beginning import from_widest_row
from metrics.sources.columns import IDENTITY
from metrics.sources.proposal import ASKED, NEEDED, Column, Proposal, columns, grouping, proposals
from metrics.sources.reading import opened
from metrics.sources.recognition import recognised
from metrics.sources.text import first_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.language import Language
    from metrics.rules import Rules

ROWS = 500
SHOWN = 3
LONGEST = 24
Ask = Callable[[str, str], str]
"""Asks a question with an answer proposed; gives what was answered."""


class NoIdentity(Problem):
    """No column was named that tells customers apart."""

    key = "no_identity"


class NoProposal(Problem):
    """A column that must be named has no proposal, and nobody is there to name it."""

    key = "no_proposal"


@dataclass(frozen=True, slots=True)
class Table:
    """The file as far as it was looked at. `above`: rows above its header; `sheet`: of a workbook, if not the first."""

    path: Path
    columns: tuple[Column, ...]
    known_as: str = ""
    above: int = 0
    sheet: str = ""

    def column(self, header: str) -> Column:
        """The column of that header, or of that number as it was shown."""
        if header.isdecimal() and 1 <= int(header) <= len(self.columns):
            return self.columns[int(header) - 1]
        return next(column for column in self.columns if column.header == header)

    def has(self, header: str) -> bool:
        """Whether there is such a column."""
        by_number = header.isdecimal() and 1 <= int(header) <= len(self.columns)
        return by_number or any(column.header == header for column in self.columns)


def look(path: Path, rules: Rules) -> Table:
    """The columns of the file and some of their values; raises a Problem where it cannot be read."""
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = from_widest_row(opened(path, Path(scratch), rules), Path(scratch), rules)
        known = recognised(text.header)
        found = columns(_told_apart(text.header), first_records(text, ROWS))
        return Table(path, found, known.title if known else "", text.above, text.sheet)


def _told_apart(header: Sequence[str]) -> list[str]:
    """The names as a mapping says them: 金額#2 is the second column of that name."""
    seen = [header[: place + 1].count(name) for place, name in enumerate(header)]
    return [f"{name}#{nth}" if nth > 1 and name.strip() else name for name, nth in zip(header, seen, strict=True)]


def shown(table: Table, language: Language) -> Iterator[str]:
    """The columns with values, numbered."""
    if table.known_as:
        yield language.say("map.known", path=printable(str(table.path)), title=table.known_as)
    yield language.say("map.columns", path=printable(str(table.path)))
    for number, column in enumerate(table.columns, start=1):
        values = [printable(value).replace("\n", " ")[:LONGEST] for value in dict.fromkeys(column.filled)]
        yield language.say("map.column", number=number, header=printable(column.header), values=values[:SHOWN] or ["–"])


def unasked(_question: str, proposed: str) -> str:
    """Take every proposal; raises a Problem from `asked` where a column is needed that has none."""
    return proposed


def asked(table: Table, name: str, rules: Rules, ask: Ask, language: Language) -> dict[str, Any]:
    """The `[[source]]` that comes of the answers; asks again where an answer names no column."""
    proposed = proposals(table.columns)
    said = {canonical: _asked(table, canonical, proposed, ask, language) for canonical in ASKED}
    headers = {canonical: header for canonical, header in said.items() if header}
    if not {*IDENTITY} & {*headers}:
        raise NoIdentity
    source: dict[str, Any] = {"name": name, "files": [str(table.path)]}
    source |= {"sheet": table.sheet} if table.sheet else {}
    source |= {"skip_rows": table.above} if table.above else {}
    group = grouping(table.column(headers["order_id"]))
    if group:
        source["group"] = group
    source["columns"] = headers
    if "status" in headers:
        source |= _statuses(table.column(headers["status"]), rules, ask, language)
    return source


def _asked(table: Table, canonical: str, proposed: Mapping[str, Proposal], ask: Ask, language: Language) -> str:
    proposal = proposed.get(canonical)
    question = language.say(f"map.ask.{canonical}")
    if proposal:
        why = language.say(f"map.why.{proposal.why.value}", like=proposal.like)
        question = language.say("map.proposed", question=question, header=printable(proposal.header), why=why)
    while True:
        answer = ask(question, proposal.header if proposal else "").strip()
        if answer == "-" or not answer:
            if canonical not in NEEDED:
                return ""
            if ask is unasked:  # asking again would never end
                raise NoProposal(column=canonical)
            question = language.say("map.needed", count=len(table.columns))
            continue
        if table.has(answer):
            return table.column(answer).header
        question = language.say("map.again", answer=printable(answer), count=len(table.columns))


def _statuses(column: Column, rules: Rules, ask: Ask, language: Language) -> dict[str, Any]:
    """Which of the file's statuses are no purchase; those that the rules know need no question."""
    known = {*rules.purchase_statuses, *rules.excluded, *rules.returned}
    strange = [one for one in dict.fromkeys(value.strip() for value in column.filled) if one.lower() not in known]
    if not strange:
        return {}
    excluded = _chosen(ask(language.say("map.excluded", values=strange), ""), strange)
    returned = _chosen(ask(language.say("map.returned", values=strange), ""), strange)
    purchase = [one for one in strange if one not in {*excluded, *returned}]
    found = {"purchase": purchase, "excluded": excluded, "returned": returned}
    return {"statuses": {name: values for name, values in found.items() if values}}


def _chosen(answer: str, known: Sequence[str]) -> list[str]:
    wanted = {part.strip() for part in answer.replace("、", ",").split(",")}
    return [one for one in known if one in wanted]
