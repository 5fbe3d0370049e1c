"""How does the digest look? `make picture` runs the demo and draws its output for the READMEs."""

from __future__ import annotations

import html
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 92
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
RUN = re.compile(
    r'<text(?P<head>[^>]* )x="(?P<x>[\d.]+)"(?P<row> y="[\d.]+") textLength="(?P<length>[\d.]+)"(?P<tail>[^>]*)>'
    r"(?P<words>[^<]*)</text>"
)
WORD = re.compile(r"┤|[^ \xa0┤]+(?:[ \xa0][^ \xa0┤]+)*")
FAMILY = "ui-monospace, Menlo, 'Noto Sans Mono CJK JP', 'Hiragino Sans', 'Yu Gothic', monospace"
PAPER = TerminalTheme(
    (255, 255, 255),
    (29, 28, 29),
    [
        *((29, 28, 29), (192, 57, 43), (0, 122, 90), (154, 103, 0)),
        *((18, 100, 163), (118, 60, 148), (11, 110, 120), (97, 96, 97)),
    ],
)
"""Slack's light colours, so that the picture reads on any page."""
THREAD = ("スレッド（", "Thread (")


def shown(language: str) -> str:
    """What `asakai demo` prints in a terminal, colours included."""
    with tempfile.TemporaryDirectory(prefix="asakai-picture-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "demo", "--lang", language],
            cwd=folder,
            env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout


def headline_to_footnotes(ansi: str) -> str:
    """The message itself: what stands above its thread."""
    lines = ansi.splitlines()
    ends = [number for number, line in enumerate(lines) if Text.from_ansi(line).plain.startswith(THREAD)]
    return "\n".join(lines[: ends[0]] if ends else lines)


def drawn(ansi: str, title: str) -> str:
    """The terminal's text as an SVG that fetches nothing."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(ansi.strip("\n")))
    svg = FONTS.sub("", console.export_svg(title=title, theme=PAPER))
    return RUN.sub(_placed, svg).replace("font-family: Fira Code, monospace", f"font-family: {FAMILY}")


def _placed(run: re.Match[str]) -> str:
    """Give the words between wide gaps their own place and their true width.

    Rich takes every letter for one cell wide, Japanese ones too, and not every viewer keeps spaces.
    """
    words = html.unescape(run["words"])
    left, cell = float(run["x"]), float(run["length"]) / len(words)
    pieces = []
    for word in WORD.finditer(words):
        before, wide = cell_len(word.string[: word.start()]), cell_len(word[0])
        place = f'x="{left + before * cell:.1f}" textLength="{wide * cell:.1f}"'
        pieces.append(f"<text{run['head']}{place}{run['row']}{run['tail']}>{html.escape(word[0])}</text>")
    return "".join(pieces)


if __name__ == "__main__":
    picture, language = sys.argv[1:]
    Path(picture).write_text(drawn(headline_to_footnotes(shown(language)), "朝会 Asakai"), encoding="utf-8")
