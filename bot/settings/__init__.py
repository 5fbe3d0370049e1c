"""What can a shop set, and to what?

The text under each setting is its manual: docs/settings.md is made from it. A setting
comes from the environment (ASAKAI_…), else from `.env`, else from a secrets folder, else
from `shop.toml`, else it has the default given here (see `bot.settings.layers`).
"""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings.keeping import Keeping
from bot.settings.section import Names, Section, parts
from bot.settings.sources import Channels, Sources, tables
from bot.settings.told import Watch
from bot.settings.watching import AlertRules, each_once
from metrics.day import zone as zone_of
from metrics.problem import Problem
from metrics.rules import DELETED, EXCLUDED_STATUSES, PURCHASE_STATUSES, RETURNED_STATUSES, Rules
from metrics.segment import ALL, BUILT_IN, PURCHASE_COUNT, SHOP_COLUMNS, dimensions

CURRENCIES: Final = ("JPY", "USD", "EUR", "GBP")
"""Currencies whose smallest unit is known."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAIN_DIGEST: Final = "daily"
"""The name of the digest that the section `digest` describes."""
LONGEST_DIMENSION: Final = 60
NOT_A_DIMENSION: Final = frozenset({
    "", ALL, *(dimension.name for dimension in BUILT_IN),
    "source", "order_id", "customer_id", "ordered_at", "amount", "revenue", "refunded", "status", "subscription_id",
    "cycle_no", "first_flag", "seq", "batch", "gone", "order_hash", "customer_hash", "customer_check",
    "email", "phone",
})  # fmt: skip
"""Words that name something else, and what is kept only as a hash."""


class MissingSetting(Problem):
    """Something that is needed now has not been set."""

    key = "missing_setting"


def _known_zone(name: str) -> str:
    zone_of(name)
    return name


def _folded(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.strip().casefold() for value in values)


def _dimensions(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what the store keeps under another meaning, or could not tell apart."""
    folded = [name.strip().casefold() for name in names]
    if len(set(folded)) < len(folded) or any(name in NOT_A_DIMENSION for name in folded):
        raise ValueError("names of order columns, each once")
    if not all(name.isprintable() and len(name) <= LONGEST_DIMENSION for name in folded):
        raise ValueError("a name of one line")
    return tuple(name.strip() for name in names)


def _file(path: Path) -> Path:
    """Refuse what names no file: an empty text, a folder, a NUL."""
    if not path.name or not str(path).isprintable() or path.is_dir():
        raise ValueError("the name of a file")
    return path


def _clock(value: object) -> object:
    """Refuse numbers, which pydantic would take as seconds."""
    if isinstance(value, str) and ":" in value:
        return value
    if isinstance(value, time):
        return value
    raise ValueError("a time is written 08:30")


