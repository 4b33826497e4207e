/** @file Value noise: smooth repeatable randomness over space, from which textures, clouds and hills are made. */

/** A uniform number in [0, 1) that depends on the lattice point only. */
export function hash3(x: number, y: number, z: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(z, 0x1b873593);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

/** Smooth noise in [0, 1] with one random value per unit cell. */
export function noise3(x: number, y: number, z: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const iz = Math.floor(z);
  const fx = fade(x - ix);
  const fy = fade(y - iy);
  const fz = fade(z - iz);
  const near = mix(
    mix(hash3(ix, iy, iz), hash3(ix + 1, iy, iz), fx),
    mix(hash3(ix, iy + 1, iz), hash3(ix + 1, iy + 1, iz), fx),
    fy,
  );
  const far = mix(
    mix(hash3(ix, iy, iz + 1), hash3(ix + 1, iy, iz + 1), fx),
    mix(hash3(ix, iy + 1, iz + 1), hash3(ix + 1, iy + 1, iz + 1), fx),
    fy,
  );
  return mix(near, far, fz);
}

/** {@link noise3} on a plane; `layer` picks an independent pattern. */
export function noise2(x: number, y: number, layer: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = fade(x - ix);
  const fy = fade(y - iy);
  return mix(
    mix(hash3(ix, iy, layer), hash3(ix + 1, iy, layer), fx),
    mix(hash3(ix, iy + 1, layer), hash3(ix + 1, iy + 1, layer), fx),
    fy,
  );
}

/** Sum of `octaves` planes of noise, each twice as fine and half as strong, scaled to [0, 1]. */
export function fractal2(x: number, y: number, octaves: number, layer: number): number {
  let total = 0;
  let weight = 0.5;
  let scale = 1;
  for (let octave = 0; octave < octaves; octave++) {
    total += weight * noise2(x * scale, y * scale, layer + octave);
    weight *= 0.5;
    scale *= 2.03;
  }
  return total / (1 - 2 * weight);
}

/** Linear blend: `a` at t = 0, `b` at t = 1. */
export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  return fade(Math.min(Math.max((value - low) / (high - low), 0), 1));
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}
