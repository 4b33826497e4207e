/** @file Training in a browser, from pictures in memory to files in memory. The loop is that of Node in small. */

import { OtxError } from '../base/errors.js';
import { atInputSize } from '../data/images/network-input.js';
import { normalizeImage } from '../data/transforms/normalize.js';
import { classify } from '../inference/class-map.js';
import { lossOf } from '../losses/index.js';
import { supervisedGraphs } from '../methods/supervised-steps.js';
import { createSegmentor } from '../models/index.js';
import type { VariableSpec } from '../nn/index.js';
import { ConfusionMatrix, type SegmentationMetrics } from '../runs/metrics.js';
import { mean, plus, type RunState, startNextEpoch } from '../runs/run-state.js';
import type { StartRecord } from '../runs/start.js';
import { floatsOf, initialState, type StateDict } from '../runs/state-dict.js';
import { inputSizes } from '../settings/derived.js';
import { learningRates } from '../training/learning-rates.js';
import { divergedWeights, endlessUndoing, MAX_UNDONE_STEPS, undoneStep } from '../training/numeric-errors.js';
import { warnOfOtherEngine } from '../training/prepare/engine-record.js';
import { initialRunState } from '../training/prepare/initial-run-state.js';
import { createTrainingSession, type TrainingSession } from '../training/session.js';
import { checkDevice, type WebDevice, type WebRuntime } from '../web/runtime.js';
import { matchWeights } from '../weights/match.js';
import { weightsOfBytes } from '../weights/safetensors-bytes.js';
import { decodeSamples, type MemorySample, type TrainingData } from './dataset.js';
import { createWebEngine } from './engine.js';
import type { WebPrediction, WebTrainingEvent } from './events.js';
import { encodeOnnx, encodeRun, type RunFacts, sha256 } from './files.js';
import { createMemoryLoader } from './loader.js';
import { openRuntime } from './open-runtime.js';
import { type TrainingPause, whenGoing } from './pause.js';
import {
  type BestWeights,
  checkPictures,
  type ResumedRun,
  readRun,
  type WebCheckpoint,
  weightsOf,
} from './resume.js';
import { chooseSettings, WEB_SETTINGS, type WebTrainingSettings } from './settings.js';

/** What to train in a browser, and how. */
export interface WebTrainOptions extends WebTrainingSettings {
  /** Pictures and masks. */
  readonly data: TrainingData;
  /** The backbone to start from, a safetensors file such as that of the package. Default: random numbers. */
  readonly backbone?: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  /**
   * A training to go on with, instead of settings: of those only `epochs` may be given, the number in all. Its pictures must be the
   * same.
   */
  readonly resumeFrom?: WebCheckpoint | undefined;
  /** Ids of pictures whose predictions are told with each event `epoch`; of several with one id, that which is validated with. Default none. */
  readonly watched?: readonly string[] | undefined;
  /**
   * What computes the steps. `wasm`: the processor, by WebAssembly; `webgpu`: the graphics card, or an error; `auto`: the card where
   * there is one on which a step of this training is right and takes less time, else the processor. Default wasm.
   */
  readonly device?: 'auto' | WebDevice | undefined;
  /** Threads of WebAssembly. Default: one for each core, at most 4, where the page is cross-origin isolated; else 1. */
  readonly threads?: number | undefined;
  /**
   * Address of the folder in which the `.wasm` and `.mjs` files of `onnxruntime-web` lie, with a slash at the end. Default: where its
   * module lies.
   */
  readonly runtimeFiles?: string | undefined;
  /**
   * The module `onnxruntime-web`, of a page that has loaded it in its own way: for a `device` other than `wasm` its build
   * `onnxruntime-web/webgpu`. Default: it is imported.
   */
  readonly runtime?: WebRuntime | undefined;
  /** Is told how the training goes on. */
  readonly onEvent?: ((event: WebTrainingEvent) => void) | undefined;
  /** Lets the training wait between two steps. */
  readonly pause?: TrainingPause | undefined;
  /** Ends the training after the step that is under way; its result is what was reached. */
  readonly signal?: AbortSignal | undefined;
}

