"""Which modals and home tabs are open?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.call import Answer, Call, Method, Refused, refuse_flaws
from bot.local_slack.shapes import view_shape
from bot.local_slack.validation import check_view
from bot.local_slack.workspace import Trigger, View, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK: Final = 3
MOST_BYTES: Final = 250_000


def open_view(call: Call) -> Answer:
    """views.open: a modal for whoever holds the trigger."""
    body = _body(call, "modal")
    trigger = _take_trigger(call)
    return _shown(_keep(call.workspace, body, trigger.user))


def push_view(call: Call) -> Answer:
    """views.push: a modal above the one on top; at most three."""
    body = _body(call, "modal")
    trigger = _take_trigger(call)
    below = [view for view in call.workspace.views.values() if view.user == trigger.user]
    if not below:
        raise Refused("not_found")
    if len(below) >= STACK:
        raise Refused("push_limit_reached")
    return _shown(_keep(call.workspace, body, trigger.user, previous=below[-1].id))


def update_view(call: Call) -> Answer:
    """views.update: by view_id or external_id, and only over the version it knows."""
    wanted, external = call.text("view_id"), call.text("external_id")
    views = call.workspace.views.values()
    old = next((v for v in views if v.id == wanted or (external and v.body.get("external_id") == external)), None)
    if old is None:
        raise Refused("not_found")
    _refuse_stale(call, old)
    body = _body(call, "modal", instead_of=old.id)
    new = View(old.id, old.user, body, call.workspace.new_id("h"), old.previous)
    with call.workspace.changed:
        call.workspace.views[new.id] = new
        call.workspace.changed.notify_all()
    return _shown(new)


def publish_view(call: Call) -> Answer:
    """views.publish: one person's home tab."""
    user = call.needed("user_id")
    if user not in call.workspace.users:
        raise Refused("user_not_found")
    old = call.workspace.homes.get(user)
    if old is not None:
        _refuse_stale(call, old)
    body = _body(call, "home", instead_of=old.id if old else "")
    with call.workspace.changed:
        view = View(old.id if old else call.workspace.new_id("V"), user, body, call.workspace.new_id("h"))
        call.workspace.homes[user] = view
        call.workspace.changed.notify_all()
    return _shown(view)


def after_submission(workspace: Workspace, submitted: str, payload: Mapping[str, Any]) -> str:
    """Carry out what the ack of a submitted modal says; return an error code when it cannot be shown."""
    with workspace.changed:
        view = workspace.views.get(submitted)
        action = payload.get("response_action", "close")
        if view is None or action == "errors":
            return ""
        if action in {"update", "push"}:
            body = payload.get("view", {})
            if check_view(body):
                return "invalid_arguments"
            name, below = (view.id, view.previous) if action == "update" else (workspace.new_id("V"), view.id)
            workspace.views[name] = View(name, view.user, body, workspace.new_id("h"), below)
            return ""
        gone = [view] if action == "close" else [v for v in workspace.views.values() if v.user == view.user]
        for one in gone:
            del workspace.views[one.id]
        return ""


def close_view(workspace: Workspace, view: View, *, cleared: bool) -> None:
    """Take a modal from a person's stack, with what lies above it; `cleared` takes all."""
    with workspace.changed:
        stack = [one for one in workspace.views.values() if one.user == view.user]
        names = [one.id for one in stack]
        if view.id in names:
            for gone in stack if cleared else stack[names.index(view.id) :]:
                del workspace.views[gone.id]
        workspace.changed.notify_all()


def new_trigger(workspace: Workspace, user: str) -> str:
    """Return a trigger_id that opens one view within three seconds."""
    name = workspace.new_id("trigger.")
    workspace.triggers[name] = Trigger(user, workspace.clock.now())
    return name


def _take_trigger(call: Call) -> Trigger:
    trigger = call.workspace.triggers.get(call.needed("trigger_id"))
    if trigger is None:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if call.workspace.clock.now() - trigger.created_at > call.workspace.trigger_seconds:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger


def _body(call: Call, kind: str, *, instead_of: str = "") -> Mapping[str, Any]:
    view = call.structure("view", "invalid_arguments")
    refuse_flaws(check_view(view))
    if len(json.dumps(view, ensure_ascii=False).encode()) > MOST_BYTES:
        raise Refused("view_too_large")
    name = view.get("external_id")
    others = [*call.workspace.views.values(), *call.workspace.homes.values()]
    if name and any(one.body.get("external_id") == name and one.id != instead_of for one in others):
        raise Refused("duplicate_external_id")
    if view["type"] != kind:
        raise Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a {kind} view"]})
    body: Mapping[str, Any] = view
    return body


def _refuse_stale(call: Call, old: View) -> None:
    known = call.text("hash")
    if known and known != old.hash:
        raise Refused("hash_conflict")


def _keep(workspace: Workspace, body: Mapping[str, Any], user: str, previous: str = "") -> View:
    with workspace.changed:
        view = View(workspace.new_id("V"), user, body, workspace.new_id("h"), previous)
        workspace.views[view.id] = view
        workspace.changed.notify_all()
        return view


def _shown(view: View) -> Answer:
    return {"ok": True, "view": view_shape(view)}


METHODS: Final = {
    "views.open": Method(open_view),
    "views.push": Method(push_view),
    "views.update": Method(update_view),
    "views.publish": Method(publish_view),
}
