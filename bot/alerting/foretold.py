"""How would a shop's first rule speak this morning, if it fired?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.alerting.rules import every_rule
from bot.present.told import Told
from metrics.alert import Standing, look, speak

if TYPE_CHECKING:
    from datetime import datetime

    from bot.alerting.room import Desk
    from bot.settings import Settings


def foretold(desk: Desk, settings: Settings, now: datetime) -> Told:
    """What its alert would say of the last complete day; nothing is written down."""
    watched = every_rule(settings, ())[0]
    standing = Standing()
    for sight in desk.sights(watched.rule, [desk.as_of]):
        standing = look(standing, sight, watched.rule)
    standing, _ = speak(standing, watched.rule, now, may_speak=True)
    report = desk.alert(desk.as_of)
    return Told(watched.rule, standing, now, report, watched.owner, watched.mention, settings.target)
