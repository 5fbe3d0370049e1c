"""Does a rule fire when it should, once, and stop when it should? Its laws hold on any mornings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.alert import News, Rule, Seen, Side, Sight, Standing, State, Watching, acknowledged, muted, step
from metrics.estimate import Estimate, rate

MONDAY = date(2026, 11, 16)
RULE = Rule("repeat", remind_days=0)
GOOD, BETWEEN, BAD, FEW = rate(50, 200), rate(39, 200), rate(20, 200), rate(1, 9)
LETTERS = {"g": GOOD, "b": BETWEEN, "B": BAD, "-": FEW}


def at(i: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=i + 1), time(8, 30), UTC)


def sight(i: int, *found: Estimate) -> Sight:
    labels = [""] if len(found) == 1 else [f"s{n}" for n in range(len(found))]
    return Sight(MONDAY + timedelta(days=i), tuple(map(Seen, labels, found)))


def walk(mornings: str, rule: Rule = RULE, start: Standing | None = None) -> tuple[list[str], list[str]]:
    """The state and the news of each morning; g good, b between, B bad, - too few, ! failed, s stale."""
    standing, states, said = start or Standing(), [], []
    for i, letter in enumerate(mornings):
        match letter:
            case "!":
                seen = Sight(MONDAY + timedelta(days=i), failed="no_store")
            case "s":
                seen = Sight(MONDAY + timedelta(days=i), stale_since=MONDAY)
            case _:
                seen = sight(i, LETTERS[letter])
        standing, news = step(standing, seen, rule, at(i))
        states.append(standing.state(at(i)).value)
        said.append(" ".join(news))
    return states, said


@pytest.mark.parametrize(
    ("mornings", "rule", "states", "said"),
    [
        ("gBBg", RULE, "ok firing firing ok", [(1, "fired"), (3, "recovered")]),
        ("Bbg", RULE, "firing firing ok", [(0, "fired"), (2, "recovered")]),
        ("gbbg", RULE, "ok ok ok ok", []),
        ("b", replace(RULE, judge="point"), "firing", [(0, "fired")]),
        ("B-B", RULE, "firing cannot_judge firing", [(0, "fired")]),
        ("-B", RULE, "cannot_judge firing", [(1, "fired")]),
        ("BgBBg", replace(RULE, bad=2, of=3), "pending pending firing firing ok", [(2, "fired"), (4, "recovered")]),
        ("BggB", replace(RULE, bad=2, of=3), "pending pending pending pending", []),
        ("Bggg", replace(RULE, bad=2, of=3), "pending pending pending ok", []),
        ("BgBgg", replace(RULE, good=2), "firing recovering firing recovering ok", [(0, "fired"), (4, "recovered")]),
        ("Bgg", replace(RULE, back=0.26), "firing firing firing", [(0, "fired")]),
        ("BgBB", replace(RULE, rest_days=2), "firing ok pending firing",
         [(0, "fired"), (1, "recovered"), (3, "fired")]),
        ("BBBBB", replace(RULE, remind_days=2), "firing firing firing firing firing",
         [(0, "fired"), (2, "still"), (4, "still")]),
        ("B!!g", RULE, "firing error error ok", [(0, "fired"), (1, "failed"), (3, "recovered")]),
        ("!g!", RULE, "error ok error", [(0, "failed"), (2, "failed")]),
        ("Bsg", RULE, "firing cannot_judge ok", [(0, "fired"), (2, "recovered")]),
    ],
)  # fmt: skip
def test_a_rule_walks_through_its_states(mornings: str, rule: Rule, states: str, said: list[tuple[int, str]]) -> None:
    found, news = walk(mornings, rule)
    assert found == states.split()
    assert [(i, word) for i, word in enumerate(news) if word] == said


def test_above_is_the_bad_side_where_the_rule_says_so() -> None:
    rule = replace(RULE, side=Side.ABOVE, threshold=60.0, judge="point", minimum=0)
    days = [Estimate(value, 300) for value in (59.0, 60.0, 61.0, 60.0)]
    standing, said = Standing(), []
    for i, one in enumerate(days):
        standing, news = step(standing, sight(i, one), rule, at(i))
        said.append(news)
    assert said == [(), (), (News.FIRED,), (News.RECOVERED,)]


def test_the_run_is_dated_from_its_first_morning_below() -> None:
    standing = Standing()
    for i, letter in enumerate("gbbB"):
        standing, _ = step(standing, sight(i, LETTERS[letter]), RULE, at(i))
    assert standing.tracks[0].since == MONDAY + timedelta(days=1)
    assert standing.began_on == MONDAY + timedelta(days=3)


def test_a_further_segment_joins_the_episode_and_the_last_one_ends_it() -> None:
    standing, said = Standing(), []
    for i, (one, two) in enumerate([("B", "g"), ("B", "B"), ("g", "B"), ("g", "g")]):
        standing, news = step(standing, sight(i, LETTERS[one], LETTERS[two]), RULE, at(i))
        said.append(news)
    assert said == [(News.FIRED,), (News.SPREAD,), (), (News.RECOVERED,)]


def test_who_has_acknowledged_is_not_reminded() -> None:
    rule = replace(RULE, remind_days=1)
    standing, _ = step(Standing(), sight(0, BAD), rule, at(0))
    standing = acknowledged(standing, "U1", at(0))
    assert acknowledged(standing, "U2", at(1)).acknowledged_by == "U1"
    standing, news = step(standing, sight(1, BAD), rule, at(1))
    assert news == ()
    standing, news = step(standing, sight(2, GOOD), rule, at(2))
    assert (news, standing.acknowledged_by) == ((News.RECOVERED,), "")


def test_a_mute_holds_the_announcement_and_what_is_owed_is_said_once() -> None:
    standing = muted(Standing(), at(2), "U1")
    said = []
    for i in range(4):
        standing, news = step(standing, sight(i, BAD), RULE, at(i))
        said.append((standing.state(at(i)).value, news))
    assert said == [("muted", ()), ("muted", ()), ("firing", (News.FIRED,)), ("firing", ())]


def test_an_episode_that_came_and_went_in_a_mute_is_never_told() -> None:
    standing = muted(Standing(), at(3), "U1")
    said = []
    for i, letter in enumerate("BBgg"):
        standing, news = step(standing, sight(i, LETTERS[letter]), RULE, at(i))
        said.extend(news)
    assert said == []


def test_a_recovery_in_a_mute_is_told_after_it() -> None:
    standing, _ = step(Standing(), sight(0, BAD), RULE, at(0))
    standing = muted(standing, at(2), "U1")
    standing, news = step(standing, sight(1, GOOD), RULE, at(1))
    assert news == ()
    standing, news = step(standing, sight(1, GOOD), RULE, at(2))
    assert news == (News.RECOVERED,)


def test_the_same_morning_twice_changes_nothing() -> None:
    once, _ = step(Standing(), sight(0, BAD), replace(RULE, bad=2, of=2), at(0))
    assert step(once, sight(0, BAD), replace(RULE, bad=2, of=2), at(0)) == (once, ())


def test_a_fall_sums_up_until_the_limit_and_is_over_when_nothing_is_left_of_it() -> None:
    rule = Rule("change", watching=Watching.CHANGE, remind_days=0)
    standing, said = Standing(), []
    for i, evidence in enumerate([3.0, -1.0, 3.0, 9.0, 9.0, -4.0, -6.0]):
        seen = Seen("", rate(30, 200), evidence, 5.0, rate(200, 1000))
        standing, news = step(standing, Sight(MONDAY + timedelta(days=i), (seen,)), rule, at(i))
        said.append((standing.tracks[0].score, " ".join(news)))
    assert said == [(3, ""), (2, ""), (5, "fired"), (10, ""), (10, ""), (6, ""), (0, "recovered")]


# --- laws ----------------------------------------------------------------------------------

RULES = st.builds(
    Rule,
    st.just("any"),
    judge=st.sampled_from(["interval", "point"]),
    bad=st.integers(1, 2),
    of=st.integers(2, 4),
    good=st.integers(1, 3),
    remind_days=st.integers(0, 3),
    rest_days=st.integers(0, 3),
    back=st.sampled_from([None, 0.22]),
)
MORNINGS = st.lists(st.text("gbB-", min_size=2, max_size=2), min_size=1, max_size=40)
MUTES = st.dictionaries(st.integers(0, 39), st.integers(1, 6), max_size=3)


def play(rule: Rule, mornings: Sequence[str], mutes: dict[int, int]) -> list[tuple[Standing, tuple[News, ...], bool]]:
    """Standing, news, and whether it was muted, of each morning of two segments."""
    standing, played = Standing(), []
    for i, letters in enumerate(mornings):
        if i in mutes:
            standing = muted(standing, at(i + mutes[i]), "U1")
        was = standing.is_muted(at(i))
        standing, news = step(standing, sight(i, *(LETTERS[letter] for letter in letters)), rule, at(i))
        played.append((standing, news, was))
    return played


@given(RULES, MORNINGS, MUTES)
def test_nothing_is_announced_while_muted(rule: Rule, mornings: list[str], mutes: dict[int, int]) -> None:
    assert all(not news for _, news, was_muted in play(rule, mornings, mutes) if was_muted)


@given(RULES, MORNINGS, MUTES)
def test_announcements_alternate_and_only_what_fired_recovers(
    rule: Rule, mornings: list[str], mutes: dict[int, int]
) -> None:
    said = [one for _, news, _ in play(rule, mornings, mutes) for one in news]
    ends = [one for one in said if one in {News.FIRED, News.RECOVERED}]
    assert ends == [News.FIRED, News.RECOVERED] * (len(ends) // 2) + [News.FIRED] * (len(ends) % 2)
    told = False
    for one in said:
        assert told or one is News.FIRED
        told = one is not News.RECOVERED


@given(RULES, MORNINGS, MUTES)
def test_an_episode_is_told_at_most_once(rule: Rule, mornings: list[str], mutes: dict[int, int]) -> None:
    played = play(rule, mornings, mutes)
    fired = [standing.episode for standing, news, _ in played if News.FIRED in news]
    assert fired == list(range(1, len(fired) + 1))


@given(RULES, MORNINGS)
def test_a_mute_delays_but_does_not_change_what_is_judged(rule: Rule, mornings: list[str]) -> None:
    loud, quiet = play(rule, mornings, {}), play(rule, mornings, {0: 99})
    assert [one.tracks for one, _, _ in loud] == [one.tracks for one, _, _ in quiet]


@given(RULES, MORNINGS, st.integers(0, 39))
def test_what_is_owed_after_a_mute_is_said_once(rule: Rule, mornings: list[str], until: int) -> None:
    """At the end of the mute exactly one thing is said if the open episode was not told, nothing the morning after."""
    played = play(replace(rule, remind_days=0), mornings, {0: until + 1})
    for i, (standing, news, _) in enumerate(played):
        if i == until + 1:
            fires = any(track.state is State.FIRING for track in standing.tracks)
            assert news == ((News.FIRED,) if fires else ())
            again = step(standing, sight(i, GOOD, GOOD), replace(rule, remind_days=0), at(i))
            assert again == (standing, ()), "a morning that was looked at owes nothing more"


@given(RULES, MORNINGS, MUTES)
def test_every_track_fires_only_after_enough_bad_mornings(
    rule: Rule, mornings: list[str], mutes: dict[int, int]
) -> None:
    before: Standing = Standing()
    for i, (standing, _, _) in enumerate(play(rule, mornings, mutes)):
        was = {track.label: track.state for track in before.tracks}
        for track in standing.tracks:
            if track.state is State.FIRING and was.get(track.label, State.OK) in {State.OK, State.PENDING}:
                assert sum(track.window) >= rule.bad
            if track.state is State.RECOVERING:
                assert was[track.label] in {State.FIRING, State.RECOVERING}, f"morning {i}"
        before = standing


@given(RULES, MORNINGS, MUTES, st.integers(1, 39))
def test_a_restart_in_the_middle_changes_nothing(
    rule: Rule, mornings: list[str], mutes: dict[int, int], cut: int
) -> None:
    """The standing is all there is to remember: every morning shown twice gives the same news."""
    standing, said = Standing(), []
    for i, letters in enumerate(mornings):
        if i in mutes:
            standing = muted(standing, at(i + mutes[i]), "U1")
        for _ in range(2 if i == cut else 1):
            standing, news = step(standing, sight(i, *(LETTERS[letter] for letter in letters)), rule, at(i))
            said.extend(news)
    assert said == [one for _, news, _ in play(rule, mornings, mutes) for one in news]
