/** @file *Data*: all images with their masks, filters, the doctor's findings, subsets, and what is brought in. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Check, type ClassInfo, get, type Picture, type Project, type Subset, send } from './api.js';
import { Findings } from './findings.js';
import { Grid } from './grid.js';
import { ImportBox } from './import-box.js';
import { attempt, go, refreshPictures, useNews, useShared } from './store.js';

interface Filter {
  readonly text: string;
  readonly labels: '' | 'labeled' | 'own' | 'none';
  readonly subset: '' | Subset;
  readonly shows: string;
  readonly problem: string;
}

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
        <label>
          Masks
          <input
            type="range"
            min="0"
            max="1"
            step="0.05"
            value={opacity}
            onInput={(event) => setOpacity(Number(event.currentTarget.value))}
          />
        </label>
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
      <label>
        Labels
        <select
          value={filter.labels}
          onChange={(event) => set({ labels: event.currentTarget.value as Filter['labels'] })}
        >
          <option value="">all</option>
          <option value="labeled">labeled</option>
          <option value="own">drawn here</option>
          <option value="none">not labeled</option>
        </select>
      </label>
      <label>
        Class
        <select value={filter.shows} onChange={(event) => set({ shows: event.currentTarget.value })}>
          <option value="">any</option>
          {classes.map(({ name }, index) => (
            <option key={name} value={index}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Subset
        <select
          value={filter.subset}
          onChange={(event) => set({ subset: event.currentTarget.value as Filter['subset'] })}
        >
          <option value="">any</option>
          {['auto', 'train', 'val', 'test'].map((subset) => (
            <option key={subset}>{subset}</option>
          ))}
        </select>
      </label>
      <label>
        Problem
        <select value={filter.problem} onChange={(event) => set({ problem: event.currentTarget.value })}>
          <option value="">any or none</option>
          {kinds.map(([kind, title]) => (
            <option key={kind} value={kind}>
              {title}
            </option>
          ))}
        </select>
      </label>
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
