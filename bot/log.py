"""What does the log say, and what never?

One JSON object per line on stderr, from our code and from every library alike. Tokens and
e-mail addresses are blacked out in all of it, in messages, values and tracebacks.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SECRETS = (
    (re.compile(r"\bxox[a-z]?(?:\.xox[a-z])?-[A-Za-z0-9-]+"), "[token]"),
    (re.compile(r"\bxapp-[A-Za-z0-9-]+"), "[token]"),
    (re.compile(r"(https?://hooks\.slack\.com/\w+)/[^\s\"'\\]+"), r"\1/[secret]"),
    (re.compile(r"(?<=://)([^\s:/@]+):[^\s/@]+@"), r"\1:[password]@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
)
_LOUD = ("slack_sdk", "slack_bolt")
"""At DEBUG these write whole requests; `cap` keeps their children from it too."""

_CHATTY = ("apscheduler", "alembic")
"""At INFO these say two lines per tick, and the names of their plugins."""


def redact(text: str) -> str:
    """The text without tokens, passwords in addresses, and e-mail addresses."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def redacted(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Black out every value of a log line: the last processor before it is written."""
    return {redact(str(name)): _clean(value) for name, value in event.items()}


def _clean(value: object) -> object:
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, dict):
        return {redact(str(name)): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return redact(str(value))


class _Cap(logging.Filter):
    """Lets nothing of Slack's libraries below INFO through, whatever level somebody sets."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO or not record.name.startswith(_LOUD)


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logging to the stream as redacted JSON lines; to be called once, by the composition root."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_Cap())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redacted,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
