/** @file `input_size: Auto`: a network input that fits small images, so that no time is spent on enlarging them. */

import { Random } from '../../base/random.js';
import type { Sample } from '../../data/index.js';

/** Usual sides of network inputs. */
export const INPUT_SIDES = [64, 128, 224, 256, 384, 512, 768, 1024];
const DEFAULT_SIDE = 512;
const MAX_SAMPLES = 1000;

/**
 * The `input_size` for some training images: Default unless nearly all are smaller than 512x512, then the nearest preset.
 * One odd large image does not count: sizes are bounded by three standard deviations above the mean, in log space.
 */
export function chooseInputSize(samples: readonly Sample[], seed: number): string {
  const some = new Random(`${seed}:input-size`).shuffle(samples).slice(0, MAX_SAMPLES);
  const logs = some.map(({ width, height }) => Math.log(Math.sqrt(width * height)));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length);
  const largest = Math.min(Math.max(...logs), mean + 3 * deviation);
  if (largest >= Math.log(DEFAULT_SIDE)) return 'Default';
  const far = (side: number) => Math.abs(Math.log(side) - largest);
  const side = INPUT_SIDES.reduce((best, preset) => (far(preset) < far(best) ? preset : best));
  return `${side}x${side}`;
}
