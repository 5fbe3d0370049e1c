"""How does a Page look in a terminal?

As Slack would show it: heading, sentences, facts side by side, the chart, the
table, buttons with what they ask, small print; the thread indented below.
Without colour (NO_COLOR, a pipe) the words and shapes say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bot.language import Language
from bot.page import (
    Buttons,
    Calendar,
    Cell,
    Chart,
    Choices,
    Fact,
    Facts,
    Footnote,
    Heading,
    Menu,
    Page,
    Paragraph,
    Part,
    Quote,
    Signature,
    Table,
    printable,
)

if TYPE_CHECKING:
    from rich.console import JustifyMethod

WIDEST = 100
SIDE_BY_SIDE = 76
FACT_GAP = 3
THREAD_INDENT = 4
COLUMN_GAP = 3
NAME_CELLS, SENTENCE_CELLS = 10, 26
CHART_ROWS = 6
CHART_COLUMNS = 52
DOTS = 4
STYLES = ("cyan", "dim", "magenta", "yellow", "green", "blue")


def show(page: Page, console: Console | None = None) -> None:
    """Print the page and its thread; `console`: where to, stdout without."""
    to = console or Console(highlight=False, emoji=False)
    width = min(to.width, WIDEST)
    to.print(draw(page, width), width=width)


def draw(page: Page, width: int = WIDEST) -> RenderableType:
    """The page with its thread, for a terminal of that width."""
    return Group(_body(page, width), *_thread(page, width))


def _thread(page: Page, width: int) -> list[RenderableType]:
    if not page.thread:
        return []
    title = Language.of(page.language).say("common.thread", count=len(page.thread))
    inner = width - THREAD_INDENT
    replies = (Padding(draw(reply, inner), (1, 0, 0, THREAD_INDENT), expand=False) for reply in page.thread)
    return [Text(f"\n{title}", style="bold dim"), *replies]


def _body(page: Page, width: int) -> RenderableType:
    parts = [rendered for part in page.parts for rendered in (_part(part, width), Text())]
    return Group(*parts[:-1])


def _part(part: Part, width: int) -> RenderableType:
    match part:
        case Heading():
            return Text(broken(printable(part.text), width), style="bold underline")
        case Paragraph():
            return Text(broken(printable(part.text), width), style="bold" if part.strong else "")
        case Facts():
            return _facts(part, width)
        case Table():
            return _table(part, width)
        case Chart():
            return _chart(part, width)
        case Buttons():
            return _buttons(part)
        case Choices():
            return _choices(part)
        case Footnote():
            return Text("\n".join(broken(printable(item), width) for item in part.items), style="dim")
        case Signature() | Quote():
            return _of_others(part, width)


def _of_others(part: Signature | Quote, width: int) -> RenderableType:
    """Who it was, and what was posted before."""
    if isinstance(part, Signature):
        return Text(printable(part.text.replace("{user}", f"@{part.user}")), style="dim")
    return Text(broken(printable(part.text), width))


def _facts(part: Facts, width: int) -> RenderableType:
    columns = min(3 if width >= SIDE_BY_SIDE else 1, max(1, len(part.items)))
    wide = (width - FACT_GAP * (columns - 1)) // columns
    grid = Grid.grid(padding=(0, FACT_GAP, 1, 0), expand=False)
    facts = [_fact(fact, wide) for fact in part.items]
    for _ in range(columns):
        grid.add_column(max_width=wide, overflow="fold")
    for first in range(0, len(facts), columns):
        grid.add_row(*facts[first : first + columns])
    return grid


def _fact(fact: Fact, wide: int) -> Text:
    label, value, note = (broken(printable(said), wide) for said in (fact.label, fact.value, fact.note))
    said = Text.assemble((label, "dim"), "\n", (value, "bold"))
    return said.append(f"\n{note}", style="dim") if note else said


def broken(text: str, width: int) -> str:
    """The text in lines no wider than that: words, numbers and dates whole, no line that begins with 。 or ）."""
    return "\n".join(line for whole in text.split("\n") for line in _lines(whole, width))


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in _UNBROKEN.findall(text):
        if line and cell_len(line) + cell_len(piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


_UNBROKEN = re.compile(
    r"[（「『“【]*(?:[!-~±→–〜]+[人日件回円週月年代]?|.)[。、，．）」』”】：；！？〜・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ％]*\s*"
)
"""What stays on one line: a Latin word, a number with its counter, a letter with what may not begin a line."""


def _table(part: Table, width: int) -> RenderableType:
    caption = Text(broken(printable(part.caption), width), style="dim")
    widths = _widths(part, width)
    if widths is None:
        return Group(caption, *(line for row in part.rows for line in _record(part.headings, row, width)))
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=False, width=None)
    for at, heading in enumerate(part.headings):
        grid.add_column(Text(printable(heading)), justify=_side(part, at), overflow="fold", width=widths[at])
    for row in part.rows:
        grid.add_row(*(Text(printable(cell.text) or "–") for cell in row))
    return Group(caption, grid)


def _widths(part: Table, width: int) -> list[int] | None:
    """How wide each column is; None where they do not stand side by side without a number being broken.

    Names, headings and sentences are broken where they must; what is to spare goes to the first columns first.
    """
    columns = [
        [cell_len(printable(text)) for text in (heading, *(row[at].text or "–" for row in part.rows))]
        for at, heading in enumerate(part.headings)
    ]
    least = [
        max(min(NAME_CELLS, heading), *(min(SENTENCE_CELLS if at else NAME_CELLS, cell) for cell in cells), 1)
        for at, (heading, *cells) in enumerate(columns)
    ]
    spare = width - sum(least) - COLUMN_GAP * (len(least) - 1)
    if spare < 0:
        return None
    widths = []
    for narrow, cells in zip(least, columns, strict=True):
        wide = min(narrow + spare, max(narrow, *cells))
        spare -= wide - narrow
        widths.append(wide)
    return widths


def _record(headings: Sequence[str], row: Sequence[Cell], width: int) -> tuple[RenderableType, ...]:
    """A row too wide for a table: its name, and under it each value after its heading."""
    values = (
        f"{printable(heading)} {printable(cell.text) or '–'}"
        for heading, cell in zip(headings[1:], row[1:], strict=True)
    )
    inner = width - THREAD_INDENT
    lines: list[str] = []
    for value in values:
        if lines and cell_len(lines[-1]) + cell_len(f" · {value}") <= inner:
            lines[-1] += f" · {value}"
        else:
            lines.append(value)
    below = Padding(Text(broken("\n".join(lines), inner)), (0, 0, 0, THREAD_INDENT))
    return Text(broken(printable(row[0].text) or "–", width), style="bold"), below


def _side(part: Table, column: int) -> JustifyMethod:
    """Numbers stand to the right."""
    cells = (row[column] for row in part.rows if column < len(row))
    return "right" if any(cell.number is not None for cell in cells) else "left"


def _buttons(part: Buttons) -> RenderableType:
    said = Text()
    for button in part.items:
        if button.action != "kpi":  # what opens a form can be pressed in Slack only
            continue
        command = f"/kpi {printable(button.command)}".rstrip()
        label = Text(f"[ {printable(button.text)} ]", style="bold green" if button.primary else "bold")
        said.append_text(label).append("\n" if button.text == command else f" {command}\n", style="dim")
    said.right_crop(1)
    return said


def _choices(part: Choices) -> RenderableType:
    """Each menu with what its choices ask."""
    said = Text()
    for item in part.items:
        said.append(f"[ {printable(item.prompt)} ▾ ]", style="bold").append(f" {_first_choice(item)}\n", style="dim")
    said.right_crop(1)
    return said


def _first_choice(item: Menu | Calendar) -> str:
    if isinstance(item, Calendar):
        return f"/kpi {item.day}"
    return " · ".join(f"/kpi {printable(option.command)}" for option in item.options)


def _chart(part: Chart, width: int) -> RenderableType:
    """Every series as a line of braille dots over an axis from 0, as Slack draws it."""
    known = [value for _, values in part.series for value in values if value is not None and isfinite(value)]
    title = Text(printable(part.title), style="dim")
    if not known or max(known) <= 0:
        return Group(title, Text("\n".join(printable(words) for words in part.words())))
    top = _nice(max(known))
    columns = min(CHART_COLUMNS, max(10, width - 12))
    canvas = _Canvas(columns)
    for number, (_, values) in enumerate(part.series):
        canvas.line([None if v is None else v / top for v in values], number)
    return Group(title, *_with_axis(canvas, part, top), _legend(part))


def _with_axis(canvas: _Canvas, part: Chart, top: float) -> list[Text]:
    high, low = part.said(top), part.said(0.0)
    margin = max(len(high), len(low))
    labels = [high, *[""] * (CHART_ROWS - 2), low]
    rows = [
        Text.assemble((f"{label:>{margin}} ┤", "dim"), row) for label, row in zip(labels, canvas.rows(), strict=True)
    ]
    first, last = Text(printable(part.categories[0])), Text(printable(part.categories[-1]))
    gap = " " * max(1, canvas.columns - first.cell_len - last.cell_len)
    below = Text.assemble(" " * (margin + 2), first, gap, last, f"  {printable(part.x_label)}", style="dim")
    return [*rows, below]


def _legend(part: Chart) -> Text:
    said = Text()
    for number, (name, values) in enumerate(part.series):
        last = next((value for value in reversed(values) if value is not None), None)
        mark = "⣀⣀" if number == 0 else "⠄⠄"
        said.append(f"{mark} ", style=_style(number)).append(f"{printable(name)} {part.said(last)}   ")
    return said


def _style(number: int) -> str:
    return STYLES[number % len(STYLES)]


def _nice(value: float) -> float:
    """The least round number that is not below the value."""
    step = 1.0
    while step * 10 <= value:
        step *= 10
    while step > value:
        step /= 10
    return next(step * times for times in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * times >= value * 0.999)


class _Canvas:
    """A grid of braille dots, two across and four down in each character; the first series wins."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._cells: dict[tuple[int, int], tuple[int, int]] = {}

    def line(self, shares: Sequence[float | None], number: int) -> None:
        """Draw shares of the height from left to right; the second series and on are dotted."""
        across, down = 2 * self.columns - 1, DOTS * CHART_ROWS - 1
        for x in range(0, across + 1, 1 if number == 0 else 4):
            share = _between(shares, x / across)
            if share is not None:
                self._dot(x, down - round(share * down), number)

    def _dot(self, x: int, y: int, number: int) -> None:
        at = (y // DOTS, x // 2)
        bits, owner = self._cells.get(at, (0, number))
        if owner == number:
            self._cells[at] = (bits | _BRAILLE[y % DOTS][x % 2], number)

    def rows(self) -> list[Text]:
        """The drawing, line by line."""
        return [self._row(row) for row in range(CHART_ROWS)]

    def _row(self, row: int) -> Text:
        said = Text()
        for column in range(self.columns):
            bits, owner = self._cells.get((row, column), (0, 0))
            said.append(chr(0x2800 + bits) if bits else " ", style=_style(owner))
        return said


_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def _between(shares: Sequence[float | None], place: float) -> float | None:
    """The share at a place 0..1 along the series, on a straight line between its neighbours."""
    at = place * (len(shares) - 1)
    before, after = shares[int(at)], shares[min(int(at) + 1, len(shares) - 1)]
    if before is None or after is None:
        return before if after is None else after
    return min(1.0, max(0.0, before + (after - before) * (at - int(at))))
