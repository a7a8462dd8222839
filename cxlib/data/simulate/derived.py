"""True values that follow from `Truth`: what a perfect measurement would have found.

Survey values are exact integrals over hidden satisfaction, summed over days, touchpoints and
segments; `population` counts every experience, `answerers` weighs each by its chance of being
answered (the value a survey without correction aims at).
"""

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import (
    Floats,
    days_between,
    is_online,
    month_starts,
    online_share,
    touchpoint_shares,
)
from cxlib.data.simulate.panel import draw_costs, expected_enquiries, untreated_conversion
from cxlib.data.simulate.survey import month_volumes, start_chance, touchpoint_mean
from cxlib.data.simulate.truth import DRIVERS, SEGMENTS, Truth

_GRID: Final = np.arange(-2.6, 2.6001, 0.01)


class _Curves:
    """Expected scores as curves of the mean hidden satisfaction, one per segment."""

    def __init__(self, truth: Truth) -> None:
        from scipy.special import ndtr

        spread = np.sqrt(1 + truth.store_sd**2)
        steps = np.linspace(-5, 5, 201)
        density = np.exp(-(steps**2) / 2)
        density /= density.sum()
        hidden = _GRID[:, None] + spread * steps[None, :]

        def above(cut: float) -> Floats:
            return np.asarray(ndtr((hidden - cut) / truth.item_noise_sd))

        scores = {
            "nps": 100 * (above(truth.nps_cuts[8]) - 1 + above(truth.nps_cuts[6])),
            "csat": 1 + sum(above(cut) for cut in truth.csat_cuts),
            "ces": 1 + sum(above(cut) for cut in truth.ces_cuts),
        }
        self.population = {name: values @ density for name, values in scores.items()}
        self.answered: list[Floats] = []
        self.weighted: dict[str, list[Floats]] = {name: [] for name in scores}
        for k in range(len(SEGMENTS)):
            chance = start_chance(truth, np.array(k), hidden)
            chance = chance * truth.delivered_share * truth.opened_shares[k]
            chance = chance * truth.completed_share
            self.answered.append(chance @ density)
            for name, values in scores.items():
                self.weighted[name].append((values * chance) @ density)


def _cells(truth: Truth, promised_share: float, start: date, end: date) -> pd.DataFrame:
    """List every day x touchpoint x segment x promise of a period with its weight and mean."""
    days = pd.DatetimeIndex(days_between(start, end))
    months = month_starts(truth)
    volume = dict(zip(months, month_volumes(truth), strict=True))
    index = {month: k for k, month in enumerate(months)}
    first = [day.replace(day=1).date() for day in days]
    weight = np.array([volume[m] for m in first]) / np.asarray(days.days_in_month)
    online = online_share(truth, np.array([index[m] for m in first]))
    share = np.outer(online, touchpoint_shares(truth, online=True))
    share += np.outer(1 - online, touchpoint_shares(truth, online=False))
    places = np.arange(len(truth.touchpoints))
    parts = []
    for place in places:
        mean = touchpoint_mean(truth, days, np.full(len(days), place))
        base = weight * share[:, place]
        chat = truth.touchpoints[place].id == "enquiry_chat" and start >= truth.review_start
        for promised in (False, True):
            part = promised_share if promised else 1 - promised_share
            if not chat:
                part = 0.0 if promised else 1.0
            lift = truth.reply_promise_satisfaction_sd if promised else 0.0
            for k, size in enumerate(truth.segment_shares):
                parts.append(
                    pd.DataFrame(
                        {
                            "place": place,
                            "segment": k,
                            "weight": base * part * size,
                            "mean": mean + lift + truth.segment_shifts_sd[k],
                        }
                    )
                )
    cells = pd.concat(parts, ignore_index=True)
    return cells[cells["weight"] > 0].reset_index(drop=True)


