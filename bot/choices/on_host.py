"""What holds for whoever asks on the host: the same as in Slack?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.choices.chosen import WORKSPACE, Chosen
from bot.choices.effective import Effective, effective

if TYPE_CHECKING:
    from bot.settings import Settings


def in_force(settings: Settings) -> Effective:
    """What holds with what was chosen in Slack, where there is a state database; raises its Problem."""
    if "://" not in settings.state and not Path(settings.state).exists():
        return by_files(settings)
    from bot.choices.store import Choices  # noqa: PLC0415  who has no state does not pay for SQLAlchemy

    with closing(Choices.open(settings.state, WORKSPACE)) as kept:
        chosen = kept.read()
    return effective(settings, chosen) if chosen.version else by_files(settings)


def by_files(settings: Settings) -> Effective:
    """What holds by the files alone, where nothing was chosen or nothing can be read."""
    return replace(effective(settings, Chosen()), settings=settings)
