/** @file *Teach*: what the teacher of a semi-supervised run says of images without labels, what of it is filtered, and its student. */

import { useEffect, useState } from 'preact/hooks';
import { Choice } from '../../page-parts/fields.js';
import { go } from '../../page-parts/route.js';
import { type ClassInfo, cssColor, get } from './api.js';
import { attempt, useNews, useShared } from './store.js';

/** As the server says it. */
interface Taught {
  readonly run: string;
  readonly page: number;
  readonly pages: number;
  readonly images: number;
  readonly epoch: number;
  readonly updates: number;
  readonly startEpoch: number;
  readonly filter:
    | { readonly kind: 'entropy'; readonly drop: number }
    | { readonly kind: 'confidence'; readonly threshold: number; readonly isBalanced: boolean };
  readonly classes: readonly ClassInfo[];
  readonly limits: readonly number[];
  readonly range: readonly [number, number];
  readonly kept: number;
  readonly agreement: number;
  readonly perClass: readonly { readonly share: number; readonly kept: number; readonly agreement: number }[];
  readonly shown: readonly {
    readonly id: string;
    readonly key?: number;
    readonly kept: number;
    readonly pictures: Readonly<Record<PanelName, string>>;
  }[];
}

type PanelName = 'image' | 'teacher' | 'pseudoLabels' | 'doubt' | 'student';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The page. */
export function TeachPage() {
  const { project, jobs } = useShared();
  const [runs, setRuns] = useState<readonly string[]>();
  const [chosen, setChosen] = useState<string>();
  const [page, setPage] = useState(0);
  const [taught, setTaught] = useState<Taught>();
  const [isBusy, setBusy] = useState(false);
  const run = chosen ?? runs?.[0];
  const list = () => void attempt(async () => setRuns(await get<string[]>('api/teach')));
  const look = async () => {
    if (run === undefined) return;
    setBusy(true);
    await attempt(async () =>
      setTaught(await get<Taught>(`api/teach/${encodeURIComponent(run)}?page=${page}`)),
    );
    setBusy(false);
  };
  useEffect(list, []);
  useEffect(() => void look(), [run, page]);
  useNews(({ type, kind, state }) => {
    if (type === 'job' && kind === 'train' && state !== 'running') list();
  });
  if (!project || !runs) return null;
  if (run === undefined) {
    return (
      <div class="page">
        <h1>Teach</h1>
        <p>
          No run has a teacher yet. A training that learns from images without labels too has one: tick that
          on <a href="#/train">Train</a>.
        </p>
      </div>
    );
  }
  const isRunning = jobs.some(({ id, state }) => id === run && state === 'running');
  return (
    <div class="page">
      <h1>Teach</h1>
      <div class="row">
        <Choice
          label="Run "
          value={run}
          choices={runs.map((name) => [name, name] as const)}
          onChange={(name) => {
            setChosen(name);
            setPage(0);
          }}
        />
        <button type="button" disabled={isBusy || page === 0} onClick={() => setPage(page - 1)}>
          Images before
        </button>
        <button
          type="button"
          disabled={isBusy || !taught || page >= taught.pages - 1}
          onClick={() => setPage(page + 1)}
        >
          Images after
        </button>
        <button type="button" disabled={isBusy} onClick={() => void look()}>
          Look again
        </button>
        <span role="status" class="quiet">
          {isBusy
            ? 'Asking the teacher …'
            : isRunning
              ? 'in training: look again after the next checkpoint'
              : ''}
        </span>
      </div>
      {taught?.run === run && <Lesson taught={taught} />}
    </div>
  );
}

