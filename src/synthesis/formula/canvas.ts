/** @file Layers of paint and shadow, and the light and classes that they make. */

import type { Random } from '../../base/random.js';
import { type Box, Filler, type Outline } from './fill.js';
import type { Placement } from './outlines.js';
import { layTexture, type Texture } from './textures.js';

/** What lies over what was added before: a painted surface with its class, or a shadow. */
type Layer =
  | { readonly outlines: readonly Outline[]; readonly paint: Paint }
  | { readonly outlines: readonly Outline[]; readonly shadow: number };

/** What is painted: two colours, how they are mixed, and how bright it is at a pixel. */
export interface Paint {
  readonly classIndex: number;
  readonly texture: Texture;
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** 0 to 1. */
  readonly opacity: number;
  readonly shade: (x: number, y: number) => number;
}

/** Less than this of a pixel is not seen. */
const UNSEEN = 0.004;

const SOFT_LIGHT = {
  family: 'clouds',
  frequency: 1.5,
  share: 0.5,
  warp: 0,
  roughness: 0,
  grain: 0,
  upright: false,
} as const;

/** A square picture while it is made. */
export class Canvas {
  /** Linear light, HWC. */
  readonly light: Float32Array;
  /** HW class indices. */
  readonly mask: Uint8Array;
  private readonly layers: Layer[] = [];
  /** Direction that light comes from. */
  private readonly sun: { readonly x: number; readonly y: number };

  constructor(
    readonly side: number,
    random: Random,
  ) {
    this.light = new Float32Array(3 * side * side);
    this.mask = new Uint8Array(side * side);
    const angle = 2 * Math.PI * random.uniform();
    this.sun = { x: Math.cos(angle), y: Math.sin(angle) };
  }

  add(layer: Layer): void {
    this.layers.push(layer);
  }

  /** From near to far, so that nothing is computed that something hides. */
  compose(): void {
    const { side } = this;
    const filler = new Filler(side, side);
    // How much of what comes next still reaches the eye at each pixel, and whether its class is known.
    const open = new Float32Array(side * side).fill(1);
    const known = new Uint8Array(side * side);
    for (const layer of this.layers.toReversed()) {
      const box = filler.fill(layer.outlines);
      if (!box) continue;
      if ('paint' in layer) this.paint(box, layer.paint, filler.coverage, open, known);
      else darken(box, layer.shadow, filler.coverage, open, side);
    }
  }

  private paint(box: Box, paint: Paint, coverage: Float32Array, open: Float32Array, known: Uint8Array): void {
    const { light, mask, side } = this;
    const { texture, first, second, opacity, shade, classIndex } = paint;
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        const i = y * side + x;
        const covered = coverage[i]!;
        if (covered >= 0.5 && known[i] === 0) {
          known[i] = 1;
          mask[i] = classIndex;
        }
        const seen = open[i]! * covered * opacity;
        if (seen <= UNSEEN) continue;
        open[i]! -= seen;
        const t = texture(x, y);
        const bright = seen * shade(x, y);
        for (let channel = 0; channel < 3; channel++) {
          const here = first[channel]! + (second[channel]! - first[channel]!) * t;
          if (here > 0) light[3 * i + channel]! += here * bright;
        }
      }
    }
  }

  /** Brightness of a thing: towards the light brighter, and like a ball as far as it is round. */
  shadeOf(
    { x, y, radius }: Placement,
    roundness: number,
    random: Random,
  ): (px: number, py: number) => number {
    const slope = random.range(0, 0.35);
    const gloss = random.chance(0.3) ? random.range(0.1, 0.6) : 0;
    const { sun } = this;
    return (px, py) => {
      const u = (px - x) / radius;
      const v = (py - y) / radius;
      const square = Math.min(u * u + v * v, 1);
      const facing = u * sun.x + v * sun.y;
      const away = (u - 0.4 * sun.x) ** 2 + (v - 0.4 * sun.y) ** 2;
      const highlight = gloss * Math.max(1 - 6 * away, 0);
      return Math.max(1 + (slope + 0.3 * roundness) * facing - 0.45 * roundness * square + highlight, 0.1);
    };
  }

  /** Where the shadow of something `height` pixels above the picture falls. */
  shadowOf(outlines: readonly Outline[], height: number): Outline[] {
    const { x, y } = this.sun;
    return outlines.map((outline) => outline.map((value, i) => value - height * (i % 2 === 0 ? x : y)));
  }

  /** Light that is not even: a gradient and soft patches. */
  illuminate(random: Random): void {
    const { light, side } = this;
    const angle = 2 * Math.PI * random.uniform();
    const slope = random.range(0, 0.7) / side;
    const [cos, sin] = [Math.cos(angle) * slope, Math.sin(angle) * slope];
    const patches = random.range(0, 0.6);
    const cloud = layTexture(SOFT_LIGHT, random, side / 128);
    const level = Math.exp(random.range(-0.6, 0.5));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const even = 1 + (x - side / 2) * cos + (y - side / 2) * sin;
        const gain = level * Math.max(even + patches * (cloud(x, y) - 0.5), 0.05);
        const i = 3 * (y * side + x);
        for (let channel = 0; channel < 3; channel++) light[i + channel]! *= gain;
      }
    }
  }
}

/** Less light comes from what lies below a shadow. */
function darken(box: Box, strength: number, coverage: Float32Array, open: Float32Array, side: number): void {
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const i = y * side + x;
      open[i]! *= 1 - strength * coverage[i]!;
    }
  }
}
