"""Who is in the workspace, and in which groups?"""

from __future__ import annotations

from typing import Final

from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.paging import page_of
from bot.local_slack.shapes import group_shape, user_shape


def user_info(call: Call) -> Answer:
    """users.info."""
    user = call.workspace.users.get(call.needed("user", "user_not_found"))
    if user is None:
        raise Refused("user_not_found")
    return {"ok": True, "user": user_shape(user, locale=call.flag("include_locale"))}


def user_list(call: Call) -> Answer:
    """users.list."""
    page, cursor = page_of(call, list(call.workspace.users.values()), 1000, 1000)
    shapes = [user_shape(user, locale=call.flag("include_locale")) for user in page]
    return {"ok": True, "members": shapes, "response_metadata": {"next_cursor": cursor}}


def group_list(call: Call) -> Answer:
    """usergroups.list: those in use, and the disabled ones when asked."""
    disabled, users = call.flag("include_disabled"), call.flag("include_users")
    found = [one for one in call.workspace.groups.values() if disabled or not one.is_disabled]
    return {"ok": True, "usergroups": [group_shape(one, users=users) for one in found]}


def group_users(call: Call) -> Answer:
    """usergroups.users.list."""
    group = call.workspace.groups.get(call.needed("usergroup", "no_such_subteam"))
    if group is None:
        raise Refused("no_such_subteam")
    if group.is_disabled and not call.flag("include_disabled"):
        raise Refused("subteam_disabled")
    return {"ok": True, "users": list(group.users)}


METHODS: Final = {
    "users.info": Method(user_info, "users:read"),
    "users.list": Method(user_list, "users:read"),
    "usergroups.list": Method(group_list, "usergroups:read"),
    "usergroups.users.list": Method(group_users, "usergroups:read"),
}
