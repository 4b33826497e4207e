/** @file Curves, scores and sheets of runs, side by side where there are several. */

import { useMemo } from 'preact/hooks';
import { Chart, type Curve } from '../../page-parts/chart.js';
import { cssColor, type Job } from './api.js';
import type { RunView } from './run-types.js';

const COLORS = ['#0b57b0', '#b3440e', '#2f7d32', '#7b2fa0', '#8a6d00', '#00707a'];

interface DetailsProps {
  readonly views: readonly RunView[];
  readonly jobs: readonly Job[];
}

/** What is known of the runs that are shown. */
export function RunDetails({ views, jobs }: DetailsProps) {
  const loss = useMemo(() => views.map((view, at): Curve => curve(view, at, view.steps)), [views]);
  const dice = useMemo(
    () =>
      views.map(
        (view, at): Curve =>
          curve(
            view,
            at,
            view.epochs.flatMap(({ epoch, metrics }) => (metrics ? [[epoch, metrics.mDice] as const] : [])),
          ),
      ),
    [views],
  );
  if (views.length === 0) return null;
  return (
    <>
      <Chart title="Loss" xLabel="step" curves={loss} />
      <Chart title="Mean Dice" xLabel="epoch" curves={dice} />
      {views.length > 1 && <Differences views={views} />}
      {views.map((view) => (
        <OneRun key={view.name} view={view} job={jobs.find(({ id }) => id === view.name)} />
      ))}
    </>
  );
}

const curve = ({ name }: RunView, at: number, points: Curve['points']): Curve => ({
  label: name,
  color: COLORS[at % COLORS.length]!,
  points,
});

function OneRun({ view, job }: { readonly view: RunView; readonly job: Job | undefined }) {
  const { name, start, epochs, now, pictures, notices, end } = view;
  const scored = epochs.findLast(({ metrics }) => metrics);
  return (
    <section aria-label={name}>
      <h2>{name}</h2>
      {start && (
        <p>
          {start.template}, {start.images.train} images to learn from, {start.images.validation ?? 0} to
          validate on, {start.batchSize} a step
        </p>
      )}
      {now && !end && (
        <p role="status">
          epoch {now.epoch} of {start?.epochs}, {now.imagesPerSecond.toFixed(1)} images per second, about{' '}
          {duration(now.etaSeconds)} left
        </p>
      )}
      {end && (
        <p>
          ended ({end.reason}), best epoch {end.bestEpoch}
        </p>
      )}
      {job?.state === 'failed' && <pre>{job.log.slice(-8).join('\n')}</pre>}
      {scored?.metrics && start && (
        <table aria-label="Dice by class">
          <tbody>
            {scored.metrics.perClass.map(({ dice }, index) => (
              <tr key={start.classes[index]?.name ?? index}>
                <th scope="row">
                  {start.classes[index] && (
                    <span class="swatch" style={{ background: cssColor(start.classes[index]) }} />
                  )}
                  {start.classes[index]?.name}
                </th>
                <td>{dice === null ? '–' : dice.toFixed(4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {notices.length > 0 && (
        <details>
          <summary>{notices.length} notes</summary>
          <ul>
            {notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </details>
      )}
      <div class="sheets">
        {pictures.map(({ name: picture, file, step }) => (
          <figure key={picture}>
            <img src={`api/runs/${name}/files/${file}?step=${step}`} alt={picture} loading="lazy" />
            <figcaption>
              {picture}, step {step}
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}

const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** Settings in which runs differ. */
function Differences({ views }: { readonly views: readonly RunView[] }) {
  const flat = views.map(({ start }) => flatten(start?.config ?? {}));
  const names = [...new Set(flat.flatMap((values) => Object.keys(values)))].filter(
    (name) => name !== 'output' && new Set(flat.map((values) => values[name])).size > 1,
  );
  return (
    <table aria-label="Settings that differ">
      <thead>
        <tr>
          <th>Differs</th>
          {views.map(({ name }) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {flat.map((values, at) => (
              <td key={views[at]!.name}>{values[name] ?? '–'}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function flatten(value: object, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? Object.entries(flatten(each, `${prefix}${key}.`))
        : [[`${prefix}${key}`, String(each)]],
    ),
  );
}
