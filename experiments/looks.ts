/**
 * @file Draws docs/images/looks.jpg: two pictures of each look that generated data sets can have, with their classes.
 *
 *   npm run draw:looks
 */
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { defaultPalette } from '../src/data/masks/palette.js';
import { LOOKS } from '../src/demo/looks.js';
import { renderFigure } from '../src/drawing/figure.js';
import { type RgbImage, renderOverlay } from '../src/drawing/overlay.js';

const SIZE = { width: 200, height: 160 };
/** By which pictures are drawn: two that show most of the classes. */
const KEYS: Readonly<Record<keyof typeof LOOKS, readonly [string, string]>> = {
  streets: ['looks 1', 'looks 2'],
  cells: ['looks 19', 'looks 9'],
  parts: ['looks 7', 'looks 8'],
};

const rows: RgbImage[] = [];
for (const [name, look] of Object.entries(LOOKS)) {
  const palette = defaultPalette(look.classes.length);
  const classes = look.classes.map((cls, index) => ({ name: cls, color: palette[index]! }));
  const panels = KEYS[name as keyof typeof LOOKS].flatMap((key) => {
    const { image, mask } = look.draw(key, SIZE.width, SIZE.height);
    const photograph = { ...SIZE, data: image };
    const painted = { ...SIZE, data: renderOverlay(photograph, mask, classes, 0.8) };
    return [
      { caption: name, image: photograph },
      { caption: 'classes', image: painted },
    ];
  });
  rows.push(await renderFigure(panels, classes));
}
const width = Math.max(...rows.map((row) => row.width));
const height = rows.reduce((sum, row) => sum + row.height, 0);
let top = 0;
const layers = rows.map((row) => {
  const layer = {
    input: Buffer.from(row.data),
    raw: { width: row.width, height: row.height, channels: 3 as const },
    left: 0,
    top,
  };
  top += row.height;
  return layer;
});
const picture = await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
  .composite(layers)
  .jpeg({ quality: 85, mozjpeg: true })
  .toBuffer();
writeFileSync('docs/images/looks.jpg', picture);
console.log(`docs/images/looks.jpg: ${width}x${height}, ${picture.length} bytes`);
