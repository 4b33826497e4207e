/** @file `confusion_matrix.png`: what pixels of each class were taken for. */

import type { EChartsOption } from 'echarts';
import type { ConfusionMatrix } from '../../metrics.js';
import { drawChart, FAINT, INK } from './draw.js';

/** Figures fit into the cells up to this many classes. */
const MAX_FIGURES = 20;
/** Darker than this a cell needs white figures. */
const DARK = 0.55;

/** Draws the matrix, each row divided by its sum. @returns a PNG file */
export function drawConfusion(
  matrix: ConfusionMatrix,
  names: readonly string[],
  caption: string,
): Promise<Uint8Array> {
  const { classes } = matrix;
  const cell =
    classes <= MAX_FIGURES ? Math.max(42, Math.min(72, 460 / classes)) : Math.max(9, 900 / classes);
  const longest = Math.min(Math.max(...names.map((name) => name.length)), 22);
  const margin = 44 + longest * 7.2;
  const size = Math.round(cell * classes);
  const geometry = { left: margin, top: 70, size };
  return drawChart(confusionOption(matrix, names, caption, geometry), {
    width: Math.max(Math.round(margin + size + 96), 460),
    height: Math.round(70 + size + Math.max(margin - 16, 60)),
  });
}

/** The chart behind {@link drawConfusion}. */
export function confusionOption(
  matrix: ConfusionMatrix,
  names: readonly string[],
  caption: string,
  { left, top, size }: { readonly left: number; readonly top: number; readonly size: number },
): EChartsOption {
  const { classes, counts } = matrix;
  const { truth } = matrix.areas();
  const data: { value: [number, number, number]; label: { color: string } }[] = [];
  for (let row = 0; row < classes; row++) {
    // A class without true pixels has no shares.
    if (truth[row] === 0) continue;
    for (let column = 0; column < classes; column++) {
      const share = counts[row * classes + column]! / truth[row]!;
      data.push({ value: [column, row, share], label: { color: share > DARK ? '#ffffff' : INK } });
    }
  }
  const axis = {
    type: 'category' as const,
    data: [...names],
    axisTick: { show: false },
    axisLine: { lineStyle: { color: FAINT } },
    splitArea: { show: false },
    nameLocation: 'middle' as const,
    nameTextStyle: { color: FAINT, fontSize: 13 },
  };
  const label = {
    color: INK,
    width: left - 44,
    overflow: 'truncate' as const,
    interval: classes <= 100 ? 0 : ('auto' as const),
    fontSize: classes <= MAX_FIGURES ? 12 : 9,
  };
  return {
    title: {
      text: 'Confusion matrix',
      subtext: caption,
      left: 16,
      top: 12,
      textStyle: { fontSize: 16, fontWeight: 'bold', color: INK },
      subtextStyle: { color: FAINT, fontSize: 12 },
      itemGap: 5,
    },
    grid: { left, top, width: size, height: size },
    xAxis: { ...axis, name: 'predicted', nameGap: left - 50, axisLabel: { ...label, rotate: 90 } },
    yAxis: { ...axis, name: 'true', nameGap: left - 30, inverse: true, axisLabel: label },
    visualMap: {
      min: 0,
      max: 1,
      calculable: false,
      orient: 'vertical',
      left: left + size + 16,
      top,
      itemHeight: Math.min(size - 40, 260),
      itemWidth: 12,
      text: ['1', '0'],
      textStyle: { color: INK },
      inRange: { color: ['#f6f8fa', '#b6d4ee', '#4e97cf', '#0b4f8a'] },
    },
    series: {
      type: 'heatmap',
      data,
      itemStyle: { borderColor: '#ffffff', borderWidth: classes <= MAX_FIGURES ? 1 : 0 },
      label: {
        show: classes <= MAX_FIGURES,
        fontSize: 12,
        formatter: ({ value }: { value: unknown }) => figure((value as number[])[2]!),
      },
    },
  };
}

/** Two digits; nothing for none, so that the errors stand out. */
function figure(share: number): string {
  if (share === 0) return '';
  return share < 0.005 ? '<0.01' : share.toFixed(2);
}
