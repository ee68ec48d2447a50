"""Plots, written as SVG by hand: axes, shaded bands, points, lines, boxes.

Small on purpose; a run's pictures open in any browser and need nothing.
"""
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 1000, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 30, 40
BAND_COLOURS = ('#f4c7c3', '#fce8b2', '#d2e3fc', '#ceead6', '#e6d5f5',
                '#f5d5e6', '#d5f0f5', '#e0e0e0')


class Plot:
    """One picture over time (x, in seconds)."""

    def __init__(self, title: str, unit: str, seconds: float,
                 low: float, high: float, log: bool = False) -> None:
        self._seconds = max(seconds, 1e-3)
        self._low, self._high, self._log = low, max(high, low * 1.01), log
        self._parts: list[str] = []
        self._keys: list[tuple[str, str]] = []
        self._band_colours: dict[str, str] = {}
        self._text(LEFT, TOP - 12, title, 'start', 15)
        self._text(LEFT - 8, TOP - 12, unit, 'end', 12)

    def x(self, seconds: float) -> float:
        """A moment's place."""
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / self._seconds

    def y(self, value: float) -> float:
        """A value's place."""
        value = min(max(value, self._low), self._high)
        if self._log:
            share = (math.log(value / self._low) /
                     math.log(self._high / self._low))
        else:
            share = (value - self._low) / (self._high - self._low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def _text(self, x: float, y: float, text: str, anchor: str,
              size: int = 11) -> None:
        self._parts.append(
            '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s">%s'
            '</text>' % (x, y, size, anchor, escape(text)))

    def _line(self, x1: float, y1: float, x2: float, y2: float,
              colour: str) -> None:
        self._parts.append(
            '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>' %
            (x1, y1, x2, y2, colour))

    def band(self, name: str, begin: float, end: float) -> None:
        """Shade an interval; one colour for each name."""
        if name not in self._band_colours:
            colour = BAND_COLOURS[len(self._band_colours) %
                                  len(BAND_COLOURS)]
            self._band_colours[name] = colour
            self._keys.append((name, colour))
        self._parts.append(
            '<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" '
            'opacity="0.7"><title>%s %.1f to %.1f s</title></rect>' % (
                self.x(begin), TOP, max(1.0, self.x(end) - self.x(begin)),
                HEIGHT - TOP - BOTTOM, self._band_colours[name],
                escape(name), begin, end))

    def key(self, name: str, colour: str) -> None:
        """Name a colour beside the plot."""
        self._keys.append((name, colour))

    def points(self, points: Iterable[tuple[float, float]],
               colour: str) -> None:
        """A dot for each (seconds, value)."""
        path = ''.join('M%.1f %.1fh1' % (self.x(x), self.y(y))
                       for x, y in points)
        self._parts.append('<path d="%s" stroke="%s" stroke-width="2" '
                           'stroke-linecap="round" fill="none"/>' %
                           (path, colour))

    def line(self, points: Sequence[tuple[float, float]],
             colour: str) -> None:
        """A line through (seconds, value)."""
        self._parts.append(
            '<polyline points="%s" stroke="%s" fill="none"/>' % (
                ' '.join('%.1f,%.1f' % (self.x(x), self.y(y))
                         for x, y in points), colour))

    def box(self, begin: float, end: float, low: float, high: float,
            colour: str) -> None:
        """A filled box."""
        self._parts.append(
            '<rect x="%.2f" y="%.1f" width="%.2f" height="%.1f" '
            'fill="%s"/>' % (
                self.x(begin), self.y(high), self.x(end) - self.x(begin),
                self.y(low) - self.y(high), colour))

    def label(self, value: float, text: str) -> None:
        """A word on the y axis."""
        self._text(LEFT - 8, self.y(value) + 4, text, 'end')

    def value_axis(self) -> None:
        """Ticks and figures on the y axis."""
        for value in self._ticks():
            self._line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value),
                       '#dddddd')
            self.label(value, '%g' % value)

    def _ticks(self) -> list[float]:
        if self._log:
            first = math.ceil(math.log10(self._low) - 1e-9)
            last = math.floor(math.log10(self._high) + 1e-9)
            return [10.0 ** power for power in range(first, last + 1)]
        step = nice_step(self._high - self._low)
        count = int((self._high - self._low) / step)
        return [self._low + step * i for i in range(count + 1)]

    def write(self, path: Path) -> None:
        """Draw the frame and the keys, and write the file."""
        bottom = HEIGHT - BOTTOM
        step = nice_step(self._seconds)
        for i in range(int(self._seconds / step) + 1):
            self._line(self.x(i * step), bottom, self.x(i * step), bottom + 4,
                       'black')
            self._text(self.x(i * step), bottom + 18, '%g s' % (i * step),
                       'middle')
        self._line(LEFT, bottom, WIDTH - RIGHT, bottom, 'black')
        self._line(LEFT, TOP, LEFT, bottom, 'black')
        for row, (name, colour) in enumerate(self._keys):
            y = TOP + 16 * row
            self._parts.append('<rect x="%d" y="%d" width="10" height="10" '
                               'fill="%s"/>' % (WIDTH - RIGHT + 12, y, colour))
            self._text(WIDTH - RIGHT + 27, y + 9, name, 'start')
        path.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif">\n<rect width="100%%" height="100%%" '
            'fill="white"/>\n%s\n</svg>\n' % (
                WIDTH, max(HEIGHT, TOP + 16 * len(self._keys) + 8),
                '\n'.join(self._parts)), encoding='utf-8')


def nice_step(span: float) -> float:
    """A round distance that divides a span into about eight."""
    rough = span / 8
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10)
                if step * power >= rough * 0.999)
