/** @file Small line charts side by side, each with its title and the names of its lines. */

import { displayWidth, shortened } from '../../base/text.js';
import { element } from '../svg.js';
import { type Axis, axisFor } from './axis.js';
import {
  columnWidth,
  drawChart,
  FAINT,
  GRID,
  INK,
  LINES,
  label,
  line,
  round,
  shortNumber,
  title,
} from './draw.js';

export interface PanelLine {
  readonly name: string;
  /** Default: the next of the colours that all panels share. */
  readonly color?: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePanel {
  readonly title: string;
  readonly lines: readonly PanelLine[];
  /** Fixed ends of the vertical axis; round numbers beyond the data without. */
  readonly min?: number;
  readonly max?: number;
}

export interface LineChartOptions {
  /** Of the horizontal axis, in whole numbers. */
  readonly range: readonly [from: number, to: number];
  /** What is counted there. */
  readonly unit: string;
  /** Whether every point has a dot. */
  readonly dots: boolean;
  /** At the right of the second panel's title. */
  readonly note?: string | undefined;
  /** Panels in a row. Default 2. */
  readonly columns?: number;
}

const PANEL_WIDTH = 590;
const PANEL_HEIGHT = 400;
const MARGIN = 20;
/** Of the area with lines, from the corner of its panel. */
const LEFT = 60;
const RIGHT = 560;
const BOTTOM = 336;
const LEGEND_TOP = 46;
const LEGEND_ROW = 20;
const LEGEND_SIZE = 12;
const LONGEST_NAME = 30;

/** Draws the panels, row by row. @returns a PNG file */
export function drawLinePanels(panels: readonly LinePanel[], options: LineChartOptions): Promise<Uint8Array> {
  const columns = options.columns ?? 2;
  const rows = Math.ceil(panels.length / columns);
  return drawChart(columns * PANEL_WIDTH + MARGIN, rows * PANEL_HEIGHT, linePanelsSvg(panels, options));
}

/** The chart behind {@link drawLinePanels}. */
export function linePanelsSvg(panels: readonly LinePanel[], options: LineChartOptions): string {
  const { columns = 2, note } = options;
  return panels
    .map((panel, index) => {
      const x = MARGIN + (index % columns) * PANEL_WIDTH;
      const y = MARGIN + Math.floor(index / columns) * PANEL_HEIGHT;
      const remark =
        note !== undefined && index === Math.min(1, panels.length - 1)
          ? label(RIGHT, 8, note, { color: FAINT, anchor: 'end' })
          : '';
      return element('g', { transform: `translate(${x} ${y})` }, panelSvg(panel, options) + remark);
    })
    .join('');
}

function panelSvg(panel: LinePanel, { range, unit, dots }: LineChartOptions): string {
  const lines = panel.lines.map((one, index) => ({
    ...one,
    color: one.color ?? (LINES[index % LINES.length] as string),
  }));
  const legend = lines.length > 1 ? legendSvg(lines) : { body: '', rows: 0 };
  const top = LEGEND_TOP + 6 + Math.max(1, legend.rows) * LEGEND_ROW;
  const [first, last] = range;
  // One value alone stands in the middle.
  const [min, max] = first === last ? [first - 1, first + 1] : [first, last];
  const x = axisFor([], { from: LEFT, to: RIGHT, min, max, count: 8, whole: true });
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const y = axisFor(values, { from: BOTTOM, to: top, min: panel.min, max: panel.max });
  const drawn = lines.map(({ points, color }) => lineSvg(points, color, dots, x, y));
  return [title(0, 8, panel.title), legend.body, axesSvg(x, y, range, unit), ...drawn].join('');
}

function axesSvg(x: Axis, y: Axis, [first, last]: LineChartOptions['range'], unit: string): string {
  const rows = y.ticks.map((tick) => {
    const at = y.at(tick);
    return (
      line(LEFT, at, RIGHT, at, GRID) + label(LEFT - 9, at, shortNumber(tick), { size: 12, anchor: 'end' })
    );
  });
  const columns = x.ticks
    .filter((tick) => tick >= first && tick <= last)
    .map((tick) => {
      const at = x.at(tick);
      return (
        line(at, BOTTOM, at, BOTTOM + 5, FAINT) +
        label(at, BOTTOM + 15, String(tick), { size: 12, anchor: 'middle' })
      );
    });
  return [
    ...rows,
    line(LEFT, BOTTOM, RIGHT, BOTTOM, FAINT),
    ...columns,
    label((LEFT + RIGHT) / 2, BOTTOM + 33, unit, { size: 12, color: FAINT, anchor: 'middle' }),
  ].join('');
}

function lineSvg(points: PanelLine['points'], color: string, dots: boolean, x: Axis, y: Axis): string {
  const places = points
    .filter(([, value]) => Number.isFinite(value))
    .map(([at, value]) => [round(x.at(at)), round(y.at(value))] as const);
  if (places.length === 0) return '';
  const path = element('path', {
    d: `M${places.map((place) => place.join()).join('L')}`,
    fill: 'none',
    stroke: color,
    'stroke-width': 2,
    'stroke-linejoin': 'round',
  });
  // A line of one point would not be seen.
  const isDotted = dots || places.length === 1;
  return (
    path +
    (isDotted ? places.map(([cx, cy]) => element('circle', { cx, cy, r: 2.8, fill: color })) : []).join('')
  );
}

/** Names with their colours, each once, in as many rows as it takes. */
function legendSvg(lines: readonly { readonly name: string; readonly color: string }[]): {
  readonly body: string;
  readonly rows: number;
} {
  let x = 0;
  let row = 0;
  const different = [...new Map(lines.map((one) => [`${one.color} ${one.name}`, one])).values()];
  const marks = different.map(({ name, color }) => {
    const words = shortened(name, LONGEST_NAME);
    const width = 22 + columnWidth(LEGEND_SIZE) * displayWidth(words) + 16;
    if (x > 0 && x + width > RIGHT) {
      x = 0;
      row++;
    }
    const y = LEGEND_TOP - 14 + row * LEGEND_ROW;
    const mark =
      element('rect', { x, y: y - 4, width: 16, height: 8, rx: 2, fill: color }) +
      label(x + 22, y, words, { size: LEGEND_SIZE, color: INK });
    x += width;
    return mark;
  });
  return { body: marks.join(''), rows: row + 1 };
}
