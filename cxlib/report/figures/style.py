"""One look for every chart: colours from the brand, the report's font, sizes in print units."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from math import cos, radians, sin
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, cast

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform
from matplotlib.typing import RcKeyType

from cxlib.errors import ReportError
from cxlib.report.brand import Brand
from cxlib.report.colour import contrast, mix
from cxlib.report.fonts import FontSet

P = ParamSpec("P")
Drawn = TypeVar("Drawn")
POINTS_PER_CM = 72 / 2.54
WIDTH_CM = 16.0
WIDEST_CM, TALLEST_CM = 16.5, 24.0
"""Every chart is drawn as wide as it is printed, so that 7 pt here is 7 pt on A4."""
BODY = 8.0
SMALL = 7.0
HAIRLINE = 0.6
Align = Literal["left", "center", "right"]
Weight = Literal["normal", "bold"]
VerticalAlign = Literal["bottom", "baseline", "center", "top"]
LEADING = 1.28
"""From baseline to baseline over the type size: Chinese faces are tall."""
X_MIDDLE, ASCENT, DESCENT = 0.37, 0.88, 0.16
"""Middle, top and bottom of a line over the type size, from its baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours and font of every chart in one report.

    Attributes:
        primary: Main series and unmarked points.
        accent: Second series, events.
        ink: Text and axis.
        muted: Secondary text, comparison series.
        grid: Grid lines and row rules.
        good: Peaks and gains, always beside a shape or a word.
        watch: Warnings.
        bad: Pain points, losses and signals.
        series: Colours for three series or more, in order.
        font_family: A family matplotlib knows; ``theme_from`` registers it.
        paper: Background.
    """

    primary: str
    accent: str
    ink: str
    muted: str
    grid: str
    good: str
    watch: str
    bad: str
    series: tuple[str, ...]
    font_family: str
    paper: str = "#ffffff"


def theme_from(brand: Brand, *, fonts: FontSet) -> Theme:
    """Make the theme of a report from the client's brand and the report's font files.

    Args:
        brand: Colours.
        fonts: The regular and the bold face; both are registered once.
    """
    for path in (fonts.regular, fonts.bold):
        _register(str(path))
    return Theme(
        primary=brand.primary,
        accent=brand.accent,
        ink=brand.ink,
        muted=brand.muted,
        grid=mix(brand.muted, brand.paper, share=0.22),
        good=brand.good,
        watch=brand.watch,
        bad=brand.bad,
        series=tuple(brand.series),
        font_family=fonts.family,
        paper=brand.paper,
    )


@lru_cache(maxsize=16)
def _register(path: str) -> None:
    if not Path(path).is_file():
        raise ReportError(f"a chart font must be a file, {path} does not exist; run `cx doctor`")
    font_manager.fontManager.addfont(path)


def text_on(background: str, *, theme: Theme) -> str:
    """Choose ink or paper for text on a background, whichever contrasts more."""
    return max((theme.ink, theme.paper), key=lambda colour: contrast(colour, background))


@lru_cache(maxsize=32)
def chart_style(theme: Theme) -> dict[RcKeyType, Any]:
    """Give the matplotlib settings of a theme: seaborn's white style in the brand's dress."""
    import seaborn as sns

    style: dict[str, Any] = {
        **sns.axes_style("white"),
        **sns.plotting_context("paper"),
        "font.family": [theme.font_family],
        "font.size": BODY,
        "text.color": theme.ink,
        "text.parse_math": False,
        "axes.labelsize": SMALL,
        "axes.labelcolor": theme.muted,
        "axes.edgecolor": theme.grid,
        "axes.linewidth": HAIRLINE,
        "axes.facecolor": "none",
        "axes.axisbelow": True,
        "figure.facecolor": theme.paper,
        "grid.color": theme.grid,
        "grid.linewidth": HAIRLINE,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.major.size": 0.0,
        "ytick.major.size": 0.0,
        "hatch.linewidth": 0.7,
        "lines.solid_capstyle": "butt",
        "svg.fonttype": "none",
        "svg.hashsalt": "cx-workbook",
    }
    style.pop("font.sans-serif", None)
    return cast("dict[RcKeyType, Any]", style)


def in_theme(chart: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Let a chart function make its artists in its theme, whatever the notebook has set."""

    @wraps(chart)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        theme = kwargs.get("theme")
        if not isinstance(theme, Theme):
            raise ReportError(f"theme must be a Theme from theme_from(brand), got {theme!r}")
        with rc_context(chart_style(theme)):
            return chart(*args, **kwargs)

    return drawn