/** What a training in a browser leaves. */
export interface WebTrainResult {
  /** `model.onnx` of the best weights, as `otx export` writes it. */
  readonly model: Uint8Array;
  /** The best weights, a safetensors file for `otx train --load-weights`, `otx eval` and all else that takes weights. */
  readonly weights: Uint8Array;
  /** All that the training goes on with, a safetensors file for the `models` folder of a run; see docs/web.md. */
  readonly last: Uint8Array;
  /** Validation scores of the best weights; undefined for a training without validation, which keeps its last weights. */
  readonly metrics: SegmentationMetrics | undefined;
  /** From 1; 0 where it was stopped before the first epoch was scored. */
  readonly bestEpoch: number;
  /** Whether all epochs were done. */
  readonly finished: boolean;
}

/**
 * Trains a network on pictures in memory, on `onnxruntime-web`, and gives its files. Sends nothing anywhere. The calling thread
 * waits while a step runs: call it in a worker, or use {@link trainInWorker}.
 *
 * @throws OtxError `usage` for settings out of range, `image` and `dataset` for pictures, `engine` when the runtime cannot be loaded or
 * run, `checkpoint` for a backbone that is none, `numeric` when the loss stays infinite or not a number.
 */
export async function trainInBrowser(options: WebTrainOptions): Promise<WebTrainResult> {
  const { data, onEvent = () => undefined, signal } = options;
  checkNames(options);
  checkDevice(options.device);
  const resumed = options.resumeFrom && readRun(options.resumeFrom, options.epochs);
  const chosen = resumed ?? chooseSettings(options, data.train.length);
  for (const message of [...(data.notices ?? []), ...(resumed?.notices ?? [])])
    onEvent({ type: 'notice', message });
  onEvent({ type: 'preparing', what: 'decoding pictures' });
  const train = await decodeSamples(data.train, data);
  const validation = await decodeSamples(data.validation, data);
  const others = await decodeSamples(data.others ?? [], data);
  const { classes } = data;
  if (resumed) checkPictures(resumed, { classes, train, validation });
  const tell = (what: string) => onEvent({ type: 'preparing', what });
  const { runtime, threads, card } = await openRuntime(options, tell);
  const { hyperParameters, seed } = chosen;
  const settings = hyperParameters.learning_parameters;
  const sizes = inputSizes(hyperParameters);
  const model = createSegmentor(chosen.template.model, { numClasses: data.classes.length });
  const { variables, graphs } = supervisedGraphs({
    ...{ model, sizes, optimizer: settings.optimizer, loss: lossOf(settings.loss) },
    emaDecay: settings.ema_decay,
  });
  const { state: weights, start } = resumed
    ? { state: weightsOf(resumed.tensors, variables), start: resumed.start }
    : firstWeights(variables, seed, options.backbone);
  const session = await createTrainingSession({
    ...{ graphs: graphs(settings.batch_size), variables, state: weights, seed, signal },
    saved: resumed?.tensors,
    openEngine: async () => createWebEngine(runtime, { wish: options.device ?? 'wasm', card, tell }),
    onCompile: (done, total) => tell(`compiling steps (${done} of ${total})`),
  });
  try {
    const { origin } = resumed ?? {};
    const earlier = origin && ({ resume: origin.engine } as Parameters<typeof warnOfOtherEngine>[1]);
    warnOfOtherEngine(session.engine, earlier, (message) => onEvent({ type: 'notice', message }));
    const { template, hyperParameters, overrides } = chosen;
    const facts = { template, hyperParameters, overrides, seed, model, classes, train, validation, start };
    const { engine } = session;
    if (options.device === 'auto') {
      const message = `${engine.device ?? 'the processor'} computes: ${engine.reason}`;
      onEvent({ type: 'notice', message });
    }
    return await new WebRun({ ...facts, threads, engine, origin, others }, session, options, resumed).run();
  } finally {
    await session.dispose();
  }
}

/** What there is beside settings. */
const MEANS = [
  'data',
  'backbone',
  'resumeFrom',
  'watched',
  'device',
  'threads',
  'runtimeFiles',
  'runtime',
  'onEvent',
  'pause',
  'signal',
];

