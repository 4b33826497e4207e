/** @file *Next*: which images to label next, as a model advises, with the ways to draw them. */

import { useEffect, useState } from 'preact/hooks';
import { Choice } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { get, type Job, type Picture, send } from './api.js';
import { ImportBox } from './import-box.js';
import type { RunRow } from './run-types.js';
import { attempt, useNews, useShared } from './store.js';

/** An image that is worth to be labeled. */
interface Advised {
  readonly key: number;
  /** From 1. */
  readonly rank: number;
  readonly hasMask: boolean;
  readonly entropy?: number | null;
  readonly disagreement?: number | null;
  readonly uncertainty?: number | null;
  readonly distance?: number | null;
}

/** The newest advice; without a name there is none. */
interface Advice {
  readonly name?: string;
  readonly run?: string;
  readonly seen?: number;
  readonly chosen?: number;
  readonly duplicates?: number;
  /** Why images could not be looked at. */
  readonly failed?: readonly string[];
  readonly list: readonly Advised[];
}

const NO_MODEL = '';

/** The page. */
export function NextPage() {
  const { project, pictures, jobs } = useShared();
  const [advice, setAdvice] = useState<Advice>();
  const refresh = () => void attempt(async () => setAdvice(await get<Advice>('api/next')));
  // What is labeled leaves the list.
  useEffect(refresh, [pictures]);
  useNews(({ type, kind, state }) => {
    if (type === 'job' && kind === 'suggest' && state !== 'running') refresh();
  });
  if (!project) return null;
  const [newest] = jobs.filter(({ kind }) => kind === 'suggest');
  return (
    <div class="columns">
      <section class="side" aria-label="Advice">
        <h1>Next</h1>
        <p class="quiet">
          Images that a model is unsure of and that are unlike what is labeled. Labels that were chosen like
          this were no better than others so far as was measured: take the list as a place to look.
        </p>
        {!project.isReadOnly && <AskForm pictures={pictures} job={newest} />}
        {!project.isReadOnly && <ImportBox />}
      </section>
      <section class="page" aria-label="To label next">
        <Summary advice={advice} />
        <ol class="advice">
          {advice?.list.map((advised) => {
            const picture = pictures[advised.key];
            return picture && <Card key={advised.key} advised={advised} picture={picture} advice={advice} />;
          })}
        </ol>
      </section>
    </div>
  );
}

interface AskProps {
  readonly pictures: readonly Picture[];
  /** The newest of its kind. */
  readonly job: Job | undefined;
}

function AskForm({ pictures, job }: AskProps) {
  const [runs, setRuns] = useState<readonly RunRow[]>([]);
  const [run, setRun] = useState<string>();
  const [folder, setFolder] = useState('');
  const [count, setCount] = useState(20);
  useEffect(() => {
    void attempt(async () =>
      setRuns((await get<RunRow[]>('api/runs')).filter(({ hasWeights }) => hasWeights)),
    );
  }, []);
  const free = pictures.filter(({ labels }) => labels === '');
  const folders = foldersOf(free);
  const chosen = run ?? runs[0]?.name ?? NO_MODEL;
  const isBusy = job?.state === 'running';
  const ask = (event: Event) => {
    event.preventDefault();
    const body = { count, folder, ...(chosen === NO_MODEL ? {} : { run: chosen }) };
    void attempt(() => send('POST', 'api/next', body));
  };
  return (
    <form onSubmit={ask}>
      <Choice
        label="Model"
        value={chosen}
        choices={[
          ...runs.map(({ name }) => [name, name] as const),
          [NO_MODEL, 'none yet: typical images first'],
        ]}
        onChange={setRun}
      />
      <Choice
        label="Images without labels"
        value={folder}
        choices={[
          ['', `all ${free.length}`],
          ...folders.map(([name, size]) => [name, `${name} (${size})`] as const),
        ]}
        onChange={setFolder}
      />
      <label>
        How many
        <input
          type="number"
          min={1}
          max={1000}
          value={count}
          onInput={(event) => setCount(Number(event.currentTarget.value))}
        />
      </label>
      <button type="submit" class="main" disabled={isBusy || free.length === 0}>
        {isBusy ? 'Looking at the images …' : 'Find images'}
      </button>
      {job && ['failed', 'killed'].includes(job.state) && (
        <details open>
          <summary>The last search has {job.state === 'killed' ? 'been killed' : 'not gone well'}</summary>
          <pre>{job.log.slice(-6).join('\n')}</pre>
        </details>
      )}
    </form>
  );
}

/** Folders of images with how many are in each, those within others too. */
function foldersOf(pictures: readonly Picture[]): (readonly [string, number])[] {
  const sizes = new Map<string, number>();
  for (const { id } of pictures) {
    const parts = id.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const name = parts.slice(0, depth).join('/');
      sizes.set(name, (sizes.get(name) ?? 0) + 1);
    }
  }
  return [...sizes].sort(([a], [b]) => a.localeCompare(b));
}

function Summary({ advice }: { readonly advice: Advice | undefined }) {
  if (!advice) return null;
  if (advice.name === undefined) return <p>Nobody has been asked yet.</p>;
  const { run, seen = 0, chosen = 0, duplicates = 0, failed = [], list } = advice;
  return (
    <>
      <p role="status">
        {list.length} of {chosen} images left to label, chosen from {seen} by {run ?? 'what they look like'}
        {duplicates > 0 && `; ${duplicates} near duplicates were passed over`}
      </p>
      {failed.length > 0 && (
        <details>
          <summary>{failed.length} images could not be looked at</summary>
          <ul>
            {failed.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

interface CardProps {
  readonly advised: Advised;
  readonly picture: Picture;
  readonly advice: Advice;
}

function Card({ advised, picture, advice }: CardProps) {
  const { key, rank, hasMask } = advised;
  const { id, revision } = picture;
  const parts = advice.run === undefined ? [key] : [key, advice.run];
  return (
    <li>
      <div class="thumbnail">
        <img src={`api/images/${key}/thumbnail`} alt={id} loading="lazy" />
        {hasMask && (
          <img
            class="mask"
            src={`api/next/${key}/mask?of=${advice.name}&v=${revision}`}
            alt=""
            loading="lazy"
          />
        )}
      </div>
      <div>
        <strong>
          {rank}. {id}
        </strong>
        <ul class="quiet">
          {reasonsOf(advised).map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
        <button type="button" onClick={() => go('label', ...parts)} aria-label={`Label ${id}`}>
          Label
        </button>
      </div>
    </li>
  );
}

const isNumber = (value: number | null | undefined): value is number => typeof value === 'number';
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Why it was chosen, a sentence each. */
function reasonsOf({ uncertainty, entropy, disagreement, distance }: Advised): string[] {
  return [
    ...(isNumber(uncertainty)
      ? [`the model is less sure of it than of ${percent(uncertainty)} of the images`]
      : []),
    ...(isNumber(entropy) ? [`its classes are ${percent(entropy)} as uncertain as they could be`] : []),
    ...(isNumber(disagreement) ? [`in its mirror image ${percent(disagreement)} is another class`] : []),
    ...(isNumber(distance)
      ? [`it is unlike what is labeled or stands above (distance ${distance.toFixed(1)})`]
      : []),
  ];
}
