/** @file What happens on a stage: where it is looked at, and what pointer and keys do to the mask. */

import type { ClassInfo } from '../data/types.js';
import { type Area, brush, fillSegment, type Mask, type Point, polygon, type Segments } from './draw.js';

/** What a pointer does. */
export type Tool = 'brush' | 'eraser' | 'polygon' | 'fill' | 'pan';

/** What is drawn with. */
export interface Means {
  readonly classes: readonly ClassInfo[];
  readonly tool: Tool;
  /** In pixels of the picture. */
  readonly radius: number;
  readonly label: number;
  readonly segments: Segments | undefined;
  readonly isReadOnly: boolean;
  /** Called with what the mask was before, when a step is complete. */
  readonly onStep: (before: Uint8Array) => void;
}

/** The elements of a stage. */
export interface Elements {
  readonly box: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly mask: HTMLCanvasElement;
  readonly lines: HTMLCanvasElement;
}

/** Distance on the screen within which a click closes a polygon. */
const CLOSE = 10;
/** Pixels of the screen that the cross keeps from the edge of the stage. */
const EDGE = 24;

/** Paints the colours of a mask into a canvas. */
export function paintMask(
  canvas: HTMLCanvasElement,
  mask: Mask,
  classes: readonly ClassInfo[],
  { left, top, right, bottom }: Area,
): void {
  if (right <= left || bottom <= top) return;
  const picture = new ImageData(right - left, bottom - top);
  for (let y = top, to = 0; y < bottom; y++) {
    for (let x = left; x < right; x++, to += 4) {
      const label = mask.data[y * mask.width + x]!;
      if (label === 0) continue;
      const [red, green, blue] = classes[label]?.color ?? [255, 255, 255];
      picture.data[to] = red;
      picture.data[to + 1] = green;
      picture.data[to + 2] = blue;
      picture.data[to + 3] = 255;
    }
  }
  canvas.getContext('2d')?.putImageData(picture, left, top);
}

/** One picture on a stage. */
export class Board {
  private view = { scale: 1, x: 0, y: 0 };
  private points: readonly Point[] = [];
  private cross: Point;
  /** The brush is on the picture, and draws as the cross is moved by keys: what the mask was before. */
  private lowered: Uint8Array | undefined;
  private stroke: { readonly before: Uint8Array; last: Point; readonly start: Point } | undefined;
  /** Where fingers are on the screen, by their ids. */
  private readonly fingers = new Map<number, Point>();

  constructor(
    private readonly elements: Elements,
    private readonly mask: Mask,
    private readonly means: () => Means,
  ) {
    this.cross = [mask.width / 2, mask.height / 2];
  }

  /** Paints the whole mask. */
  paintAll(): void {
    this.paint({ left: 0, top: 0, right: this.mask.width, bottom: this.mask.height });
  }

  /** Shows the whole picture. */
  fit(): void {
    const { clientWidth, clientHeight } = this.elements.box;
    const { width, height } = this.mask;
    const scale = Math.min(clientWidth / width, clientHeight / height);
    this.view = { scale, x: (clientWidth - width * scale) / 2, y: (clientHeight - height * scale) / 2 };
    this.place();
  }

  /** Around a point of the picture. */
  zoom(factor: number, [px, py]: Point): void {
    const { scale, x, y } = this.view;
    const next = Math.max(0.02, Math.min(64, scale * factor));
    this.view = { scale: next, x: x + px * (scale - next), y: y + py * (scale - next) };
    this.place();
  }

  /** Forgets corners that were not closed, and ends a stroke of the keys. */
  drop(): void {
    this.lift();
    this.points = [];
    this.drawLines();
  }

  /** A place on the screen as one of the picture. */
  pointOf({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }): Point {
    const { left, top } = this.elements.box.getBoundingClientRect();
    const { scale, x, y } = this.view;
    return [(clientX - left - x) / scale, (clientY - top - y) / scale];
  }

  /** Around the middle of the stage. */
  zoomMiddle(factor: number): void {
    const { left, top, width, height } = this.elements.box.getBoundingClientRect();
    this.zoom(factor, this.pointOf({ clientX: left + width / 2, clientY: top + height / 2 }));
  }

