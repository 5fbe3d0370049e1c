"""Is the README's picture a faithful one?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from tests.picture import drawn, headline_to_footnotes


def test_the_picture_holds_the_words_and_fetches_nothing():
    svg = drawn("\x1b[1m30日以内リピート率\x1b[0m 20.3%（目標20%達成）\n", "朝会")
    words = "".join(ET.fromstring(svg).itertext()).replace("\xa0", " ")
    assert "30日以内リピート率" in words
    assert "20.3%（目標20%達成）" in words
    assert 'textLength="219.6"' in svg, "18 cells of 12.2 for 10 letters: Japanese letters are two cells wide"
    assert "@font-face" not in svg
    assert re.findall(r"url\((?!#)[^)]*\)", svg) == []


def test_the_picture_ends_where_the_thread_begins():
    assert headline_to_footnotes("今朝\n\x1b[1mスレッド（2件）\x1b[0m\n表") == "今朝"
    assert headline_to_footnotes("This morning\nThread (2 replies)\ntable") == "This morning"
    assert headline_to_footnotes("今朝\n表") == "今朝\n表"
