"""What may an app say through a response_url, and how often?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.call import Call, Refused
from bot.local_slack.chat import compose
from bot.local_slack.workspace import Message, ResponseUrl, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

USES: Final = 5
SECONDS: Final = 30 * 60
VIA: Final = "response_url"


def new_response_url(workspace: Workspace, channel: str, user: str, source: Message | None = None) -> ResponseUrl:
    """Return an address that answers one interaction."""
    made = ResponseUrl(workspace.new_id("R"), channel, user, workspace.clock.now(), source)
    workspace.response_urls[made.id] = made
    return made


def respond(workspace: Workspace, response_id: str, body: Mapping[str, Any]) -> Message | None:
    """Carry out one post to a response_url; raise Refused as Slack does."""
    url = workspace.response_urls.get(response_id)
    if url is None or workspace.clock.now() - url.created_at > SECONDS:
        raise Refused("expired_url", status=404)
    if url.used >= USES:
        raise Refused("used_url", status=404)
    said = say(workspace, url, body, VIA)
    url.used += 1
    return said


def say(workspace: Workspace, url: ResponseUrl, body: Mapping[str, Any], via: str) -> Message | None:
    """Post, replace or delete for an interaction; only its user sees it unless told otherwise."""
    call = Call(workspace, via, body)
    if call.flag("delete_original"):
        if url.source is not None:
            workspace.remove(url.source)
        return None
    composed = replace(compose(call, url.channel), via=via)
    if url.source is not None and call.flag("replace_original"):
        now = workspace.new_ts()
        kept = replace(url.source, text=composed.text, blocks=composed.blocks, edited_ts=now)
        return workspace.put(kept)
    everyone = call.text("response_type") == "in_channel"
    return workspace.post(replace(composed, only_to="" if everyone else url.user))
