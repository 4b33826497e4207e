/** @file What is in a mask file, as counts: enough to tell what each reading would make of it, without decoding it again. */
import { colorKey } from '../masks/color-key.js';
import { type MaskForm, type RawMask, readRawMask } from '../masks/raw-mask.js';

/** Plain data, so that data threads can give it back. */
export interface MaskEvidence {
  readonly form: MaskForm;
  /** Pixels by stored sample, or by colour key; the first {@link MOST_DISTINCT} that were met. */
  readonly counts: readonly (readonly [sample: number, pixels: number])[];
  /** Pixels of all further samples: what has so many is no mask. */
  readonly rest: number;
  /** Pixels by opacity, of a file with an alpha channel. */
  readonly alpha: readonly (readonly [opacity: number, pixels: number])[] | undefined;
  readonly width: number;
  readonly height: number;
}

const MOST_DISTINCT = 1024;
/** Where colours need not be exact. */
const MOST_SHADES = 65536;

export function evidenceOf(mask: RawMask, most = MOST_DISTINCT): MaskEvidence {
  const { form, samples, alpha, width, height } = mask;
  const { counts, rest } =
    form.kind === 'colours' ? countColours(samples, most) : countSamples(samples, most);
  return { form, counts, rest, alpha: alpha && countSamples(alpha, most).counts, width, height };
}

/**
 * @param lossy whether colours need not be exact, so that files compressed with loss are read as well.
 * @throws OtxError `image` as {@link readRawMask}
 */
export async function readEvidence(
  path: string,
  lossy = false,
): Promise<{ mask: RawMask; evidence: MaskEvidence }> {
  const mask = await readRawMask(path, { alpha: true, lossy });
  return { mask, evidence: evidenceOf(mask, lossy ? MOST_SHADES : MOST_DISTINCT) };
}

type Counted = Pick<MaskEvidence, 'counts' | 'rest'>;

function countSamples(samples: Uint8Array | Uint16Array, most: number): Counted {
  const table = new Uint32Array(samples instanceof Uint16Array ? 65536 : 256);
  for (const sample of samples) table[sample]!++;
  const counts: [number, number][] = [];
  let rest = 0;
  table.forEach((pixels, sample) => {
    if (pixels === 0) return;
    if (counts.length < most) counts.push([sample, pixels]);
    else rest += pixels;
  });
  return { counts, rest };
}

function countColours(rgb: Uint8Array | Uint16Array, most: number): Counted {
  const byKey = new Map<number, number>();
  let rest = 0;
  for (let at = 0; at < rgb.length; ) {
    const key = colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    const start = at;
    do at += 3;
    while (at < rgb.length && colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!) === key);
    const run = (at - start) / 3;
    const before = byKey.get(key);
    if (before !== undefined || byKey.size < most) byKey.set(key, (before ?? 0) + run);
    else rest += run;
  }
  return { counts: [...byKey], rest };
}
