"""Can a page's words be trusted, and its charts be read without a picture?"""

from __future__ import annotations

import pytest

from bot.page import Chart, printable, sparkline


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("LINE\u200b広告", "LINE広告"),
        ("\u202egnihtemos", "gnihtemos"),
        ("\x1b[2Jnone", "[2Jnone"),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("  a\tb ", "a b"),
        ("⚠️ 注意", "⚠️ 注意"),
        ("\ufeff", ""),
    ],
)
def test_what_cannot_be_seen_is_taken_out(raw, said):
    assert printable(raw) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.0, 50.0, 100.0), "▁▅█"),
        ((5.0, 5.0), "▁▁"),
        ((1.0, None, 2.0), "▁·█"),
        ((None,), "–"),
        ((), "–"),
        ((-1e308, 1e308), "▁▁"),
    ],
)
def test_a_sparkline_goes_from_the_least_to_the_greatest(values, said):
    assert sparkline(values) == said


def test_a_chart_in_words_keeps_every_value():
    chart = Chart("t", "line", ("8/28", "9/4"), (("rate", (18.0, 20.3)), ("target", (20.0, 20.0))), unit="%")
    assert chart.words() == ("rate ▁█\n8/28 18.0% | 9/4 20.3%", "target 20.0%")


def test_counts_in_a_chart_have_no_decimals():
    assert Chart("t", "bar", ("a", "b"), (("n", (1200.0, None)),)).words() == ("n ▁·\na 1,200 | b –",)
