"""Count over many seeds how often the complaints planted at the pain points come out on top.

python tests/simulation/voice_hits.py [seeds] [--write]      24 seeds; the table goes to the screen

Every seed is another Harbour Home: its answers are drawn anew, comments with them, and read by the
diagnosis' own functions. What is planted stands in truth.json (`complaint_themes`).
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cxlib.data.comments import scored_comments
from cxlib.data.simulate import Truth, _draw
from cxlib.data.simulate.company import visible
from cxlib.data.simulate.complaints import COMPLAINT_THEMES
from cxlib.data.source import duckdb_source
from cxlib.measures.voice.listen import listen
from cxlib.measures.voice.prevalence import Place, theme_places, theme_readings
from cxlib.measures.voice.sentiment import learn_from_comments
from cxlib.measures.voice.taxonomy import base_taxonomy
from cxlib.stats.proportions import proportion

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "voice_hits.json"
FIRST_SEED = 1_000


def measure(seed: int) -> dict[str, bool]:
    """Draw one company and hold the themes found against those planted."""
    import pandas as pd

    truth = Truth()
    answers = visible(_draw(truth, seed)["answers"])
    answers["answered_at"] = pd.to_datetime(answers["answered_at"])
    source = duckdb_source(answers, table="answers")
    span = {"start": truth.baseline_start, "end": truth.review_start}
    scorer = learn_from_comments(
        scored_comments(source, date="answered_at", **span, seed=seed), seed=seed
    )
    voice = listen(
        {"answers": source}, taxonomy=base_taxonomy(), **span, blame=scorer.blame, seed=seed
    )
    places = [place for place in theme_places(voice) if place.blamed is not None]
    found: dict[str, bool] = {}
    for point, planted in COMPLAINT_THEMES.items():
        here = [place for place in places if place.touchpoint == point]
        ranked = [place.theme for place in sorted(here, key=_most)]
        found[f"{point}: a planted theme is complained about most"] = ranked[0] in planted
        found[f"{point}: all planted themes lead"] = set(ranked[: len(planted)]) == set(planted)
    pairs = [(place.touchpoint, place.theme) for place in sorted(places, key=_most)[:10]]
    wanted = {(point, theme) for point, themes in COMPLAINT_THEMES.items() for theme in themes}
    found["table: all five planted pairs among the ten shown"] = wanted <= set(pairs)
    found["table: the first pair is at the online enquiry"] = pairs[0][0] == "enquiry_chat"
    first = max(theme_readings(voice), key=lambda r: r.blamed.value if r.blamed else 0.0)
    found["overall: first complaint is planted at the online enquiry"] = (
        first.theme in COMPLAINT_THEMES["enquiry_chat"]
    )
    found["reader: learned from the client's own scores"] = scorer.basis == "own_scores"
    return found


def _most(place: Place) -> float:
    return -(place.blamed.value * place.n_comments if place.blamed else 0.0)


def hit_rates(seeds: Iterable[int]) -> dict[str, dict[str, object]]:
    """Give per finding the hits, the seeds and Wilson's interval."""
    found = [measure(seed) for seed in seeds]
    return {key: _rate([one[key] for one in found]) for key in found[0]}


def _rate(hits: Sequence[bool]) -> dict[str, object]:
    share = proportion(sum(hits), len(hits))
    interval = [round(share.ci_lower, 3), round(share.ci_upper, 3)]
    return {"hits": sum(hits), "seeds": len(hits), "wilson": interval}


def main() -> None:
    """Print the table; with --write keep it beside the command that made it."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = numbers[0] if numbers else 24
    rates = hit_rates(range(FIRST_SEED, FIRST_SEED + count))
    for key, found in rates.items():
        low, high = found["wilson"]
        sys.stdout.write(
            f"{found['hits']:4d} of {found['seeds']:4d}  {low:.2f} to {high:.2f}  {key}\n"
        )
    if "--write" in sys.argv:
        command = f"python tests/simulation/voice_hits.py {count} --write"
        kept = {"command": command, "first_seed": FIRST_SEED, "rates": rates}
        REFERENCE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