  onPointerDown(event: PointerEvent): void {
    this.lift();
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    // Two fingers zoom; what the first of them has drawn by then was not meant.
    if (this.fingers.size > 1) {
      this.cancel();
      return;
    }
    const point = this.pointOf(event);
    this.cross = point;
    const { tool, radius, isReadOnly } = this.means();
    const start: Point = [event.clientX - this.view.x, event.clientY - this.view.y];
    this.stroke = { before: this.mask.data.slice(), last: point, start };
    if (tool === 'pan' || event.button === 1 || isReadOnly) return;
    if (this.isPainting) this.paint(brush(this.mask, point, point, radius, this.label));
    else this.use(point);
    this.drawLines();
  }

  onPointerMove(event: PointerEvent): void {
    if (this.fingers.size > 1) {
      this.pinch(event);
      return;
    }
    const point = this.pointOf(event);
    this.cross = point;
    const { tool, radius, isReadOnly } = this.means();
    if (this.stroke && (tool === 'pan' || event.buttons === 4)) {
      const [x, y] = this.stroke.start;
      this.view = { ...this.view, x: event.clientX - x, y: event.clientY - y };
      this.place();
      return;
    }
    if (this.stroke && !isReadOnly && this.isPainting) {
      this.paint(brush(this.mask, this.stroke.last, point, radius, this.label));
      this.stroke.last = point;
    }
    this.drawLines();
  }

  onPointerUp({ pointerId }: Pick<PointerEvent, 'pointerId'>): void {
    this.fingers.delete(pointerId);
    if (this.stroke && this.isPainting) this.means().onStep(this.stroke.before);
    this.stroke = undefined;
  }

  /** What the browser takes for something else leaves the mask as it was. */
  onPointerCancel({ pointerId }: Pick<PointerEvent, 'pointerId'>): void {
    this.fingers.delete(pointerId);
    this.cancel();
  }

