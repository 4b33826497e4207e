/** @file *Look*: what models make of any picture beside its labels, the worst first, and what is taken for what. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Choice, Slider } from '../../page-parts/fields.js';
import { useKeys } from '../../page-parts/keys.js';
import { go } from '../../page-parts/route.js';
import { type ClassInfo, cssColor, get, type Picture } from './api.js';
import { ConfusionTable } from './confusion-table.js';
import {
  confusionOf,
  diceOf,
  labelsAt,
  look,
  lookAtOwn,
  type ModelRow,
  type OwnPicture,
  type Pair,
  pixelsOf,
  type Shown,
} from './look-api.js';
import { listed, Models, type Order, OwnPictures, Scoring } from './look-side.js';
import { attempt, useShared } from './store.js';
import { useScores } from './use-scores.js';
import { type Pane, Viewer } from './viewer.js';

/** The models of the studio, and which of them are looked through. */
function useModels() {
  const [models, setModels] = useState<readonly ModelRow[]>();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  useEffect(() => {
    void attempt(async () => {
      const found = await get<ModelRow[]>('api/models');
      setModels(found);
      setChosen(found.slice(0, 1).map(({ id }) => id));
    });
  }, []);
  return { models, chosen, setChosen };
}

/** What is asked for last is shown, whatever comes later. */
function useShown(picture: Picture | OwnPicture | undefined, chosen: readonly string[]) {
  const [shown, setShown] = useState<{ readonly of: object; readonly shown: Shown }>();
  const [isBusy, setBusy] = useState(false);
  const key = picture && ('key' in picture ? `${picture.key} ${picture.revision}` : picture);
  useEffect(() => {
    if (!picture || chosen.length === 0) return undefined;
    let isGone = false;
    setBusy(true);
    void attempt(async () => {
      const found = await ('key' in picture ? look(picture, chosen) : lookAtOwn(picture, chosen));
      if (!isGone) setShown({ of: picture, shown: found });
    }).then(() => {
      if (!isGone) setBusy(false);
    });
    return () => {
      isGone = true;
    };
  }, [key, chosen]);
  const isSame = shown && picture && isOne(shown.of as Picture | OwnPicture, picture);
  return { shown: isSame ? shown.shown : undefined, isBusy };
}

const isOne = (a: Picture | OwnPicture, b: Picture | OwnPicture): boolean =>
  'key' in a && 'key' in b ? a.key === b.key : a === b;

interface PanesOptions {
  readonly shown: Shown;
  readonly threshold: number | undefined;
  readonly pair: Pair | undefined;
  readonly classes: readonly ClassInfo[];
}

/** Picture, truth and a pane for each model. */
function panesOf({ shown: { truth, seen }, threshold, pair, classes }: PanesOptions): readonly Pane[] {
  const predictions = seen.map(({ model, seen: each }) => ({ model, labels: labelsAt(each, threshold) }));
  const lit = (labels: Uint8Array) => (truth && pair ? pixelsOf(truth, labels, pair) : undefined);
  const first = predictions[0];
  return [
    { title: 'picture' },
    ...(truth ? [{ title: 'truth', labels: truth, marks: first && lit(first.labels) }] : []),
    ...predictions.map(({ model, labels }) => {
      const dice = truth ? diceOf(truth, labels, classes) : Number.NaN;
      const score = Number.isNaN(dice) ? '' : `, Dice ${dice.toFixed(4)}`;
      return { title: `${model}${score}`, labels, marks: lit(labels) };
    }),
  ];
}

