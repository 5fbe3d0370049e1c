"""What do all sections of the settings have in common?"""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def parts(value: object) -> object:
    """Allow "a, b" or JSON where a list is wanted: an environment variable has only text."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    try:
        return json.loads(value)
    except RecursionError as error:
        raise ValueError("a list in lists in lists") from error


Names = Annotated[tuple[str, ...], BeforeValidator(parts)]


class Section(BaseModel):
    """Frozen, and strict: an unknown name is an error that names no value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, validate_default=True
    )
