/** @file *Pictures*: where they come from, and all of them. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { LOOKS, type LookName } from '../../demo/looks.js';
import { paintMask } from '../../page-parts/board.js';
import { DropBox } from '../../page-parts/drop-box.js';
import { Choice } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { decodeMask } from '../../web-training/mask.js';
import { bringIn, generate, MOST_SIDE } from './bring-in.js';
import { attempt, change, now, useShared } from './store.js';
import type { PagePicture } from './types.js';

const NAMES = Object.keys(LOOKS) as LookName[];
const SHOWN_TEXT: Readonly<Record<LookName, string>> = {
  streets: 'streets: objects outdoors',
  cells: 'cells under a microscope',
  parts: 'metal parts with defects',
};

const opening = 'opening files';

/** The page. */
export function PicturesPage() {
  const { pictures, busy, checkpoint } = useShared();
  const [look, setLook] = useState<LookName>('streets');
  const isBusy = busy !== undefined;
  return (
    <>
      <h1>Pictures</h1>
      <OwnPictures isBusy={isBusy} />
      {checkpoint && (
        <p class="note">
          There is a training to go on with, {checkpoint.file.name}: <a href="#/train">train</a>.
        </p>
      )}
      <fieldset disabled={isBusy}>
        <legend>Or try it out</legend>
        <Choice
          label="Generated pictures, with their masks"
          value={look}
          choices={NAMES.map((name) => [name, SHOWN_TEXT[name]] as const)}
          onChange={setLook}
        />
        <button
          type="button"
          onClick={() => mayReplace() && attempt('drawing pictures', () => generate(look))}
        >
          Try with generated pictures
        </button>
      </fieldset>
      {pictures.length > 0 && <All pictures={pictures} />}
    </>
  );
}

/** Asks before drawn masks are let go. */
function mayReplace(): boolean {
  const isDrawn = now().pictures.some(({ revision }) => revision > 0);
  return !isDrawn || confirm('Masks that you have drawn are replaced. Go on?');
}

function OwnPictures({ isBusy }: { readonly isBusy: boolean }) {
  return (
    <DropBox
      legend="Bring your own"
      text={
        'Drop photographs, or a data set (images/, masks/, dataset_meta.json) as a folder or zip file. They stay in this tab. ' +
        `Photographs are made at most ${MOST_SIDE} pixels large; those of a data set stay as they are. To go on with a training, drop the ` +
        'otx-web.zip that it has left, or its last.safetensors beside the same pictures.'
      }
      inputs={[
        { label: 'Photographs or a zip file', accept: 'image/*,.zip,.safetensors', isMultiple: true },
        { label: 'Folder', isFolder: true },
      ]}
      isDisabled={isBusy}
      onFiles={(dropped) =>
        void attempt(opening, async () => {
          const files = await dropped;
          if (files.length > 0) await bringIn(files);
        })
      }
    />
  );
}

/** More would make the page slow; the training takes them all. */
const MOST_SHOWN = 200;

function All({ pictures }: { readonly pictures: readonly PagePicture[] }) {
  const withMask = pictures.filter(({ mask }) => mask !== undefined);
  const checked = withMask.filter(({ use }) => use === 'val').length;
  return (
    <section aria-label="All pictures">
      <h2>
        {pictures.length} pictures, {withMask.length} with a mask
      </h2>
      <p class="quiet">
        {withMask.length - checked} to learn from, {checked} to check with.
        {withMask.length < 2 ? ' Choose a picture, and paint a mask on it; a few are enough to begin.' : ''}
        {pictures.length > MOST_SHOWN ? ` The first ${MOST_SHOWN} are shown.` : ''}
      </p>
      <ul class="thumbs">
        {pictures.slice(0, MOST_SHOWN).map((picture, index) => (
          <li key={picture.key}>
            <button type="button" title={picture.id} onClick={() => go('paint', index)}>
              <Thumbnail picture={picture} />
              {wordOf(picture)}
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        onClick={() => mayReplace() && change({ pictures: [], coding: undefined, notices: [] })}
      >
        Remove all
      </button>
    </section>
  );
}

function wordOf({ mask, use }: PagePicture): string {
  if (mask === undefined) return 'no mask';
  return use === 'val' ? 'to check' : 'to learn';
}

/** A picture with its mask, small. */
export function Thumbnail({ picture }: { readonly picture: PagePicture }) {
  const { classes, coding } = useShared();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { thumbnail, mask, width, height, id, revision } = picture;
  useEffect(() => {
    let isGone = false;
    const paint = async () => {
      const context = canvas.current!.getContext('2d')!;
      context.drawImage(thumbnail, 0, 0);
      if (mask === undefined) return;
      const data = mask instanceof Blob ? (await decodeMask(mask, id, coding)).data : mask;
      if (!isGone) drawMask(context, { data, width, height }, classes);
    };
    // A mask that cannot be read is told when the training, or the board, reads it.
    paint().catch(() => undefined);
    return () => {
      isGone = true;
    };
  }, [thumbnail, mask, revision, classes]);
  return (
    <canvas
      ref={canvas}
      class="picture"
      role="img"
      aria-label={id}
      width={thumbnail.width}
      height={thumbnail.height}
    />
  );
}

/** Half as opaque, over the whole of a canvas of any size. */
export function drawMask(
  context: CanvasRenderingContext2D,
  mask: { readonly data: Uint8Array; readonly width: number; readonly height: number },
  classes: Parameters<typeof paintMask>[2],
): void {
  const { width, height } = mask;
  const layer = document.createElement('canvas');
  layer.width = width;
  layer.height = height;
  paintMask(layer, mask, classes, { left: 0, top: 0, right: width, bottom: height });
  context.globalAlpha = 0.55;
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, 0, 0, context.canvas.width, context.canvas.height);
  context.globalAlpha = 1;
}
