/** @file A picture with its mask to draw on: with the pointer, or with a cross that the arrow keys move. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { Board, type Means } from './board.js';
import type { Mask } from './draw.js';

/** What is drawn on, and with what. */
export interface StageProps extends Means {
  readonly image: ImageBitmap;
  readonly mask: Mask;
  /** Changes when the mask was changed elsewhere. */
  readonly version: number;
  readonly opacity: number;
  /** Is given the board, for buttons. */
  readonly handle?: { current: Board | undefined };
}

/** The stage. Wheel, + and - zoom, f fits. */
export function Stage(props: StageProps) {
  const { image, mask, version, classes, opacity, tool, radius } = props;
  const box = useRef<HTMLDivElement>(null);
  const [picture, colors, lines] = [
    useRef<HTMLCanvasElement>(null),
    useRef<HTMLCanvasElement>(null),
    useRef<HTMLCanvasElement>(null),
  ];
  const latest = useRef(props);
  latest.current = props;
  const unshared = useRef<Board | undefined>(undefined);
  const board = props.handle ?? unshared;
  // All before the next click: one that comes earlier would be lost, or draw elsewhere.
  useLayoutEffect(() => {
    const elements = {
      ...{ box: box.current!, picture: picture.current!, mask: colors.current!, lines: lines.current! },
    };
    const own = new Board(elements, mask, () => latest.current);
    board.current = own;
    elements.picture.getContext('2d')!.drawImage(image, 0, 0);
    own.fit();
    const watcher = new ResizeObserver(() => own.fit());
    watcher.observe(elements.box);
    // The page must not scroll under the wheel, which listeners of the framework cannot say.
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      own.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, own.pointOf(event));
    };
    elements.box.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      watcher.disconnect();
      elements.box.removeEventListener('wheel', onWheel);
    };
  }, [image, mask]);
  useLayoutEffect(() => board.current?.paintAll(), [image, mask, version, classes]);
  useLayoutEffect(() => board.current?.drop(), [tool, radius]);
  return (
    <div
      ref={box}
      class="stage"
      role="application"
      aria-label="Picture to draw on: arrow keys move the cross, with Shift faster; Enter draws, Space lowers and lifts the brush, Shift+Enter closes a polygon; + and - zoom, f fits"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        board.current?.onPointerDown(event);
      }}
      onPointerMove={(event) => board.current?.onPointerMove(event)}
      onPointerUp={(event) => board.current?.onPointerUp(event)}
      onPointerCancel={(event) => board.current?.onPointerCancel(event)}
      onDblClick={() => board.current?.closePolygon()}
      onKeyDown={(event) => board.current?.onKeyDown(event)}
      onBlur={() => board.current?.lift()}
    >
      <canvas ref={picture} width={mask.width} height={mask.height} />
      <canvas ref={colors} width={mask.width} height={mask.height} style={{ opacity }} />
      <canvas ref={lines} style={{ pointerEvents: 'none' }} />
    </div>
  );
}
