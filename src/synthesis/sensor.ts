/** @file What a camera does to light: exposure, colour cast, saturation, soft lens, vignette, noise, and 8 bits. */

import type { Random } from '../base/random.js';

/**
 * Develops linear light to 8-bit RGB with flaws drawn from `random`.
 * @param light [height, width, 3]; overwritten.
 */
export function develop(light: Float32Array, width: number, height: number, random: Random): Uint8Array {
  const exposure = random.range(0.85, 1.5);
  const gains = [exposure * random.range(0.86, 1.14), exposure, exposure * random.range(0.86, 1.14)];
  const softness = random.chance(0.25) ? random.range(0.2, 0.28) : random.range(0.04, 0.16);
  const saturation = random.range(1, 1.4);
  const vignette = random.range(0, 0.35);
  const noise = (random.chance(0.3) ? random.range(5, 11) : random.range(1.5, 5)) / NORMAL_SCALE;
  blur(light, width, height, softness);
  if (softness > 0.2) blur(light, width, height, softness);
  const out = new Uint8Array(light.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = (2 * x) / width - 1;
      const dy = (2 * y) / height - 1;
      const dim = 1 - vignette * 0.5 * (dx * dx + dy * dy);
      const first = 3 * (y * width + x);
      const grey = 0.21 * light[first]! + 0.72 * light[first + 1]! + 0.07 * light[first + 2]!;
      for (let channel = 0; channel < 3; channel++) {
        const i = first + channel;
        const level = Math.max(grey + (light[i]! - grey) * saturation, 0) * gains[channel]! * dim;
        out[i] = Math.min(Math.max(toneCurve(level) + noise * roughNormal(random) + 0.5, 0), 255);
      }
    }
  }
  return out;
}

/** Film-like shoulder, then sRGB gamma, from a table because every pixel needs three. */
function toneCurve(level: number): number {
  return TONES[Math.min(Math.floor(level * TONES_PER_UNIT), TONES.length - 1)]!;
}

const TONES_PER_UNIT = 1024;
const TONES = Float32Array.from({ length: 6 * TONES_PER_UNIT }, (_, i) => {
  const light = 1 - Math.exp(-1.1 * ((i + 0.5) / TONES_PER_UNIT));
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
});

/** Standard deviation of {@link roughNormal}. */
const NORMAL_SCALE = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** Sum of the four bytes of one draw: close enough to normal for sensor noise, and a tenth of the cost. */
function roughNormal(random: Random): number {
  const bits = random.uint32();
  return (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510;
}

/** In-place blur with the kernel [k, 1-2k, k] along both axes; edges repeat. */
function blur(light: Float32Array, width: number, height: number, k: number): void {
  const line = new Float32Array(Math.max(width, height) + 2);
  const pass = (start: number, stride: number, length: number) => {
    for (let i = 0; i < length; i++) line[i + 1] = light[start + i * stride]!;
    line[0] = line[1]!;
    line[length + 1] = line[length]!;
    for (let i = 0; i < length; i++) {
      light[start + i * stride] = k * (line[i]! + line[i + 2]!) + (1 - 2 * k) * line[i + 1]!;
    }
  };
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) pass(3 * y * width + channel, 3, width);
    for (let x = 0; x < width; x++) pass(3 * x + channel, 3 * width, height);
  }
}
