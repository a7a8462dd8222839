"""Count over many seeds how often the workbook finds, or refuses, what the sample has planted.

python tests/simulation/hit_rates.py [seeds] [--write]       60 seeds; the table goes to the screen

Every seed is another Harbour Home: all tables drawn anew from the same truth, written as CSV and
opened through the contract, then measured by the notebooks' own cells (their source, with the
display replaced), so that a hit rate is about what a client gets. The draws that were picked for
the committed sample (`_TAKES`) are picked for its seed alone; with another seed they are plain.

What is counted is of three kinds, and a rate means something else in each. A planted thing found
is power: near all. An interval that holds the truth: about 95 in 100, no more. What the draw alone
decides (all 21 pairs of drivers in order, every channel up) says why nothing is claimed of it.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from unittest.mock import MagicMock, patch

import nbformat
import numpy as np
import pandas as pd

from cxlib.data.products import driver_products
from cxlib.data.simulate import Truth, _draw
from cxlib.data.simulate.company import draw_customers, visible
from cxlib.data.simulate.derived import true_values
from cxlib.data.simulate.panel import draw_panel
from cxlib.data.simulate.survey import draw_answers, draw_experiences, draw_responses
from cxlib.data.source import duckdb_source
from cxlib.engagement import load_engagement
from cxlib.engagement.ledger import Ledger
from cxlib.engagement.schema import Precision
from cxlib.measures.drivers import driver_importance
from cxlib.measures.journey import emotion_curve
from cxlib.run.notebooks import NOTEBOOKS
from cxlib.run.workbook import Workbook, open_tables
from cxlib.stats.proportions import proportion

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "harbour_home"
REFERENCE = ROOT / "tests" / "reference" / "hit_rates.json"
FIRST_SEED = 1_000
TABLES = ("answers", "invitations", "stores", "ab_test", "store_panel", "costs", "orders")
CELLS = {
    "01_diagnosis": (
        "parameters", "setup", "response", "response-chart", "response-finding", "who-audit",
        "groups", "journey", "pains", "drivers",
    ),
    "03_ab_test": ("parameters", "setup", "plan", "arms", "readout"),
    "04_roi_review": ("parameters", "setup", "results"),
    "05_kpi_tracking": ("parameters", "setup", "mix"),
}  # fmt: skip
"""The cells that measure, with those that import; what they show is left out."""
PAINS = ("enquiry_chat", "delivery_booking", "aftersales_service")
PEAKS = ("design_consult", "assembly")
NEUTRAL = 0.05
"""A touchpoint whose true CSAT lies no further than this from the journey mean is neutral."""
APART = 1.25
"""Two drivers are clearly apart when the larger true share is this many times the smaller."""
BIG = 40
"""How many samples large the draw is that gives the true shares of the drivers."""


def company(folder: Path, *, seed: int, truth: Truth | None = None) -> dict[str, object]:
    """Write one Harbour Home into a folder and return what is true of it."""
    known = truth or Truth()
    drawn = _draw(known, seed)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name in (*TABLES, "kpi_history"):
        visible(drawn[name]).to_csv(folder / "data" / f"{name}.csv", index=False)
    for name in ("engagement.yml", "_brand.yml"):
        copyfile(SAMPLE / name, folder / name)
    return true_values(known, drawn["stores"])


def run_cells(
    notebook: str, book: Workbook, cells: Sequence[str], *, shown: bool = False
) -> dict[str, dict[str, object]]:
    """Execute cells of a notebook on an open workbook; return the names each cell left behind.

    Args:
        shown: Keep the report modules (a frozen ledger entry is made by one); else they do nothing.
    """
    read = nbformat.read(NOTEBOOKS[notebook].path, as_version=4).cells
    sources = {
        cell.id: cell.source
        for cell in read
        if cell.cell_type == "code" and (cell.id in cells or "import " in cell.source)
    }
    assert set(cells) <= set(sources), f"{notebook} must have the cells {cells}"
    names: dict[str, object] = {}
    left = {}
    with patch("cxlib.run.workbook.open_workbook", return_value=book):
        for cell, source in sources.items():
            exec(compile(source, f"{notebook}, {cell}", "exec"), names)  # noqa: S102
            for name, value in tuple(names.items()):
                if not shown and getattr(value, "__name__", "").startswith("cxlib.report"):
                    names[name] = MagicMock()
            left[cell] = dict(names)
    return left


def measure(folder: Path, truth: Mapping[str, object], shares: Mapping[str, float]) -> dict:
    """Open the company of a folder, run the notebooks' measures, hold them against the truth.

    Returns:
        Finding to whether it was as planted (True or False).
    """
    engagement = load_engagement(folder / "engagement.yml")
    data = open_tables(engagement, (*TABLES, "kpi_history"))
    book = Workbook(
        engagement, data, MagicMock(engagement=engagement), Ledger(folder / "ledger.json")
    )
    run_cells(
        "02_kpi_setting",
        book,
        ("parameters", "setup", "baselines", "baselines-table", "rules"),
        shown=True,
    )
    left = {name: run_cells(name, book, cells) for name, cells in CELLS.items()}
    return {
        **_journey(left["01_diagnosis"], truth),
        **_scores(left["01_diagnosis"], truth),
        **_drivers(left["01_diagnosis"]["drivers"]["study"].importance, shares),
        **_reviews(left["04_roi_review"]["results"]["worths"], truth),
        **_trial(left["03_ab_test"]["readout"]["trial"].readout, truth),
        **_mix(left["05_kpi_tracking"]["mix"]["shift"], truth),
    }


def _holds(estimate, value) -> bool:
    return bool(estimate.ci_lower <= value <= estimate.ci_upper)


def _journey(left, truth) -> dict[str, bool]:
    curve, ranks = left["journey"]["curve"], left["pains"]["ranks"]
    true = {
        name: found["answerers"]["csat"]
        for name, found in truth["survey"]["baseline"]["by_touchpoint"].items()
    }
    centre = sum(true.values()) / len(true)
    pains = {point.touchpoint for point in curve.pains}
    peaks = {point.touchpoint for point in curve.peaks}
    lowest = min(curve.points, key=lambda point: point.score.shown.value).touchpoint
    highest = sorted(curve.points, key=lambda point: -point.score.shown.value)[: len(PEAKS)]
    neutral = {name for name, value in true.items() if abs(value - centre) <= NEUTRAL}
    turned = {n for n in pains if true[n] >= centre} | {n for n in peaks if true[n] <= centre}
    met = {rank.touchpoint: rank.frequency.value for rank in ranks}
    impact = {name: (centre - true[name]) * met[name] for name in met}
    order = sorted(impact, key=lambda name: -impact[name])
    return {
        **{f"pain found: {name}": name in pains for name in PAINS},
        "all three pain points found": pains >= set(PAINS),
        "both peaks found": peaks >= set(PEAKS),
        "the two highest touchpoints are the peaks": {p.touchpoint for p in highest} == set(PEAKS),
        "trough is the online enquiry": lowest == "enquiry_chat",
        "no moment at a neutral touchpoint": not (pains | peaks) & neutral,
        "no pain above the mean, no peak below it": not turned,
        "every touchpoint interval of the curve holds its truth": all(
            _holds(point.deviation, true[point.touchpoint] - centre) for point in curve.points
        ),
        "online enquiry ranks first": ranks[0].touchpoint == "enquiry_chat",
        "the three pain points rank first to third": {r.touchpoint for r in ranks[:3]}
        == set(PAINS),
        "every rank interval holds its true rank": all(
            r.rank_lower <= order.index(r.touchpoint) + 1 <= r.rank_upper for r in ranks
        ),
    }


def _scores(left, truth) -> dict[str, bool]:
    overall = truth["survey"]["baseline"]["overall"]
    found, weighted = left["response-finding"]["lead"], left["who-audit"]["study"].changes
    plain = left["response-finding"]["whole"]
    return {
        "NPS interval holds the answerers' NPS": _holds(
            found.score.shown, overall["answerers"]["nps"]
        ),
        "clustered NPS interval holds the answerers' NPS": _holds(
            weighted["nps"].unweighted, overall["answerers"]["nps"]
        ),
        "CES interval holds the answerers' CES": _holds(
            plain.ces[0].shown, overall["answerers"]["ces"]
        ),
        "raked NPS interval holds the NPS raking aims at": _holds(
            weighted["nps"].weighted, truth["raked_nps"]
        ),
        "raked NPS interval holds the NPS of all customers": _holds(
            weighted["nps"].weighted, overall["population"]["nps"]
        ),
        "raked NPS lies closer to all customers than the plain one": abs(
            weighted["nps"].weighted.value - overall["population"]["nps"]
        )
        < abs(weighted["nps"].unweighted.value - overall["population"]["nps"]),
        "worst-case bounds hold the NPS of all customers": found.lower
        <= overall["population"]["nps"]
        <= found.upper,
        "channels are called different": left["groups"]["channels"].alike.verdict == "different",
    }


def _drivers(importance, shares) -> dict[str, bool]:
    found = {driver.driver: driver for driver in importance.drivers}
    order = sorted(shares, key=lambda name: -shares[name])
    pairs = [(a, b) for k, a in enumerate(order) for b in order[k + 1 :]]
    right = {pair: found[pair[0]].share.value > found[pair[1]].share.value for pair in pairs}
    apart = [pair for pair in pairs if shares[pair[0]] >= APART * shares[pair[1]]]
    return {
        "top driver right": importance.drivers[0].driver == order[0],
        "top three drivers right": {d.driver for d in importance.drivers[:3]} == set(order[:3]),
        "every pair of drivers clearly apart in the right order": all(right[p] for p in apart),
        "all 21 pairs of drivers in the right order": all(right.values()),
        "every rank interval of a driver holds its true rank": all(
            found[name].rank_lower <= place <= found[name].rank_upper
            for place, name in enumerate(order, start=1)
        ),
        "every driver's sign is positive": all(d.sign == "positive" for d in importance.drivers),
        **{
            f"share interval holds the true share: {name}": _holds(found[name].share, value)
            for name, value in shares.items()
        },
    }


def _reviews(worths, truth) -> dict[str, bool]:
    by_id = {worth.review.initiative.id: worth for worth in worths}
    promise, coaching = by_id["reply_promise"], by_id["coaching"]
    planted = truth["conversion"]
    return {
        "reply promise: effect interval holds the truth": _holds(
            promise.review.effect, planted["abs_effect_weighted_by_enquiries"]
        ),
        "reply promise: relative effect interval holds the truth": _holds(
            promise.review.impact.rel_effect, planted["rel_effect"]
        ),
        "reply promise: effect shown above 0": promise.review.effect.ci_lower > 0,
        "reply promise: graded B": promise.review.grade == "B",
        "coaching: graded D": coaching.review.grade == "D",
        "coaching: no value claimed": coaching.roi is None,
        "coaching: rest interval holds 0": _holds(coaching.review.effect, 0.0),
        "coaching: before and after looks like a gain": coaching.review.observed.ci_lower > 0,
    }


def _trial(readout, truth) -> dict[str, bool]:
    planted = truth["ab_test"]
    return {
        "trial: verdict SHIP": readout.verdict == "SHIP",
        "trial: effect interval holds the truth": _holds(readout.primary.effect, planted["effect"]),
        "trial: never rolled back": readout.verdict != "ROLLBACK",
        "trial: split called sound": readout.is_valid,
        "trial: both guardrails safe": {g.safety for g in readout.guardrails} == {"safe"},
    }


def _mix(shift, truth) -> dict[str, bool]:
    planted = truth["reversal_by_mix"]
    return {
        "mix: reversal alarm fired": shift.opposed and shift.mix.change < 0,
        "mix: every one of three channels up, total down": shift.mix.reversed_by_mix,
        "mix: mix effect shown below 0": shift.mix_effect.ci_upper < 0,
        "mix: rate effect shown above 0": shift.rate_effect.ci_lower > 0,
        "mix: change interval holds the truth": _holds(
            shift.change, planted["nps_answerers_change"]
        ),
    }


def raked_nps(truth: Truth) -> float:
    """Give what raking aims at: answerers' NPS per segment and channel, weighed by everyone."""
    from cxlib.data.simulate.derived import _GRID, _cells, _Curves

    curves = _Curves(truth)
    cells = _cells(truth, 0.0, truth.baseline_start, truth.review_start)
    channel = cells["place"].map({k: t.channel for k, t in enumerate(truth.touchpoints)})
    score = weight = 0.0
    for (segment, _), part in cells.groupby(["segment", channel]):
        answered = part["weight"] * np.interp(part["mean"], _GRID, curves.answered[segment])
        given = part["weight"] * np.interp(part["mean"], _GRID, curves.weighted["nps"][segment])
        score += part["weight"].sum() * given.sum() / answered.sum()
        weight += part["weight"].sum()
    return float(score / weight)


