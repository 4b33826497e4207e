/** @file *Label*: one picture at a time, with tools, classes, the way back, and what a model proposes. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { defaultPalette } from '../../data/masks/palette.js';
import { IGNORE_INDEX } from '../../data/types.js';
import type { Tool } from '../../page-parts/board.js';
import { type Mask, type Segments, Undo } from '../../page-parts/draw.js';
import { DRAWING_TOOLS, DrawingTools, useDrawingKeys } from '../../page-parts/drawing-tools.js';
import { Slider } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { Stage } from '../../page-parts/stage.js';
import {
  type ClassInfo,
  cssColor,
  get,
  getBytes,
  getLabels,
  type Picture,
  SAVED_ELSEWHERE,
  ServerError,
  send,
  sendLabels,
} from './api.js';
import type { RunRow } from './run-types.js';
import { attempt, refreshPictures, useShared } from './store.js';

const MOST_SEGMENTED = 1_000_000;
interface Open {
  readonly picture: Picture;
  readonly image: ImageBitmap;
  readonly mask: Mask;
  readonly undo: Undo;
  /** That the server has given; undefined to replace whatever it has. */
  edition: number | undefined;
  /** Whether something is drawn that is not saved. */
  isChanged: boolean;
}

/** What was left and could not be saved, by the key of its picture. */
const unsaved = new Map<number, Open>();

async function open(picture: Picture): Promise<Open> {
  const left = unsaved.get(picture.key);
  if (left) return left;
  const [blob, { data, edition }] = await Promise.all([
    getBytes(`api/images/${picture.key}/picture`).then((bytes) => new Blob([bytes as BlobPart])),
    getLabels(picture.key),
  ]);
  const { width, height } = picture;
  const image = await createImageBitmap(blob);
  return { picture, image, mask: { data, width, height }, undo: new Undo(), edition, isChanged: false };
}

/** Sends what is drawn. @throws ServerError, once where another tab has saved since: a second attempt replaces that */
async function keep(opened: Open): Promise<void> {
  const { picture, mask, edition } = opened;
  const sent = mask.data.slice();
  opened.isChanged = false;
  unsaved.delete(picture.key);
  try {
    opened.edition = await sendLabels(picture.key, sent, edition);
  } catch (error) {
    opened.isChanged = true;
    if (error instanceof ServerError && error.status === SAVED_ELSEWHERE) opened.edition = undefined;
    throw error;
  }
}

/** Whoever goes to another page, by whatever way, has not lost what is drawn. @throws ServerError */
async function keepLeft(left: Open): Promise<void> {
  try {
    await keep(left).catch((error: unknown) => {
      if (left.edition !== undefined) throw error;
      return keep(left);
    });
  } catch (error) {
    unsaved.set(left.picture.key, left);
    throw error;
  }
  await refreshPictures();
}

/** Divides the picture in a thread of its own; a large one at a smaller size. */
function segment(image: ImageBitmap, onSegments: (segments: Segments) => void): () => void {
  const scale = Math.min(1, Math.sqrt(MOST_SEGMENTED / (image.width * image.height)));
  const [width, height] = [
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * scale)),
  ];
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(image, 0, 0, width, height);
  const worker = new Worker('segments.js', { type: 'module' });
  worker.onmessage = ({ data }) => onSegments(data as Segments);
  worker.postMessage({ rgba: context.getImageData(0, 0, width, height).data, width, height });
  return () => worker.terminate();
}