/** @throws OtxError `usage` for a setting that a browser does not have, or a training that goes on, which would be without effect. */
function checkNames(options: WebTrainOptions): void {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const idle = given.find(
    (name) =>
      name === 'backbone' || ((WEB_SETTINGS as readonly string[]).includes(name) && name !== 'epochs'),
  );
  if (options.resumeFrom && idle !== undefined)
    throw new OtxError(
      'usage',
      `${idle} is given for a training that goes on; what it has learned depends on its own: leave ${idle} out, or begin anew without ` +
        'resumeFrom',
    );
  const unknown = Object.keys(options).find(
    (name) => !MEANS.includes(name) && !WEB_SETTINGS.some((setting) => setting === name),
  );
  if (unknown === undefined) return;
  throw new OtxError(
    'usage',
    `a training in a browser has no setting ${unknown}; expected ${WEB_SETTINGS.join(', ')}; others are for otx train`,
  );
}

function firstWeights(
  variables: readonly VariableSpec[],
  seed: number,
  backbone: WebTrainOptions['backbone'],
): { readonly state: StateDict; readonly start: StartRecord } {
  const fresh = initialState(variables, seed);
  if (!backbone) return { state: fresh, start: { kind: 'none' } };
  const { name, bytes } = backbone;
  const tensors = weightsOfBytes(bytes, name);
  const match = matchWeights(tensors, variables, { source: name, expectBackbone: true });
  const values = [...match.loaded].map(([key, { data }]) => [key, floatsOf(data)] as const);
  const start = { kind: 'embedded' as const, file: name, bytes: bytes.length, sha256: sha256([bytes]) };
  return { state: new Map([...fresh, ...values]), start };
}

/** The loop with all that it remembers. */
class WebRun {
  private readonly state: RunState;
  private best: BestWeights | undefined;
  private readonly inputs = new Map<string, Float32Array>();

  constructor(
    private readonly facts: RunFacts & { readonly others: readonly MemorySample[] },
    private readonly session: TrainingSession,
    private readonly options: Pick<WebTrainOptions, 'onEvent' | 'signal' | 'pause' | 'watched'>,
    private readonly resumed: ResumedRun | undefined,
  ) {
    const { num_iters, learning_rate_schedule } = facts.hyperParameters.learning_parameters;
    this.state = resumed?.state ?? initialRunState(num_iters, learning_rate_schedule);
    this.best = resumed?.best;
  }

  async run(): Promise<WebTrainResult> {
    const { state, facts } = this;
    const settings = facts.hyperParameters.learning_parameters;
    const loader = createMemoryLoader(facts.train, {
      ...{ batchSize: settings.batch_size, seed: facts.seed, augmentation: settings.augmentation },
      ...{ cropSize: inputSizes(facts.hyperParameters).train, sigmaScale: settings.sigma_scale },
    });
    const { stepsPerEpoch } = loader;
    const resumed = this.resumed && { epoch: state.epoch, step: state.step };
    const { kind, reason, device: card } = facts.engine;
    const device = kind === 'webgpu' ? kind : 'wasm';
    const computing = { threads: facts.threads, device, reason, card } as const;
    this.tell({ type: 'start', epochs: state.epochs, stepsPerEpoch, ...computing, resumed });
    const rates = learningRates({ state, settings, stepsPerEpoch, interval: settings.validation_interval });
    while (state.finished === null && !this.isStopped) {
      rates.look();
      while (state.step < stepsPerEpoch && !this.isStopped) await this.step(loader, rates);
      if (state.step === stepsPerEpoch) await this.endEpoch();
    }
    const metrics = state.best?.metrics ?? null;
    const { tensors, epoch } = this.best ?? {
      tensors: await this.session.tensors({ trainingState: false }),
      epoch: 0,
    };
    return {
      model: encodeOnnx(facts, tensors),
      weights: encodeRun(facts, { state, tensors, metrics: this.best ? metrics : null, resume: false }),
      last: await this.checkpoint(null),
      ...{ metrics: this.best?.metrics, bestEpoch: epoch, finished: state.finished !== null },
    };
  }

