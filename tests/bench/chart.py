# SPDX-License-Identifier: GPL-2.0
"""A chart of bars, as SVG: small enough to need no library."""

from xml.sax.saxutils import escape

WIDTH, NAMES, BAR, GAP, TOP = 860, 300, 16, 6, 46
FIGURES = 130
OURS = "kernel DTLS"
COLOURS = {"tx": "#3b6ea5", "rx": "#9dbbd9", "both": "#6c94bf"}


class Svg:
    def __init__(self):
        self.parts = []

    def text(self, x, y, text, anchor="start", weight="normal"):
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(text)}</text>')

    def bar(self, x, y, width, colour):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{BAR}" fill="{colour}"/>')

    def line(self, x, top, bottom):
        self.parts.append(
            f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" '
            f'y2="{bottom:.1f}" stroke="#b03030" stroke-dasharray="4 3"/>')

    def whole(self, height):
        return "\n".join([
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<!-- SPDX-License-Identifier: GPL-2.0 -->',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height}" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            *self.parts, "</svg>", ""])


def _bars(svg, y, name, cost, scale):
    """One row: sending, then receiving."""
    svg.text(NAMES - 8, y + BAR - 4, name, "end",
             "bold" if name.startswith(OURS) else "normal")
    if cost.rx is None:
        parts = [("both", cost.tx)]
    else:
        parts = [("tx", cost.tx), ("rx", cost.rx)]
    x = NAMES
    for kind, value in parts:
        svg.bar(x, y, value * scale, COLOURS[kind])
        x += value * scale
    svg.text(x + 6, y + BAR - 4, f"{cost.both:,.0f}")


def _panel(svg, y, title, rows, limit):
    """@rows: (name, cost); @limit: a line is drawn there. Return: its end."""
    scale = (WIDTH - NAMES - FIGURES) / max(cost.both for _, cost in rows)
    svg.text(NAMES, y + 14, title, weight="bold")
    y += 24
    top = y
    for name, cost in rows:
        _bars(svg, y, name, cost, scale)
        y += BAR + GAP
    if limit:
        svg.line(NAMES + limit * scale, top - 4, y)
    return y + 18


def draw(title, panels):
    """@panels: (title, [(name, cost)], limit or None). Return: the text."""
    svg = Svg()
    svg.text(12, 20, title, weight="bold")
    x = 12
    for kind, name in (("tx", "sending"), ("rx", "receiving"),
                       ("both", "both together")):
        svg.bar(x, 28, 12, COLOURS[kind])
        svg.text(x + 18, 40, name)
        x += 110
    svg.line(x, 28, 44)
    svg.text(x + 8, 40, "the floor")
    y = TOP + 8
    for panel in panels:
        y = _panel(svg, y, *panel)
    return svg.whole(y)
