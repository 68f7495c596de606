"""A self-contained HTML page: no script, no address, prints well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_CSS = """
:root{--ink:#1a1a1a;--soft:#5a5a5a;--line:#d9d9d9;--good:#00694f;--bad:#a33b00;--tint:#f6f7f8}
*{box-sizing:border-box}body{font:15px/1.5 system-ui,"DejaVu Sans",sans-serif;color:var(--ink);max-width:1080px;
margin:0 auto;padding:24px}h1{font-size:1.6em;margin:.2em 0}h2{font-size:1.2em;margin:1.6em 0 .4em;border-bottom:1px
solid var(--line)}h3{font-size:1em;margin:1.2em 0 .3em}p.lead{font-size:1.05em}table{border-collapse:collapse;width:100%;
font-size:.86em;margin:.6em 0}th,td{text-align:left;padding:3px 8px;border-bottom:1px solid var(--line);
vertical-align:top}th{background:var(--tint)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}figure{margin:1em 0}figure svg{max-width:100%;height:auto}figcaption{color:var(--soft);font-size:.86em}
.warn{color:var(--bad)}.ok{color:var(--good)}.soft{color:var(--soft)}.scroll{overflow-x:auto}ul.warnings{margin:.3em 0;
padding-left:1.2em;color:var(--bad);font-size:.9em}code{background:var(--tint);padding:0 .25em}
@media print{body{padding:0;max-width:none;font-size:11px}figure,tr{break-inside:avoid}}
"""


def page(title: str, body: str) -> str:
    """Return a whole HTML document."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def table(rows: Sequence[Mapping[str, object]], *, numeric: Sequence[str] = ()) -> str:
    """Return rows as an HTML table; columns named in ``numeric`` are aligned right, None is a dash."""
    if not rows:
        return '<p class="soft">none</p>'
    header = list(dict.fromkeys(key for row in rows for key in row))
    head = "".join(f'<th class="{"n" if h in numeric else ""}">{escape(h)}</th>' for h in header)
    lines = []
    for row in rows:
        cells = (
            f'<td class="{"n" if h in numeric else ""}">{escape("–" if row.get(h) is None else str(row[h]))}</td>'
            for h in header
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def figure(svg: str, caption: str, number: int) -> str:
    """Return an inline figure whose identifiers cannot clash with those of other figures on the page."""
    return f"<figure>{_unique(svg, number)}<figcaption>Figure {number}. {escape(caption)}</figcaption></figure>"


def _unique(svg: str, number: int) -> str:
    for mark in ('id="', 'href="#', "url(#"):
        svg = svg.replace(mark, f"{mark}f{number}-")
    return svg


def warnings(texts: Sequence[str]) -> str:
    """Return warnings as a list, nothing where there are none."""
    return f'<ul class="warnings">{"".join(f"<li>{escape(t)}</li>" for t in texts)}</ul>' if texts else ""


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of escaped text."""
    return f'<p class="{kind}">{escape(text)}</p>'


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(text)}</h{level}>"
