/** @file *Train*: settings, start, pause, and the curves of one or several runs. */

import { useEffect, useState } from 'preact/hooks';
import { type Check, get, type Job, send } from './api.js';
import { RunDetails } from './run-details.js';
import type { RunRow, RunView } from './run-types.js';
import { type SettingInfo, SettingsForm, type Typed } from './settings-form.js';
import { attempt, useNews, useShared } from './store.js';

const STANDARD = 'Lite-HRNet-s-mod2';

/** The page. */
export function TrainPage() {
  const { project, jobs } = useShared();
  const [rows, setRows] = useState<readonly RunRow[]>([]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [views, setViews] = useState<readonly RunView[]>([]);
  const list = () =>
    attempt(async () => {
      const found = await get<RunRow[]>('api/runs');
      setRows(found);
      setChosen((before) => (before.length > 0 ? before : found.slice(0, 1).map(({ name }) => name)));
    });
  const look = () =>
    attempt(async () => setViews(await Promise.all(chosen.map((name) => get<RunView>(`api/runs/${name}`)))));
  useEffect(() => void list(), []);
  useEffect(() => void look(), [chosen]);
  useNews(({ type, name, kind }) => {
    if (type === 'run' && chosen.includes(String(name))) void look();
    if (type === 'job' && kind === 'train') void list().then(look);
  });
  if (!project) return null;
  const running = jobs.find(({ kind, state }) => kind === 'train' && state === 'running');
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <div class="page">
      <h1>Train</h1>
      {!project.isReadOnly && (
        <StartForm
          rows={rows}
          isBusy={running !== undefined}
          onStarted={(name) => {
            setChosen([name]);
            void list();
          }}
        />
      )}
      <h2>Runs</h2>
      {rows.length === 0 && <p class="quiet">There is none yet.</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Shown</th>
              <th>Run</th>
              <th>Template</th>
              <th>Epochs</th>
              <th>Best mean Dice</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Show ${row.name}`}
                    checked={chosen.includes(row.name)}
                    onChange={() => toggle(row.name)}
                  />
                </td>
                <td>{row.name}</td>
                <td>{row.template}</td>
                <td>
                  {row.epochs} of {row.planned ?? '?'}
                </td>
                <td>{row.best.toFixed(4)}</td>
                <td>
                  <RunState
                    row={row}
                    job={jobs.find(({ id }) => id === row.name)}
                    isReadOnly={project.isReadOnly}
                    isBusy={running !== undefined}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {running && !rows.some(({ name }) => name === running.id) && <LogOf job={running} />}
      <RunDetails views={views} jobs={jobs} />
    </div>
  );
}

/** The last lines of a job. */
export function LogOf({ job }: { readonly job: Job }) {
  return <pre>{job.log.slice(-12).join('\n') || 'starting …'}</pre>;
}

interface RunStateProps {
  readonly row: RunRow;
  readonly job: Job | undefined;
  readonly isReadOnly: boolean;
  readonly isBusy: boolean;
}

function RunState({ row, job, isReadOnly, isBusy }: RunStateProps) {
  const act = (path: string) => attempt(() => send('POST', path));
  const word = row.isRunning ? 'running' : row.isEnded ? 'done' : (job?.state ?? 'interrupted');
  return (
    <span class="row">
      {word}
      {row.isRunning && !isReadOnly && (
        <>
          <button type="button" onClick={() => act(`api/jobs/${row.name}/pause`)}>
            Pause
          </button>
          <button type="button" onClick={() => act(`api/jobs/${row.name}/stop`)}>
            Stop
          </button>
        </>
      )}
      {!row.isRunning && !row.isEnded && !isReadOnly && (
        <button type="button" disabled={isBusy} onClick={() => act(`api/runs/${row.name}/resume`)}>
          Resume
        </button>
      )}
    </span>
  );
}

interface StartProps {
  readonly rows: readonly RunRow[];
  readonly isBusy: boolean;
  readonly onStarted: (name: string) => void;
}

function StartForm({ rows, isBusy, onStarted }: StartProps) {
  const { pictures } = useShared();
  const [templates, setTemplates] = useState<readonly string[]>([]);
  const [template, setTemplate] = useState(STANDARD);
  const [infos, setInfos] = useState<readonly SettingInfo[]>([]);
  const [typed, setTyped] = useState<Typed>({});
  const [from, setFrom] = useState('');
  const [semi, setSemi] = useState(false);
  const [plan, setPlan] = useState<string>();
  useEffect(() => {
    void attempt(async () => setTemplates(await get<string[]>('api/templates')));
    void attempt(async () => setPlan((await get<Check>('api/check')).plan));
  }, []);
  useEffect(
    () => void attempt(async () => setInfos(await get<SettingInfo[]>(`api/settings/${template}`))),
    [template],
  );
  const start = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      const body = { template, settings: typed, semi, ...(from === '' ? {} : { from }) };
      onStarted((await send<{ id: string }>('POST', 'api/train', body)).id);
    });
  };
  const free = pictures.filter(({ labels }) => labels === '').length;
  return (
    <form onSubmit={start}>
      <div class="row">
        <label>
          Template{' '}
          <select value={template} onChange={(event) => setTemplate(event.currentTarget.value)}>
            {templates.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Start from{' '}
          <select value={from} onChange={(event) => setFrom(event.currentTarget.value)}>
            <option value="">a pretrained backbone</option>
            {rows
              .filter(({ hasWeights }) => hasWeights)
              .map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        </label>
        {free >= 2 && (
          <label>
            <input
              type="checkbox"
              checked={semi}
              onChange={(event) => setSemi(event.currentTarget.checked)}
            />{' '}
            learn from the {free} images without labels too
          </label>
        )}
      </div>
      <SettingsForm infos={infos} typed={typed} onChange={setTyped} />
      {plan !== undefined && (
        <details>
          <summary>The plan of the last check, with its reasons</summary>
          <pre>{plan}</pre>
        </details>
      )}
      <button type="submit" class="main" disabled={isBusy}>
        Start the training
      </button>
    </form>
  );
}
