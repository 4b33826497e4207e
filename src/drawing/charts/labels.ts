/** @file `labels.png`: how often each class occurs and how large the images are, to spot a wrong data set at a glance. */

import { displayWidth, shortened } from '../../base/text.js';
import type { ClassInfo, DatasetReport } from '../../data/index.js';
import { element } from '../svg.js';
import { type Axis, axisFor } from './axis.js';
import { classColor, columnWidth, drawChart, FAINT, GRID, INK, label, line, title } from './draw.js';

const WIDTH = 1200;
const TOP = 84;
/** Height of one class in the chart. */
const ROW = 40;
const BAR = 14;
const LONGEST_NAME = 22;
/** Left edge and width of the right chart. */
const SIZES_LEFT = 800;
const SIZES_WIDTH = 360;
/** Sizes that are named in the chart; with more of them the words overlap. */
const MAX_NAMED_SIZES = 6;
/** How the subsets differ: the second is paler. */
const OPACITIES = [1, 0.45];

/** One data set of the run. */
export interface LabelsSubset {
  /** For the legend, for example "train". */
  readonly name: string;
  readonly report: DatasetReport;
  /** Of every image. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
}

/** Draws both charts. @param subsets one or two. @returns a PNG file */
export function drawLabels(
  classes: readonly ClassInfo[],
  subsets: readonly LabelsSubset[],
): Promise<Uint8Array> {
  const height = heightFor(classes);
  return drawChart(WIDTH, height, labelsSvg(classes, subsets));
}

/** The chart behind {@link drawLabels}. */
export function labelsSvg(classes: readonly ClassInfo[], subsets: readonly LabelsSubset[]): string {
  const bottom = heightFor(classes) - 56;
  return [
    title(24, 26, 'Share of the pixels per class'),
    title(SIZES_LEFT - 66, 26, 'Image sizes in pixels'),
    legendSvg(subsets.map(({ name }) => name)),
    sharesSvg(classes, subsets, bottom),
    sizesSvg(subsets, bottom),
  ].join('');
}

function heightFor(classes: readonly ClassInfo[]): number {
  return Math.max(420, 140 + classes.length * ROW);
}

function legendSvg(names: readonly string[]): string {
  let x = 24;
  return names
    .map((name, index) => {
      const mark = { x, y: 47, width: BAR, height: BAR, rx: 2, fill: INK, opacity: OPACITIES[index] };
      const drawn = element('rect', mark) + label(x + 21, 54, name);
      x += 21 + displayWidth(name) * columnWidth() + 24;
      return drawn;
    })
    .join('');
}

function sharesSvg(classes: readonly ClassInfo[], subsets: readonly LabelsSubset[], bottom: number): string {
  const names = classes.map(({ name }) => shortened(name, LONGEST_NAME));
  const left = 34 + Math.max(...names.map(displayWidth)) * columnWidth();
  const largest = Math.max(...subsets.flatMap(({ report }) => report.classes.map(({ share }) => share)));
  // The figures behind the bars need room.
  const max = Math.min(120, 10 * Math.ceil(largest * 13)) || 10;
  const x = axisFor([], { from: left, to: 650, min: 0, max, count: 8 });
  const grid = x.ticks.map(
    (tick) =>
      line(x.at(tick), TOP, x.at(tick), bottom, GRID) +
      label(x.at(tick), bottom + 16, `${tick} %`, { size: 12, anchor: 'middle' }),
  );
  const pitch = (bottom - TOP) / classes.length;
  const rows = classes.map((info, index) => {
    const middle = TOP + (index + 0.5) * pitch;
    const bars = subsets.map(({ report }, subset) => {
      const { share, images } = report.classes[index]!;
      const y = middle + (subset - subsets.length / 2) * (BAR + 3) + 1.5;
      const end = x.at(100 * share);
      const bar = { x: left, y, width: end - left, height: BAR };
      // Paler on white, so that the grid does not show through.
      const drawn =
        element('rect', { ...bar, fill: '#ffffff' }) +
        element('rect', { ...bar, fill: classColor(info), opacity: OPACITIES[subset] });
      const words = `${percent(share)}  in ${images} of ${report.images}`;
      return drawn + label(end + 6, y + BAR / 2, words, { size: 11 });
    });
    return label(left - 10, middle, names[index] as string, { anchor: 'end' }) + bars.join('');
  });
  return [...grid, line(left, TOP, left, bottom, FAINT), ...rows].join('');
}

/** One size of images, and how many each subset has of it. */
interface SizeCount {
  readonly width: number;
  readonly height: number;
  readonly counts: readonly number[];
}

function sizesSvg(subsets: readonly LabelsSubset[], bottom: number): string {
  const sizes = countSizes(subsets);
  const x = sizeAxis(
    sizes.map(({ width }) => width),
    SIZES_LEFT,
    SIZES_LEFT + SIZES_WIDTH,
  );
  const y = sizeAxis(
    sizes.map(({ height }) => height),
    bottom,
    TOP,
  );
  const right = SIZES_LEFT + SIZES_WIDTH;
  const grid = [
    ...x.ticks.map(
      (tick) =>
        line(x.at(tick), TOP, x.at(tick), bottom, GRID) +
        label(x.at(tick), bottom + 16, String(tick), { size: 12, anchor: 'middle' }),
    ),
    ...y.ticks.map(
      (tick) =>
        line(SIZES_LEFT, y.at(tick), right, y.at(tick), GRID) +
        label(SIZES_LEFT - 9, y.at(tick), String(tick), { size: 12, anchor: 'end' }),
    ),
    line(SIZES_LEFT, TOP, SIZES_LEFT, bottom, FAINT),
    line(SIZES_LEFT, bottom, right, bottom, FAINT),
  ];
  const largest = Math.max(...sizes.flatMap(({ counts }) => counts));
  const radius = (count: number) => 4 + 11 * Math.sqrt(count / largest);
  // A filled dot for the first subset, a ring for the second: neither hides the other.
  const dots = sizes.flatMap(({ width, height, counts }) =>
    counts.flatMap((count, subset) => {
      if (count === 0) return [];
      const look =
        subset === 0 ? { fill: INK, opacity: 0.35 } : { fill: 'none', stroke: INK, 'stroke-width': 1.5 };
      return [element('circle', { cx: x.at(width), cy: y.at(height), r: radius(count), ...look })];
    }),
  );
  const isFew = sizes.length <= MAX_NAMED_SIZES;
  const names = isFew ? nameSizes(sizes, subsets, x, y, (counts) => radius(Math.max(...counts))) : [];
  const faint = { color: FAINT, anchor: 'middle' } as const;
  return [
    ...grid,
    ...dots,
    ...names,
    label((SIZES_LEFT + right) / 2, bottom + 38, 'width', faint),
    label(SIZES_LEFT - 60, (TOP + bottom) / 2, 'height', { ...faint, upwards: true }),
  ].join('');
}

/** Words above each dot, or below it, or further away, wherever none are yet. */
function nameSizes(
  sizes: readonly SizeCount[],
  subsets: readonly LabelsSubset[],
  x: Axis,
  y: Axis,
  radiusOf: (counts: readonly number[]) => number,
): string[] {
  const taken: { from: number; to: number; y: number }[] = [];
  const size = 11;
  return sizes.flatMap(({ width, height, counts }) => {
    const each = counts.flatMap((count, subset) => (count > 0 ? [`${count} ${subsets[subset]!.name}`] : []));
    const words = `${width} x ${height}: ${each.join(', ')}`;
    const half = (displayWidth(words) * columnWidth(size)) / 2;
    const middle = Math.min(Math.max(x.at(width), SIZES_LEFT + half + 4), WIDTH - half - 8);
    const step = radiusOf(counts) + 10;
    const place = [-step, step, -step - 14, step + 14]
      .map((offset) => ({ from: middle - half, to: middle + half, y: y.at(height) + offset }))
      .find((box) =>
        taken.every((other) => box.to < other.from || box.from > other.to || Math.abs(box.y - other.y) > 12),
      );
    if (!place) return [];
    taken.push(place);
    return [label(middle, place.y, words, { size, anchor: 'middle' })];
  });
}

/** Equal scales would waste the chart when all images are nearly alike; the axis still begins below the smallest. */
function sizeAxis(lengths: readonly number[], from: number, to: number): Axis {
  const low = Math.max(0, niceFloor(Math.min(...lengths) * 0.7));
  const high = niceCeil(Math.max(...lengths) * 1.2);
  return axisFor([], { from, to, min: low, max: high });
}

/** Half a power of ten, so that the axis ends at a round number not far from the data. */
function unitOf(value: number): number {
  return 10 ** Math.floor(Math.log10(Math.max(value, 1))) / 2;
}

function niceFloor(value: number): number {
  return Math.floor(value / unitOf(value)) * unitOf(value);
}

function niceCeil(value: number): number {
  return Math.ceil(value / unitOf(value)) * unitOf(value);
}

/** Sizes that occur, the most frequent first. */
function countSizes(subsets: readonly LabelsSubset[]): SizeCount[] {
  const found = new Map<string, { width: number; height: number; counts: number[] }>();
  subsets.forEach(({ sizes }, subset) => {
    for (const { width, height } of sizes) {
      const key = `${width}x${height}`;
      const known = found.get(key) ?? { width, height, counts: subsets.map(() => 0) };
      known.counts[subset]! += 1;
      found.set(key, known);
    }
  });
  const total = ({ counts }: SizeCount) => counts.reduce((sum, count) => sum + count, 0);
  return [...found.values()].sort((a, b) => total(b) - total(a));
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}
