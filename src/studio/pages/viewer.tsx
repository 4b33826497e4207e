/** @file The same picture several times side by side, each with its own classes over it, looked at through one zoom. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ClassInfo } from './api.js';

/** One of the pictures side by side. */
export interface Pane {
  readonly title: string;
  /** Class of each pixel; undefined for the picture alone. */
  readonly labels?: Uint8Array | undefined;
  /** 1 for pixels that are lit; all others are dimmed. */
  readonly marks?: Uint8Array | undefined;
}

interface ViewerProps {
  readonly image: ImageBitmap;
  readonly panes: readonly Pane[];
  readonly classes: readonly ClassInfo[];
  /** Of the colours, 0 to 1. */
  readonly opacity: number;
}

/** Pixels of a canvas; larger pictures are shown at a smaller size. */
const MOST_SHOWN = 4_000_000;
const STEP = 40;
const DIMMED = 170;

interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Where all panes are looked at. */
function useView(image: ImageBitmap, panes: number) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ scale: 1, x: 0, y: 0 });
  const frame = () => box.current!.querySelector('.frame')!;
  const fit = () => {
    const { clientWidth, clientHeight } = frame();
    const scale = Math.min(clientWidth / image.width, clientHeight / image.height);
    setView({
      scale,
      x: (clientWidth - image.width * scale) / 2,
      y: (clientHeight - image.height * scale) / 2,
    });
  };
  /** Around a place of a frame; its middle where none is said. */
  const zoom = (factor: number, place?: { readonly x: number; readonly y: number }) => {
    const { clientWidth, clientHeight } = frame();
    const at = place ?? { x: clientWidth / 2, y: clientHeight / 2 };
    setView(({ scale, x, y }) => {
      const next = Math.max(0.02, Math.min(64, scale * factor));
      const ratio = next / scale;
      return { scale: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio };
    });
  };
  const move = (dx: number, dy: number) => setView(({ scale, x, y }) => ({ scale, x: x + dx, y: y + dy }));
  useLayoutEffect(() => {
    fit();
    const watcher = new ResizeObserver(fit);
    watcher.observe(frame());
    return () => watcher.disconnect();
  }, [image.width, image.height, panes]);
  useEffect(() => {
    const element = box.current!;
    // The page must not scroll under the wheel, which listeners of the framework cannot say.
    const onWheel = (event: WheelEvent) => {
      const own = (event.target as Element).closest('.frame')?.getBoundingClientRect();
      if (!own) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, { x: event.clientX - own.left, y: event.clientY - own.top });
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  return { box, view, fit, zoom, move };
}

/** The panes. Wheel, + and - zoom, arrow keys and the pointer move, f fits. */
export function Viewer({ image, panes, classes, opacity }: ViewerProps) {
  const { box, view, fit, zoom, move } = useView(image, panes.length);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, readonly [number, number]> = {
      ...{ ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] },
    };
    const by = moves[event.key];
    if (by) move(...by);
    else if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === 'f') fit();
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={box}
      class="viewer"
      role="application"
      aria-label={`${panes.map(({ title }) => title).join(', ')}: + and - zoom, arrow keys move, f fits`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.buttons & 1) move(event.movementX, event.movementY);
      }}
    >
      {panes.map((pane, at) => (
        <figure key={at}>
          <figcaption>{pane.title}</figcaption>
          <div class="frame">
            <PaneView image={image} pane={pane} classes={classes} opacity={opacity} view={view} />
          </div>
        </figure>
      ))}
    </div>
  );
}

interface PaneProps extends Omit<ViewerProps, 'panes'> {
  readonly pane: Pane;
  readonly view: View;
}

function PaneView({ image, pane, classes, opacity, view }: PaneProps) {
  const [picture, colors] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const { labels, marks } = pane;
  const step = Math.ceil(Math.sqrt((image.width * image.height) / MOST_SHOWN));
  const [width, height] = [Math.ceil(image.width / step), Math.ceil(image.height / step)];
  useLayoutEffect(() => {
    picture.current!.getContext('2d')!.drawImage(image, 0, 0, image.width / step, image.height / step);
  }, [image, step]);
  useLayoutEffect(() => {
    const context = colors.current!.getContext('2d')!;
    context.clearRect(0, 0, width, height);
    if (!labels) return;
    const painted = new ImageData(width, height);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++, to += 4) {
        const at = y * step * image.width + x * step;
        const [red, green, blue, alpha] = colorOf(labels[at]!, marks?.[at], classes);
        painted.data[to] = red;
        painted.data[to + 1] = green;
        painted.data[to + 2] = blue;
        painted.data[to + 3] = alpha;
      }
    }
    context.putImageData(painted, 0, 0);
  }, [image, labels, marks, classes, step]);
  const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale * step})`;
  return (
    <>
      <canvas ref={picture} width={width} height={height} style={{ transform }} />
      <canvas
        ref={colors}
        width={width}
        height={height}
        style={{ transform, opacity: marks ? 1 : opacity }}
      />
    </>
  );
}

type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** Lit pixels have white where the class has no colour of its own. */
function colorOf(label: number, mark: number | undefined, classes: readonly ClassInfo[]): Rgba {
  const [red, green, blue] = classes[label]?.color ?? [255, 255, 255];
  if (mark === undefined) return [red, green, blue, label === 0 ? 0 : 255];
  if (mark === 0) return [0, 0, 0, DIMMED];
  return label === 0 ? [255, 255, 255, 255] : [red, green, blue, 255];
}
