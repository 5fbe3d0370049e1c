"""How does a room call Slack for something that is no delivery: a form, Home, a file?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from bot.delivery.post import (
    DEADLINE_SECONDS,
    ScopeMissing,
    SlackUnreachable,
    classify,
    refusal,
    unreachable,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk import WebClient


_TAKE_JSON = ("chat.", "views.", "conversations.open", "files.completeUploadExternal")
"""Slack reads a JSON body for these; for what only reads it wants a form."""


@dataclass(frozen=True, slots=True)
class WebCalls:
    """deed.Web on Slack's client: one try, within the deadline."""

    client: WebClient

    def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Slack's answer; raises the Problem behind a refusal or a silence."""
        body, form = (arguments, None) if method.startswith(_TAKE_JSON) else (None, arguments)
        try:
            data = within(DEADLINE_SECONDS, lambda: self.client.api_call(method, json=body, params=form)).data
        except SlackApiError as error:
            answer = classify(error)
            if answer.retry_after is not None:  # it will pass: what is remembered holds
                raise unreachable(answer) from error
            if needed := error.response.get("needed"):
                raise ScopeMissing(scopes=needed) from error
            raise refusal(answer.error, str(arguments.get("channel", ""))) from error
        except OSError as error:
            raise SlackUnreachable(reason=str(error)) from error
        return data if isinstance(data, dict) else {}
