"""How does a Page become a Slack message?

`render` never raises: what is too long is cut where a reader can see it. How
much Slack takes and what it would interpret is known to `limits` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from bot.blockkit.data import affordable, data_table, data_visualization, drawable, filled, listed
from bot.blockkit.limits import (
    BLOCKS,
    BUTTON_TEXT,
    BUTTON_VALUE,
    BUTTONS,
    CAPTION,
    CELL,
    CHARTS,
    CONTEXT,
    CONTEXT_TEXT,
    FIELD,
    FIELDS,
    HEADER,
    HEADLINE,
    OPTION_VALUE,
    OPTIONS,
    PLACEHOLDER,
    SECTION,
    TABLE_COLUMNS,
    TABLE_TEXT,
    TAIL,
    TEXT,
    TOTAL,
    Block,
    chunked,
    fit,
    line,
    markup,
    mention,
    mrkdwn,
    packed,
    pieces,
    plain,
    plain_text,
    section,
    weight,
    within,
)
from bot.language import NO_VALUE, Language
from bot.page import (
    Button,
    Buttons,
    Calendar,
    Chart,
    Choices,
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

__all__ = ["Block", "Message", "render", "words"]


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack is given: the notification text, and blocks as plain dicts."""

    text: str
    blocks: list[Block]


def render(page: Page, native: bool = True) -> Message:  # noqa: FBT001, FBT002  the one switch of a target
    """The page as a message; `native=False`: charts and tables in words, the rest alike."""
    writer = _Writer(Language.of(page.language), native, count(), count())
    blocks = [block for part in page.parts for block in writer.part(part)]
    return Message(fit(page.headline, HEADLINE, markup), _fitted(blocks, writer.language))


def words(page: Page) -> str:
    """The whole page as one text without blocks, for a target that refuses blocks."""
    message = render(page, native=False)
    lines = [said for block in message.blocks for said in _lines(block)]
    if lines and lines[0] == message.text:
        lines = lines[1:]
    kept, sign = [message.text], Language.of(page.language).say("custom.cut_text")
    for said in lines:
        if sum(map(len, kept)) + len(kept) + len(said) + len(sign) > TEXT:
            return "\n".join((*kept, sign))
        kept.append(said)
    return "\n".join(kept)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one message's parts; counts its buttons and charts."""

    language: Language
    native: bool
    button_numbers: Iterator[int]
    chart_numbers: Iterator[int]

    def part(self, part: Part) -> list[Block]:
        match part:
            case Heading():
                return [{"type": "header", "text": plain_text(fit(part.text, HEADER, line))}]
            case Paragraph():
                return _paragraph(part)
            case Facts():
                return _facts(part)
            case Table():
                return self.table(part)
            case Chart():
                return self.chart(part)
            case Buttons():
                return self.buttons(part)
            case Choices():
                return self.choices(part)
            case Footnote():
                return _footnote(part.items)
            case Signature() | Quote():
                return self.of_others(part)

    def of_others(self, part: Signature | Quote) -> list[Block]:
        """Who it was, and what was posted before."""
        if isinstance(part, Signature):
            return [{"type": "context", "elements": [mrkdwn(mention(part.text, part.user))]}]
        return [dict(block) for block in part.blocks] if self.native else chunked([part.text])

    def choices(self, part: Choices) -> list[Block]:
        """Selects and date pickers."""
        elements = [_choice(item, next(self.button_numbers)) for item in part.items[:BUTTONS]]
        return [{"type": "actions", "elements": [element for element in elements if element]}] if elements else []

    def more(self, hidden: int) -> list[Block]:
        """The visible sign of a cut."""
        return _footnote([self.language.say("custom.cut", count=hidden)]) if hidden > 0 else []

    def buttons(self, part: Buttons) -> list[Block]:
        able = [button for button in part.items if len(_value(button)) <= BUTTON_VALUE][:BUTTONS]
        elements = [_button(button, next(self.button_numbers)) for button in able]
        actions = [{"type": "actions", "elements": elements}] if elements else []
        return [*actions, *self.more(len(part.items) - len(able))]

    def table(self, part: Table) -> list[Block]:
        """A data table, or a list of rows in words."""
        headings = [fit(heading, CELL, line) for heading in part.headings[:TABLE_COLUMNS]]
        rows = filled(part, len(headings))
        caption = fit(part.caption, CAPTION, line)
        if not rows or not headings:
            return [section(f"{caption}\n{NO_VALUE}")]
        kept = affordable(rows, TABLE_TEXT - sum(map(len, headings)))
        cut = (len(part.rows) - len(kept)) + max(0, len(part.headings) - TABLE_COLUMNS)
        blocks = [data_table(caption, headings, kept, part)] if self.native else listed(caption, headings, kept)
        return [*blocks, *self.more(cut)]

    def chart(self, part: Chart) -> list[Block]:
        """A chart, or its values in words; points that lack a value are left out visibly."""
        shown = drawable(part)
        points, series = len(shown.categories), len(shown.series)
        if not self.native or not points or not series or next(self.chart_numbers) >= CHARTS:
            return chunked([line(part.title), *(part.words() or (NO_VALUE,))])
        cut = (len(part.categories) - points) + (len(part.series) - series)
        return [data_visualization(shown), *self.more(cut)]


