"""Public mentions of a period: the corrected positive rate and the stars of each source."""

from dataclasses import dataclass

from cxlib.data.open import Data
from cxlib.data.query import Cadence
from cxlib.engagement.schema import Engagement, Period
from cxlib.measures.voice.correction import MentionRate, mention_rates
from cxlib.measures.voice.stars import SourceStars, stars_across, stars_by_source
from cxlib.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionStudy:
    """What public mentions say.

    Attributes:
        rates: Positive-mention rate of each period; empty where there are no mentions.
        stars: Of each source.
        across: Of all sources, on the scale of the stated mapping; None without one.
    """

    rates: tuple[MentionRate, ...]
    stars: tuple[SourceStars, ...]
    across: Estimate | None


def mention_study(
    data: Data, engagement: Engagement, *, period: Period, cadence: Cadence | None = None
) -> MentionStudy:
    """Study the mentions of a period; empty where the client brings none.

    Args:
        data: With the tables mentions and mention_codes, where the client has them.
        engagement: States precision and the worth of stars.
        period: Which days.
        cadence: Also split the rate.

    Raises:
        InputError: A mapping of stars that leaves out a source with stars.
    """
    if "mentions" not in data:
        return MentionStudy(rates=(), stars=(), across=None)
    codes = data["mention_codes"] if "mention_codes" in data else None  # noqa: SIM401 - get raises
    mentions, window = data["mentions"], period.window("posted_on")
    rates: tuple[MentionRate, ...] = ()
    if "label" in mentions.columns:
        rates = mention_rates(
            mentions, codes,
            window=window, cadence=cadence, confidence_level=engagement.confidence_level,
        )  # fmt: skip
    stars = stars_by_source(mentions, window=window, **engagement.precision)
    mapping = engagement.voice.star_mapping
    across = None
    if mapping and stars:
        across = stars_across(
            mentions, window=window, mapping=mapping, confidence_level=engagement.confidence_level
        )
    return MentionStudy(rates=rates, stars=stars, across=across)
