"""What did the page ask to do, and is it possible there?

Names become people, places, messages and views; what does not fit is refused by a code that
the page can show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.local_slack.acting import MENTION, People
from bot.local_slack.delivery import Delivery
from bot.local_slack.files import MOST_BYTES, announce
from bot.local_slack.forms import Typed, refused_fields, state_of
from bot.local_slack.seen import can_write, may_see
from bot.local_slack.workspace import BOT_USER, Channel, Message, User, View

Asked = Mapping[str, Any]


class Unfit(Exception):
    """It cannot be done; `error` says why in a code, `more` what else the page should know."""

    def __init__(self, error: str, **more: Any) -> None:  # noqa: ANN401 - any JSON
        self.error = error
        self.more = more
        super().__init__(error)


def act(people: People, asked: Asked) -> dict[str, Any]:
    """Do one thing for a person; return what the page is told at once."""
    do = DOINGS.get(str(asked.get("do", "")))
    if do is None:
        raise Unfit("unknown_doing", known=sorted(DOINGS))
    user = people.workspace.find_user(_text(asked, "user"))
    if user is None or user.is_bot:
        raise Unfit("user_not_found")
    return do(people, user, asked)


def _say(people: People, user: User, asked: Asked) -> dict[str, Any]:
    place, text = _writable(people, user, asked), _text(asked, "text")
    if not text.strip():
        raise Unfit("no_text")
    said = people.say(user, place, _named(people, text), _text(asked, "thread_ts"))
    return {"doing": None, "ts": said.ts}


def _announce(people: People, user: User, asked: Asked) -> dict[str, Any]:
    """The first step of an upload: where the bytes go."""
    name, length = _text(asked, "name"), asked.get("length")
    if not name or not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Unfit("invalid_arguments")
    if length > MOST_BYTES:
        raise Unfit("file_too_large")
    file = announce(people.workspace, user.id, name, length)
    return {"file": file.id, "upload": f"/upload/{file.id}"}


def _drop(people: People, user: User, asked: Asked) -> dict[str, Any]:
    """The last one: a message shows what was sent."""
    place, thread, named = _writable(people, user, asked), _text(asked, "thread_ts"), asked.get("files")
    if not isinstance(named, list) or not named:
        raise Unfit("no_file")
    files = [people.workspace.files.get(str(one)) for one in named]
    own = [one for one in files if one is not None and one.user == user.id and one.content is not None]
    if len(own) < len(files):
        raise Unfit("file_not_found")
    if thread and people.workspace.find_message(place.id, thread) is None:
        raise Unfit("thread_not_found")
    said, heard = people.drop(user, place, own, _named(people, _text(asked, "text")), thread)
    return {"doing": heard[0].id or None, "ts": said.ts}


def _command(people: People, user: User, asked: Asked) -> dict[str, Any]:
    place = _writable(people, user, asked)
    command, _, text = _text(asked, "text").strip().partition(" ")
    if command not in {one.command for one in people.features.commands}:
        raise Unfit("unknown_command", command=command)
    return _told(people.command(user, place, command, text.strip()))


def _press(people: People, user: User, asked: Asked) -> dict[str, Any]:
    name, block_id, value = _text(asked, "action_id"), _text(asked, "block_id"), asked.get("value")
    if asked.get("view"):
        view = _view(people, user, asked, home=True)
        return _told(people.press_view(view, name, value, block_id=block_id, typed=_typed(asked)))
    message = _message(people, user, asked)
    return _told(people.press(user, message, name, value, block_id=block_id, typed=_typed(asked)))


def _options(people: People, user: User, asked: Asked) -> dict[str, Any]:
    name, block_id, text = _text(asked, "action_id"), _text(asked, "block_id"), _text(asked, "value")
    if asked.get("view"):
        return _told(people.type_into(user, _view(people, user, asked, home=True), (block_id, name), text))
    return _told(people.type_into(user, _message(people, user, asked), (block_id, name), text))


def _submit(people: People, user: User, asked: Asked) -> dict[str, Any]:
    view = _view(people, user, asked)
    values = state_of(view.body["blocks"], _typed(asked))
    refused = refused_fields(view.body["blocks"], values)
    if refused:
        raise Unfit("invalid_fields", errors=refused)
    return _told(people.submit(view, values))


def _close(people: People, user: User, asked: Asked) -> dict[str, Any]:
    return _told(people.close(_view(people, user, asked), cleared=bool(asked.get("cleared"))))


def _shortcut(people: People, user: User, asked: Asked) -> dict[str, Any]:
    return _told(people.shortcut(user, _known_shortcut(people, asked, "global")))


def _message_shortcut(people: People, user: User, asked: Asked) -> dict[str, Any]:
    name = _known_shortcut(people, asked, "message")
    return _told(people.message_shortcut(user, _message(people, user, asked), name))


def _home(people: People, user: User, asked: Asked) -> dict[str, Any]:
    tab = _text(asked, "tab") or "home"
    if tab not in {"home", "messages"}:
        raise Unfit("invalid_tab")
    people.workspace.direct_message(user.id)
    return _told(people.open_home(user, tab) if "app_home_opened" in people.features.events else None)


def _join(people: People, user: User, asked: Asked) -> dict[str, Any]:
    place = _place(people, user, asked)
    if place.is_archived or place.is_im:
        raise Unfit("cannot_join")
    people.join(user, place)
    return {"doing": None}


def _dismiss(people: People, user: User, asked: Asked) -> dict[str, Any]:
    message = _message(people, user, asked)
    if not message.only_to:
        raise Unfit("not_ephemeral")
    people.workspace.remove(message)
    return {"doing": None}


DOINGS: Final[Mapping[str, Callable[[People, User, Asked], dict[str, Any]]]] = {
    "say": _say,
    "announce": _announce,
    "drop": _drop,
    "command": _command,
    "press": _press,
    "options": _options,
    "submit": _submit,
    "close": _close,
    "shortcut": _shortcut,
    "message_shortcut": _message_shortcut,
    "home": _home,
    "join": _join,
    "dismiss": _dismiss,
}


def _told(delivery: Delivery | None) -> dict[str, Any]:
    return {"doing": delivery.id if delivery else None}


def _text(asked: Asked, name: str) -> str:
    value = asked.get(name)
    return value if isinstance(value, str) else ""


def _named(people: People, text: str) -> str:
    """What was typed, with @asakai as a mention."""
    return text.replace(f"@{people.workspace.users[BOT_USER].name}", MENTION)


def _typed(asked: Asked) -> Typed:
    values = asked.get("values") or {}
    if not isinstance(values, Mapping) or not all(isinstance(one, Mapping) for one in values.values()):
        raise Unfit("invalid_values")
    return values


def _place(people: People, user: User, asked: Asked) -> Channel:
    place = people.workspace.find_channel(_text(asked, "channel"))
    if place is None or not may_see(user, place):
        raise Unfit("channel_not_found")
    return place


def _writable(people: People, user: User, asked: Asked) -> Channel:
    place = _place(people, user, asked)
    if not can_write(user, place):
        raise Unfit("cannot_write")
    return place


def _message(people: People, user: User, asked: Asked) -> Message:
    place, ts, workspace = _place(people, user, asked), _text(asked, "ts"), people.workspace
    with workspace.changed:
        own = (m for m in workspace.ephemerals if (m.channel, m.only_to, m.ts) == (place.id, user.id, ts))
        found = workspace.find_message(place.id, ts) or next(own, None)
    if found is None:
        raise Unfit("message_not_found")
    return found


def _view(people: People, user: User, asked: Asked, *, home: bool = False) -> View:
    wanted = asked.get("view")
    tab = people.workspace.homes.get(user.id)
    if home and tab is not None and tab.id == wanted:
        return tab
    view = people.workspace.views.get(str(wanted))
    if view is None or view.user != user.id:
        raise Unfit("view_not_found")
    return view


def _known_shortcut(people: People, asked: Asked, kind: str) -> str:
    name = _text(asked, "callback_id")
    if (name, kind) not in {(one.callback_id, one.type) for one in people.features.shortcuts}:
        raise Unfit("unknown_shortcut")
    return name
