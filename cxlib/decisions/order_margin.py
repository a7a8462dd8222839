"""What one more order earns at the treated stores: the mean margin, with doubt by store."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlib.errors import DataError
from cxlib.stats.estimate import Estimate
from cxlib.stats.means import clustered_mean


def margin_per_order(
    by_store: pd.DataFrame, *, stores: Sequence[str], confidence_level: float = 0.95
) -> Estimate:
    """Estimate the mean margin of an order at the treated stores, with doubt by store.

    Args:
        by_store: group_moments of margin_hkd by SALE, over the review period.
        stores: The treated stores.
        confidence_level: In [0.9, 1).

    Raises:
        DataError: Fewer than 2 of the stores have an order with a margin.
    """
    rows = by_store[by_store["store"].isin(stores) & (by_store["n_margin_hkd"] > 0)]
    rows = rows.assign(total=rows["n_margin_hkd"] * rows["mean_margin_hkd"])
    mine = rows.groupby("store")[["n_margin_hkd", "total"]].sum()
    if len(mine) < 2:  # noqa: PLR2004 - a spread between stores needs two
        raise DataError(
            f"orders: at least 2 of the treated stores need orders with a margin in the review "
            f"period, found {len(mine)}"
        )
    n, total = (mine[name].to_numpy(dtype=float) for name in ("n_margin_hkd", "total"))
    mean = float(total.sum() / n.sum())
    return clustered_mean(
        len(mine),
        n_obs=int(n.sum()),
        mean=mean,
        squares=float(np.sum((total - n * mean) ** 2)),
        confidence_level=confidence_level,
        unit="currency",
    )


def margin_without_returns(
    by_store: pd.DataFrame, *, stores: Sequence[str], margin: Estimate
) -> float:
    """Mean margin of an order if those that were returned earn nothing.

    Args:
        by_store: As margin_per_order; returned is 0 or 1.
        stores: The treated stores.
        margin: From margin_per_order.
    """
    kept = by_store[by_store["store"].isin(stores) & (by_store["returned"] == 0)]
    return float((kept["n_margin_hkd"] * kept["mean_margin_hkd"]).sum()) / margin.n_obs
