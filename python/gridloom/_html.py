"""How notebooks show a run."""

from __future__ import annotations

from html import escape
from typing import Any

from .errors import GridloomError

#: Points of the map's longer side.
_SIDE = 160

#: Variables that are listed.
_SHOWN = 12


def of_run(run: Any) -> str:
    """A table of what a :class:`~gridloom.Run` has, beside a map of its cells."""
    rows = [("cells", f"{len(run.cells)} on a grid of {run._source.grid()}")]
    try:
        time, periods, variables = run.time, run.periods, run.variables
    except GridloomError as error:
        rows.append(("not readable", str(error)))
    else:
        rows.append(("time", f"{time['start']} to {time['end']}, {time['steps']} steps of {time['step']}, {time['calendar']}"))
        rows.append(("periods", ", ".join(str(one.number) for one in periods[:20]) + (", …" if len(periods) > 20 else "")))
        names = list(variables.values())
        listed = [f"{one.name}{f' [{one.units}]' if one.units else ''}" for one in names[:_SHOWN]]
        rows.append((f"{len(names)} variables", ", ".join(listed) + (", …" if len(names) > _SHOWN else "")))
        lost = [str(fault) for fault in run.faults] + run.remarks
        if lost:
            rows.append(("missing", "; ".join(lost[:5]) + (f"; {len(lost) - 5} more" if len(lost) > 5 else "")))
    table = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;white-space:nowrap">{escape(head)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for head, text in rows
    )
    title = f"{escape(run.name)} <small>{escape(run.kind)}, {escape(run.path)}</small>"
    return (
        f'<div style="display:flex;gap:1em;align-items:flex-start">{_map(run)}'
        f"<div><strong>{title}</strong><table>{table}</table></div></div>"
    )


def _map(run: Any) -> str:
    """The cells, each a square, as SVG that takes the page's colour."""
    if not run.cells:
        return ""
    rows, columns = [cell.row for cell in run.cells], [cell.column for cell in run.cells]
    height, width = max(rows) - min(rows) + 1, max(columns) - min(columns) + 1
    # Of very many cells those that would share a point are one.
    step = max(1, max(height, width) // (2 * _SIDE))
    squares = {((row - min(rows)) // step, (column - min(columns)) // step) for row, column in zip(rows, columns, strict=True)}
    scale = _SIDE / max(height, width) * step
    path = "".join(f"M{column} {row}h1v1h-1z" for row, column in sorted(squares))
    return (
        f'<svg role="img" aria-label="map of {len(run.cells)} cells" width="{max(width / step * scale, 8):.0f}" '
        f'height="{max(height / step * scale, 8):.0f}" viewBox="0 0 {-(-width // step)} {-(-height // step)}" '
        f'fill="currentColor" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
