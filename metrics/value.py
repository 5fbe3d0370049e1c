"""How much has an acquired customer brought in by day h?"""

from __future__ import annotations

import numpy as np

from metrics.estimate import Estimate
from metrics.survival import Floats, Ints


def revenue_curve(revenue_by_age: Ints, observed_by_age: Ints) -> Floats:
    """Mean cumulative net revenue per acquired customer by age day (LTV), last axis = age.

    Sum over u <= h of R_u / N_u: R_u is the revenue at age u, N_u the customers watched
    through age u, one-time buyers included. NaN from the age on that nobody has reached.
    Minor units in, minor units out.
    """
    watched = observed_by_age > 0
    step = np.divide(revenue_by_age, observed_by_age, out=np.full(np.shape(revenue_by_age), np.nan), where=watched)
    return np.cumsum(step, axis=-1)


def lifetime_value(revenue_by_age: Ints, observed_by_age: Ints, days: int) -> Estimate:
    """LTV(days) of one group; n is how many were watched that long."""
    if days >= len(observed_by_age):
        return Estimate(None, 0)
    value = float(revenue_curve(revenue_by_age, observed_by_age)[days])
    return Estimate(None if np.isnan(value) else value, int(observed_by_age[days]))