class ThemedFigure(Figure):
    """A figure that always draws in its own theme and measures in points from the lower left."""

    def __init__(self, theme: Theme, *, width_cm: float, height_cm: float) -> None:
        self.theme = theme
        with rc_context(chart_style(theme)):
            super().__init__(figsize=(width_cm / 2.54, height_cm / 2.54))
        self.width = width_cm * POINTS_PER_CM
        self.height = height_cm * POINTS_PER_CM

    def draw(self, renderer: RendererBase) -> None:
        """Draw with the theme's settings: ticks are made late and would else lose the font."""
        with rc_context(chart_style(self.theme)):
            super().draw(renderer)

    @property
    def points(self) -> Transform:
        """The coordinates in points from the lower left corner of the figure."""
        return Affine2D().scale(1 / 72) + self.dpi_scale_trans

    def panel(self, left: float, bottom: float, right: float, top: float) -> Axes:
        """Add axes between four edges, in points from the lower left, without any spine."""
        with rc_context(chart_style(self.theme)):
            axes = self.add_axes(
                (
                    left / self.width,
                    bottom / self.height,
                    (right - left) / self.width,
                    (top - bottom) / self.height,
                )
            )
        axes.spines[:].set_visible(False)
        axes.margins(0)
        return axes

    def place(self, axes: Axes, x: float, y: float) -> tuple[float, float]:
        """Give the place in points of a value pair; the limits of the axes must be final."""
        transform = axes.transData + self.points.inverted()
        across, up = transform.transform((x, y))
        return float(across), float(up)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = BODY,
        colour: str | None = None,
        weight: Weight = "normal",
        align: Align = "left",
        vertical: VerticalAlign = "center",
        rotation: float = 0.0,
        backed: bool = False,
    ) -> list[Text]:
        """Write one or more lines at a place in points from the lower left.

        Baselines are set from the type size, not from the ink, so that a row of Chinese and
        a row of digits stand level.

        Args:
            x: The left, centre or right of the text, by ``align``.
            y: The top, centre or bottom of the block, by ``vertical``.
            text: Lines separated by line feeds.
            size: Type size in points, 7 or more.
            colour: Ink without it.
            weight: Normal or bold.
            align: Of every line.
            vertical: Of the whole block.
            rotation: Degrees, anticlockwise about the place.
            backed: Clear the paper behind the text.
        """
        if not text:
            return []
        lines = text.split("\n")
        step = LEADING * size
        depth = (len(lines) - 1) * step
        first = {
            "center": depth / 2 - X_MIDDLE * size,
            "top": -ASCENT * size,
            "bottom": depth + DESCENT * size,
            "baseline": depth,
        }[vertical]
        turn = radians(rotation)
        box = {"facecolor": self.theme.paper, "edgecolor": "none", "pad": 1.0}
        return [
            self.text(
                x - (first - number * step) * sin(turn),
                y + (first - number * step) * cos(turn),
                line,
                fontsize=size,
                fontfamily=[self.theme.font_family],
                color=colour or self.theme.ink,
                fontweight=weight,
                ha=align,
                va="baseline",
                rotation=rotation,
                rotation_mode="anchor",
                transform=self.points,
                bbox=box if backed else None,
                parse_math=False,
            )
            for number, line in enumerate(lines)
        ]


def new_figure(theme: Theme, *, width_cm: float = WIDTH_CM, height_cm: float = 8.0) -> ThemedFigure:
    """Open an empty figure of a printed size in the theme's style.

    Args:
        theme: Colours and font.
        width_cm: Printed width, up to 16.5 (the A4 column).
        height_cm: Printed height, up to 24.

    Raises:
        ReportError: The figure would not fit an A4 page.
    """
    if not 0 < width_cm <= WIDEST_CM:
        raise ReportError(f"width_cm must be above 0 and at most {WIDEST_CM}, got {width_cm}")
    if not 0 < height_cm <= TALLEST_CM:
        raise ReportError(
            f"height_cm must be above 0 and at most {TALLEST_CM}, got {height_cm:.1f};"
            " split the chart"
        )
    return ThemedFigure(theme, width_cm=width_cm, height_cm=height_cm)