/** The page. @param wanted key of the picture in the address */
export function LookPage({ wanted }: { readonly wanted: string | undefined }) {
  const { project, pictures } = useShared();
  const { models, chosen, setChosen } = useModels();
  const scores = useScores(chosen[0]);
  const [order, setOrder] = useState<Order>('worst');
  const [filter, setFilter] = useState('');
  const [pair, setPair] = useState<Pair>();
  const [own, setOwn] = useState<readonly OwnPicture[]>([]);
  const [ownAt, setOwnAt] = useState<number>();
  const [threshold, setThreshold] = useState<number>();
  const [opacity, setOpacity] = useState(0.6);
  useEffect(() => setOwnAt(undefined), [wanted]);
  const list = useMemo(
    () => listed({ pictures, scores, pair, order, filter }),
    [pictures, scores, pair, order, filter],
  );
  const first = useRef<number | undefined>(undefined);
  // Without one in the address it is the worst that is known at first, and stays so while others are scored.
  first.current ??= list[0]?.key;
  const key = wanted === undefined ? first.current : Number(wanted);
  const picture = ownAt === undefined ? pictures[key ?? -1] : own[ownAt];
  const { shown, isBusy } = useShown(picture, chosen);
  const step = (by: number) => {
    if (ownAt !== undefined) {
      if (own[ownAt + by]) setOwnAt(ownAt + by);
      return;
    }
    const next = list[list.findIndex((each) => each.key === key) + by];
    if (next) go('look', next.key);
  };
  useKeys(({ key: letter, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey || !['n', 'v'].includes(letter)) return false;
    step(letter === 'n' ? 1 : -1);
    return true;
  });
  if (!project || !models) return null;
  const [model] = chosen;
  if (model === undefined) {
    return (
      <div class="page">
        There is no model to look through yet: train one, or wait until it was validated once.
      </div>
    );
  }
  const { classes, isReadOnly } = project;
  const openImage = (next: number) => {
    setOwnAt(undefined);
    go('look', next);
  };
  const choosePair = (next: Pair | undefined) => {
    setPair(next);
    setFilter('');
    const first = next && listed({ pictures, scores, pair: next, order, filter: '' })[0];
    if (first) openImage(first.key);
  };
  return (
    <div class="columns">
      <section class="side" aria-label="What is looked at">
        <h1>Look</h1>
        <Models models={models} chosen={chosen} onChosen={setChosen} />
        <Slider
          label={`Opacity: ${opacity.toFixed(2)}`}
          min={0}
          max={1}
          step={0.05}
          value={opacity}
          onInput={setOpacity}
        />
        <Threshold shown={shown} threshold={threshold} onThreshold={setThreshold} />
        {!isReadOnly && <Scoring model={model} pictures={pictures} scores={scores} />}
        <Choice
          label="Order"
          value={order}
          choices={[
            ['worst', 'worst first'],
            ['name', 'as in the data'],
          ]}
          onChange={setOrder}
        />
        <label>
          Name
          <input value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
        <ImageList list={list} at={ownAt === undefined ? key : undefined} onOpen={openImage} />
        {!isReadOnly && (
          <OwnPictures
            own={own}
            at={ownAt}
            onAt={setOwnAt}
            onOwn={(next) => {
              setOwn(next);
              setOwnAt(0);
            }}
          />
        )}
      </section>
      <section class="looked" aria-label="Picture">
        <Caption picture={picture} model={model} isBusy={isBusy} isReadOnly={isReadOnly} onStep={step} />
        {shown && (
          <Panes shown={shown} threshold={threshold} pair={pair} classes={classes} opacity={opacity} />
        )}
        {shown && <Legend classes={classes} />}
        {scores && scores.rows.length > 0 && (
          <Confusion scores={scores.rows} classes={classes} pair={pair} onPair={choosePair} />
        )}
      </section>
    </div>
  );
}

function Panes({ opacity, ...options }: PanesOptions & { readonly opacity: number }) {
  const { shown, threshold, pair, classes } = options;
  const panes = useMemo(() => panesOf(options), [shown, threshold, pair, classes]);
  return <Viewer image={shown.image} panes={panes} classes={classes} opacity={opacity} />;
}

interface ThresholdProps {
  readonly shown: Shown | undefined;
  readonly threshold: number | undefined;
  readonly onThreshold: (threshold: number | undefined) => void;
}

