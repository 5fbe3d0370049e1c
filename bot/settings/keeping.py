"""How long is written down who asked and did what?"""

from __future__ import annotations

from pydantic import Field

from bot.settings.section import Section


class Keeping(Section):
    """How long the state database keeps rows that name people. Looked after once a day while the bot runs."""

    audit_days: int = Field(default=730, ge=0, le=36500, examples=[730])
    """Days until a row of the audit is deleted: refusals, changes, exports. 0: never."""
    quota_days: int = Field(default=31, ge=2, le=36500, examples=[31])
    """Days until the count of what a person asked for on one day is deleted."""
