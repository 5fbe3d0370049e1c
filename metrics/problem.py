"""What can go wrong that a reader can put right?"""

from __future__ import annotations


class Problem(Exception):
    """An expected error: a message key, its values, and what to do next.

    Subclasses stand beside the function that raises them. `key` names the
    sentence in every language file (`problem.<key>`); `values` fill it.
    Anything that is raised and is not a Problem is a bug.
    """

    key: str = "unknown"

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(f"{self.key}: " + ", ".join(f"{k}={v!r}" for k, v in values.items()))