def true_scores(
    truth: Truth, *, promised_share: float, start: date, end: date
) -> dict[str, object]:
    """Integrate NPS (points), CSAT (1-5) and CES (1-7) for one period [start, end)."""
    curves = _Curves(truth)
    cells = _cells(truth, promised_share, start, end)
    weight = cells["weight"].to_numpy()
    mean = cells["mean"].to_numpy()
    segment = cells["segment"].to_numpy()
    place = cells["place"].to_numpy()

    def pick(tables: list[Floats]) -> Floats:
        values = np.array([np.interp(mean, _GRID, table) for table in tables])
        return np.asarray(values[segment, np.arange(len(mean))])

    answered = weight * pick(curves.answered)
    names = ("nps", "csat", "ces")
    everyone = {n: weight * np.interp(mean, _GRID, curves.population[n]) for n in names}
    answering = {n: weight * pick(curves.weighted[n]) for n in names}
    effort = np.array([t.asks_effort for t in truth.touchpoints])[place]

    def summary(rows: Floats) -> dict[str, object]:
        result: dict[str, object] = {
            "answerer_share": round(answered[rows].sum() / answered.sum(), 5)
        }
        for basis, sums, base in (
            ("population", everyone, weight),
            ("answerers", answering, answered),
        ):
            values: dict[str, float] = {}
            for name in names:
                kept = rows & effort if name == "ces" else rows
                if kept.any():
                    values[name] = round(float(sums[name][kept].sum() / base[kept].sum()), 4)
            result[basis] = values
        return result

    online = np.array([is_online(t) for t in truth.touchpoints])[place]
    everywhere = np.ones(len(mean), dtype=bool)
    return {
        "overall": summary(everywhere),
        "by_channel_group": {"online": summary(online), "not_online": summary(~online)},
        "by_touchpoint": {t.id: summary(place == k) for k, t in enumerate(truth.touchpoints)},
        "response_share_by_segment": {
            name: round(float(answered[segment == k].sum() / weight[segment == k].sum()), 4)
            for k, name in enumerate(SEGMENTS)
        },
    }


def true_mix(before: dict[str, object], after: dict[str, object]) -> dict[str, float]:
    """Split the change of the answerers' NPS into rate and mix (both at the mean of the two).

    rate = sum of mean share x change of the group's NPS; mix = sum of mean NPS x change of share.
    """
    rate = mix = 0.0
    for group in ("online", "not_online"):
        old = before["by_channel_group"][group]  # type: ignore[index]
        new = after["by_channel_group"][group]  # type: ignore[index]
        share = (old["answerer_share"] + new["answerer_share"]) / 2
        score = (old["answerers"]["nps"] + new["answerers"]["nps"]) / 2
        rate += share * (new["answerers"]["nps"] - old["answerers"]["nps"])
        mix += score * (new["answerer_share"] - old["answerer_share"])
    return {"rate_points": round(rate, 3), "mix_points": round(mix, 3)}


