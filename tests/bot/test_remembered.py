"""What is kept of what was made, and what is made anew?"""

from __future__ import annotations

from bot.remembered import Lately


def made(lately: Lately[str], *asked: str) -> list[str]:
    """What had to be made, asked for one after another."""
    said: list[str] = []

    def make(one: str) -> str:
        said.append(one)
        return one

    for one in asked:
        assert lately.get(one, lambda one=one: make(one)) == one  # type: ignore[misc]  # a default is bound now
    return said


def test_what_was_asked_before_is_not_made_again() -> None:
    assert made(Lately(), "a", "b", "a", "b") == ["a", "b"]


def test_the_one_that_was_asked_for_longest_ago_makes_room() -> None:
    assert made(Lately(2), "a", "b", "a", "c", "a", "b") == ["a", "b", "c", "b"]


def test_room_is_taken_by_weight() -> None:
    assert made(Lately(6, len), "aaa", "bb", "aaa", "ccc", "aaa", "bb") == ["aaa", "bb", "ccc", "bb"]


def test_what_needs_more_than_half_of_the_room_drives_nothing_out_and_is_made_each_time() -> None:
    assert made(Lately(6, len), "aa", "bbbb", "bbbb", "aa") == ["aa", "bbbb", "bbbb"]
