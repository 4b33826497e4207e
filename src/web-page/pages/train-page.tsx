/** @file *Train*: what is chosen, curves and predictions as they change, and how to wait and end. */

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { LOSS_NAMES } from '../../losses/loss.js';
import { Chart, type Curve } from '../../page-parts/chart.js';
import { Choice } from '../../page-parts/fields.js';
import type { WebPrediction } from '../../web-training/events.js';
import { WEB_TEMPLATES, type WebTemplateName } from '../../web-training/templates.js';
import { decode } from './bring-in.js';
import { goOnWith } from './checkpoint.js';
import { DeviceChoice } from './device-choice.js';
import { estimate, inWords } from './estimate.js';
import { drawMask } from './pictures-page.js';
import { epochsOf, isUnderWay, masked, start, stop, togglePause } from './run.js';
import { attempt, change, now, useShared } from './store.js';
import type { PageCheckpoint, PagePicture, PageSettings, Run } from './types.js';

const NETWORKS = Object.keys(WEB_TEMPLATES) as WebTemplateName[];
const NETWORK_TEXT: Readonly<Record<WebTemplateName, string>> = {
  'Lite-HRNet-s-mod2': 'Lite-HRNet-s: small and fast',
  'Lite-HRNet-18-mod2': 'Lite-HRNet-18: better, slower',
  'SegNext-t': 'SegNeXt-t: slow here',
};
const SIZES = ['64', '96', '128', '192', '256'] as const;

const set = (part: Partial<PageSettings>) => change({ settings: { ...now().settings, ...part } });

/** The page. */
export function TrainPage() {
  const { pictures, run, checkpoint } = useShared();
  const { train, val } = masked(pictures);
  return (
    <>
      <h1>Train</h1>
      <p class="quiet">
        {train.length} pictures to learn from, {val.length} to check with.
        {val.length === 0 && train.length > 0
          ? ' Without any to check with, the last weights are kept, and there is no curve of Dice.'
          : ''}
      </p>
      {!isUnderWay(run) && <Beginning count={train.length} checkpoint={checkpoint} />}
      {run && <Progress run={run} />}
    </>
  );
}

interface BeginningProps {
  /** Pictures to learn from. */
  readonly count: number;
  readonly checkpoint: PageCheckpoint | undefined;
}

function Beginning({ count, checkpoint }: BeginningProps) {
  if (count === 0) return <Missing />;
  return checkpoint ? <GoingOn checkpoint={checkpoint} /> : <Settings count={count} />;
}

/** What a training that goes on still has to be told. */
function GoingOn({ checkpoint }: { readonly checkpoint: PageCheckpoint }) {
  const { settings, pictures } = useShared();
  const { file, template, epoch, epochs, batchSize, inputSize } = checkpoint;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <fieldset>
        <legend>Go on with {file.name}</legend>
        <p>
          {template}, {epoch} of {epochs} epochs done, input of {inputSize} x {inputSize} pixels, {batchSize}{' '}
          pictures in a step. It needs the pictures that it began with.
        </p>
        <div class="settings">
          <NumberField
            label="More steps"
            value={settings.steps}
            most={100_000}
            onValue={(value) => set({ steps: value })}
          />
          <DeviceChoice />
        </div>
        <Expected settings={{ ...settings, template, batchSize, inputSize }} pictures={pictures} />
        <div class="row">
          <button type="submit" class="main">
            Go on with the training
          </button>
          <button type="button" onClick={() => change({ checkpoint: undefined })}>
            Begin anew instead
          </button>
        </div>
      </fieldset>
    </form>
  );
}

const Missing = () => (
  <p>
    There is nothing to learn from yet: <a href="#/pictures">bring in pictures</a>, and{' '}
    <a href="#/paint">paint</a> masks on a few of them.
  </p>
);

function Settings({ count }: { readonly count: number }) {
  const { settings, pictures } = useShared();
  const { template, steps, batchSize, inputSize, loss, learningRate } = settings;
  const usual = WEB_TEMPLATES[template].hyperParameters.learning_parameters.learning_rate;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <fieldset>
        <legend>Training</legend>
        <div class="settings">
          <Choice
            label="Network"
            value={template}
            choices={NETWORKS.map((name) => [name, NETWORK_TEXT[name]] as const)}
            onChange={(name) => set({ template: name })}
          />
          <Choice
            label="Size of the input, in pixels"
            value={`${inputSize}` as (typeof SIZES)[number]}
            choices={SIZES.map((size) => [size, `${size} x ${size}`] as const)}
            onChange={(size) => set({ inputSize: Number(size) })}
          />
          <NumberField
            label="Steps"
            value={steps}
            most={100_000}
            onValue={(value) => set({ steps: value })}
          />
          <NumberField
            label="Pictures in a step"
            value={Math.min(batchSize, count)}
            most={Math.min(16, count)}
            onValue={(value) => set({ batchSize: value })}
          />
          <DeviceChoice />
        </div>
        <details>
          <summary>More</summary>
          <div class="settings">
            <Choice
              label="Loss"
              value={loss}
              choices={LOSS_NAMES.map((name) => [name, name] as const)}
              onChange={(name) => set({ loss: name })}
            />
            <label>
              Learning rate
              <input
                type="number"
                min="0.000001"
                max="1"
                step="any"
                required
                value={learningRate ?? usual}
                onInput={(event) => {
                  const { value, validity } = event.currentTarget;
                  if (validity.valid) set({ learningRate: Number(value) });
                }}
              />
            </label>
          </div>
        </details>
        <Expected settings={settings} pictures={pictures} />
        <button type="submit" class="main">
          Start the training
        </button>
      </fieldset>
    </form>
  );
}

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly onValue: (value: number) => void;
}

