"""Who is told when a morning does not come, and by what means?"""

from __future__ import annotations

from pydantic import Field, SecretStr

from bot.settings.section import Section


class Watch(Section):
    """Who hears when a morning does not come."""

    owner: str = Field(default="", max_length=80, examples=["U0123456789"])
    """Who is told, once, that a digest does not get through: a person (U…) or a channel (C…)."""
    obituary: bool = Field(default=True, examples=[True])
    """Whether Slack itself says 45 minutes after the time that nothing came: for when the bot is dead."""
    heartbeat_url: SecretStr | None = Field(default=None, examples=["https://hc-ping.com/…"])
    """An address that is called once a minute while all is well. Secret."""
    port: int | None = Field(default=None, ge=0, le=65535, examples=[9464])
    """The loopback port of /healthz, /readyz and /metrics; without one they are off."""
