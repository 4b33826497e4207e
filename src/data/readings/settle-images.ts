/** @file Decides the one range by which all images of a data set become 8-bit pictures. */
import { bitRange, type NumberEvidence } from '../images/number-image.js';
import type { ImageReading } from '../types.js';

/** How the images of a data set are read. */
export interface SettledImages {
  /** Undefined where all are photographs. */
  readonly reading: ImageReading | undefined;
  /** What a careful reader should know, one sentence each. */
  readonly notices: readonly string[];
  /** Why there is no range that could hold for all. */
  readonly problem: string | undefined;
}

/**
 * @param images of the data set; undefined for photographs.
 * @param asked bands that were chosen.
 * @param preferred how the data was read that this belongs to.
 */
export function settleImages(
  images: readonly (NumberEvidence | undefined)[],
  asked: ImageReading | undefined,
  preferred: ImageReading | undefined,
): SettledImages {
  const found = images.flatMap((image) => image ?? []);
  const bands = asked?.bands ?? preferred?.bands;
  const chosen = bands ? { bands } : undefined;
  const notices = [...(bands ? [bandsNotice(bands)] : []), ...missingNotice(found)];
  if (found.length === 0) return { reading: chosen, notices, problem: undefined };
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  if (kinds.length > 1) {
    const names = kinds.map((kind) => NAMES[kind]).join(' and ');
    return {
      reading: chosen,
      notices,
      problem: `its images have ${names} samples, for which no range can hold`,
    };
  }
  const kind = kinds[0]!;
  const low = Math.min(...found.map((image) => image.low));
  const high = Math.max(...found.map((image) => image.high));
  const samples = `${found.length} images have ${NAMES[kind]} samples from ${shown(low)} to ${shown(high)}`;
  if (preferred?.range) {
    const [from, to] = preferred.range;
    const said = `${samples}; ${shown(from)} to ${shown(to)} become 0 to 255, as in the data that was learned from`;
    return {
      reading: { ...chosen, range: preferred.range },
      notices: [...notices, said],
      problem: undefined,
    };
  }
  const range = rangeFor(kind, low, high);
  // High bytes are what photographs of 16 bits have always been reduced to.
  const isPhotograph =
    kind === 'uint' && range[1] === 65535 && !bands && found.every((image) => image.bands <= 3);
  if (isPhotograph) return { reading: chosen, notices, problem: undefined };
  const said = `${samples}; ${shown(range[0])} to ${shown(range[1])} become 0 to 255`;
  return { reading: { ...chosen, range }, notices: [...notices, said], problem: undefined };
}

const NAMES = { uint: 'unsigned', int: 'signed', float: 'float' } as const;

/** A round range that holds all samples where there is a usual one, else what was found. */
function rangeFor(kind: NumberEvidence['kind'], low: number, high: number): readonly [number, number] {
  if (kind === 'float') {
    if (low >= 0 && high <= 1) return [0, 1];
    if (low >= 0 && high <= 255) return [0, 255];
  } else if (low >= 0 && high <= 65535) return bitRange(high);
  return [low, high];
}

const shown = (value: number) => String(Number(value.toPrecision(6)));

function bandsNotice(bands: readonly number[]): string {
  return bands.length === 1
    ? `band ${bands[0]} of the images is read, as gray`
    : `bands ${bands.join(', ')} of the images are read as red, green and blue`;
}

/** What a sensor has not seen is often NaN. */
function missingNotice(found: readonly NumberEvidence[]): string[] {
  const images = found.filter(({ missing }) => missing > 0);
  const samples = images.reduce((sum, { missing }) => sum + missing, 0);
  if (samples === 0) return [];
  return [
    `${images.length} images have samples that are no finite numbers (${samples} in all), of which NaN is read as black; mark such ` +
      'pixels as 255 in the masks if nothing is to be learned from them',
  ];
}
