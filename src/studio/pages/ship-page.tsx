/** @file *Ship*: a model in every format with what the files are like, a folder that runs without this program, and a try in the page. */

import { useEffect, useState } from 'preact/hooks';
import { get, type Job, send } from './api.js';
import type { ModelRow } from './look-api.js';
import { attempt, useNews, useShared } from './store.js';
import { LogOf } from './train-page.js';
import { TryIt } from './try-it.js';

interface ExportRow {
  readonly name: string;
  readonly kind: 'export' | 'deploy';
  readonly model?: string;
  readonly state?: Job['state'];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly table?: {
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
    readonly caption: string;
  };
}

interface Exports {
  readonly exports: readonly ExportRow[];
  readonly hasWebRuntime: boolean;
}

const LOOK_MILLISECONDS = 1000;
/** Is shown while it is written. */
const LOG = 'log.txt';

/** Asked for again when a job says something, and while one writes. */
function useExports(): Exports | undefined {
  const [found, setFound] = useState<Exports>();
  const list = () => attempt(async () => setFound(await get<Exports>('api/exports')));
  const isAtWork = found?.exports.some(({ state }) => state === 'running') ?? false;
  useEffect(() => void list(), []);
  useNews(({ type, kind }) => {
    if (type === 'job' && (kind === 'export' || kind === 'deploy')) void list();
  });
  useEffect(() => {
    if (!isAtWork) return undefined;
    const timer = setInterval(() => void list(), LOOK_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isAtWork]);
  return found;
}

const addressOf = (name: string, path: string): string =>
  `api/exports/${name}/files/${path.split('/').map(encodeURIComponent).join('/')}`;

/** The page. */
export function ShipPage() {
  const { project, jobs } = useShared();
  const found = useExports();
  const [models, setModels] = useState<readonly ModelRow[]>();
  useEffect(() => void attempt(async () => setModels(await get<ModelRow[]>('api/models'))), []);
  if (!project || !found || !models) return null;
  const { exports, hasWebRuntime } = found;
  const tried = exports.flatMap(({ name, state, files }) =>
    state === 'running'
      ? []
      : files
          .filter(({ path }) => path.endsWith('.onnx'))
          .map(({ path }) => [`${name}, ${path}`, addressOf(name, path)] as const),
  );
  return (
    <div class="page">
      <h1>Ship</h1>
      {!project.isReadOnly && <StartForm models={models} hasWebRuntime={hasWebRuntime} />}
      {!hasWebRuntime && (
        <p class="quiet">
          onnxruntime-web, on which pages segment, is not installed: <code>npm install onnxruntime-web</code>{' '}
          beside otx. Until then deployments have no page, and nothing is tried here.
        </p>
      )}
      {hasWebRuntime && tried.length > 0 && <TryIt files={tried} />}
      <h2>Exports</h2>
      {exports.length === 0 && <p class="quiet">There is none yet.</p>}
      {exports.map((row) => (
        <OneExport
          key={row.name}
          row={row}
          job={jobs.find(({ id }) => id === row.name)}
          isReadOnly={project.isReadOnly}
        />
      ))}
    </div>
  );
}

interface StartProps {
  readonly models: readonly ModelRow[];
  readonly hasWebRuntime: boolean;
}

function StartForm({ models, hasWebRuntime }: StartProps) {
  const { pictures } = useShared();
  const labeled = pictures.filter(({ labels }) => labels !== '').length;
  const [wanted, setWanted] = useState<string>();
  const [isScored, setScored] = useState(true);
  const [isBusy, setBusy] = useState(false);
  const model = wanted ?? models[0]?.id;
  if (model === undefined) {
    return <p>There is no model to export yet: train one, or wait until it was validated once.</p>;
  }
  const start = (path: string, body: object) => {
    setBusy(true);
    void attempt(() => send('POST', path, body)).then(() => setBusy(false));
  };
  return (
    <>
      <label>
        Model{' '}
        <select value={model} onChange={(event) => setWanted(event.currentTarget.value)}>
          {models.map(({ id }) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={isScored}
          onChange={(event) => setScored(event.currentTarget.checked)}
        />{' '}
        score each file on the {labeled} labeled images, those that were learned from among them
      </label>
      <div class="row">
        <button
          type="button"
          class="main"
          disabled={isBusy}
          onClick={() => start('api/exports', { model, isScored: isScored && labeled > 0 })}
        >
          Export in every format
        </button>
        <button type="button" disabled={isBusy} onClick={() => start('api/deployments', { model })}>
          Make a deployment
        </button>
        <span class="quiet">
          a zip file with the model and programs for Node{hasWebRuntime ? ', browsers' : ''} and Python
        </span>
      </div>
    </>
  );
}

interface OneProps {
  readonly row: ExportRow;
  readonly job: Job | undefined;
  readonly isReadOnly: boolean;
}

function OneExport({ row, job, isReadOnly }: OneProps) {
  const { name, kind, model, state, table } = row;
  const files = row.files.filter(({ path }) => path !== LOG);
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <p class="row">
        {kind === 'export' ? 'every format' : 'deployment'}
        {model === undefined ? '' : ` of ${model}`}
        {state === undefined ? '' : `: ${state}`}
        {state === 'running' && !isReadOnly && (
          <button type="button" onClick={() => attempt(() => send('POST', `api/jobs/${name}/stop`))}>
            Stop
          </button>
        )}
      </p>
      {state !== undefined && state !== 'done' && job && <LogOf job={job} />}
      {table && <Measured name={name} table={table} />}
      {table ? (
        <details>
          <summary>All {files.length} files</summary>
          <Files name={name} files={files} />
        </details>
      ) : (
        <Files name={name} files={files} />
      )}
    </section>
  );
}

interface MeasuredProps {
  readonly name: string;
  readonly table: NonNullable<ExportRow['table']>;
}

function Measured({ name, table: { head, rows, caption } }: MeasuredProps) {
  return (
    <>
      <table aria-label={`Files of ${name}`}>
        <thead>
          <tr>
            {head.map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([path = '', ...cells]) => (
            <tr key={path}>
              <td>
                <Download name={name} path={path} />
              </td>
              {cells.map((cell, column) => (
                <td key={head[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">{caption}</p>
    </>
  );
}

function Files({ name, files }: Pick<ExportRow, 'name' | 'files'>) {
  if (files.length === 0) return null;
  return (
    <ul aria-label={`Downloads of ${name}`}>
      {files.map(({ path, bytes }) => (
        <li key={path}>
          <Download name={name} path={path} /> <span class="quiet">{size(bytes)}</span>
        </li>
      ))}
    </ul>
  );
}

const Download = ({ name, path }: { readonly name: string; readonly path: string }) => (
  <a href={addressOf(name, path)} download={path.split('/').at(-1)}>
    {path}
  </a>
);

const size = (bytes: number): string =>
  bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