  onKeyDown(event: KeyboardEvent): void {
    const far = event.shiftKey ? 10 : 1;
    const moves: Record<string, Point> = {
      ...{ ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] },
    };
    const isWithOthers = event.ctrlKey || event.metaKey || event.altKey;
    const move = isWithOthers ? undefined : moves[event.key];
    const isSpace = event.key === ' ' && !isWithOthers;
    // Whatever else is wanted comes behind a whole step.
    if (!move && !isSpace && event.key !== 'Shift') this.lift();
    if (isWithOthers) return;
    if (move) this.moveCross(move);
    else if (isSpace && this.isPainting) this.lowerOrLift();
    else if (event.key === 'Enter' && event.shiftKey) this.closePolygon();
    else if (event.key === 'Enter' || isSpace) this.use(this.cross);
    else if (event.key === 'Backspace') this.points = this.points.slice(0, -1);
    else if (event.key === 'Escape') this.points = [];
    else if (event.key === '+' || event.key === '=') this.zoom(1.25, this.cross);
    else if (event.key === '-') this.zoom(0.8, this.cross);
    else if (event.key === 'f') this.fit();
    else return;
    event.preventDefault();
    this.drawLines();
  }

  /** Ends a stroke of the keys. */
  lift(): void {
    const before = this.lowered;
    this.lowered = undefined;
    if (before) this.means().onStep(before);
  }

  private lowerOrLift(): void {
    if (this.lowered) this.lift();
    else if (!this.means().isReadOnly) {
      this.lowered = this.mask.data.slice();
      this.paint(brush(this.mask, this.cross, this.cross, this.means().radius, this.label));
    }
  }

  /** Within the picture and in sight; with the brush on it, it draws. */
  private moveCross([dx, dy]: Point): void {
    const { width, height } = this.mask;
    const from = this.cross;
    const within = (value: number, most: number) => Math.max(0, Math.min(most, value));
    this.cross = [within(from[0] + dx, width), within(from[1] + dy, height)];
    if (this.lowered) this.paint(brush(this.mask, from, this.cross, this.means().radius, this.label));
    const { clientWidth, clientHeight } = this.elements.box;
    const { scale, x, y } = this.view;
    const missing = (place: number, end: number) =>
      Math.min(0, end - EDGE - place) + Math.max(0, Math.min(EDGE, end / 2) - place);
    const [right, down] = [
      missing(this.cross[0] * scale + x, clientWidth),
      missing(this.cross[1] * scale + y, clientHeight),
    ];
    if (right === 0 && down === 0) return;
    // A picture that is all in sight stays where it is.
    const isWhole = width * scale <= clientWidth && height * scale <= clientHeight;
    if (!isWhole) this.view = { scale, x: x + right, y: y + down };
    this.place();
  }

  /** Fills what the corners enclose. */
  closePolygon(): void {
    const found = this.points;
    this.points = [];
    if (found.length >= 3) this.step(() => polygon(this.mask, found, this.label));
    this.drawLines();
  }

  private cancel(): void {
    if (this.stroke && this.isPainting) {
      this.mask.data.set(this.stroke.before);
      this.paintAll();
    }
    this.stroke = undefined;
  }

  /** Zooms and moves as two fingers do. */
  private pinch({ pointerId, clientX, clientY }: PointerEvent): void {
    if (!this.fingers.has(pointerId)) return;
    const [first, second] = [...this.fingers.values()] as [Point, Point];
    this.fingers.set(pointerId, [clientX, clientY]);
    const [nextFirst, nextSecond] = [...this.fingers.values()] as [Point, Point];
    const middle = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const distance = (a: Point, b: Point) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
    const [before, after] = [middle(first, second), middle(nextFirst, nextSecond)];
    const { x, y } = this.view;
    this.view = { ...this.view, x: x + after[0] - before[0], y: y + after[1] - before[1] };
    const center = this.pointOf({ clientX: after[0], clientY: after[1] });
    this.zoom(distance(nextFirst, nextSecond) / distance(first, second), center);
  }

  private get isPainting(): boolean {
    return ['brush', 'eraser'].includes(this.means().tool);
  }

  private get label(): number {
    const { tool, label } = this.means();
    return tool === 'eraser' ? 0 : label;
  }

  /** What Enter and a click do. */
  private use(point: Point): void {
    const { tool, radius, segments, isReadOnly } = this.means();
    if (isReadOnly) return;
    if (this.isPainting) this.step(() => brush(this.mask, point, point, radius, this.label));
    if (tool === 'fill' && segments) this.step(() => fillSegment(this.mask, segments, point, this.label));
    if (tool !== 'polygon') return;
    const [first] = this.points;
    const isClosing =
      first &&
      this.points.length >= 3 &&
      Math.hypot(first[0] - point[0], first[1] - point[1]) * this.view.scale < CLOSE;
    if (isClosing) this.closePolygon();
    else this.points = [...this.points, point];
  }

  private step(change: () => Area): void {
    const before = this.mask.data.slice();
    this.paint(change());
    this.means().onStep(before);
  }

  private paint(area: Area): void {
    paintMask(this.elements.mask, this.mask, this.means().classes, area);
  }

  private place(): void {
    const { scale, x, y } = this.view;
    for (const each of [this.elements.picture, this.elements.mask]) {
      each.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    }
    this.drawLines();
  }

  /** Corners, cross and the size of the brush: white on black, to be seen on anything. */
  private drawLines(): void {
    const { lines, box } = this.elements;
    lines.width = box.clientWidth;
    lines.height = box.clientHeight;
    const context = lines.getContext('2d')!;
    const { scale, x, y } = this.view;
    const at = ([px, py]: Point): Point => [px * scale + x, py * scale + y];
    const [cx, cy] = at(this.cross);
    const path = new Path2D();
    this.points.forEach((point, index) => {
      if (index === 0) path.moveTo(...at(point));
      else path.lineTo(...at(point));
    });
    path.moveTo(cx - 8, cy);
    path.lineTo(cx + 8, cy);
    path.moveTo(cx, cy - 8);
    path.lineTo(cx, cy + 8);
    if (this.isPainting) {
      const radius = this.means().radius * scale;
      path.moveTo(cx + radius, cy);
      path.arc(cx, cy, radius, 0, 2 * Math.PI);
    }
    for (const [color, width] of [
      ['#000', 3],
      ['#fff', 1],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke(path);
    }
  }
}
