/** @file *Paint*: one picture at a time, with brush, eraser, classes and the way back. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Board, Tool } from '../../page-parts/board.js';
import { type Mask, Undo } from '../../page-parts/draw.js';
import { DRAWING_TOOLS, DrawingTools, useDrawingKeys } from '../../page-parts/drawing-tools.js';
import { Slider } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { Stage } from '../../page-parts/stage.js';
import { decodeMask } from '../../web-training/mask.js';
import { decode } from './bring-in.js';
import { Classes } from './classes.js';
import { attempt, changePicture, noteMask, now, useShared } from './store.js';
import type { PagePicture } from './types.js';

/** Nobody divides the picture here. */
const TOOLS = DRAWING_TOOLS.filter(([tool]) => tool !== 'fill');

interface Open {
  readonly key: number;
  readonly image: ImageBitmap;
  readonly mask: Mask;
  readonly undo: Undo;
}

async function open({ key, id, image, mask, width, height }: PagePicture): Promise<Open> {
  const bitmap = await decode(image, id);
  const given = mask instanceof Blob ? await decodeMask(mask, id, now().coding) : undefined;
  if (given && (given.width !== width || given.height !== height)) {
    throw new Error(
      `${id}: the picture has ${width}x${height} pixels, its mask ${given.width}x${given.height}`,
    );
  }
  const data = given?.data ?? (mask as Uint8Array | undefined) ?? new Uint8Array(width * height);
  return { key, image: bitmap, mask: { data, width, height }, undo: new Undo() };
}

/** The picture that is drawn on. */
function useOpened(picture: PagePicture | undefined) {
  const [opened, setOpened] = useState<Open>();
  const [version, setVersion] = useState(0);
  useEffect(() => {
    let isGone = false;
    let shown: Open | undefined;
    if (picture)
      void attempt(undefined, async () => {
        const next = await open(picture);
        if (isGone) return next.image.close();
        shown = next;
        setOpened(next);
        return undefined;
      });
    return () => {
      isGone = true;
      shown?.image.close();
    };
  }, [picture?.key]);
  const current = opened && opened.key === picture?.key ? opened : undefined;
  return {
    opened: current,
    version,
    note: (before: Uint8Array) => {
      if (current?.undo.note(before, current.mask.data)) noteMask(current.key, current.mask.data);
    },
    back: (isRedo: boolean) => {
      if (!current || !(isRedo ? current.undo.redo(current.mask) : current.undo.undo(current.mask))) return;
      noteMask(current.key, current.mask.data);
      setVersion((count) => count + 1);
    },
  };
}

/** The page. @param wanted place of the picture in the list */
export function PaintPage({ wanted }: { readonly wanted: string | undefined }) {
  const { pictures, classes } = useShared();
  const [tool, setTool] = useState<Tool>('brush');
  const [radius, setRadius] = useState(8);
  const [label, setLabel] = useState(1);
  const [opacity, setOpacity] = useState(0.6);
  const board = useRef<Board | undefined>(undefined);
  const at = Math.min(Math.max(0, Math.trunc(Number(wanted ?? 0)) || 0), pictures.length - 1);
  const picture = pictures[at];
  const { opened, version, note, back } = useOpened(picture);
  const move = (step: number) => {
    if (pictures[at + step]) go('paint', at + step);
  };
  useDrawingKeys({
    ...{ tools: TOOLS, radius, classes: classes.length, onMove: move },
    ...{ onTool: setTool, onRadius: setRadius, onLabel: setLabel, onBack: back },
  });
  if (!picture) return <p>There is no picture yet: bring some in under Pictures.</p>;
  const means = { classes, tool, radius, label, segments: undefined, isReadOnly: false, onStep: note };
  return (
    <>
      <h1>Paint</h1>
      <div class="row">
        <button type="button" onClick={() => move(-1)} disabled={at === 0} title="key v">
          Before
        </button>
        <button type="button" onClick={() => move(1)} disabled={at === pictures.length - 1} title="key n">
          Next
        </button>
        <span class="quiet" title={picture.id}>
          {at + 1} of {pictures.length}: {picture.id}
        </span>
      </div>
      <div class="paint">
        <div>
          {opened && (
            <Stage
              {...means}
              {...{ version, opacity, handle: board }}
              image={opened.image}
              mask={opened.mask}
            />
          )}
        </div>
        <section aria-label="Tools">
          <DrawingTools tools={TOOLS} tool={tool} onTool={setTool} onBack={back} />
          <View tool={tool} board={() => board.current} />
          <Slider
            label={`Size of the brush: ${radius} pixels`}
            min={1}
            max={100}
            value={radius}
            onInput={setRadius}
          />
          <Slider label="Opacity" min={0} max={1} step={0.05} value={opacity} onInput={setOpacity} />
          <Classes label={label} onLabel={setLabel} />
          <UseOf picture={picture} data={() => opened?.mask.data} />
        </section>
      </div>
    </>
  );
}

interface ViewProps {
  readonly tool: Tool;
  readonly board: () => Board | undefined;
}

/** What keys and wheels do elsewhere. */
function View({ tool, board }: ViewProps) {
  return (
    <div class="row">
      {tool === 'polygon' && (
        <button type="button" onClick={() => board()?.closePolygon()} title="Shift+Enter">
          Close polygon
        </button>
      )}
      <button type="button" onClick={() => board()?.zoomMiddle(1.5)} title="key +">
        Zoom in
      </button>
      <button type="button" onClick={() => board()?.zoomMiddle(1 / 1.5)} title="key -">
        Zoom out
      </button>
      <button type="button" onClick={() => board()?.fit()} title="key f">
        Fit
      </button>
    </div>
  );
}

interface UseProps {
  readonly picture: PagePicture;
  readonly data: () => Uint8Array | undefined;
}

/** What the picture is for. */
function UseOf({ picture: { key, mask, use, revision }, data }: UseProps) {
  const onEmpty = () => {
    const labels = data();
    if (labels) noteMask(key, labels);
  };
  return (
    <fieldset>
      <legend>This picture</legend>
      {mask === undefined ? (
        <>
          <p class="quiet">
            It has no mask yet, so that nothing is learned from it; it shows what the network says.
          </p>
          <button type="button" onClick={onEmpty}>
            There is nothing to paint on it
          </button>
        </>
      ) : (
        <>
          <label>
            <input
              type="checkbox"
              checked={use === 'val'}
              onChange={(event) => changePicture(key, { use: event.currentTarget.checked ? 'val' : 'train' })}
            />{' '}
            check with it, do not learn from it
          </label>
          <button
            type="button"
            onClick={() => changePicture(key, { mask: undefined, use: 'train', revision: revision + 1 })}
          >
            Do not use its mask
          </button>
        </>
      )}
    </fieldset>
  );
}
