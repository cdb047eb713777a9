"""Pictures of the benchmarks as SVG, drawn without a library; readable on light and on dark paper."""
import math
from html import escape

STYLE = """
  .paper { fill: #ffffff } .text { fill: #24292f } .faint { fill: #57606a } .grid { stroke: #d0d7de } .one { stroke: #57606a }
  .win { fill: #1a7f5a } .lose { fill: #bc4c00 } .ours { stroke: #1a7f5a; fill: #1a7f5a } .peer { stroke: #8250df; fill: #8250df }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #30363d } .one { stroke: #9198a1 }
    .win { fill: #3fb68b } .lose { fill: #f0883e } .ours { stroke: #3fb68b; fill: #3fb68b } .peer { stroke: #b392f0; fill: #b392f0 }
  }
  text { font: 13px system-ui, sans-serif } .small { font-size: 12px } .title { font-size: 15px; font-weight: 600 }
  .line { fill: none; stroke-width: 2 } text.ours, text.peer { stroke: none; font-weight: 600 }
"""


def picture(width, height, title, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    title = escape(title)
    body = "\n".join(parts)
    return (
        f"{head}\n<title>{title}</title>\n<style>{STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}" rx="6"/>\n'
        f'<text class="text title" x="16" y="26">{title}</text>\n{body}\n</svg>\n'
    )


def text(x, y, words, kind="text", anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(str(words))}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def ratios(title, rows):
    """A bar for each (name, ratio, who is compared with), from 1 to the right where ours is faster, to the left where it is slower."""
    left, right, top, step, width = 96, 236, 64, 26, 760
    logs = [abs(math.log2(ratio)) for _, ratio, _ in rows]
    reach = max(1.0, math.ceil(2 * max(logs)) / 2)
    lowest = min(0.0, *(math.log2(ratio) for _, ratio, _ in rows))
    lowest = -max(0.5, math.ceil(-2 * lowest) / 2)
    place = lambda log: left + (log - lowest) / (reach - lowest) * (width - left - right)
    height = top + step * len(rows) + 16
    parts = []
    for half in range(math.ceil(lowest), math.floor(reach) + 1):
        parts.append(line(place(half), top - 14, place(half), height - 14, "one" if half == 0 else "grid"))
        label = f"{2.0**half:g}×" if half >= 0 else f"1/{2**-half}"
        parts.append(text(place(half), top - 20, label, "faint small", "middle"))
    for i, (name, ratio, peer) in enumerate(rows):
        y = top + i * step
        start, end = sorted((place(0.0), place(math.log2(ratio))))
        kind = "win" if ratio >= 1 else "lose"
        parts.append(text(left - 12, y + 14, name, "text", "end"))
        parts.append(f'<rect class="{kind}" x="{start:.1f}" y="{y + 2}" width="{max(end - start, 1):.1f}" height="16" rx="2"/>')
        parts.append(text(max(end, place(0.0)) + 8, y + 14, f"{ratio:.2f} × {peer}", "faint small"))
    return picture(width, height, title, parts)


def curves(title, across, up, series):
    """Lines through points on logarithmic axes: `series` are (name, class, [(x, y), …])."""
    left, right, top, bottom, width, height = 84, 110, 48, 48, 640, 380
    xs = [x for _, _, points in series for x, _ in points]
    ys = [y for _, _, points in series for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    first, last = math.log(min(xs)), math.log(max(xs))
    at_x = lambda x: left + (math.log(x) - first) / max(last - first, 1e-9) * (width - left - right)
    at_y = lambda y: height - bottom - (math.log10(y) - low) / max(high - low, 1) * (height - top - bottom)
    parts = []
    for power in range(low, high + 1):
        parts.append(line(left, at_y(10.0**power), width - right, at_y(10.0**power), "grid"))
        parts.append(text(left - 8, at_y(10.0**power) + 4, f"{10**power:,}" if power >= 0 else f"1e{power}", "faint small", "end"))
    for x in sorted(set(xs)):
        parts.append(line(at_x(x), height - bottom, at_x(x), height - bottom + 5, "grid"))
        parts.append(text(at_x(x), height - bottom + 20, f"{x:,}", "faint small", "middle"))
    parts.append(text((left + width - right) / 2, height - 10, across, "text small", "middle"))
    parts.append(text(width - right, 26, up, "faint small", "end"))
    ends = []
    for name, kind, points in series:
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="line {kind}" style="fill:none" points="{path}"/>')
        parts += [f'<circle class="{kind}" cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3"/>' for x, y in points]
        ends.append([at_y(points[-1][1]), at_x(points[-1][0]), name, kind])
    ends.sort()
    for i, (y, x, name, kind) in enumerate(ends):
        # Names do not lie on one another.
        y = max(y, ends[i - 1][0] + 16) if i else y
        ends[i][0] = y
        parts.append(text(x + 9, y + 4, name, f"{kind} small"))
    return picture(width, height, title, parts)
