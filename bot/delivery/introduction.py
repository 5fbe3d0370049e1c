"""What does Slack say of our tokens, and what does its clock show?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from slack_sdk.errors import SlackApiError

from bot.delivery.post import DEADLINE_SECONDS, SlackUnreachable, classify, refusal, within

if TYPE_CHECKING:
    from slack_sdk import WebClient


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who we are in the workspace. `scopes`: None where Slack did not say; `at`: Slack's clock."""

    team: str
    user: str
    scopes: frozenset[str] | None
    at: datetime | None


def introduced(client: WebClient) -> Introduction:
    """What auth.test says; raises TokenRefused or SlackUnreachable."""
    answer = _asked(client, "auth.test")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    scopes, at = headers.get("x-oauth-scopes"), headers.get("date")
    return Introduction(
        str(answer.get("team", "")),
        str(answer.get("user", "")),
        frozenset(part.strip() for part in scopes.split(",") if part.strip()) if scopes is not None else None,
        parsedate_to_datetime(at) if at else None,
    )


def opens_connections(client: WebClient) -> None:
    """Whether the app-level token may open a socket; raises TokenRefused or SlackUnreachable."""
    _asked(client, "apps.connections.open")


def _asked(client: WebClient, method: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  SlackResponse
    try:
        return within(DEADLINE_SECONDS, lambda: client.api_call(method))
    except SlackApiError as error:
        answer = classify(error)
        raise refusal(answer.error, "") from error
    except OSError as error:
        raise SlackUnreachable(reason=str(error)) from error
