/** @file Curves that grow. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** One curve. */
export interface Curve {
  readonly label: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What is drawn. */
export interface ChartProps {
  readonly title: string;
  readonly xLabel: string;
  readonly curves: readonly Curve[];
}

/** Several curves over one axis; points that a curve lacks are bridged. */
export function Chart({ title, xLabel, curves }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const names = curves.map(({ label, color }) => label + color).join();
  useEffect(() => {
    const width = Math.max(320, box.current!.clientWidth - 8);
    plot.current = new uPlot(
      {
        title,
        width,
        height: 240,
        scales: { x: { time: false } },
        axes: [{ label: xLabel }, {}],
        series: [
          { label: xLabel },
          ...curves.map(({ label, color }) => ({ label, stroke: color, width: 2, spanGaps: true })),
        ],
      },
      dataOf(curves),
      box.current!,
    );
    return () => plot.current?.destroy();
  }, [names, title]);
  useEffect(() => plot.current?.setData(dataOf(curves)), [curves]);
  return (
    <div ref={box} class="chart" role="img" aria-label={`${title}: ${curves.map(summary).join('; ')}`} />
  );
}

const summary = ({ label, points }: Curve): string =>
  `${label} ${points.at(-1)?.[1].toPrecision(3) ?? 'nothing yet'}`;

function dataOf(curves: readonly Curve[]): uPlot.AlignedData {
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const columns = curves.map(({ points }) => {
    const byX = new Map(points);
    return xs.map((x) => byX.get(x) ?? null);
  });
  return [xs, ...columns] as uPlot.AlignedData;
}
