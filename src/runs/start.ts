/** @file What a training has started from, for its checkpoints and events. */

import { z } from 'zod';

/** Schema of {@link StartRecord}. */
export const startSchema = z.object({
  kind: z.enum(['imagenet', 'embedded', 'weights', 'none']),
  file: z.string().optional(),
  bytes: z.int().min(0).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** What a training has started from. */
export interface StartRecord {
  /** The published ImageNet backbone, the embedded one, weights that were given (`loadWeights`), or random numbers. */
  readonly kind: 'imagenet' | 'embedded' | 'weights' | 'none';
  /** Name of the file, without its folder; undefined for random numbers. */
  readonly file?: string | undefined;
  /** Size of the file. */
  readonly bytes?: number | undefined;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256?: string | undefined;
}