def true_conversion(truth: Truth, stores: pd.DataFrame) -> dict[str, float]:
    """Give the true conversion effect in the treated stores, and what it earned in six months."""
    months = month_starts(truth)
    treated = stores["reply_promise"].to_numpy() == 1
    review = np.array([month >= truth.review_start for month in months])
    baseline = np.array([truth.baseline_start <= month < truth.review_start for month in months])
    share, enquiries = untreated_conversion(truth, stores), expected_enquiries(truth, stores)
    without = (share * enquiries)[treated][:, review]
    asked = enquiries[treated][:, review].sum()
    extra = float(truth.conversion_rel_effect * without.sum())
    plain_before = share[treated][:, baseline].mean()
    plain_after = share[treated][:, review].mean() * (1 + truth.conversion_rel_effect)
    margin_per_sale = truth.average_order_hkd * truth.margin_share
    costs = draw_costs(truth)
    promise = costs[costs["initiative"] == "reply_promise"]
    spent = promise["amount_hkd"].sum()
    one_off = promise.loc[promise["kind"] == "one_off", "amount_hkd"].sum()
    monthly_margin = extra * margin_per_sale / review.sum()
    monthly_cost = (spent - one_off) / review.sum()
    return {
        "rel_effect": truth.conversion_rel_effect,
        "abs_effect_weighted_by_enquiries": round(extra / asked, 6),
        "abs_effect_mean_of_store_months": round(
            float(truth.conversion_rel_effect * share[treated][:, review].mean()), 6
        ),
        "untreated_conversion_treated_stores_baseline": round(float(plain_before), 6),
        "untreated_conversion_treated_stores_review": round(
            float(share[treated][:, review].mean()), 6
        ),
        "plain_before_after_expected": round(float(plain_after - plain_before), 6),
        "incremental_sales": round(extra, 1),
        "incremental_revenue_hkd": round(extra * truth.average_order_hkd),
        "incremental_margin_hkd": round(extra * margin_per_sale),
        "cost_hkd": int(spent),
        "one_off_cost_hkd": int(one_off),
        "recurring_cost_per_month_hkd": round(float(monthly_cost)),
        "incremental_margin_per_month_hkd": round(monthly_margin),
        "payback_months": round(float(one_off / (monthly_margin - monthly_cost)), 2),
        "net_benefit_review_period_hkd": round(extra * margin_per_sale - float(spent)),
    }


def true_mentions(truth: Truth) -> dict[str, float]:
    """Give true and apparent positive shares: apparent = se x p + (1 - sp) x (1 - p)."""
    found, missed = truth.classifier_sensitivity, 1 - truth.classifier_specificity
    before, after = truth.positive_share_before, truth.positive_share_after
    return {
        "true_before": before,
        "true_after": after,
        "apparent_before": round(found * before + missed * (1 - before), 4),
        "apparent_after": round(found * after + missed * (1 - after), 4),
    }


def true_values(truth: Truth, stores: pd.DataFrame) -> dict[str, object]:
    """Collect every derived true value; `stores` carries the flags and hidden traits drawn."""
    size = stores["_size"].to_numpy() ** 0.6
    promised = float(size[stores["reply_promise"].to_numpy() == 1].sum() / size.sum())
    before = true_scores(
        truth, promised_share=promised, start=truth.baseline_start, end=truth.review_start
    )
    after = true_scores(
        truth, promised_share=promised, start=truth.review_start, end=truth.review_end
    )
    costs = draw_costs(truth).groupby("initiative")["amount_hkd"].sum()
    noise = truth.store_csat_answer_sd**2 / (3 * truth.store_csat_n_per_month)
    signal = truth.store_csat_true_sd**2
    return {
        "survey": {"baseline": before, "review": after},
        "reversal_by_mix": {
            "nps_answerers_change": round(
                after["overall"]["answerers"]["nps"]  # type: ignore[index]
                - before["overall"]["answerers"]["nps"],  # type: ignore[index]
                3,
            ),
            **true_mix(before, after),
        },
        "conversion": true_conversion(truth, stores),
        "ab_test": {
            "conversion_control": truth.ab_conversion_control,
            "conversion_treatment": round(
                truth.ab_conversion_control + truth.ab_conversion_effect, 6
            ),
            "effect": truth.ab_conversion_effect,
            "rel_effect": round(truth.ab_conversion_effect / truth.ab_conversion_control, 6),
            "csat_effect": truth.ab_csat_effect,
            "complaint_effect": truth.ab_complaint_effect,
        },
        "coaching": {
            "csat_effect": truth.coaching_csat_effect,
            "store_quarter_reliability": round(signal / (signal + noise), 4),
        },
        "mentions": true_mentions(truth),
        "driver_weights": dict(zip(DRIVERS, truth.driver_weights, strict=True)),
        "repurchase_by_quarter": list(truth.repurchase_by_quarter),
        "cost_totals_hkd": {str(name): int(total) for name, total in costs.items()},
    }
