/** @file How well the borders of a mask lie on the edges of its image. */

import { storedAt } from '../images/orientation.js';
import type { RawMask } from '../masks/raw-mask.js';

/** Mean contrast of the image at the borders of the mask, in grey levels. */
export interface EdgeFit {
  /** As the mask lies on the upright image. */
  readonly upright: number;
  /** As it lies when it is turned as the image is. */
  readonly turned: number;
}

/** As much of a mask as has borders, before it is turned. */
export type BorderedMask = Pick<RawMask, 'samples' | 'width' | 'height'> & {
  readonly form: Pick<RawMask['form'], 'kind'>;
};

/**
 * Compares two ways to lay a mask on an image of EXIF orientation `orientation`; undefined where the mask has no border, or
 * fits in one way alone.
 *
 * @param rgb of the upright image, HWC.
 */
export function edgeFitOf(
  rgb: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  mask: BorderedMask,
  orientation: number,
): EdgeFit | undefined {
  const isTurnedFitting = orientation >= 5 ? mask.width === height && mask.height === width : true;
  if (mask.width !== width || mask.height !== height || !isTurnedFitting) return undefined;
  const upright = contrastAtBorders(rgb, width, height, mask, (x, y) => y * width + x);
  const turned = contrastAtBorders(rgb, width, height, mask, (x, y) =>
    storedAt(orientation, x, y, mask.width, mask.height),
  );
  return upright === undefined || turned === undefined ? undefined : { upright, turned };
}

function contrastAtBorders(
  rgb: Uint8Array,
  width: number,
  height: number,
  { samples, form }: BorderedMask,
  placeOf: (x: number, y: number) => number,
): number | undefined {
  const size = form.kind === 'colours' ? 3 : 1;
  const differ = (a: number, b: number) => {
    for (let c = 0; c < size; c++) if (samples[a * size + c] !== samples[b * size + c]) return true;
    return false;
  };
  const contrast = (a: number, b: number) =>
    (Math.abs(rgb[3 * a]! - rgb[3 * b]!) +
      Math.abs(rgb[3 * a + 1]! - rgb[3 * b + 1]!) +
      Math.abs(rgb[3 * a + 2]! - rgb[3 * b + 2]!)) /
    3;
  let [total, borders] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const place = placeOf(x, y);
      if (x + 1 < width && differ(place, placeOf(x + 1, y))) {
        total += contrast(at, at + 1);
        borders++;
      }
      if (y + 1 < height && differ(place, placeOf(x, y + 1))) {
        total += contrast(at, at + width);
        borders++;
      }
    }
  }
  return borders === 0 ? undefined : total / borders;
}

/** What is said of images that are turned by their EXIF data while their masks are not. */
export interface OrientationFound {
  readonly images: number;
  /** How the masks clearly fit the images better; undefined where neither way does. */
  readonly leaning: 'masks-raw' | 'masks-upright' | undefined;
  readonly upright: number;
  readonly turned: number;
}

/** How much more contrast borders must meet to be taken as evidence. */
const CLEARLY = 1.2;

export function orientationOf(fits: readonly (EdgeFit | undefined)[]): OrientationFound {
  const found = fits.flatMap((fit) => fit ?? []);
  const mean = (of: (fit: EdgeFit) => number) =>
    found.reduce((sum, fit) => sum + of(fit), 0) / Math.max(found.length, 1);
  const [upright, turned] = [mean((fit) => fit.upright), mean((fit) => fit.turned)];
  const wins = found.filter((fit) => fit.turned > fit.upright).length;
  const losses = found.filter((fit) => fit.turned < fit.upright).length;
  const isRaw = turned > CLEARLY * upright && 2 * wins > found.length;
  const isUpright = upright > CLEARLY * turned && 2 * losses > found.length;
  const leaning = isRaw ? 'masks-raw' : isUpright ? 'masks-upright' : undefined;
  return { images: found.length, leaning, upright, turned };
}
