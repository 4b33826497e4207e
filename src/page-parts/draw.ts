/** @file Drawing on a mask of class indices: brush, polygon, regions, and the way back. */

/** A mask in memory, one byte a pixel. */
export interface Mask {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A place in pixels of the picture. */
export type Point = readonly [x: number, y: number];

/** What was changed: right and bottom are behind it. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, value));

function areaOf({ width, height }: Mask, points: readonly Point[], margin: number): Area {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    left: clamp(Math.floor(Math.min(...xs) - margin), width),
    top: clamp(Math.floor(Math.min(...ys) - margin), height),
    right: clamp(Math.ceil(Math.max(...xs) + margin) + 1, width),
    bottom: clamp(Math.ceil(Math.max(...ys) + margin) + 1, height),
  };
}

/** Paints all pixels whose middle is at most `radius` from the way between two points. */
export function brush(mask: Mask, from: Point, to: Point, radius: number, label: number): Area {
  const area = areaOf(mask, [from, to], radius);
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const along = length === 0 ? 0 : clamp((px * dx + py * dy) / length, 1);
      const [ox, oy] = [px - along * dx, py - along * dy];
      if (ox * ox + oy * oy <= radius * radius) mask.data[y * mask.width + x] = label;
    }
  }
  return area;
}

/** Fills a polygon by the even-odd rule: a pixel belongs to it when its middle does. */
export function polygon(mask: Mask, points: readonly Point[], label: number): Area {
  const area = areaOf(mask, points, 0);
  for (let y = area.top; y < area.bottom; y++) {
    const middle = y + 0.5;
    const crossings: number[] = [];
    points.forEach(([x0, y0], at) => {
      const [x1, y1] = points[(at + 1) % points.length]!;
      if (y0 <= middle !== y1 <= middle) crossings.push(x0 + ((middle - y0) / (y1 - y0)) * (x1 - x0));
    });
    crossings.sort((a, b) => a - b);
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const start = clamp(Math.ceil(crossings[at]! - 0.5), mask.width);
      const end = clamp(Math.ceil(crossings[at + 1]! - 0.5), mask.width);
      mask.data.fill(label, y * mask.width + start, y * mask.width + end);
    }
  }
  return area;
}

/** Segments of a picture that may be smaller than the mask. */
export interface Segments {
  readonly ids: Int32Array;
  readonly width: number;
  readonly height: number;
}

/** Fills the segment at a point. */
export function fillSegment(mask: Mask, segments: Segments, [px, py]: Point, label: number): Area {
  const column = (x: number) =>
    Math.min(segments.width - 1, Math.floor(((x + 0.5) * segments.width) / mask.width));
  const row = (y: number) =>
    Math.min(segments.height - 1, Math.floor(((y + 0.5) * segments.height) / mask.height));
  const wanted = segments.ids[row(Math.floor(py)) * segments.width + column(Math.floor(px))];
  const columns = Int32Array.from({ length: mask.width }, (_, x) => column(x));
  for (let y = 0; y < mask.height; y++) {
    const start = row(y) * segments.width;
    for (let x = 0; x < mask.width; x++) {
      if (segments.ids[start + columns[x]!] === wanted) mask.data[y * mask.width + x] = label;
    }
  }
  return { left: 0, top: 0, right: mask.width, bottom: mask.height };
}

interface Step {
  readonly at: Uint32Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const MOST_STEPS = 200;

/** What was drawn, step by step. */
export class Undo {
  private readonly done: Step[] = [];
  private undone: Step[] = [];

  /** Remembers what differs. @returns whether anything does */
  note(before: Uint8Array, after: Uint8Array): boolean {
    const at: number[] = [];
    for (let i = 0; i < after.length; i++) if (before[i] !== after[i]) at.push(i);
    if (at.length === 0) return false;
    const places = Uint32Array.from(at);
    this.done.push({
      at: places,
      before: Uint8Array.from(at, (i) => before[i]!),
      after: Uint8Array.from(at, (i) => after[i]!),
    });
    if (this.done.length > MOST_STEPS) this.done.shift();
    this.undone = [];
    return true;
  }

  /** @returns whether there was a step to take back */
  undo({ data }: Mask): boolean {
    const step = this.done.pop();
    if (!step) return false;
    step.at.forEach((place, i) => {
      data[place] = step.before[i]!;
    });
    this.undone.push(step);
    return true;
  }

  /** @returns whether there was a step to do again */
  redo({ data }: Mask): boolean {
    const step = this.undone.pop();
    if (!step) return false;
    step.at.forEach((place, i) => {
      data[place] = step.after[i]!;
    });
    this.done.push(step);
    return true;
  }
}