def _paragraph(part: Paragraph) -> list[Block]:
    if not part.strong:
        return [section(piece) for piece in pieces(plain(part.text))]
    bold = [_bold(piece) for piece in (printable(part.text) or NO_VALUE).split("\n") if piece.strip()]
    return [{"type": "section", "text": mrkdwn(piece)} for piece in packed(bold)]


def _bold(text: str) -> str:
    return f"*{fit(text, SECTION - 2, markup)}*"


def _facts(part: Facts) -> list[Block]:
    fields = [mrkdwn(_fact(fact.label, fact.value, fact.note)) for fact in part.items]
    return [{"type": "section", "fields": fields[i : i + FIELDS]} for i in range(0, len(fields), FIELDS)]


def _fact(label: str, value: str, note: str) -> str:
    said = f"{fit(label, 200, markup)}\n*{fit(' '.join(value.split()), 400, markup)}*"
    return f"{said}\n{fit(note, FIELD - len(said) - 1, markup)}" if printable(note) else said


def _footnote(items: Sequence[str]) -> list[Block]:
    elements = [plain_text(fit(item, CONTEXT_TEXT, plain)) for item in items if printable(item)]
    return [{"type": "context", "elements": elements[i : i + CONTEXT]} for i in range(0, len(elements), CONTEXT)]


def _button(button: Button, number: int) -> Block:
    element: Block = {
        "type": "button",
        "action_id": f"{button.action}:{number}",
        "text": plain_text(fit(button.text, BUTTON_TEXT, line)),
        "value": _value(button),
    }
    return {**element, "style": "primary"} if button.primary else element


def _value(button: Button) -> str:
    said = f"{button.command} {button.pin}".strip()
    return plain(said) if printable(said) else " "


def _choice(item: Menu | Calendar, number: int) -> Block:
    base: Block = {"action_id": f"kpi:{number}", "placeholder": plain_text(fit(item.prompt, PLACEHOLDER, line))}
    if isinstance(item, Calendar):
        return {"type": "datepicker", "initial_date": item.day, **base}
    able = [option for option in item.options if len(_value(option)) <= OPTION_VALUE][:OPTIONS]
    options = [{"text": plain_text(fit(one.text, BUTTON_TEXT, line)), "value": _value(one)} for one in able]
    return {"type": "static_select", "options": options, **base} if options else {}


def _fitted(blocks: list[Block], language: Language) -> list[Block]:
    """As many blocks as a message holds; buttons and small print at the end are kept before the body."""
    last = next((i for i in range(len(blocks), 0, -1) if blocks[i - 1]["type"] not in {"actions", "context"}), 0)
    last = max(last, len(blocks) - TAIL)
    tail = blocks[last:]
    body = within(blocks[:last], BLOCKS - len(tail) - 1, TOTAL - sum(map(weight, tail)) - CAPTION)
    missing = last - len(body)
    sign = _footnote([language.say("custom.cut", count=missing)]) if missing else []
    return within([*body, *sign, *tail], BLOCKS, TOTAL)


def _lines(block: Block) -> list[str]:
    match block["type"]:
        case "actions":
            asked = (element for element in block["elements"] if not _only_pressed(element))
            return [_element_words(element) for element in asked]  # what can only be pressed is not there to be typed
        case "context":
            return [_text_words(element) for element in block["elements"]]
        case _:
            texts = [block["text"]] if "text" in block else block["fields"]
            return [_text_words(text) for text in texts]


def _text_words(text: Block) -> str:
    return str(text["text"]) if text["type"] == "mrkdwn" else markup(text["text"])


def _only_pressed(element: Block) -> bool:
    """Whether a button leads to a room of its own: its value is no question."""
    return element["type"] == "button" and not str(element["action_id"]).startswith(("kpi:", "answer:"))


def _element_words(element: Block) -> str:
    """A button, a select or a date picker as what to type instead."""
    match element["type"]:
        case "static_select":
            asked = " | ".join(f"/kpi {markup(option['value'])}" for option in element["options"])
            return f"{markup(element['placeholder']['text'])}: {asked}"
        case "datepicker":
            return f"{markup(element['placeholder']['text'])}: /kpi {element['initial_date']}"
        case _:
            return _button_words(element)


def _button_words(element: Block) -> str:
    label, command = markup(element["text"]["text"]), f"/kpi {markup(element['value'])}"
    return command if label == command else f"{label}: {command}"
