/** @file `labels.png`: how often each class occurs and how large the images are, to spot a wrong data set at a glance. */

import type { EChartsOption } from 'echarts';
import type { ClassInfo, DatasetReport } from '../../../data/index.js';
import { drawChart, FAINT, GRID, INK, LINES } from './draw.js';

const WIDTH = 1200;
/** Height of one class in the chart. */
const ROW = 40;
/** Sizes that are named in the chart; with more of them the words overlap. */
const MAX_NAMED_SIZES = 6;

/** One data set of the run. */
export interface LabelsSubset {
  /** For the legend, for example "train". */
  readonly name: string;
  readonly report: DatasetReport;
  /** Of every image. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
}

/** Draws both charts. @returns a PNG file */
export function drawLabels(
  classes: readonly ClassInfo[],
  subsets: readonly LabelsSubset[],
): Promise<Uint8Array> {
  const height = Math.max(420, 140 + classes.length * ROW);
  return drawChart(labelsOption(classes, subsets, height), { width: WIDTH, height });
}

/** The chart behind {@link drawLabels}. */
export function labelsOption(
  classes: readonly ClassInfo[],
  subsets: readonly LabelsSubset[],
  height: number,
): EChartsOption {
  const names = classes.map(({ name }) => name);
  const top = 84;
  const sizes = subsets.map(({ sizes }) => countSizes(sizes));
  const isFew =
    new Set(sizes.flat().map(({ width, height }) => `${width}x${height}`)).size <= MAX_NAMED_SIZES;
  const largest = Math.max(...sizes.flat().map(({ count }) => count));
  const title = (text: string, left: number) => ({
    text,
    left,
    top: 16,
    textStyle: { fontSize: 16, fontWeight: 'bold' as const, color: INK },
  });
  const margin = 30 + Math.min(Math.max(...names.map((name) => name.length)), 22) * 7.5;
  return {
    color: [LINES[0]!, LINES[1]!, LINES[2]!],
    title: [title('Share of the pixels per class', 24), title('Image sizes in pixels', 724)],
    legend: {
      data: subsets.map(({ name }) => name),
      top: 44,
      left: 24,
      itemWidth: 14,
      itemGap: 24,
      icon: 'roundRect',
    },
    grid: [
      { left: margin, top, width: 640 - margin, height: height - top - 52 },
      { left: 790, top, width: 360, height: height - top - 52 },
    ],
    xAxis: [
      {
        type: 'value',
        gridIndex: 0,
        max: (range: { max: number }) => Math.min(120, 10 * Math.ceil(range.max * 0.13)),
        axisLabel: { formatter: '{value} %', color: INK },
        splitLine: { lineStyle: { color: GRID } },
      },
      {
        ...sizeAxis('width', 28),
        gridIndex: 1,
      },
    ],
    yAxis: [
      {
        type: 'category',
        gridIndex: 0,
        data: names,
        inverse: true,
        axisTick: { show: false },
        axisLabel: { color: INK, width: margin - 20, overflow: 'truncate', interval: 0 },
        axisLine: { lineStyle: { color: FAINT } },
      },
      { ...sizeAxis('height', 46), gridIndex: 1 },
    ],
    series: [
      ...subsets.map(({ name, report }) => ({
        type: 'bar' as const,
        name,
        xAxisIndex: 0,
        yAxisIndex: 0,
        barMaxWidth: 14,
        barGap: '20%',
        data: report.classes.map(({ share }) => 100 * share),
        label: {
          show: true,
          position: 'right' as const,
          fontSize: 11,
          color: INK,
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const { share, images } = report.classes[dataIndex]!;
            return `${percent(share)}  in ${images} of ${report.images}`;
          },
        },
      })),
      ...subsets.map(({ name }, index) => ({
        type: 'scatter' as const,
        name,
        xAxisIndex: 1,
        yAxisIndex: 1,
        itemStyle: { opacity: 0.6 },
        data: sizes[index]!.map(({ width, height, count }) => ({
          value: [width, height, count],
          symbolSize: 8 + 22 * Math.sqrt(count / largest),
        })),
        label: {
          show: isFew,
          position: index === 0 ? ('top' as const) : ('bottom' as const),
          fontSize: 11,
          color: INK,
          formatter: ({ value }: { value: unknown }) => {
            const [width, height, count] = value as number[];
            return `${width} x ${height}: ${count} ${name}`;
          },
        },
      })),
    ],
  };
}

/** Equal scales would waste the chart when all images are nearly alike; the axis still begins below the smallest. */
function sizeAxis(name: string, nameGap: number) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: FAINT },
    min: ({ min }: { min: number }) => Math.max(0, niceFloor(min * 0.7)),
    max: ({ max }: { max: number }) => niceCeil(max * 1.2),
    axisLine: { show: true, lineStyle: { color: FAINT } },
    axisLabel: { color: INK },
    splitLine: { lineStyle: { color: GRID } },
  };
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

function countSizes(sizes: LabelsSubset['sizes']) {
  const counts = new Map<string, { width: number; height: number; count: number }>();
  for (const { width, height } of sizes) {
    const key = `${width}x${height}`;
    const known = counts.get(key) ?? { width, height, count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return [...counts.values()];
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}
