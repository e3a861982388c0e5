"""The looks of a device card: one column on a phone, two on a desk, plain on paper."""

CARD_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 16px; color: #1b1f24; background: #fff;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { border-bottom: 3px solid #0072b2; margin-bottom: 14px; }
h1 { font-size: 1.5em; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 1.15em; margin: 26px 0 8px; }
h3 { font-size: 1em; margin: 0 0 6px; }
p { margin: 4px 0 10px; }
.quiet { color: #57606a; font-size: .9em; overflow-wrap: anywhere; }
.caution { background: #fff4d6; border-left: 4px solid #e69f00; padding: 7px 10px; margin: 8px 0; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile { border: 1px solid #d0d7de; border-radius: 8px; padding: 9px 11px; break-inside: avoid; }
.tile b { display: block; font-size: 1.55em; line-height: 1.2; white-space: nowrap; }
.plots { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
figure { margin: 0; border: 1px solid #d0d7de; border-radius: 8px; padding: 10px;
  break-inside: avoid; }
figcaption { color: #57606a; font-size: .85em; margin-top: 5px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: #1b1f24; }
svg .axis { stroke: #57606a; fill: none; }
svg .grid { stroke: #d8dee4; stroke-width: .7; fill: none; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 6px 0 10px; font-size: .92em; }
.key i { display: inline-block; width: 11px; height: 11px; margin-right: 5px; border-radius: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .9em; }
th, td { text-align: right; padding: 4px 7px; border-bottom: 1px solid #e3e8ed; }
.wide td:not(:first-child) { white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #8c959f; vertical-align: bottom; font-weight: 600; }
table.facts td:last-child { text-align: left; overflow-wrap: anywhere; }
table.facts td:first-child { width: 34%; color: #57606a; vertical-align: top; }
@media (max-width: 700px) {
  table.wide thead { display: none; }
  table.wide tr { display: grid; grid-template-columns: 1fr 1fr; border: 1px solid #d0d7de;
    border-radius: 8px; margin-bottom: 9px; padding: 7px 10px; break-inside: avoid; }
  table.wide td { display: flex; justify-content: space-between; border: 0; padding: 1px 0;
    gap: 8px; }
  table.wide td:nth-child(even) { margin-right: 14px; }
  table.wide td:first-child { grid-column: 1 / -1; font-weight: 600; margin: 0; }
  table.wide td:not(:first-child)::before { content: attr(data-label); color: #57606a;
    font-size: .9em; text-align: left; white-space: normal; }
}
@page { margin: 14mm 12mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5px; }
  .plots { grid-template-columns: 1fr 1fr; }
  .tiles { grid-template-columns: repeat(4, 1fr); }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
