"""Is a figure where it must not be, for how long, and what has to be said?"""

from metrics.alert.judgement import (
    LOOK_BACK_DAYS,
    MINIMUM,
    TELLING,
    Judgement,
    Status,
    below_since,
    judge,
    missing,
    needed_to_judge,
)
from metrics.alert.rule import Evaluate, JudgeBy, Rule, Seen, Side, Sight, Verdict, Watching, is_beyond, verdict
from metrics.alert.standing import News, Standing, State, Track, acknowledged, forgotten, look, muted, speak, step

__all__ = [
    "LOOK_BACK_DAYS",
    "MINIMUM",
    "TELLING",
    "Evaluate",
    "JudgeBy",
    "Judgement",
    "News",
    "Rule",
    "Seen",
    "Side",
    "Sight",
    "Standing",
    "State",
    "Status",
    "Track",
    "Verdict",
    "Watching",
    "acknowledged",
    "below_since", "forgotten",
    "is_beyond", "judge",
    "look",
    "missing",
    "muted",
    "needed_to_judge",
    "speak",
    "step",
    "verdict",
]  # fmt: skip
