"""What does a supervisor or a monitor hear on the loopback port: alive, ready, and how are the mornings?

/healthz: the age of the last tick. /readyz: each dependency with its reason. /metrics: Prometheus.
No figure of the shop is told here.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import structlog

from bot.watch.pulse import LONGEST_SECONDS

if TYPE_CHECKING:
    from prometheus_client.core import CollectorRegistry

    from bot.present.watching import PastMorning

HOST = "127.0.0.1"
LATENESS_BUCKETS = (30, 60, 120, 300, 900, 3600, 14400, 43200)

log = structlog.get_logger("asakai.watch")

Check = Callable[[], str]
"""Why a dependency cannot be used; "" where it can."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the three addresses tell."""

    tick_age_seconds: Callable[[], float]
    checks: Mapping[str, Check]
    mornings: Callable[[], Sequence[PastMorning]]
    twins: Callable[[], int] = lambda: 0

    def alive(self) -> tuple[int, dict[str, object]]:
        """Whether ticks come."""
        age = self.tick_age_seconds()
        return (200 if age < LONGEST_SECONDS else 503), {"tick_age_seconds": round(age, 1)}

    def ready(self) -> tuple[int, dict[str, object]]:
        """Whether everything that a morning needs is there."""
        found = {name: _asked(name, check) for name, check in self.checks.items()}
        return (503 if any(found.values()) else 200), {name: why or "ok" for name, why in found.items()}

    def metrics(self) -> bytes:
        """The text that Prometheus reads."""
        from prometheus_client import CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415  only where asked

        registry = CollectorRegistry()
        Gauge("asakai_tick_age_seconds", "Age of the last tick", registry=registry).set(self.tick_age_seconds())
        twins = Gauge("asakai_twins_removed", "Messages that were posted twice and taken away", registry=registry)
        twins.set(self.twins())
        ready = Gauge("asakai_ready", "Whether a dependency can be used", ["dependency"], registry=registry)
        for name, check in self.checks.items():
            ready.labels(name).set(0 if _asked(name, check) else 1)
        self._mornings(registry)
        return generate_latest(registry)

    def _mornings(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Gauge  # noqa: PLC0415  the same

        mornings = self.mornings()
        states = Counter(one.state for one in mornings)
        count = Gauge("asakai_mornings", "The last 14 digests by state", ["state"], registry=registry)
        for state, number in sorted(states.items()):
            count.labels(state).set(number)
        late = [one.late_seconds for one in mornings if one.late_seconds is not None]
        worst = Gauge("asakai_lateness_seconds_max", "The latest of the last 14 digests", registry=registry)
        worst.set(max(late, default=0.0))
        newest = Gauge("asakai_last_sent_timestamp_seconds", "When the newest digest was sent", registry=registry)
        newest.set(max((one.sent_at.timestamp() for one in mornings if one.sent_at), default=0.0))


def _asked(name: str, check: Check) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  a check that fails is an answer: not ready
        log.warning("not_ready", dependency=name, why=type(error).__name__)
        return type(error).__name__


def serve_health(health: Health, port: int) -> tuple[int, Callable[[float], bool]]:
    """Listen on loopback; gives the port and how to close."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    self._json(*health.alive())
                case "/readyz":
                    self._json(*health.ready())
                case "/metrics":
                    self._say(200, health.metrics(), "text/plain; version=0.0.4; charset=utf-8")
                case _:
                    self._json(404, {"try": ["/healthz", "/readyz", "/metrics"]})

        def _json(self, status: int, body: dict[str, object]) -> None:
            self._say(status, json.dumps(body, ensure_ascii=False).encode() + b"\n", "application/json")

        def _say(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: a probe comes every few seconds."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="health", daemon=True)
    thread.start()

    def close(within_seconds: float) -> bool:
        server.shutdown()
        server.server_close()
        thread.join(within_seconds)
        return not thread.is_alive()

    return int(server.server_address[1]), close