function Lesson({ taught }: { readonly taught: Taught }) {
  const { page, pages, images, epoch, updates, startEpoch, shown, kept, agreement } = taught;
  return (
    <>
      <p>
        After {updates} steps, {epoch} epochs. Page {page + 1} of {pages} of {images} images without labels,
        as many at once as in a step: <strong>{percent(kept)}</strong> of their pixels would be learned from;
        the student says the same as its teacher on <strong>{percent(agreement)}</strong>.
      </p>
      <p>{whyDropped(taught)}</p>
      {epoch < startEpoch && (
        <p class="note">
          The first {startEpoch} epochs learn from labels alone: the teacher is not listened to yet.
        </p>
      )}
      <ClassTable taught={taught} />
      {shown.map(({ id, key, pictures, kept: ofIt }) => (
        <section key={id} aria-label={id}>
          <h2>
            {id}{' '}
            {key !== undefined && (
              <button type="button" aria-label={`Label ${id}`} onClick={() => go('label', key, taught.run)}>
                Label
              </button>
            )}
          </h2>
          <div class="lesson">
            <Panel source={pictures.image} words="the image" of={id} />
            <Panel source={pictures.teacher} words="the teacher" of={id} />
            <Panel source={pictures.doubt} words={doubtWords(taught)} of={id} />
            <Panel
              source={pictures.pseudoLabels}
              words={`pseudo-labels: ${percent(ofIt)} kept, the rest dark`}
              of={id}
            />
            <Panel source={pictures.student} words="the student" of={id} />
          </div>
        </section>
      ))}
    </>
  );
}

interface PanelProps {
  readonly source: string;
  readonly words: string;
  readonly of: string;
}

function Panel({ source, words, of }: PanelProps) {
  return (
    <figure>
      <img src={source} alt={`${of}: ${words}`} />
      <figcaption>{words}</figcaption>
    </figure>
  );
}

/** What is dark and what is bright. */
function doubtWords({ filter, range: [low, high], classes }: Taught): string {
  const [most, what] =
    filter.kind === 'entropy'
      ? [Math.log(classes.length), 'its entropy']
      : [1, 'what its probability lacks to 1'];
  return `${what}, dark ${(low * most).toFixed(2)} to bright ${(high * most).toFixed(2)}`;
}

/** The rule of the filter, with its numbers at this point of the training. */
function whyDropped({ filter, limits, classes }: Taught): string {
  if (filter.kind === 'entropy') {
    const most = Math.log(classes.length);
    if (filter.drop === 0)
      return 'Nothing is filtered any more: the share that is dropped has fallen to nothing.';
    return (
      `The ${percent(filter.drop)} of the pixels with the highest entropy are dropped, a share that falls to nothing in 100 epochs: here ` +
      `from ${limits[0]!.toFixed(3)} nats on (of ${most.toFixed(3)} at most, ${percent(limits[0]! / most)}).`
    );
  }
  return filter.isBalanced
    ? `A pixel is kept where the teacher gives its class a probability of ${filter.threshold} or more, of less for classes that it has been less sure of (see the table).`
    : `A pixel is kept where the teacher gives its class a probability of ${filter.threshold} or more.`;
}

function ClassTable({ taught }: { readonly taught: Taught }) {
  const { classes, perClass, limits, filter } = taught;
  const hasLimits = filter.kind === 'confidence' && filter.isBalanced;
  return (
    <table aria-label="What is kept of each class">
      <thead>
        <tr>
          <th>Class of the teacher</th>
          <th>Share of the pixels</th>
          <th>Kept of it</th>
          {hasLimits && <th>From a probability of</th>}
          <th>Student says the same</th>
        </tr>
      </thead>
      <tbody>
        {classes.map((info, index) => {
          const { share, kept, agreement } = perClass[index]!;
          return (
            <tr key={info.name}>
              <th scope="row">
                <span class="swatch" style={{ background: cssColor(info) }} />
                {info.name}
              </th>
              <td>{percent(share)}</td>
              <td>{share === 0 ? '–' : percent(kept)}</td>
              {hasLimits && <td>{limits[index]!.toFixed(3)}</td>}
              <td>{share === 0 ? '–' : percent(agreement)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
