"""What can the wire between the bot and its database do? Pass, crawl, swallow, reset, end in the middle."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from typing import Literal, Self

Mood = Literal["pass", "slow", "swallow", "reset", "half", "refuse"]


class FaultyWire:
    """A TCP proxy on loopback, in a thread of its own; `mood` may change at any time."""

    def __init__(self, host: str, port: int) -> None:
        self.mood: Mood = "pass"
        self.connections = 0
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._meet, sock=self._listener)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(20)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.mood == "refuse":
            writer.close()
            return
        there_reader, there = await asyncio.open_connection(*self._target)
        try:
            await asyncio.gather(self._carry(reader, there, back=False), self._carry(there_reader, writer, back=True))
        finally:
            writer.close()
            there.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if self.mood == "swallow":
                    continue
                if self.mood == "slow":
                    await asyncio.sleep(0.05)
                if self.mood == "reset":
                    _reset(writer)
                    return
                if self.mood == "half" and back:
                    writer.write(chunk[: max(1, len(chunk) // 2)])
                    await writer.drain()
                    return
                writer.write(chunk)
                await writer.drain()
        with suppress(OSError):
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