/** That of each model, until one is said for all of them. */
function Threshold({ shown, threshold, onThreshold }: ThresholdProps) {
  const first = shown?.seen[0]?.seen;
  const value = threshold ?? first?.threshold ?? 0;
  const isKnown = shown?.seen.every(({ seen }) => seen.confidence) ?? true;
  return (
    <>
      <Slider
        label={`Confidence threshold: ${value.toFixed(2)}${threshold === undefined ? ' (of the model)' : ''}`}
        min={0}
        max={1}
        step={0.01}
        value={value}
        onInput={onThreshold}
      />
      {threshold !== undefined && (
        <button type="button" onClick={() => onThreshold(undefined)}>
          That of the model
        </button>
      )}
      {!isKnown && <p class="quiet">This picture is too large for another threshold than the model's.</p>}
    </>
  );
}

interface ImageListProps {
  readonly list: ReturnType<typeof listed>;
  readonly at: number | undefined;
  readonly onOpen: (key: number) => void;
}

function ImageList({ list, at, onOpen }: ImageListProps) {
  const options = useMemo(
    () =>
      list.map(({ key, text }) => (
        <option key={key} value={key}>
          {text}
        </option>
      )),
    [list],
  );
  return (
    <label>
      {list.length} {list.length === 1 ? 'image' : 'images'}
      <select
        class="listed"
        size={12}
        value={at === undefined ? '' : String(at)}
        onChange={(event) => onOpen(Number(event.currentTarget.value))}
      >
        {options}
      </select>
    </label>
  );
}

interface CaptionProps {
  readonly picture: Picture | OwnPicture | undefined;
  readonly model: string;
  readonly isBusy: boolean;
  readonly isReadOnly: boolean;
  readonly onStep: (by: number) => void;
}

function Caption({ picture, model, isBusy, isReadOnly, onStep }: CaptionProps) {
  if (!picture) return <p class="quiet">No image is chosen.</p>;
  return (
    <div class="row">
      <button type="button" onClick={() => onStep(-1)} title="key v">
        Before
      </button>
      <button type="button" onClick={() => onStep(1)} title="key n">
        Next
      </button>
      <strong>{'key' in picture ? picture.id : picture.name}</strong>
      {'key' in picture && !isReadOnly && (
        <button type="button" class="main" onClick={() => go('label', picture.key, model)}>
          Correct it
        </button>
      )}
      <span class="quiet" role="status">
        {isBusy ? 'looking …' : ''}
      </span>
    </div>
  );
}

function Legend({ classes }: { readonly classes: readonly ClassInfo[] }) {
  return (
    <p class="row">
      {classes.slice(1).map((info) => (
        <span key={info.name}>
          <span class="swatch" style={{ background: cssColor(info) }} />
          {info.name}
        </span>
      ))}
    </p>
  );
}

interface ConfusionProps {
  readonly scores: Parameters<typeof confusionOf>[0];
  readonly classes: readonly ClassInfo[];
  readonly pair: Pair | undefined;
  readonly onPair: (pair: Pair | undefined) => void;
}

function Confusion({ scores, classes, pair, onPair }: ConfusionProps) {
  const matrix = useMemo(() => confusionOf(scores, classes.length), [scores, classes]);
  const { mDice } = matrix.summary();
  return (
    <section class="taken" aria-label="Confusion">
      <h2>What is taken for what</h2>
      <p class="quiet">
        {scores.length} {scores.length === 1 ? 'image' : 'images'}, mean Dice {mDice.toFixed(4)} over all of
        them; shares of the true pixels. A cell lists the images with most such pixels, and lights these up.
        {pair && (
          <>
            {' '}
            <button type="button" onClick={() => onPair(undefined)}>
              All images
            </button>
          </>
        )}
      </p>
      <ConfusionTable matrix={matrix} classes={classes} pair={pair} onPair={onPair} />
    </section>
  );
}