def pure_noise(seeds: Iterable[int]) -> list[bool]:
    """Draw journeys whose touchpoints are all equally good; tell per seed if none was flagged."""
    plain = Truth()
    level = tuple(replace(t, level=0.0, lunar_new_year_dip=0.05) for t in plain.touchpoints)
    flat = replace(plain, touchpoints=level, store_sd=0.0, drift_sd_per_month=0.0)
    stages = {t.id: t.stage for t in flat.touchpoints}
    clean = []
    for seed in seeds:
        _, stores = draw_panel(flat, seed=seed)
        customers = draw_customers(flat, stores, seed=seed)
        met = draw_experiences(flat, customers, stores, seed=seed)
        answers = draw_answers(flat, draw_responses(flat, met, seed=seed), seed=seed)
        day = answers["answered_at"].str.slice(0, 10)
        kept = answers[(day >= str(flat.baseline_start)) & (day < str(flat.review_start))]
        counts = kept.groupby(["touchpoint", "csat"]).size().rename("n").reset_index()
        counts = counts.rename(columns={"csat": "score"}).astype({"score": "int64"})
        curve = emotion_curve(counts, stages=stages, seed=seed)
        clean.append(not curve.peaks and not curve.pains)
    return clean


def true_shares(*, times: int = BIG, seed: int = 1) -> dict[str, float]:
    """Give the drivers' shares of R² in a draw so large that chance is small."""
    plain = Truth()
    big = replace(
        plain,
        customers=times * plain.customers,
        invitations_per_month=times * plain.invitations_per_month,
    )
    _, stores = draw_panel(plain, seed=seed)
    customers = draw_customers(big, stores, seed=seed)
    met = draw_experiences(big, customers, stores, seed=seed)
    sent = met["_sent"]
    met = met[(sent >= pd.Timestamp(big.baseline_start)) & (sent < pd.Timestamp(big.review_start))]
    answers = draw_answers(
        big, draw_responses(big, met.reset_index(drop=True), seed=seed), seed=seed
    )
    drivers = [name for name in answers.columns if name.startswith("driver_")]
    frame = answers[["customer_id", "touchpoint", "nps", *drivers]]
    source = duckdb_source(frame, table="answers")
    sums = driver_products(source, outcome="nps", drivers=drivers)
    precision = Precision(confidence_level=0.95, minimum_cell=30)
    found = driver_importance(sums, seed=seed, n_draws=200, **precision)
    return {driver.driver: round(driver.share.value, 4) for driver in found.drivers}