def _days(days: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse days that are neither a word for many nor weekdays."""
    if len(days) == 1 and days[0] in {"business", "every"}:
        return days
    if not days or not set(days) <= set(WEEKDAYS):
        raise ValueError("business, every, or weekdays such as mon, thu")
    return tuple(day for day in WEEKDAYS if day in days)


Statuses = Annotated[tuple[str, ...], BeforeValidator(parts), AfterValidator(_folded)]
Days = Annotated[tuple[date, ...], BeforeValidator(parts)]
Dimensions = Annotated[Names, AfterValidator(_dimensions)]
File = Annotated[Path, AfterValidator(_file)]
Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Weekdays = Annotated[Names, AfterValidator(_days)]
Share = Annotated[float, Field(gt=0, lt=1)]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2}|none)$")]


class Purchases(Section):
    """Which orders count as purchases. The store is built by these rules: changing one rebuilds it."""

    same_day: Literal["merge", "separate"] = Field(default="merge", examples=["merge", "separate"])
    """`merge`: a customer's orders of one local day are one purchase; `separate`: each order counts."""
    merge_minutes: int = Field(default=60, ge=0, le=1440, examples=[60])
    """An order at most this many minutes after the previous one belongs to it, even across midnight. 0: off."""
    excluded: Statuses = Field(default=EXCLUDED_STATUSES, examples=[["cancelled", "test"]])
    """Order statuses that are no purchase; `deleted` never is one."""
    returned: Statuses = Field(default=RETURNED_STATUSES, examples=[["returned"]])
    """Statuses of fully returned orders: no purchase, but a returned first order stays in the denominator."""
    purchase_statuses: Statuses = Field(default=PURCHASE_STATUSES, examples=[["paid", "shipped"]])
    """Statuses known to be purchases. Any other status counts too, and is listed."""
    zero_amounts: bool = Field(default=False, examples=[True])
    """Whether orders of amount 0 are purchases (points, gift cards, 100 % coupons)."""
    burn_in_days: int = Field(default=365, ge=0, le=3650, examples=[365])
    """A first purchase this soon after the first day of data is not trusted as first. Less where history is short."""
    subscription_first: Literal["own", "same"] = Field(default="own", examples=["own", "same"])
    """`own`: customers who begin with a subscription are a cohort of their own; `same`: they count with the others."""
    horizon_days: int = Field(default=180, ge=180, le=730, examples=[180])
    """Gaps longer than this are kept only as "later"; every morning's figures need 180."""


class Digest(Section):
    """The morning message."""

    channels: Names = Field(default=(), examples=[["C0123456789"]])
    """Channels that get it: ids (C…), or names with #."""
    at: Clock = Field(default=time(8, 30), examples=["08:30"])
    """At which time, in the shop's zone."""
    business_days_only: bool = Field(default=True, examples=[True])
    """Whether weekends, public holidays and company holidays are left out."""
    country: Country = Field(default="JP", examples=["JP", "none"])
    """Whose public holidays count (two letters), or `none`."""
    company_holidays: Days = Field(default=(), examples=[["2026-12-29", "2026-12-30"]])
    """Further days without a message."""
    working_days: Days = Field(default=(), examples=[["2026-05-02"]])
    """Days with a message although they are a weekend or holiday."""
    dimension: str = Field(default="", examples=["channel"])
    """By which segment the digest's table is; without it, the first of `dimensions`."""
    fresh_only: bool = Field(default=True, examples=[True])
    """Whether it waits until yesterday's orders are all there."""
    notice_after_minutes: int = Field(default=30, ge=1, le=600, examples=[30])
    """How long after its time the channel is told that data is missing."""
    sync_minutes: int = Field(default=20, ge=0, le=720, examples=[20])
    """How long before each digest the bot reads the shop's databases (`asakai sync`), where it has any. 0: never."""
    restatement_points: float = Field(default=0.5, gt=0, le=100, examples=[0.5])
    """From how many points on a posted repeat rate that has moved is mentioned."""


class OneDigest(Section):
    """A further digest: who gets it, when, and of which customers."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    title: str = Field(default="", max_length=60)
    channels: Names = ()
    at: Clock = time(8, 30)
    zone: Zone | None = None
    days: Weekdays = ("business",)
    language: Literal["ja", "en"] | None = None
    filters: dict[str, str] = Field(default_factory=dict)
    dimension: str = ""


def _each_once(digests: tuple[OneDigest, ...]) -> tuple[OneDigest, ...]:
    """Refuse two digests of one name, and the name of the main one."""
    if len({MAIN_DIGEST, *(digest.name for digest in digests)}) != len(digests) + 1:
        raise ValueError("names, each once")
    return digests


class Alert(Section):
    """The message when the repeat rate is below the threshold; once per episode."""

    enabled: bool = Field(default=True, examples=[False])
    """Whether alerts are posted."""
    threshold: Share | None = Field(default=None, examples=[0.2])
    """Below which rate; without it, the target."""
    judge: Literal["interval", "point"] = Field(default="interval", examples=["interval", "point"])
    """`interval`: only when the whole 95 % interval is below the threshold; `point`: as soon as the rate is."""
    channels: Names = Field(default=(), examples=[["C0123456789"]])
    """Channels that get it; without any, the digest's."""
    remind_days: int = Field(default=7, ge=0, le=365, examples=[7])
    """Say in its thread again that it lasts, after so many days, until someone acknowledges. 0: never."""
    mention: str = Field(default="", pattern=r"^([UWS][A-Z0-9]{2,20})?$", examples=["U0123456789"])
    """Who is called when it fires: one person (U…) or one group (S…). Never a whole channel."""


class Customers(Section):
    """How single customers are named to those who may see them."""

    allowed_users: Names = Field(default=(), examples=[["U0123456789"]])
    """Who may see single customers (user ids); without any, nobody."""
    show_ids: bool = Field(default=False, examples=[True])
    """Whether the shop's own customer ids are shown; otherwise a pseudonym."""
    pseudonym_key: SecretStr | None = Field(default=None, examples=["a long random text"])
    """The key of the pseudonyms. Secret. Without one they change with every start."""


class Export(Section):
    """Answers as files (CSV, Excel), sent in a direct message."""

    allowed_users: Names = Field(default=(), examples=[["U0123456789"]])
    """Who may have files, besides the people and groups that `slack` lists. Single customers also need `customers`."""
    allowed_groups: Names = Field(default=(), examples=[["S0123456789"]])
    """User groups (S…) whose members may have them too."""


class Slack(Section):
    """How the bot is connected."""

    mode: Literal["socket", "http"] = Field(default="socket", examples=["socket", "http"])
    """`socket`: Socket Mode, no inbound port; `http`: Slack calls the bot."""
    bot_token: SecretStr | None = Field(default=None, examples=["xoxb-…"])
    """The bot's token (xoxb-…). Secret."""
    app_token: SecretStr | None = Field(default=None, examples=["xapp-…"])
    """The app-level token for Socket Mode (xapp-…). Secret."""
    signing_secret: SecretStr | None = Field(default=None, examples=["…"])
    """The signing secret for HTTP mode. Secret."""
    base_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://", examples=["https://slack.com/api/"])
    """Where Slack is; another address only for the local Slack of the demo and the tests."""
    host: str = Field(default="127.0.0.1", examples=["0.0.0.0"])  # noqa: S104 - an example in the manual
    """On which address HTTP mode listens."""
    port: int = Field(default=3000, ge=0, le=65535, examples=[3000])
    """On which port HTTP mode listens."""
    native_blocks: bool = Field(default=True, examples=[False])
    """Whether Slack's own charts and tables are used; off: text only."""
    allowed_channels: Names = Field(default=(), examples=[["C0123456789"]])
    """Where figures are answered, besides the channels of the digest and the alert. Nowhere else."""
    allowed_users: Names = Field(default=(), examples=[["U0123456789"]])
    """Who gets figures in a direct message and in Home (user ids)."""
    allowed_groups: Names = Field(default=(), examples=[["S0123456789"]])
    """User groups (S…) whose members get them too."""
    people: Literal["everyone", "allowed"] = Field(default="everyone", examples=["everyone", "allowed"])
    """Who is answered in those channels: `everyone` in them, or only the `allowed` people. Guests never are."""
    admins: Names = Field(default=(), examples=[["U0123456789"]])
    """Who may change settings in Slack (user ids), and sees figures like the allowed people."""
    workspace_admins: bool = Field(default=False, examples=[True])
    """Whether the workspace's own admins and owners may, too."""


class Quotas(Section):
    """How much one person may ask for. 0: as much as they like."""

    questions_per_minute: int = Field(default=20, ge=0, examples=[20])
    """Questions in any 60 seconds, counted by each process."""
    questions_per_day: int = Field(default=500, ge=0, examples=[500])
    """Questions on one day of the shop's zone."""
    exports_per_day: int = Field(default=20, ge=0, examples=[20])
    """Files and customer lists on one day of the shop's zone."""


class Settings(BaseSettings):
    """A shop's settings. Frozen: whoever needs other ones makes a new object."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, validate_default=True
    )

    shop: str = Field(default="", max_length=80, examples=["月白コスメ"])
    """The shop's name, as messages say it."""
    language: Literal["ja", "en"] = Field(default="ja", examples=["ja", "en"])
    """The language of messages and of what commands say: `ja` or `en`. `--lang` outdoes it for one command."""
    zone: Zone = Field(default="Asia/Tokyo", examples=["Asia/Tokyo"])
    """The shop's time zone: decides which day an order belongs to. Orders are imported anew after a change."""
    currency: Literal["JPY", "USD", "EUR", "GBP"] = Field(default="JPY", examples=list(CURRENCIES))
    """The currency of all amounts. Orders are imported anew after a change."""
    target: Share = Field(default=0.20, examples=[0.2])
    """The 30-day first-repeat rate that the shop wants to reach."""
    dimensions: Dimensions = Field(default=SHOP_COLUMNS, examples=[["channel", "region", "product"]])
    """Order columns by which customers can be told apart (their value at the first purchase)."""
    store: File = Field(default=Path("asakai.duckdb"), examples=["asakai.duckdb"])
    """The file that holds the orders."""
    state: str = Field(default="asakai-state.sqlite", min_length=1, examples=["asakai-state.sqlite"])
    """Where deliveries are kept: a SQLite file, or a database URL for several replicas."""
    alerts: Annotated[AlertRules, AfterValidator(each_once)] = Field(
        default=(), examples=['[{"name": "LINE", "dimension": "channel", "label": "LINE", "threshold": 0.15}]']
    )
    """Further rules, each a table `[[alerts]]` of `shop.toml` (see below). In an environment variable: JSON."""

    digests: Annotated[tuple[OneDigest, ...], BeforeValidator(tables), AfterValidator(_each_once)] = Field(
        default=(), examples=['[{"name": "line", "channels": ["C0123456789"], "filters": {"channel": "LINE"}}]']
    )
    """Further digests, each a `[[digests]]`: name, channels, and if wanted title, at, zone, days, language, filters."""

    source: Sources = Field(
        default=(), examples=['[{"name": "honten", "files": "exports/*.csv", "preset": "eccube4"}]']
    )
    """The shop's sources, as tables `[[source]]` (docs/sources.md); without any, a file tells by itself what it is."""
    channels: Channels = Field(default={}, examples=['{"(?i)facebook|instagram": "Meta広告"}'])
    """Which channel a campaign, or what an order names as its channel, means: regular expressions."""
    deleted_percent: int = Field(default=5, ge=0, le=100, examples=[5])
    """How many percent of a database's last 90 days may be gone and taken as deleted; more may be half a load."""
    join_people: bool = Field(default=False, examples=[True])
    """Whether people are joined across sources by e-mail, then phone. Orders are imported anew after a change."""

    purchases: Purchases = Purchases()
    digest: Digest = Digest()
    alert: Alert = Alert()
    customers: Customers = Customers()
    export: Export = Export()
    slack: Slack = Slack()
    watch: Watch = Watch()
    quotas: Quotas = Quotas()
    keeping: Keeping = Keeping()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class names its arguments
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `bot.settings.layers` read; it alone looks at the environment and at files."""
        return (init_settings,)

    @property
    def dimension_names(self) -> tuple[str, ...]:
        """Every dimension that can be asked for."""
        return tuple(dimension.name for dimension in dimensions(self.dimensions))

    @property
    def rules(self) -> Rules:
        """The purchase rules for the store."""
        said = self.purchases.model_dump()
        # else an order that is there again in its database would not be known as one that was gone
        excluded = tuple(dict.fromkeys((*self.purchases.excluded, DELETED)))
        return Rules(zone=self.zone, currency=self.currency, columns=self.dimensions, **{**said, "excluded": excluded})

    @property
    def main_dimension(self) -> str:
        """By which segment a page leads on."""
        return self.digest.dimension or next(iter(self.dimensions), PURCHASE_COUNT)

    @property
    def threshold(self) -> float:
        """Below which rate an alert is due."""
        return self.target if self.alert.threshold is None else self.alert.threshold

    @property
    def answered_in(self) -> frozenset[str]:
        """Where figures are answered."""
        further = (channel for rule in self.alerts for channel in rule.channels)
        return frozenset((*self.digest.channels, *self.alert_channels, *further, *self.slack.allowed_channels))

    @property
    def alert_channels(self) -> tuple[str, ...]:
        """Where alerts go."""
        return self.alert.channels or self.digest.channels

    def secret(self, name: str) -> str:
        """The text of a secret of `slack`; raises MissingSetting where it is not set."""
        value = getattr(self.slack, name)
        if value is None or not value.get_secret_value().strip():
            raise MissingSetting(name=f"slack.{name}", variable=f"ASAKAI_SLACK__{name.upper()}")
        return str(value.get_secret_value().strip())
