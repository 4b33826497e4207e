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

export function evidenceOf(mask: RawMask): MaskEvidence {
  const { form, samples, alpha, width, height } = mask;
  const { counts, rest } = form.kind === 'colours' ? countColours(samples) : countSamples(samples);
  return { form, counts, rest, alpha: alpha && countSamples(alpha).counts, width, height };
}

/** @throws OtxError `image` as {@link readRawMask} */
export async function readEvidence(path: string): Promise<{ mask: RawMask; evidence: MaskEvidence }> {
  const mask = await readRawMask(path, { alpha: true });
  return { mask, evidence: evidenceOf(mask) };
}

type Counted = Pick<MaskEvidence, 'counts' | 'rest'>;

function countSamples(samples: Uint8Array | Uint16Array): Counted {
  const table = new Uint32Array(samples instanceof Uint16Array ? 65536 : 256);
  for (const sample of samples) table[sample]!++;
  const counts: [number, number][] = [];
  let rest = 0;
  table.forEach((pixels, sample) => {
    if (pixels === 0) return;
    if (counts.length < MOST_DISTINCT) counts.push([sample, pixels]);
    else rest += pixels;
  });
  return { counts, rest };
}

function countColours(rgb: Uint8Array | Uint16Array): Counted {
  const byKey = new Map<number, number>();
  let rest = 0;
  for (let at = 0; at < rgb.length; ) {
    const key = colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    const start = at;
    do at += 3;
    while (at < rgb.length && colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!) === key);
    const run = (at - start) / 3;
    const before = byKey.get(key);
    if (before !== undefined || byKey.size < MOST_DISTINCT) byKey.set(key, (before ?? 0) + run);
    else rest += run;
  }
  return { counts: [...byKey], rest };
}
