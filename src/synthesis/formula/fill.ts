/** @file Fills polygons with exact coverage of each pixel, by summing signed areas along rows. */

/** Which pixels a shape may touch: columns and rows, the ends excluded. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Points of a closed outline, x and y in turn, in pixels. */
export type Outline = Float64Array;

/** Coverage of the pixels of one picture by one shape after another. */
export class Filler {
  /** Share of each pixel inside the newest shape, `[height, width]`; meaningful in its box alone. */
  readonly coverage: Float32Array;
  private readonly sums: Float64Array;
  private readonly stride: number;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.stride = width + 2;
    this.sums = new Float64Array(this.stride * height);
    this.coverage = new Float32Array(width * height);
  }

  /** Fills the union of outlines. @returns the pixels that may be touched; undefined when all is outside. */
  fill(outlines: readonly Outline[]): Box | undefined {
    const box = this.boxOf(outlines);
    if (!box) return undefined;
    const { left, top, right, bottom } = box;
    for (let y = top; y < bottom; y++) this.coverage.fill(0, y * this.width + left, y * this.width + right);
    for (const outline of outlines) this.add(outline, box);
    return box;
  }

  private boxOf(outlines: readonly Outline[]): Box | undefined {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const outline of outlines) {
      for (let i = 0; i < outline.length; i += 2) {
        left = Math.min(left, outline[i]!);
        right = Math.max(right, outline[i]!);
        top = Math.min(top, outline[i + 1]!);
        bottom = Math.max(bottom, outline[i + 1]!);
      }
    }
    const box = {
      left: Math.max(Math.floor(left), 0),
      top: Math.max(Math.floor(top), 0),
      right: Math.min(Math.ceil(right), this.width),
      bottom: Math.min(Math.ceil(bottom), this.height),
    };
    return box.left < box.right && box.top < box.bottom ? box : undefined;
  }

  private add(outline: Outline, { left, top, right, bottom }: Box): void {
    const { sums, stride, coverage, width } = this;
    for (let y = top; y < bottom; y++) sums.fill(0, y * stride, (y + 1) * stride);
    const { length } = outline;
    for (let i = 0; i < length; i += 2) {
      const next = i + 2 < length ? i + 2 : 0;
      this.edge(outline[i]!, outline[i + 1]!, outline[next]!, outline[next + 1]!);
    }
    for (let y = top; y < bottom; y++) {
      let sum = 0;
      const row = y * stride;
      for (let x = 0; x < left; x++) sum += sums[row + x]!;
      for (let x = left; x < right; x++) {
        sum += sums[row + x]!;
        const share = Math.min(Math.abs(sum), 1);
        const i = y * width + x;
        if (share > coverage[i]!) coverage[i] = share;
      }
    }
  }

  /** What lies right of an edge gains its height; the pixels that it crosses gain the part that is right of it. */
  private edge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 === y1) return;
    const sign = y0 < y1 ? 1 : -1;
    if (sign < 0) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const slope = (x1 - x0) / (y1 - y0);
    const first = Math.max(Math.floor(y0), 0);
    const last = Math.min(Math.ceil(y1), this.height);
    for (let y = first; y < last; y++) {
      const from = Math.max(y, y0);
      const to = Math.min(y + 1, y1);
      if (to <= from) continue;
      const a = this.inside(x0 + (from - y0) * slope);
      const b = this.inside(x0 + (to - y0) * slope);
      this.crossing(y * this.stride, Math.min(a, b), Math.max(a, b), sign * (to - from));
    }
  }

  private inside(x: number): number {
    return Math.min(Math.max(x, 0), this.width);
  }

  private crossing(row: number, low: number, high: number, height: number): void {
    const { sums } = this;
    const first = Math.floor(low);
    const last = Math.floor(high);
    if (first === last || high - low < 1e-9) {
      const beyond = (low + high) / 2 - first;
      sums[row + first]! += height * (1 - beyond);
      sums[row + first + 1]! += height * beyond;
      return;
    }
    const perColumn = height / (high - low);
    let before = 0;
    for (let column = first; column <= last; column++) {
      const start = Math.max(low, column);
      const end = Math.min(high, column + 1);
      const part = (end - start) * perColumn;
      // Of the pixel itself, what is right of the edge and all that edges further left have given.
      const covered = part * (column + 1 - (start + end) / 2);
      sums[row + column]! += before + covered;
      before = part - covered;
    }
    sums[row + last + 1]! += before;
  }
}