def hit_rates(seeds: Sequence[int], shares: Mapping[str, float]) -> dict[str, dict[str, object]]:
    """Measure one company a seed; give per finding the hits, the seeds and a Wilson interval."""
    aim = raked_nps(Truth())
    found = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            truth = {**company(Path(folder), seed=seed), "raked_nps": aim}
            found.append(measure(Path(folder), truth, shares))
    return {key: rate([one[key] for one in found]) for key in found[0]}


def rate(hits: Sequence[bool]) -> dict[str, object]:
    """Count hits, with Wilson's 95 % interval of their share."""
    share = proportion(sum(hits), len(hits))
    return {
        "hits": sum(hits),
        "seeds": len(hits),
        "share": round(share.value, 4),
        "wilson": [round(share.ci_lower, 3), round(share.ci_upper, 3)],
    }


def main() -> None:
    """Print the table; with --write keep it beside the command that made it."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = numbers[0] if numbers else 60
    write = "--write" in sys.argv
    shares = true_shares() if write else json.loads(REFERENCE.read_text())["driver_shares"]
    rates = hit_rates(range(FIRST_SEED, FIRST_SEED + count), shares)
    noise = rate(pure_noise(range(FIRST_SEED, FIRST_SEED + 5 * count)))
    rates["pure noise: no moment at all"] = noise
    for key, found in rates.items():
        low, high = found["wilson"]
        print(f"{found['hits']:4d} of {found['seeds']:4d}  {low:.2f} to {high:.2f}  {key}")
    if write:
        kept = {
            "command": f"python tests/simulation/hit_rates.py {count} --write",
            "first_seed": FIRST_SEED,
            "driver_shares": shares,
            "rates": rates,
        }
        REFERENCE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
