"""What does a running local Slack consist of?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.local_slack.acting import People
    from bot.local_slack.agenda import Agenda
    from bot.local_slack.dispatch import Dispatch
    from bot.local_slack.faults import Faults
    from bot.local_slack.journal import Journal
    from bot.local_slack.sockets import Sockets
    from bot.local_slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server's addresses act on."""

    workspace: Workspace
    sockets: Sockets
    dispatch: Dispatch
    people: People
    faults: Faults
    journal: Journal
    agenda: Agenda
