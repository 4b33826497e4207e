/** @file Contact sheets of contrastive training: pieces of images, and the two views in which they are compared. */

import type { ClassInfo, ImageReading, ViewInputs } from '../../data/index.js';
import { defaultPalette } from '../../data/masks/palette.js';
import { readSegmentedImage } from '../../data/superpixels/make-pseudo-mask.js';
import { imageOfPlanes } from '../../data/transforms/normalize.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { type Panel, renderFigure } from '../figure.js';
import type { RgbImage } from '../overlay.js';
import { renderOverlay } from '../overlay.js';
import { framed, resized, shownSize } from './pictures.js';

/** Images on a sheet of views, each in two pictures. */
const MAX_IMAGES = 8;
const COLUMNS = 4;
/** As much of the region's colour as leaves the photograph visible. */
const ALPHA = 0.45;

/** Names an image and its pseudo mask. */
interface SegmentedFile {
  readonly id: string;
  readonly imagePath: string;
  readonly maskPath: string;
  readonly reading?: ImageReading | undefined;
}

/**
 * Both views of the images of a batch side by side, as the network sees them, each position of the features painted in the
 * colour of its region: what has one colour in both is pulled together.
 * @param classes the regions' names where they are classes; none for pseudo masks.
 */
export async function drawViews(
  { images, regions }: Pick<ViewInputs, 'images' | 'regions'>,
  sampleIds: readonly string[],
  classes: readonly ClassInfo[] = [],
): Promise<RgbImage> {
  const views = 2 * sampleIds.length;
  const side = Math.sqrt(images.length / (3 * views));
  const cells = Math.sqrt(regions.length / views);
  const size = { width: side, height: side };
  const to = shownSize(size);
  const palette = classes.length > 0 ? classes : regionColors();
  const panel = async (n: number, view: 0 | 1): Promise<Panel> => {
    const at = view * sampleIds.length + n;
    const pixels = imageOfPlanes(images.subarray(3 * at * side * side, 3 * (at + 1) * side * side), side);
    const picture = await resized({ data: pixels, ...size }, to);
    const ids = regions.subarray(at * cells * cells, (at + 1) * cells * cells);
    const mask = resizeMask(ids, { width: cells, height: cells }, to);
    const caption = `${sampleIds[n]}, ${view === 0 ? 'first' : 'second'} view`;
    return { caption, image: { ...to, data: renderOverlay(picture, mask, palette, ALPHA) } };
  };
  const shown = sampleIds.slice(0, MAX_IMAGES).flatMap((_, n) => [panel(n, 0), panel(n, 1)]);
  return renderFigure(await Promise.all(shown), classes, Math.min(COLUMNS, shown.length));
}

/**
 * Photographs, each beside the same with its segments painted over.
 * @throws OtxError `image` when a photograph can no longer be read.
 */
export async function drawPseudoMasks(files: readonly SegmentedFile[]): Promise<RgbImage> {
  const palette = regionColors();
  const pairs = await Promise.all(
    files.map(async ({ id, ...file }) => {
      const { image, mask, width, height } = await readSegmentedImage(file);
      const to = shownSize({ width, height });
      const photograph = await resized({ data: image, width, height }, to);
      const data = renderOverlay(photograph, resizeMask(mask, { width, height }, to), palette, ALPHA);
      return { id, segments: new Set(mask).size, photograph, painted: { ...to, data } };
    }),
  );
  const frame = {
    width: Math.max(...pairs.map(({ photograph }) => photograph.width)),
    height: Math.max(...pairs.map(({ photograph }) => photograph.height)),
  };
  const panels = pairs.flatMap(({ id, segments, photograph, painted }): Panel[] => [
    { caption: id, image: framed(photograph, frame) },
    { caption: `${segments} segment${segments === 1 ? '' : 's'}`, image: framed(painted, frame) },
  ]);
  return renderFigure(panels, [], Math.min(COLUMNS, panels.length));
}

/** A bright colour for every id but the last two, which stay unpainted. */
function regionColors(): { name: string; color: ClassInfo['color'] }[] {
  // The first colour of the palette is black, as befits a background.
  return defaultPalette(255)
    .slice(1)
    .map((color, id) => ({ name: String(id), color }));
}