  private get isStopped(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  private tell(event: WebTrainingEvent): void {
    this.options.onEvent?.(event);
  }

  private async step(
    loader: ReturnType<typeof createMemoryLoader>,
    rates: ReturnType<typeof learningRates>,
  ): Promise<void> {
    const { state, session } = this;
    const start = performance.now();
    const update = state.updates + 1;
    const learningRate = rates.of(update);
    const batch = loader.batch(state.epoch, state.step);
    const { loss, committed } = await session.step([batch], learningRate, update);
    const milliseconds = performance.now() - start;
    state.step += 1;
    state.seconds.train += milliseconds / 1000;
    state.seconds.run += milliseconds / 1000;
    if (committed) {
      state.updates = update;
      state.undoneInARow = 0;
      state.loss = plus(state.loss, loss);
    } else {
      state.undoneInARow += 1;
      this.tell({ type: 'notice', message: undoneStep(state.epoch + 1, state.step, batch, loss) });
      if (state.undoneInARow >= MAX_UNDONE_STEPS) {
        const lastWeights = 'the newest event `epoch`';
        throw endlessUndoing(state.undoneInARow, batch, { lastWeights, learningRate });
      }
    }
    this.tell({
      ...{ type: 'step', epoch: state.epoch + 1, step: state.step, loss, learningRate, milliseconds },
    });
    // Messages, such as the wish to stop, come in between.
    await new Promise((resolve) => setTimeout(resolve));
    await whenGoing(this.options.pause, this.options.signal);
  }

  private async endEpoch(): Promise<void> {
    const { state, facts, session } = this;
    const epoch = state.epoch + 1;
    const { validation, hyperParameters } = facts;
    const isDue = epoch % hyperParameters.learning_parameters.validation_interval === 0;
    if (!isDue && epoch < state.epochs) return startNextEpoch(state);
    const metrics = validation.length > 0 ? await this.score(epoch) : undefined;
    // Without validation the newest weights are the best there are.
    const best = !metrics || state.best === null || metrics.mDice > state.best.metrics.mDice;
    if (best) {
      if (metrics) state.best = { epoch, metrics };
      this.best = { tensors: await session.tensors({ trainingState: false }), metrics, epoch };
    }
    const loss = mean(state.loss);
    startNextEpoch(state);
    if (metrics) state.lastScore = metrics.mDice;
    if (epoch >= state.epochs) state.finished = 'epochs';
    const predictions = await this.predictions(epoch);
    const last = await this.checkpoint(metrics ?? null);
    this.tell({ type: 'epoch', epoch, loss, metrics, best, last, predictions });
  }

  private async checkpoint(metrics: SegmentationMetrics | null): Promise<Uint8Array> {
    const tensors = await this.session.tensors({ trainingState: true });
    return encodeRun(this.facts, { state: this.state, tensors, metrics, resume: true });
  }

  private async score(epoch: number): Promise<SegmentationMetrics> {
    const matrix = new ConfusionMatrix(this.facts.classes.length);
    for (const sample of this.facts.validation) {
      const { labels } = await this.predict(sample, epoch);
      matrix.add(sample.pixels.mask, labels);
    }
    const metrics = matrix.summary();
    if (Number.isNaN(metrics.aAcc)) {
      this.tell({
        type: 'notice',
        message: `epoch ${epoch}: the validation masks have no pixel that counts`,
      });
    }
    return metrics;
  }

  private async predictions(epoch: number): Promise<WebPrediction[]> {
    const { train, validation, others } = this.facts;
    const watched = this.options.watched ?? [];
    const all = [...validation, ...others, ...train];
    const seen = watched.flatMap((id) => all.find((sample) => sample.id === id) ?? []);
    const predictions: WebPrediction[] = [];
    for (const sample of seen) predictions.push(await this.predict(sample, epoch));
    return predictions;
  }

  private async predict({ id, width, height, pixels }: MemorySample, epoch: number): Promise<WebPrediction> {
    const side = inputSizes(this.facts.hyperParameters).validation;
    const inputSize = { width: side, height: side };
    const known =
      this.inputs.get(id) ??
      normalizeImage(atInputSize({ data: pixels.image, width, height }, inputSize), inputSize);
    this.inputs.set(id, known);
    const logits = await this.session.forward!(known);
    if (!logits.every(Number.isFinite)) throw divergedWeights(epoch);
    const { labels } = classify(logits, { classes: this.facts.classes, inputSize }, { width, height }, false);
    return { id, width, height, labels };
  }
}
