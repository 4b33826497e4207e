import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import {
  type Distortion,
  distortPixels,
  drawDistortion,
  photometricDistortion,
} from './photometric-distortion.js';

/** Output colour of one pixel. */
function distorted(color: readonly number[], distortion: Distortion): number[] {
  const out = new Uint8Array(3);
  distortPixels(Uint8Array.from(color), out, distortion, 0, 1);
  return [...out];
}

/** A generator that gives the listed uniform numbers and then fails. */
function scripted(...uniforms: number[]): Random {
  const random = new Random(0);
  random.uniform = () => {
    const next = uniforms.shift();
    if (next === undefined) throw new Error('more draws than scripted');
    return next;
  };
  return random;
}

const YES = 0;
const NO = 0.99;

describe('drawDistortion', () => {
  it('draws nothing when every coin falls that way', () => {
    const distortion = drawDistortion(scripted(NO, NO, NO, NO, NO));
    expect(Object.values(distortion).every((stage) => stage === undefined)).toBe(true);
    expect(distorted([1, 100, 255], distortion)).toEqual([1, 100, 255]);
  });

  it('adds brightness from -32 to 32, saturated and truncated', () => {
    const darkest = drawDistortion(scripted(YES, 0, NO, NO, NO, NO));
    expect(distorted([0, 31, 100], darkest)).toEqual([0, 0, 68]);
    const brighter = drawDistortion(scripted(YES, 0.99, NO, NO, NO, NO)); // + 31.36
    expect(distorted([0, 100, 230], brighter)).toEqual([31, 131, 255]);
  });

  it('multiplies contrast by 0.5 to 1.5, before or after saturation and hue', () => {
    const first = drawDistortion(scripted(NO, YES, YES, 0, NO, NO));
    expect(first.before).toBeDefined();
    expect(first.after).toBeUndefined();
    expect(distorted([0, 101, 255], first)).toEqual([0, 50, 127]);
    const last = drawDistortion(scripted(NO, NO, NO, NO, YES, 1));
    expect(last.before).toBeUndefined();
    expect(distorted([0, 101, 255], last)).toEqual([0, 151, 255]);
  });

  it('saturates after brightness, before contrast follows', () => {
    // 250 + 32 is cut to 255 before it is halved.
    const distortion = drawDistortion(scripted(YES, 1, YES, YES, 0, NO, NO));
    expect(distorted([250, 100, 0], distortion)).toEqual([127, 66, 16]);
  });

  it('multiplies saturation by 0.5 to 1.5, which changes neither the largest channel nor grays', () => {
    const paler = drawDistortion(scripted(NO, NO, YES, 0, NO, NO));
    expect(distorted([200, 120, 120], paler)).toEqual([200, 160, 160]);
    expect(distorted([90, 90, 90], paler)).toEqual([90, 90, 90]);
    const stronger = drawDistortion(scripted(NO, NO, YES, 1, NO, NO));
    expect(distorted([200, 100, 0], stronger)).toEqual([200, 100, 0]);
    expect(distorted([200, 120, 120], stronger)).toEqual([200, 80, 80]);
  });

  it('turns the hue by whole steps from -18 to 17, around the circle', () => {
    const least = drawDistortion(scripted(NO, NO, NO, YES, 0, NO));
    expect(least.hue![0]).toBe(162);
    expect(least.hue![179]).toBe(161);
    const most = drawDistortion(scripted(NO, NO, NO, YES, 0.9999, NO));
    expect(most.hue![170]).toBe(7);
    // Red by -36 degrees.
    expect(distorted([255, 0, 0], least)).toEqual([255, 0, 153]);
  });

  it('makes every change half of the time, and contrast first as often as last', () => {
    const random = new Random(5);
    const counts = { before: 0, saturation: 0, hue: 0, after: 0 };
    for (let i = 0; i < 4000; i++) {
      const distortion = drawDistortion(random);
      for (const stage of Object.keys(counts) as (keyof Distortion)[]) {
        if (distortion[stage]) counts[stage]++;
      }
    }
    // Brightness or a first contrast: 1 - 1/2 * 3/4; a last contrast: 1/4. Four standard deviations are 0.032.
    expect(Math.abs(counts.before / 4000 - 0.625)).toBeLessThan(0.032);
    expect(Math.abs(counts.saturation / 4000 - 0.5)).toBeLessThan(0.032);
    expect(Math.abs(counts.hue / 4000 - 0.5)).toBeLessThan(0.032);
    expect(Math.abs(counts.after / 4000 - 0.25)).toBeLessThan(0.032);
  });
});

describe('distortPixels', () => {
  it('writes the asked range of pixels only', () => {
    const out = new Uint8Array(12).fill(7);
    const before = Uint8Array.from({ length: 256 }, (_, value) => 255 - value);
    distortPixels(new Uint8Array(12).fill(55), out, { before }, 1, 3);
    expect([...out]).toEqual([7, 7, 7, 200, 200, 200, 200, 200, 200, 7, 7, 7]);
  });
});

describe('photometricDistortion', () => {
  it('repeats for equal seeds and leaves its input and the mask alone', () => {
    const image = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256);
    const sample = { image, mask: new Uint8Array(100).fill(3), width: 10, height: 10 };
    const copy = structuredClone(sample);
    const [a, b, c] = [9, 9, 10].map((seed) => photometricDistortion(sample, new Random(seed)));
    expect(a).toEqual(b);
    expect(a!.image).not.toEqual(c!.image);
    expect(a!.mask).toBe(sample.mask);
    expect(sample).toEqual(copy);
  });
});
