"""Colours as readers see them: contrast on a page, distance to colour-weak sight."""

import math
from typing import Final

_LIFTED: Final = 6.5
"""Contrast a colour of the brand is lifted to on a dark screen."""
_LINEAR_BELOW: Final = 0.04045
"""Where the sRGB curve is a line."""
_MIDDLE: Final = 0.5


def mix(first: str, second: str, share: float) -> str:
    """Give ``share`` (0-1) of the first ``#RRGGBB`` colour in the second."""
    parts = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(255 * (a * share + b * (1 - share))):02X}" for a, b in parts)


def contrast(first: str, second: str) -> float:
    """Give the WCAG contrast ratio of two ``#RRGGBB`` colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_light(colour: str) -> bool:
    """Whether dark ink reads better on it than light ink."""
    return _luminance(colour) > _MIDDLE


_SIGHTS: Final = (
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
)
"""Usual sight, protanopia, deuteranopia on linear RGB: Machado, Oliveira & Fernandes (2009)."""


def sight_distance(first: str, second: str) -> float:
    """Give the least OKLab distance of two colours over usual, red-weak and green-weak sight."""
    return min(math.dist(_oklab(first, sight), _oklab(second, sight)) for sight in _SIGHTS)


def lift(colour: str, background: str) -> str:
    """The colour with as little white as makes it readable on a dark background."""
    for step in range(21):
        lifted = mix("#FFFFFF", colour, step / 20)
        if contrast(lifted, background) >= _LIFTED:
            return lifted
    return "#FFFFFF"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _linear(colour: str) -> list[float]:
    return [
        each / 12.92 if each <= _LINEAR_BELOW else ((each + 0.055) / 1.055) ** 2.4
        for each in _channels(colour)
    ]


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklab(colour: str, sight: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """OKLab (Ottosson 2020) of a colour as a given sight perceives it."""
    linear = _linear(colour)
    red, green, blue = (
        max(0.0, sum(weight * each for weight, each in zip(row, linear, strict=True)))
        for row in sight
    )
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )
