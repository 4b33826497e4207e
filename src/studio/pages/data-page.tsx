/** @file *Data*: all images with their masks, filters, the doctor's findings, subsets, and what is brought in. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { Choice, Slider } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { type Check, type ClassInfo, get, type Picture, type Project, type Subset, send } from './api.js';
import { Findings } from './findings.js';
import { Grid } from './grid.js';
import { ImportBox } from './import-box.js';
import { attempt, refreshPictures, useNews, useShared } from './store.js';

interface Filter {
  readonly text: string;
  readonly labels: '' | 'labeled' | 'own' | 'none';
  readonly subset: '' | Subset;
  readonly shows: string;
  readonly problem: string;
}

const LABELS = [
  ['', 'all'],
  ['labeled', 'labeled'],
  ['own', 'drawn here'],
  ['none', 'not labeled'],
] as const;
const SUBSETS = [
  ['', 'any'],
  ['auto', 'auto'],
  ['train', 'train'],
  ['val', 'val'],
  ['test', 'test'],
] as const;
const ALL: Filter = { text: '', labels: '', subset: '', shows: '', problem: '' };

function filtered(
  pictures: readonly Picture[],
  filter: Filter,
  check: Check | undefined,
): readonly Picture[] {
  const { text, labels, subset, shows, problem } = filter;
  const found = new Set(check?.findings.filter(({ kind }) => kind === problem).flatMap(({ keys }) => keys));
  return pictures.filter(
    (picture) =>
      (text === '' || picture.id.toLowerCase().includes(text.toLowerCase())) &&
      (labels === '' ||
        (labels === 'labeled'
          ? picture.labels !== ''
          : picture.labels === (labels === 'own' ? 'own' : ''))) &&
      (subset === '' || picture.subset === subset) &&
      (shows === '' || (picture.shows?.includes(Number(shows)) ?? false)) &&
      (problem === '' || found.has(picture.key)),
  );
}

/** The page. */
export function DataPage() {
  const { project, pictures, jobs } = useShared();
  const [filter, setFilter] = useState<Filter>(ALL);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [opacity, setOpacity] = useState(0.6);
  const [check, setCheck] = useState<Check>();
  const refresh = () => void attempt(async () => setCheck(await get<Check>('api/check')));
  useEffect(refresh, [pictures.length]);
  useNews(({ type, kind, state }) => {
    if (type === 'job' && kind === 'check' && state !== 'running') refresh();
  });
  const shown = useMemo(() => filtered(pictures, filter, check), [pictures, filter, check]);
  const isChecking = jobs.some(({ kind, state }) => kind === 'check' && state === 'running');
  if (!project) return null;
  const setSubset = (subset: Subset) =>
    attempt(async () => {
      await send('PUT', 'api/subsets', { keys: [...selected], subset });
      await refreshPictures();
    });
  return (
    <div class="columns">
      <section class="side" aria-label="Filters">
        <h1>Data</h1>
        <p>
          {pictures.length} images, {pictures.filter(({ labels }) => labels !== '').length} labeled;{' '}
          {shown.length} shown
        </p>
        <Filters filter={filter} classes={project.classes} check={check} onChange={setFilter} />
        <Slider label="Masks" min={0} max={1} step={0.05} value={opacity} onInput={setOpacity} />
        <Selection
          project={project}
          selected={selected}
          onSubset={setSubset}
          onAll={() => setSelected(new Set(shown.map(({ key }) => key)))}
        />
        {!project.isReadOnly && <ImportBox />}
        <Findings
          check={check}
          project={project}
          isChecking={isChecking}
          onShow={(problem) => setFilter({ ...ALL, problem })}
        />
      </section>
      <Grid
        pictures={shown}
        selected={selected}
        opacity={opacity}
        onSelect={setSelected}
        onOpen={(key) => go('label', key)}
      />
    </div>
  );
}

interface FiltersProps {
  readonly filter: Filter;
  readonly classes: readonly ClassInfo[];
  readonly check: Check | undefined;
  readonly onChange: (filter: Filter) => void;
}

function Filters({ filter, classes, check, onChange }: FiltersProps) {
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const kinds = [
    ...new Map(check?.findings.filter(({ keys }) => keys.length > 0).map(({ kind, title }) => [kind, title])),
  ];
  return (
    <>
      <label>
        Name
        <input
          type="search"
          value={filter.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      <Choice label="Labels" value={filter.labels} choices={LABELS} onChange={(labels) => set({ labels })} />
      <Choice
        label="Class"
        value={filter.shows}
        choices={[['', 'any'], ...classes.map(({ name }, index) => [String(index), name] as const)]}
        onChange={(shows) => set({ shows })}
      />
      <Choice label="Subset" value={filter.subset} choices={SUBSETS} onChange={(subset) => set({ subset })} />
      <Choice
        label="Problem"
        value={filter.problem}
        choices={[['', 'any or none'], ...kinds]}
        onChange={(problem) => set({ problem })}
      />
    </>
  );
}

interface SelectionProps {
  readonly project: Project;
  readonly selected: ReadonlySet<number>;
  readonly onSubset: (subset: Subset) => void;
  readonly onAll: () => void;
}

function Selection({ project, selected, onSubset, onAll }: SelectionProps) {
  const [first] = selected;
  return (
    <fieldset>
      <legend>{selected.size} selected</legend>
      <button type="button" onClick={onAll}>
        Select all shown
      </button>
      <button type="button" disabled={first === undefined} onClick={() => go('label', first!)}>
        Label
      </button>
      {!project.isReadOnly && (
        <div class="row">
          {(['train', 'val', 'test', 'auto'] as const).map((subset) => (
            <button
              type="button"
              key={subset}
              disabled={selected.size === 0}
              onClick={() => onSubset(subset)}
            >
              {subset}
            </button>
          ))}
        </div>
      )}
    </fieldset>
  );
}
