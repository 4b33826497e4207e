/** @file A grid of thousands of pictures of which only those in sight exist. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Picture } from './api.js';

const CELL = 168;
const CAPTION = 24;
const OVERSCAN = 2;

/** What the grid shows, and what happens to it. */
export interface GridProps {
  readonly pictures: readonly Picture[];
  readonly selected: ReadonlySet<number>;
  /** Shares of the opacity of masks, 0 to 1. */
  readonly opacity: number;
  readonly onSelect: (keys: ReadonlySet<number>) => void;
  readonly onOpen: (key: number) => void;
}

/** A list box: arrow keys move, space selects, Enter opens. */
export function Grid({ pictures, selected, opacity, onSelect, onOpen }: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 800, height: 600 });
  const [top, setTop] = useState(0);
  const isMoving = useMoving(box);
  const [at, setAt] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(1, Math.floor(size.width / CELL));
  const rowHeight = CELL + CAPTION;
  const rows = Math.ceil(pictures.length / columns);
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(rows, Math.ceil((top + size.height) / rowHeight) + OVERSCAN);
  const focus = Math.min(at, Math.max(0, pictures.length - 1));
  useEffect(() => {
    const element = box.current!;
    const row = Math.floor(focus / columns) * rowHeight;
    if (row < element.scrollTop) element.scrollTop = row;
    else if (row + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = row + rowHeight - element.clientHeight;
  }, [focus]);
  const toggle = (key: number, isMore: boolean) => {
    const next = new Set(isMore ? selected : []);
    if (selected.has(key) && (isMore || selected.size === 1)) next.delete(key);
    else next.add(key);
    onSelect(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ...{ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns },
      ...{ PageDown: columns * 4, PageUp: -columns * 4, Home: -pictures.length, End: pictures.length },
    };
    const step = steps[event.key];
    const picture = pictures[focus];
    if (step !== undefined) setAt(Math.max(0, Math.min(pictures.length - 1, focus + step)));
    else if (event.key === 'Enter' && picture) onOpen(picture.key);
    else if (event.key === ' ' && picture) toggle(picture.key, true);
    else return;
    event.preventDefault();
  };
  const shown = pictures.slice(first * columns, last * columns);
  return (
    <div
      ref={box}
      class="grid"
      role="listbox"
      aria-label="Images"
      aria-multiselectable="true"
      aria-activedescendant={pictures[focus] ? `image-${pictures[focus].key}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={(event) => setTop(Math.floor(event.currentTarget.scrollTop / rowHeight) * rowHeight)}
    >
      <div role="presentation" style={{ height: `${rows * rowHeight}px` }}>
        {shown.map((picture, index) => {
          const place = first * columns + index;
          return (
            <Cell
              key={picture.key}
              picture={picture}
              left={(place % columns) * CELL}
              top={Math.floor(place / columns) * rowHeight}
              isFocused={place === focus}
              isSelected={selected.has(picture.key)}
              opacity={opacity}
              isMoving={isMoving}
              onClick={(isMore) => {
                setAt(place);
                toggle(picture.key, isMore);
              }}
              onOpen={() => onOpen(picture.key)}
            />
          );
        })}
      </div>
    </div>
  );
}

/** How long a grid stands still before new pictures are asked for, in milliseconds. */
const STILL = 90;

/** Whether the grid is being scrolled: what flies past need not be loaded. */
function useMoving(box: { readonly current: HTMLElement | null }): boolean {
  const [isMoving, setMoving] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = () => {
      setMoving(true);
      clearTimeout(timer);
      timer = setTimeout(() => setMoving(false), STILL);
    };
    const element = box.current!;
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll);
    };
  }, []);
  return isMoving;
}

interface CellProps {
  readonly picture: Picture;
  readonly left: number;
  readonly top: number;
  readonly isFocused: boolean;
  readonly isSelected: boolean;
  readonly opacity: number;
  /** New pictures are not asked for. */
  readonly isMoving: boolean;
  readonly onClick: (isMore: boolean) => void;
  readonly onOpen: () => void;
}

function Cell({ picture, left, top, isFocused, isSelected, opacity, isMoving, onClick, onOpen }: CellProps) {
  const { key, id, subset, labels, revision } = picture;
  const isLoaded = useRef(false);
  if (!isMoving) isLoaded.current = true;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list box has the focus
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list box has the keys
    <div
      id={`image-${key}`}
      class={`cell${isFocused ? ' focused' : ''}`}
      role="option"
      aria-selected={isSelected}
      aria-label={`${id}, ${labels === '' ? 'not labeled' : 'labeled'}${subset === 'auto' ? '' : `, ${subset}`}`}
      style={{ transform: `translate(${left}px, ${top}px)` }}
      onClick={(event) => onClick(event.ctrlKey || event.metaKey)}
      onDblClick={onOpen}
    >
      {isLoaded.current && (
        <img src={`api/images/${key}/thumbnail`} alt="" decoding="async" draggable={false} />
      )}
      {isLoaded.current && labels !== '' && opacity > 0 && (
        <img
          class="mask"
          src={`api/images/${key}/mask?v=${revision}`}
          alt=""
          decoding="async"
          draggable={false}
          style={{ opacity }}
        />
      )}
      <span class="caption">
        {labels === 'own' ? '✎ ' : ''}
        {subset === 'auto' ? '' : `${subset} · `}
        {id}
      </span>
    </div>
  );
}