/** The picture that is drawn on, and what is done with it. */
function useOpened(picture: Picture | undefined) {
  const [opened, setOpened] = useState<Open>();
  const [version, setVersion] = useState(0);
  const [, tell] = useState(0);
  const current = useRef<Open | undefined>(undefined);
  const draw = () => setVersion((count) => count + 1);
  useEffect(() => {
    let isGone = false;
    if (picture)
      void attempt(async () => {
        const next = await open(picture);
        if (isGone) return;
        current.current = next;
        setOpened(next);
        draw();
      });
    return () => {
      isGone = true;
      const left = current.current;
      current.current = undefined;
      if (left?.isChanged) void attempt(() => keepLeft(left));
    };
  }, [picture?.key]);
  useEffect(() => {
    const onLeave = (event: BeforeUnloadEvent) => {
      if (current.current?.isChanged || unsaved.size > 0) event.preventDefault();
    };
    addEventListener('beforeunload', onLeave);
    return () => removeEventListener('beforeunload', onLeave);
  }, []);
  const changed = () => {
    if (opened) opened.isChanged = true;
    tell((count) => count + 1);
  };
  const note = (before: Uint8Array) => {
    if (opened?.undo.note(before, opened.mask.data)) changed();
  };
  return {
    opened: opened?.picture.key === picture?.key ? opened : undefined,
    version,
    isChanged: opened?.isChanged ?? false,
    note,
    back: (isRedo: boolean) => {
      if (!opened || !(isRedo ? opened.undo.redo(opened.mask) : opened.undo.undo(opened.mask))) return;
      changed();
      draw();
    },
    replace: (data: Uint8Array) => {
      if (!opened) return;
      const before = opened.mask.data.slice();
      opened.mask.data.set(data);
      note(before);
      draw();
    },
    /** @returns whether it is saved */
    save: async () => {
      const isSaved = await attempt(async () => {
        if (!opened) return false;
        await keep(opened);
        await refreshPictures();
        return true;
      });
      tell((count) => count + 1);
      return isSaved === true;
    },
  };
}

function useSegments(opened: Open | undefined, isWanted: boolean): Segments | undefined {
  const [found, setFound] = useState<{ readonly of: Open; readonly segments: Segments }>();
  const segments = found?.of === opened ? found?.segments : undefined;
  useEffect(() => {
    if (!isWanted || !opened || segments) return undefined;
    return segment(opened.image, (result) => setFound({ of: opened, segments: result }));
  }, [isWanted, opened, segments]);
  return segments;
}

/** Begins with what a model makes of the picture: a step that can be taken back, and nothing is saved yet. */
function useProposal(
  opened: Open | undefined,
  run: string | undefined,
  replace: (data: Uint8Array) => void,
): void {
  const isTaken = useRef<string | undefined>(undefined);
  const key = opened?.picture.key;
  useEffect(() => {
    if (key === undefined || run === undefined || isTaken.current === `${key} ${run}`) return;
    isTaken.current = `${key} ${run}`;
    void attempt(async () => replace(await predictionOf(key, run)));
  }, [key, run]);
}

const predictionOf = (key: number, run: string): Promise<Uint8Array> =>
  getBytes(`api/images/${key}/prediction/${encodeURIComponent(run)}`);

interface LabelProps {
  /** Key of the picture in the address. */
  readonly wanted: string | undefined;
  /** A run whose prediction is there to be corrected, in the address behind it. */
  readonly proposal: string | undefined;
}

/** The page: `#/label/12`, or `#/label/12/RUN` to begin with a prediction. */
export function LabelPage({ wanted, proposal }: LabelProps) {
  const { project, pictures } = useShared();
  const [tool, setTool] = useState<Tool>('brush');
  const [radius, setRadius] = useState(8);
  const [label, setLabel] = useState(1);
  const [opacity, setOpacity] = useState(0.6);
  const first = useRef<number | undefined>(undefined);
  // Without one in the address it is the first without labels, and stays so when that is saved.
  if (pictures.length > 0) first.current ??= pictures.find(({ labels }) => labels === '')?.key ?? 0;
  const key = wanted === undefined ? first.current : Number(wanted);
  const picture = key === undefined ? undefined : pictures[key];
  const { opened, version, isChanged, note, back, replace, save } = useOpened(picture);
  const segments = useSegments(opened, tool === 'fill');
  useProposal(opened, proposal, replace);
  const isReadOnly = project?.isReadOnly ?? true;
  const move = async (step: number) => {
    if (opened?.isChanged && !(await save())) return;
    if (key !== undefined && pictures[key + step]) go('label', key + step);
  };
  useDrawingKeys({
    ...{ tools: DRAWING_TOOLS, radius, classes: project?.classes.length ?? 0 },
    ...{ onTool: setTool, onRadius: setRadius, onLabel: setLabel, onBack: back },
    onMove: (step) => void move(step),
    onSave: () => void save(),
  });
  if (!project || !picture) return <div class="page">There is no image to label yet.</div>;
  const { classes } = project;
  const means = { classes, tool, radius, label, segments, isReadOnly, onStep: note };
  return (
    <div class="columns">
      <section class="side" aria-label="Tools">
        <h1>Label</h1>
        <p class="quiet" title={picture.id}>
          {picture.id}, {picture.width} x {picture.height}
        </p>
        <div class="row">
          <button type="button" onClick={() => move(-1)} title="key v">
            Before
          </button>
          <button type="button" onClick={() => move(1)} title="key n">
            Next
          </button>
          {!isReadOnly && (
            <button type="button" class="main" disabled={!opened} onClick={save} title="Ctrl+S">
              {isChanged ? 'Save *' : 'Save'}
            </button>
          )}
        </div>
        <DrawingTools tools={DRAWING_TOOLS} tool={tool} onTool={setTool} onBack={back} />
        {tool === 'fill' && (
          <p class="quiet" role="status">
            {segments ? 'Click to fill a region' : 'Finding regions …'}
          </p>
        )}
        <Slider
          label={`Size of the brush: ${radius} pixels`}
          min={1}
          max={100}
          value={radius}
          onInput={setRadius}
        />
        <Slider label="Opacity" min={0} max={1} step={0.05} value={opacity} onInput={setOpacity} />
        <Classes classes={classes} label={label} onLabel={setLabel} isReadOnly={isReadOnly} />
        {!isReadOnly && <Proposal picture={picture} onProposal={replace} />}
      </section>
      {opened && (
        <Stage {...means} version={version} opacity={opacity} image={opened.image} mask={opened.mask} />
      )}
    </div>
  );
}

