"""How is an alert rule written down, in shop.toml or in a form in Slack?

The text under each field is its manual; docs/settings.md is made from it. The same fields are kept in
the state database for rules made in Slack.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from metrics.segment import ALL

LONGEST_NAME: Final = 60
_MENTION: Final = re.compile(r"[UWS][A-Z0-9]{2,20}")
_SHARES_ONLY: Final = frozenset({"change"})


def _list(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    return json.loads(value)


class AlertRule(BaseModel):
    """A rule of its own: which figure, of whom, and when it is said where. One `[[alerts]]` each."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, validate_default=True
    )

    name: str = Field(max_length=LONGEST_NAME, examples=["LINEのリピート率"])
    """What the rule is called; each name once."""
    watch: Literal["threshold", "change", "freshness"] = Field(default="threshold", examples=["threshold", "change"])
    """`threshold`: a figure against a value; `change`: the repeat rate against the shop's own of the half year before
    (CUSUM); `freshness`: days without a new order."""
    figure: str = Field(default="repeat", examples=["repeat", "gap_median", "pre_dormant"])
    """Which figure: a name of docs/figures.md that is told by segment."""
    dimension: str = Field(default=ALL, examples=["channel"])
    """By which segment; `all`: everyone."""
    label: str | None = Field(default=None, max_length=200, examples=["LINE"])
    """Which segment of it; without one, each."""
    side: Literal["below", "above"] = Field(default="below", examples=["below", "above"])
    """Which side of the threshold is bad. Freshness: always above."""
    threshold: float | None = Field(default=None, examples=[0.2, 60])
    """The value: a share as 0.2, days and customers as numbers. A share's default is the target; `change` needs
    none."""
    back: float | None = Field(default=None, examples=[0.22])
    """At which value it is good again; without one, at the threshold."""
    judge: Literal["interval", "point"] = Field(default="interval", examples=["interval", "point"])
    """`interval`: bad only when the whole 95 % interval is; `point`: as soon as the value is. Figures without an
    interval are judged by their value."""
    bad: int = Field(default=1, ge=1, le=60, examples=[2])
    """On how many of the last `of` mornings it must be bad."""
    of: int = Field(default=1, ge=1, le=60, examples=[3])
    """Of how many mornings; those that cannot be judged do not count."""
    good: int = Field(default=1, ge=1, le=60, examples=[2])
    """On how many mornings in a row it must be good to be over."""
    minimum: int | None = Field(default=None, ge=0, le=1_000_000, examples=[100])
    """Fewer customers than this are not judged; without it 30, none for numbers of customers."""
    evaluate: Literal["daily", "business_days", "weekly"] = Field(default="daily", examples=["daily", "weekly"])
    """Of which mornings it judges: every one, those of business days, or Mondays. It is said on business days only."""
    remind_days: int = Field(default=7, ge=0, le=365, examples=[7])
    """Say in the thread again that it lasts, after so many days, until someone acknowledges. 0: never."""
    rest_days: int = Field(default=0, ge=0, le=365, examples=[14])
    """After an end, do not fire again for so many days."""
    channels: Annotated[tuple[str, ...], BeforeValidator(_list)] = Field(default=(), examples=[["C0123456789"]])
    """Where it is said; without any, where the digest's alert goes."""
    mention: str = Field(default="", examples=["U0123456789", "S0123456789"])
    """Who is called when it fires: one person (U…) or one group (S…). Never a whole channel."""
    owner: str = Field(default="", max_length=80, examples=["U0123456789"])
    """Whose rule it is, as the list of rules says."""
    enabled: bool = Field(default=True, examples=[False])
    """Whether it runs."""

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not name.strip() or not name.isprintable() or name != name.strip():
            raise ValueError("a name of one line")
        return name

    @field_validator("figure")
    @classmethod
    def _watched(cls, name: str, info: ValidationInfo) -> str:
        from metrics.watch import WATCHED  # noqa: PLC0415  the catalogue brings numpy, which help must not wait for

        known = ("repeat",) if info.data.get("watch") in _SHARES_ONLY else WATCHED
        if name not in known:
            raise ValueError("a figure by segment")
        return name

    @field_validator("label")
    @classmethod
    def _of_a_dimension(cls, label: str | None, info: ValidationInfo) -> str | None:
        if label is not None and info.data.get("dimension") == ALL:
            raise ValueError("a segment has a dimension")
        return label

    @field_validator("threshold")
    @classmethod
    def _fits_the_unit(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "figure" not in info.data:  # that is said already
            return value
        share = is_share(str(info.data.get("watch")), str(info.data.get("figure")))
        if value is None:
            if not share:
                raise ValueError("a threshold")
            return None
        if not (0 < value < 1 if share else 0 <= value < 1e9):  # noqa: PLR2004  no shop has a billion customers
            raise ValueError("a share between 0 and 1, or a number")
        return value

    @field_validator("back")
    @classmethod
    def _on_the_good_side(cls, value: float | None, info: ValidationInfo) -> float | None:
        threshold = info.data.get("threshold")
        if value is not None and threshold is not None:
            better = value - threshold if info.data.get("side") == "below" else threshold - value
            if better < 0 or not value == value:  # noqa: PLR0124  nan
                raise ValueError("on the good side of the threshold")
        return value

    @field_validator("of")
    @classmethod
    def _at_least_bad(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("bad", 1):
            raise ValueError("at least `bad`")
        return value

    @field_validator("mention")
    @classmethod
    def _somebody(cls, value: str) -> str:
        if value and not _MENTION.fullmatch(value):
            raise ValueError("a person U… or a group S…")
        return value


def is_share(watch: str, figure: str) -> bool:
    """Whether a rule's threshold is a share."""
    if watch == "freshness":
        return False
    from metrics.catalog import CATALOG, Unit  # noqa: PLC0415  see above

    return any(known.name == figure and known.unit is Unit.SHARE for known in CATALOG)


def rules_of(value: object) -> object:
    """A list of rules; in an environment variable written as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def each_once(rules: tuple[AlertRule, ...]) -> tuple[AlertRule, ...]:
    """Refuse two rules of one name, and the name of the rule that is always there."""
    names = [rule.name.casefold() for rule in rules]
    if len(set(names)) < len(names) or DEFAULT_RULE in names:
        raise ValueError("each name once")
    return rules


DEFAULT_RULE: Final = "repeat"
"""The name of the rule that `[alert]` sets."""

AlertRules = Annotated[tuple[AlertRule, ...], BeforeValidator(rules_of)]
