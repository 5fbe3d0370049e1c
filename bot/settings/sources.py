"""Where do a shop's orders come from, and the tables beside them?"""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.settings.section import Names


def tables(value: object) -> object:
    """Allow JSON where a list of tables is wanted: an environment variable has only text."""
    return json.loads(value) if isinstance(value, str) and value.strip() else value or ()


def _table(value: object) -> object:
    """The same for one table."""
    return json.loads(value) if isinstance(value, str) and value.strip() else value or {}


def _patterns(channels: dict[str, str]) -> dict[str, str]:
    """Refuse what is no regular expression."""
    for pattern in channels:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError("regular expressions") from error
    return channels


class Source(BaseModel):
    """One of the shop's sources: a name, its files, and how they are read. Further keys are a mapping's.

    table: it holds no orders but a table beside them; of: the source whose customers its rows name.
    orders: the table or view of a url that holds them, instead of a select; in_place: whether they are
    queried there or copied by `asakai sync`; look_minutes: how long what was counted there is believed.
    prefix: what the names of WordPress's tables begin with, where it is not wp_.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^/\s]+$")]
    files: Names = ()
    preset: str = ""
    url: SecretStr | None = None
    select: str = ""
    table: Literal["", "channel_costs", "products", "nps", "subscriptions", "measures", "order_items"] = ""
    of: str = ""
    orders: str = Field(default="", max_length=200, pattern=r"^[^;\s]*$")
    in_place: bool | None = None
    prefix: str = Field(default="", max_length=40, pattern=r"^[A-Za-z0-9_]*$")
    look_minutes: int = Field(default=15, ge=1, le=1440)

    @property
    def query(self) -> str:
        """The SELECT that a url is asked; "" where only its preset knows."""
        return self.select or (f"SELECT * FROM {self.orders}" if self.orders else "")  # noqa: S608  the shop's own words

    @property
    def is_read_in_place(self) -> bool:
        """Whether its orders are queried where they are: where a SELECT gives our own column names."""
        plain = not self.preset and not {*(self.model_extra or {})} - {"zone"}
        told = plain if self.in_place is None else self.in_place
        return bool(self.url and self.query) and not self.table and told


def _named_once(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    if len({source.name for source in sources}) < len(sources):
        raise ValueError("names, each once")
    return sources


Sources = Annotated[tuple[Source, ...], BeforeValidator(tables), AfterValidator(_named_once)]

Channels = Annotated[dict[str, str], BeforeValidator(_table), AfterValidator(_patterns)]