interface ClassesProps {
  readonly classes: readonly ClassInfo[];
  readonly label: number;
  readonly isReadOnly: boolean;
  readonly onLabel: (label: number) => void;
}

function Classes({ classes, label, isReadOnly, onLabel }: ClassesProps) {
  const [name, setName] = useState('');
  const add = (event: Event) => {
    event.preventDefault();
    const color = defaultPalette(classes.length + 1).at(-1)!;
    void attempt(async () => {
      await send('PUT', 'api/classes', { classes: [...classes, { name: name.trim(), color }] });
      onLabel(classes.length);
      setName('');
    });
  };
  return (
    <fieldset>
      <legend>Classes</legend>
      <div class="classes">
        {classes.map((info, index) => (
          <button type="button" key={info.name} aria-pressed={label === index} onClick={() => onLabel(index)}>
            <span class="swatch" style={{ background: cssColor(info) }} />
            {index < 10 ? `${index} ` : ''}
            {info.name}
          </button>
        ))}
        <button type="button" aria-pressed={label === IGNORE_INDEX} onClick={() => onLabel(IGNORE_INDEX)}>
          <span class="swatch" style={{ background: '#fff' }} />i ignored
        </button>
      </div>
      {!isReadOnly && (
        <form class="row" onSubmit={add}>
          <input
            aria-label="Name of a new class"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            size={14}
          />
          <button type="submit" disabled={name.trim() === ''}>
            Add
          </button>
        </form>
      )}
    </fieldset>
  );
}

/** What a model of this studio makes of the picture, to be corrected. */
function Proposal({
  picture,
  onProposal,
}: {
  readonly picture: Picture;
  readonly onProposal: (data: Uint8Array) => void;
}) {
  const [runs, setRuns] = useState<readonly RunRow[]>([]);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    void attempt(async () =>
      setRuns((await get<RunRow[]>('api/runs')).filter(({ hasWeights }) => hasWeights)),
    );
  }, []);
  const [run, setRun] = useState<string>();
  const name = run ?? runs[0]?.name;
  if (name === undefined) return null;
  const copy = async () => {
    setBusy(true);
    await attempt(async () => {
      onProposal(await predictionOf(picture.key, name));
    });
    setBusy(false);
  };
  return (
    <fieldset>
      <legend>Model</legend>
      <select aria-label="Run" value={name} onChange={(event) => setRun(event.currentTarget.value)}>
        {runs.map((each) => (
          <option key={each.name}>{each.name}</option>
        ))}
      </select>
      <button type="button" disabled={isBusy} onClick={copy}>
        {isBusy ? 'Predicting …' : 'Copy its prediction'}
      </button>
    </fieldset>
  );
}
