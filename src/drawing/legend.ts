/** @file What the colours of an overlay mean, told on the picture itself, whose size stays that of the photograph. */
import { renderLegend } from './figure.js';
import { isPainted, type PaintedClass, type RgbImage } from './overlay.js';

/** Height of the words as a share of the picture's width, and its limits in pixels. */
const FONT = 1 / 40;
const [SMALLEST_FONT, LARGEST_FONT] = [12, 64];
/** The photograph stays visible beneath. */
const OPACITY = 0.75;
/** Of the picture's height; where even one class takes more, the picture is too small for words. */
const MOST = 0.25;

/**
 * The picture with a strip of colours and names along its lower edge, or as it is where there is no room for one.
 * @param classes most important first: those that there is no room for are left out, and so is what overlays do not paint.
 */
export async function withLegend(image: RgbImage, classes: readonly PaintedClass[]): Promise<RgbImage> {
  const { width, height } = image;
  const font = Math.min(Math.max(Math.round(width * FONT), SMALLEST_FONT), LARGEST_FONT);
  const painted = classes.filter(isPainted);
  for (let count = painted.length; count > 0; count = Math.floor(count / 2)) {
    const strip = await renderLegend(painted.slice(0, count), width, font);
    if (strip.height <= MOST * height) return { ...image, data: blended(image, strip) };
  }
  return image;
}

function blended({ data, height }: RgbImage, strip: RgbImage): Uint8Array {
  const out = Uint8Array.from(data);
  const start = 3 * strip.width * (height - strip.height);
  for (let i = 0; i < strip.data.length; i++) {
    const below = out[start + i]!;
    out[start + i] = Math.round(below + (strip.data[i]! - below) * OPACITY);
  }
  return out;
}
