"""How does a command line end: with which exit code, and with which sentence?

0 done, 1 the data or the world said no (one sentence on stderr), 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.hands import Code
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import typer

    from bot.hands import Telling
    from bot.language import Language

FAILED: Final = 1
INTERRUPTED: Final = 130


class FileFailed(Problem):
    """The system did not let us read or write a file."""

    key = "file_failed"


@dataclass(frozen=True, slots=True)
class Ending:
    """Runs a command line to its end. `language`: of --lang, else of whoever sits there."""

    app: typer.Typer
    language: Callable[[str | None], Language]
    tell: Telling

    def called(self, arguments: Sequence[str]) -> int:
        """Run it; whatever happens becomes an exit code and at most one sentence."""
        code = self._run(arguments)
        if code == INTERRUPTED:
            self.tell(["", self._language(arguments).say("cli.interrupted")], error=True)
        return code

    def _run(self, arguments: Sequence[str]) -> int:
        try:
            self.app(list(arguments), prog_name="asakai")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else FAILED
        except Problem as problem:
            self._complain(problem, arguments)
        except KeyboardInterrupt:
            return INTERRUPTED
        except OSError as error:
            failed = FileFailed(file=str(error.filename or "stdout"), reason=error.strerror or str(error))
            self._complain(failed, arguments)
        except Exception as error:
            if str(error) == "Query interrupted":  # so DuckDB says that a key was pressed
                return INTERRUPTED
            if "--debug" in arguments:
                raise
            self._confess(error, arguments)
        return FAILED

    def _complain(self, problem: Problem, arguments: Sequence[str]) -> None:
        if "--debug" in arguments:
            import traceback

            traceback.print_exception(problem)
        from bot.present.problem import sentence

        self.tell([" ".join(sentence(problem, self._language(arguments)).split())], error=True)

    def _confess(self, error: Exception, arguments: Sequence[str]) -> None:
        from bot.console import note_bug

        number, log = note_bug(error)
        self.tell([self._language(arguments).say("cli.bug", id=number, log=str(log))], error=True)

    def _language(self, arguments: Sequence[str]) -> Language:
        return self.language(_asked_language(arguments))


def _asked_language(arguments: Sequence[str]) -> str | None:
    """The --lang of a command line that went wrong, wherever it stood."""
    joined = " ".join(arguments).replace("--lang=", "--lang ").split()
    after = dict(pairwise(joined)).get("--lang")
    return after if after in list(Code) else None