function NumberField({ label, value, most, onValue }: NumberProps) {
  return (
    <label>
      {label}
      <input
        type="number"
        min="1"
        max={most}
        step="1"
        required
        value={value}
        onInput={(event) => {
          // What cannot be used stays as it is typed, and the form says so.
          const { value: text, validity } = event.currentTarget;
          if (validity.valid) onValue(Number(text));
        }}
      />
    </label>
  );
}

interface ExpectedProps {
  readonly settings: PageSettings;
  readonly pictures: readonly PagePicture[];
}

/** How long, and how much memory. */
function Expected({ settings, pictures }: ExpectedProps) {
  const { train } = masked(pictures);
  const { epochs, stepsPerEpoch } = epochsOf(settings, train.length);
  const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0);
  const batchSize = Math.min(settings.batchSize, train.length);
  const { seconds, bytes } = estimate({ ...settings, batchSize, steps: epochs * stepsPerEpoch }, pixels);
  const hasThreads = globalThis.crossOriginIsolated;
  const gigabytes = bytes / 1e9;
  const { device } = settings;
  if (device === 'webgpu')
    return (
      <p class="quiet">
        {epochs} epochs, {epochs * stepsPerEpoch} steps: how long the graphics card takes shows with the first
        of them.
      </p>
    );
  return (
    <p class="quiet">
      {epochs} epochs, {epochs * stepsPerEpoch} steps: {device === 'auto' ? 'at most ' : ''}about{' '}
      {inWords(seconds * (hasThreads ? 1 : 1.3))} {hasThreads ? 'on two cores' : 'on one core'}, in{' '}
      {gigabytes.toFixed(1)} GB of memory.
      {hasThreads
        ? ''
        : ' This page may use one core only, since its server does not isolate it; "otx web" does.'}
      {gigabytes > 3 ? ' A tab can have 4 GB: take a smaller input, or fewer pictures.' : ''}
    </p>
  );
}

function Progress({ run }: { readonly run: Run }) {
  const { state, what, step, steps, milliseconds, losses, dice } = run;
  const loss = useMemo((): Curve[] => [{ label: 'loss', color: '#0b57b0', points: losses }], [losses]);
  const score = useMemo((): Curve[] => [{ label: 'mean Dice', color: '#b00b57', points: dice }], [dice]);
  const left = milliseconds === undefined ? undefined : ((steps - step) * milliseconds) / 1000;
  const isActive = isUnderWay(run);
  return (
    <section aria-label="Progress">
      <p class={state === 'failed' ? 'error' : 'note'} role={state === 'failed' ? 'alert' : undefined}>
        {state === 'paused' ? `paused at step ${step}` : what}
        {isActive && step > 0 && state === 'running'
          ? `: step ${step} of ${steps}, ${milliseconds!.toFixed(0)} ms each, about ${inWords(left!)} left`
          : ''}
      </p>
      <progress aria-label="Steps" max={steps} value={step} />
      <div class="row">
        {isActive && (
          <>
            <button type="button" onClick={togglePause} disabled={state === 'stopping'}>
              {state === 'paused' ? 'Go on' : 'Pause'}
            </button>
            <button type="button" onClick={stop} disabled={state === 'stopping'}>
              Stop
            </button>
          </>
        )}
        {run.result && (
          <a class="button main" href="#/files">
            To the files
          </a>
        )}
        {!isActive && run.last && (
          <button
            type="button"
            onClick={() =>
              attempt(undefined, async () => {
                goOnWith({ name: 'this training', last: run.last!, weights: run.result?.weights });
              })
            }
          >
            Go on with it
          </button>
        )}
      </div>
      {state === 'failed' && run.last && (
        <p>
          What it reached by its last check is not lost: <a href="#/files">files</a>.
        </p>
      )}
      <div class="charts">
        {losses.length > 0 && <Chart title="Loss" xLabel="step" curves={loss} />}
        {dice.length > 0 && (
          <Chart title="Mean Dice of the pictures to check with" xLabel="step" curves={score} />
        )}
      </div>
      {run.predictions.length > 0 && <h2>What the network says now</h2>}
      <div class="said">
        {run.predictions.map((prediction) => (
          <Said key={prediction.id} prediction={prediction} run={run} />
        ))}
      </div>
    </section>
  );
}

interface SaidProps {
  readonly prediction: WebPrediction;
  readonly run: Run;
}

/** A picture with the classes that the network gives it. */
function Said({ prediction, run }: SaidProps) {
  const { pictures } = useShared();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { id, labels, width, height } = prediction;
  const picture =
    run.pictures.find((each) => each.id === id && each.use === 'val') ??
    pictures.find((each) => each.id === id);
  useEffect(() => {
    let isGone = false;
    const paint = async () => {
      if (!picture) return;
      const bitmap = await decode(picture.image, id);
      if (!isGone) {
        const context = canvas.current!.getContext('2d')!;
        context.globalAlpha = 1;
        context.imageSmoothingEnabled = true;
        context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
        drawMask(context, { data: labels, width, height }, run.classes);
      }
      bitmap.close();
    };
    paint().catch(() => undefined);
    return () => {
      isGone = true;
    };
  }, [labels, picture]);
  const scale = Math.min(1, 320 / Math.max(width, height));
  return (
    <figure>
      <canvas
        ref={canvas}
        class="picture"
        role="img"
        aria-label={`Prediction for ${id}`}
        width={Math.round(width * scale)}
        height={Math.round(height * scale)}
      />
      <figcaption>{id}</figcaption>
    </figure>
  );
}
