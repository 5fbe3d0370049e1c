"""Where does an uploaded file go?

Three steps, as in Slack: ask for an address, send the bytes there, share it.
The last step names a channel by id and gives no message ts back. A person's own
files take the same way (`doings.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.shapes import file_shape
from bot.local_slack.workspace import BOT_USER, File, Message, Workspace

MOST_BYTES: Final = 1 << 30


def upload_address(call: Call) -> Answer:
    """files.getUploadURLExternal."""
    name, length = call.needed("filename"), call.number("length", 0, MOST_BYTES)
    file = announce(call.workspace, BOT_USER, name, length)
    return {"ok": True, "upload_url": f"{call.workspace.url}/upload/{file.id}", "file_id": file.id}


def announce(workspace: Workspace, owner: str, name: str, length: int) -> File:
    """Make room for a file whose bytes are to come."""
    with workspace.changed:
        file = File(workspace.new_id("F"), name, length, created=int(workspace.clock.now()), user=owner)
        workspace.files[file.id] = file
    return file


def receive(workspace: Workspace, file_id: str, content: bytes) -> tuple[int, str]:
    """Take the bytes of a file that was announced; return status and body."""
    file = workspace.files.get(file_id)
    if file is None:
        return 404, "not found"
    if len(content) != file.length:
        return 400, f"announced {file.length} bytes, received {len(content)}"
    file.content = content
    return 200, f"OK - {len(content)}"


def complete(call: Call) -> Answer:
    """files.completeUploadExternal: share what was uploaded."""
    wanted = call.structure("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
        raise Refused("invalid_arguments")
    found = [_uploaded(call, str(one.get("id", "")), str(one.get("title", ""))) for one in wanted]
    if call.text("channel_id"):
        _share(call, found)
    return {"ok": True, "files": [file_shape(file, call.workspace.url) for file in found]}


def info(call: Call) -> Answer:
    """files.info."""
    return {"ok": True, "file": file_shape(_known(call, call.needed("file")), call.workspace.url)}


def delete(call: Call) -> Answer:
    """files.delete: the file goes, and leaves the messages that showed it."""
    file = _known(call, call.needed("file"))
    del call.workspace.files[file.id]
    for channel in file.channels:
        for message in [m for m in call.workspace.messages[channel] if file.id in m.files]:
            call.workspace.put(replace(message, files=tuple(f for f in message.files if f != file.id)))
    return {"ok": True}


def _known(call: Call, file_id: str) -> File:
    file = call.workspace.files.get(file_id)
    if file is None:
        raise Refused("file_not_found")
    return file


def _uploaded(call: Call, file_id: str, title: str) -> File:
    file = _known(call, file_id)
    if file.content is None:
        raise Refused("file_not_found")
    file.title = title or file.name
    return file


def _share(call: Call, files: list[File]) -> None:
    channel = call.channel("channel_id")
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.is_read_only:
        raise Refused("restricted_action_read_only_channel")
    if BOT_USER not in channel.members:
        raise Refused("not_in_channel")
    thread = call.text("thread_ts")
    if thread and call.workspace.find_message(channel.id, thread) is None:
        raise Refused("thread_not_found")
    for file in files:
        file.channels = (*file.channels, channel.id)
    call.workspace.post(
        Message(
            channel=channel.id,
            ts=call.workspace.new_ts(),
            user=BOT_USER,
            text=call.text("initial_comment"),
            thread_ts=thread,
            files=tuple(file.id for file in files),
            via=call.method,
        )
    )


METHODS: Final = {
    "files.getUploadURLExternal": Method(upload_address, "files:write"),
    "files.completeUploadExternal": Method(complete, "files:write"),
    "files.info": Method(info, "files:read"),
    "files.delete": Method(delete, "files:write"),
}
