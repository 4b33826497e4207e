/** @file Charts as PNG files without a browser: ECharts writes SVG text, sharp turns it into pixels. */

import type { EChartsOption } from 'echarts';
import sharp from '../../../data/sharp.js';

/** Pixels per unit of length; text stays crisp when a picture is enlarged. */
const SCALE = 1.5;
/** What SVG calls scale 1. */
const DOTS_PER_INCH = 72;

export const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';
export const INK = '#24292f';
export const FAINT = '#8c959f';
export const GRID = '#e7eaee';
/** Lines of one chart, told apart also by the colour-blind (Okabe and Ito, darkened yellow). */
export const LINES = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7f5fc7',
  '#8b6d2f',
  '#444c56',
  '#b3263a',
];

/** A chart is loaded only when one is drawn: most commands of the command line draw none. */
async function loadCharts() {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  core.use([
    charts.LineChart,
    charts.BarChart,
    charts.ScatterChart,
    charts.HeatmapChart,
    components.GridComponent,
    components.TitleComponent,
    components.LegendComponent,
    components.VisualMapComponent,
    renderers.SVGRenderer,
  ]);
  return core;
}

let loaded: ReturnType<typeof loadCharts> | undefined;

/**
 * Draws a chart.
 *
 * @param size in units of 1.5 pixels.
 * @returns a PNG file.
 */
export async function drawChart(
  option: EChartsOption,
  size: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  loaded ??= loadCharts();
  const { init } = await loaded;
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  let svg: string;
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT, color: INK, fontSize: 13 },
      ...option,
    });
    svg = chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
  return sharp(Buffer.from(svg), { density: DOTS_PER_INCH * SCALE })
    .flatten({ background: '#ffffff' })
    .png({ palette: false, compressionLevel: 7 })
    .toBuffer();
}
