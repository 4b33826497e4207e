/**
 * @file The one door to sharp (libvips), which decodes and encodes pictures; no other file imports it. What is set here
 * holds for the whole process, all of its threads and all other users of sharp in it.
 *
 * libvips can read far more than photographs: documents, programs that draw, formats of microscopes. Every reader but those
 * of the six formats of {@link FORMATS} is switched off, so that no file reaches one, whatever its name. Drawings (SVG) are
 * left for buffers alone, since charts and captions are drawn that way; that no file of a user comes there is seen to by
 * {@link requireImage}, which all pictures pass that were not made here.
 */
import sharp from 'sharp';

export type { CreateRaw, FailOnOptions, OverlayOptions, Sharp } from 'sharp';

const LOADER = 'VipsForeignLoad';
const READERS = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif', 'Heif'];

/** Variable of the environment, of which threads get a copy. */
const SWITCHED_OFF_IN = 'OTX_READERS_SWITCHED_OFF_IN';

// Once in a process: for a moment nothing can be read, while other threads may be reading.
if (process.env[SWITCHED_OFF_IN] !== String(process.pid)) {
  sharp.block({ operation: [LOADER] });
  sharp.unblock({
    operation: [...READERS.flatMap((name) => [`${name}File`, `${name}Buffer`]), 'SvgBuffer'].map(
      (name) => LOADER + name,
    ),
  });
  process.env[SWITCHED_OFF_IN] = String(process.pid);
}
// Parallelism comes from decoding many files at once; a cache could serve a file that has been rewritten since.
sharp.concurrency(1);
sharp.cache(false);

export default sharp;
