"""What does Slack answer to this request?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.local_slack import chat, conversations, files, manifest, members, reactions, scheduled, views
from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.workspace import BOT, BOT_USER, TEAM, TEAM_NAME, Token, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS_SCOPE: Final = "connections:write"


def auth_test(call: Call) -> Answer:
    """auth.test."""
    return {
        "ok": True,
        "url": f"{call.workspace.url}/",
        "team": TEAM_NAME,
        "team_id": TEAM,
        "user": "asakai",
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


METHODS: Final[Mapping[str, Method]] = {
    "auth.test": Method(auth_test),
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **manifest.METHODS,
    **members.METHODS,
    **reactions.METHODS,
    **scheduled.METHODS,
    **views.METHODS,
}


def answer(
    workspace: Workspace, methods: Mapping[str, Method], name: str, args: Mapping[str, Any], token: str
) -> Answer:
    """Carry one request out or raise Refused; the token is checked before everything else."""
    method = methods.get(name)
    if method is None:
        raise Refused("unknown_method", req_method=name)
    with workspace.changed:
        known = known_token(workspace, token, method) if method.bearer else None
        call = Call(workspace, name, args, known)
        call.need_scope(method.scope)
        seconds = workspace.tiers.wait(name, token, workspace.clock.now())
        if seconds:
            raise Refused("ratelimited", status=429, headers={"Retry-After": str(seconds)})
        return method.run(call)


def known_token(workspace: Workspace, token: str, method: Method) -> Token:
    """Return what the token may do; refuse one that is absent, unknown, revoked or of the wrong kind."""
    if not token:
        raise Refused("not_authed")
    known = workspace.tokens.get(token)
    if known is None:
        raise Refused("invalid_auth")
    if known.revoked:
        raise Refused("token_revoked")
    if known.kind != method.bearer:
        raise Refused("not_allowed_token_type")
    return known
