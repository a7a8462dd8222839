"""Time the money model: 100,000 simulated cases over five years, three streams, under a second.

python tests/benchmarks/money.py [draws]      prints processor seconds, best of three, and the bound
"""

import sys
import time

from cxlib.decisions.cash_flow import BenefitStream, CustomerBase, CustomerChange
from cxlib.decisions.roi import Roi, evaluate
from cxlib.stats.estimate import Estimate
from cxlib.stats.simulation import Lognormal, Pert

BOUND = 1.0
HALF = Pert(low=0.3, mode=0.7, high=1.0)


def value(draws: int) -> Roi:
    """Value three streams over 60 months with correlated inputs."""
    effect, margin = (
        Estimate(value=v, ci_lower=0.8 * v, ci_upper=1.2 * v, n_obs=900, unit=unit, method="made")
        for v, unit in ((0.02, "pp"), (2_000.0, "currency"))
    )
    stream = BenefitStream(
        key="more_purchases",
        effect=effect,
        volume_per_month=10_000,
        margin_per_unit=margin,
        persistence=HALF,
    )
    return evaluate(
        [stream],
        costs_by_month=[600_000.0] + [280_000.0] * 60,
        observed_months=6,
        annual_discount_rate=0.08,
        grade="B",
        n_draws=draws,
        correlations={("more_purchases.effect", "more_purchases.persistence"): 0.4},
        customers=CustomerBase(number=9_000, orders_per_month=0.12, lost_per_month=0.04),
        changes=[
            CustomerChange(
                key="less_churn", effect=Pert(low=0, mode=0.001, high=0.003), persistence=HALF
            ),
            CustomerChange(
                key="word_of_mouth",
                effect=Lognormal(low=0.0002, median=0.0005, high=0.002),
                persistence=HALF,
            ),
        ],
    )


if __name__ == "__main__":
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    tries = []
    for _ in range(3):
        start = time.process_time()
        found = value(draws)
        tries.append(time.process_time() - start)
    print(f"{draws:,} draws, 60 months: {min(tries):.2f} s (bound {BOUND} s); {found.npv}")
    sys.exit(min(tries) > BOUND)
