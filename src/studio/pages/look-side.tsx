/** @file The left side of *Look*: which models, which pictures in which order, and the work of scoring. */

import { useMemo, useState } from 'preact/hooks';
import { DropBox } from '../../page-parts/drop-box.js';
import { Choice } from '../../page-parts/fields.js';
import { type DroppedFile, isHidden } from '../../page-parts/files.js';
import { type Picture, send } from './api.js';
import { type ModelRow, type ModelScores, type OwnPicture, type Pair, pixelsIn } from './look-api.js';
import { attempt } from './store.js';

/** As many as are seen side by side. */
export const MOST_MODELS = 3;
const MOST_OWN = 2000;

interface ModelsProps {
  readonly models: readonly ModelRow[];
  readonly chosen: readonly string[];
  readonly onChosen: (chosen: readonly string[]) => void;
}

/** One to three of them; the first that was chosen is the one that is scored. */
export function Models({ models, chosen, onChosen }: ModelsProps) {
  const toggle = (id: string) =>
    onChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <fieldset>
      <legend>Models, at most {MOST_MODELS}</legend>
      <div class="models">
        {models.map(({ id }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              disabled={chosen.includes(id) ? chosen.length === 1 : chosen.length >= MOST_MODELS}
              onChange={() => toggle(id)}
            />{' '}
            {id}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const SUBSETS = ['labeled', 'val', 'train', 'test'] as const;
const TITLES = { labeled: 'all labeled', val: 'validation', train: 'training', test: 'test' } as const;

interface ScoringProps {
  readonly model: string;
  readonly pictures: readonly Picture[];
  readonly scores: ModelScores | undefined;
}

/** Starts and stops it, and says how far it is. */
export function Scoring({ model, pictures, scores }: ScoringProps) {
  const labeled = pictures.filter(({ labels }) => labels !== '');
  const inSubset = (name: (typeof SUBSETS)[number]) =>
    name === 'labeled' ? labeled : labeled.filter(({ subset }) => subset === name);
  const choices = SUBSETS.filter((name) => inSubset(name).length > 0);
  const [wanted, setWanted] = useState<(typeof SUBSETS)[number]>();
  const subset = wanted ?? choices.find((name) => name === 'val') ?? 'labeled';
  const known = useMemo(() => new Set(scores?.rows.map(({ key }) => key)), [scores]);
  const left = inSubset(subset).filter(({ key }) => !known.has(key)).length;
  const work = scores?.work;
  return (
    <fieldset>
      <legend>Scores</legend>
      <Choice
        label="Images"
        value={subset}
        choices={choices.map((name) => [name, `${TITLES[name]} (${inSubset(name).length})`] as const)}
        onChange={setWanted}
      />
      {!work && (
        <button
          type="button"
          class="main"
          disabled={left === 0 || !scores}
          onClick={() => attempt(() => send('POST', `api/scores/${encodeURIComponent(model)}`, { subset }))}
        >
          {left === 0 ? 'All are scored' : `Score ${left} ${left === 1 ? 'image' : 'images'}`}
        </button>
      )}
      {work && (
        <div class="row">
          <span role="status">
            {work.done} of {work.total} images
          </span>
          <button type="button" onClick={() => attempt(() => send('POST', 'api/scoring/stop'))}>
            Stop
          </button>
        </div>
      )}
      {scores && scores.problems.length > 0 && (
        <details>
          <summary>{scores.problems.length} problems</summary>
          <ul class="findings">
            {scores.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      )}
    </fieldset>
  );
}

/** In which order images are listed. */
export type Order = 'worst' | 'name';

interface Listed {
  readonly key: number;
  readonly text: string;
}

interface ListProps {
  readonly pictures: readonly Picture[];
  readonly scores: ModelScores | undefined;
  readonly pair: Pair | undefined;
  readonly order: Order;
  readonly filter: string;
}

/** Images of the studio with their scores; with a pair those that have it, most of it first. */
export function listed({ pictures, scores, pair, order, filter }: ListProps): readonly Listed[] {
  const rows = new Map(scores?.rows.map((row) => [row.key, row]));
  const found = pictures
    .filter(({ id }) => filter === '' || id.toLowerCase().includes(filter.toLowerCase()))
    .map(({ key, id }) => {
      const row = rows.get(key);
      return { key, id, mDice: row?.mDice ?? undefined, pixels: row && pair ? pixelsIn(row, pair) : 0 };
    });
  if (pair) {
    return found
      .filter(({ pixels }) => pixels > 0)
      .sort((a, b) => b.pixels - a.pixels || a.key - b.key)
      .map(({ key, id, pixels }) => ({ key, text: `${pixels} pixels  ${id}` }));
  }
  if (order === 'worst') found.sort((a, b) => (a.mDice ?? 2) - (b.mDice ?? 2) || a.key - b.key);
  return found.map(({ key, id, mDice }) => ({ key, text: `${mDice?.toFixed(4) ?? '      '}  ${id}` }));
}

interface OwnProps {
  readonly own: readonly OwnPicture[];
  readonly at: number | undefined;
  readonly onOwn: (own: readonly OwnPicture[]) => void;
  readonly onAt: (at: number) => void;
}

/** Pictures from elsewhere: of a folder, or dropped. They are shown, and kept nowhere. */
export function OwnPictures({ own, at, onOwn, onAt }: OwnProps) {
  const take = (files: readonly DroppedFile[]) => {
    const pictures = files
      .filter(({ path }) => !isHidden(path) && /\.(jpe?g|png|webp|tiff?|bmp|gif|avif)$/i.test(path))
      .slice(0, MOST_OWN)
      .map(({ path, content }) => ({ name: path, file: content }));
    if (pictures.length === 0) throw new Error('there is no picture among these files');
    onOwn(pictures);
  };
  return (
    <DropBox
      legend="Other pictures"
      text="Drop pictures or a folder; they are looked at, and kept nowhere."
      inputs={[
        { label: 'Pictures', accept: 'image/*', isMultiple: true },
        { label: 'Folder of pictures', isFolder: true },
      ]}
      onFiles={(files) => void attempt(async () => take(await files))}
    >
      {own.length > 0 && (
        <label>
          {own.length} from elsewhere
          <select
            size={Math.max(2, Math.min(8, own.length))}
            value={at === undefined ? '' : String(at)}
            onChange={(event) => onAt(Number(event.currentTarget.value))}
          >
            {own.map(({ name }, index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </DropBox>
  );
}
