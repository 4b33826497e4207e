/** @file What running a model may cost: generous for a network that segments, little beside what a hostile file asks for. */
import { availableMemory } from '../../base/available-memory.js';
import type { Limits } from './protocol.js';

const MiB = 2 ** 20;
/** Of the process without a model, with room for what does not depend on size. */
const BASE_MEMORY = 1024 * MiB;
/** The file as it came, parsed, in the runtime, and rearranged for its kernels. */
const COPIES_OF_FILE = 8;
/** Measured: 400 for SegNext-B and Lite-HRNet-x-mod3. */
const BYTES_PER_PIXEL = 2048;
/** Of what is free; the rest of the machine goes on. */
const MEMORY_SHARE = 0.9;

const BASE_MILLISECONDS = 20_000;
/** Initialising weights and running them once; a hundred times what either takes. */
const MILLISECONDS_PER_MIB = 1000;
/** Ten times what the slowest of our networks takes for 512x512 on two cores. */
const MILLISECONDS_PER_PIXEL = 3000 / 512 ** 2;
/**
 * A network uses a weight at most once for each pixel, so that a small file has little to compute however large the input
 * that it claims; a processor on which a multiplication takes a nanosecond is a slow one.
 */
const MILLISECONDS_PER_WEIGHT = 1e-6;
const BYTES_PER_WEIGHT = 4;

/** As of the settings of this program. */
const LONGEST_SIDE = 8192;
/** The smallest of our networks has 830 000 weights, 3.2 MiB. */
const SMALLEST_NETWORK = 2 * MiB;
const MOST_PIXELS_OF_SMALLER = 1024 ** 2;

/**
 * Why a model is not run at all: its images alone would take gigabytes, here and in the caller's process.
 *
 * @param fileBytes those of its weights as float32 where they are more.
 * @returns a clause without full stop; undefined for a size that is all right.
 */
export function sizeProblem(fileBytes: number, height: number, width: number): string | undefined {
  const size = `its input is ${height}x${width}`;
  if (!(Math.max(height, width) <= LONGEST_SIDE)) {
    return `${size}; ${LONGEST_SIDE}x${LONGEST_SIDE} is the most`;
  }
  if (fileBytes >= SMALLEST_NETWORK || height * width <= MOST_PIXELS_OF_SMALLER) return undefined;
  return `${size}, far too large for the ${Math.ceil(fileBytes / 1024)} kB of its file, less than those of any network of otx`;
}

/** @param fileBytes see {@link sizeProblem}. @param pixels of its input. @param sessions that may hold it and run at once. */
export function limitsOf(fileBytes: number, pixels: number, sessions = 1): Limits {
  const memory = BASE_MEMORY + sessions * (COPIES_OF_FILE * fileBytes + BYTES_PER_PIXEL * pixels);
  const perPixel = Math.min(MILLISECONDS_PER_PIXEL, MILLISECONDS_PER_WEIGHT * (fileBytes / BYTES_PER_WEIGHT));
  return {
    memory: Math.min(memory, MEMORY_SHARE * availableMemory()),
    milliseconds: BASE_MILLISECONDS + perPixel * pixels + MILLISECONDS_PER_MIB * (fileBytes / MiB),
  };
}
