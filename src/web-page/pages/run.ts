/** @file The training of the page: started in a worker, followed, paused and stopped. */

import { trainInWorker } from '../../web-training/client.js';
import type { WebTrainingEvent } from '../../web-training/events.js';
import { TrainingPause } from '../../web-training/pause.js';
import type { WebTemplateName } from '../../web-training/templates.js';
import { change, now } from './store.js';
import type { PageDevice, PagePicture, PageSettings, Run } from './types.js';

/** Files with the weights that templates start from. */
const BACKBONES: Readonly<Record<WebTemplateName, string>> = {
  'Lite-HRNet-s-mod2': 'lite-hrnet-s-mod2.safetensors',
  'Lite-HRNet-18-mod2': 'lite-hrnet-18-mod2.safetensors',
  'SegNext-t': 'segnext-t.safetensors',
};

/** Modules of ONNX Runtime: that with WebGPU is twice as large, and loaded only where it is used. */
const RUNTIMES: Readonly<Record<PageDevice, string>> = {
  wasm: 'ort.wasm.bundle.min.mjs',
  webgpu: 'ort.webgpu.bundle.min.mjs',
  auto: 'ort.webgpu.bundle.min.mjs',
};

/** Predictions of so many pictures are shown. */
const MOST_WATCHED = 12;
/** Steps from one check to the next, at least. */
const CHECK_STEPS = 10;
/** And at most so many checks. */
const MOST_CHECKS = 40;
/** Steps of which the time of one is the mean. */
const RECENT = 20;

/** How many epochs a number of steps is, and how many of them lie between two checks. */
export function epochsOf(
  { steps, batchSize }: Pick<PageSettings, 'steps' | 'batchSize'>,
  pictures: number,
): { readonly epochs: number; readonly stepsPerEpoch: number; readonly validationInterval: number } {
  const stepsPerEpoch = Math.max(1, Math.floor(pictures / Math.min(batchSize, pictures)));
  const apart = Math.max(CHECK_STEPS, steps / MOST_CHECKS);
  return {
    stepsPerEpoch,
    epochs: Math.max(1, Math.round(steps / stepsPerEpoch)),
    validationInterval: Math.max(1, Math.round(apart / stepsPerEpoch)),
  };
}

/** Those with a mask, by their use. */
export function masked(pictures: readonly PagePicture[]) {
  const all = pictures.filter(({ mask }) => mask !== undefined);
  return { train: all.filter(({ use }) => use === 'train'), val: all.filter(({ use }) => use === 'val') };
}

/** Masks are drawn on in their place; those that were learned from stay. */
const asItIs = (picture: PagePicture): PagePicture =>
  picture.mask instanceof Uint8Array ? { ...picture, mask: picture.mask.slice() } : picture;

const source = ({ id, image, mask }: PagePicture) => ({ id, image, mask: mask! });

let pause = new TrainingPause();
let controller = new AbortController();

/** Waits after the step that is under way, or goes on. */
export function togglePause(): void {
  const { run } = now();
  if (!run) return;
  if (pause.isPaused) pause.resume();
  else pause.pause();
  change({ run: { ...run, state: pause.isPaused ? 'paused' : 'running' } });
}

/** Ends the training after the step that is under way; what it has reached is its result. */
export function stop(): void {
  const { run } = now();
  if (!run) return;
  controller.abort();
  change({ run: { ...run, state: 'stopping', what: 'stopping after this step' } });
}

/** Whether a training is under way. */
export const isUnderWay = (run: Run | undefined): boolean =>
  run !== undefined && run.state !== 'done' && run.state !== 'failed';

/** What the next training is to do: with the settings of the page, or of the training that it goes on with. */
function wanted(pictures: number) {
  const { settings, checkpoint } = now();
  if (!checkpoint) {
    const { steps: _, device: __, ...chosen } = settings;
    const { stepsPerEpoch, ...epochs } = epochsOf(settings, pictures);
    const batchSize = Math.min(settings.batchSize, pictures);
    return { template: settings.template, stepsPerEpoch, given: { ...chosen, ...epochs, batchSize } };
  }
  const { template, batchSize, epoch, file } = checkpoint;
  const { epochs, stepsPerEpoch } = epochsOf({ steps: settings.steps, batchSize }, pictures);
  return { template, stepsPerEpoch, given: { resumeFrom: file, epochs: epoch + epochs } };
}

/** Starts a training with what there is. Errors are told by its state. */
export async function start(): Promise<void> {
  if (hasUnsaved() && !confirm('The files of the last training were not saved, and are lost. Go on?')) return;
  const { classes, coding, pictures, checkpoint, settings } = now();
  const { device } = settings;
  const { train, val } = masked(pictures);
  const others = pictures.filter(({ mask }) => mask === undefined);
  const { template, stepsPerEpoch, given } = wanted(train.length);
  const { epochs } = given;
  const chosen = [...val, ...others, ...(val.length + others.length > 0 ? [] : train)];
  const watched = chosen.slice(0, MOST_WATCHED).map(({ id }) => id);
  pause = new TrainingPause();
  controller = new AbortController();
  change({
    checkpoint: undefined,
    run: {
      ...{ state: 'running', what: 'starting', losses: [], dice: [], predictions: [] },
      ...{ step: 0, steps: epochs * stepsPerEpoch, milliseconds: undefined, template, epochs },
      ...{
        classes,
        coding,
        pictures: [...train, ...val].map(asItIs),
        result: undefined,
        last: undefined,
        isSaved: false,
        card: undefined,
      },
    },
  });
  try {
    const result = await trainInWorker(new Worker('worker.js', { type: 'module' }), {
      ...given,
      ...{ watched, pause, signal: controller.signal, device },
      ...(!checkpoint && { backbone: await backboneOf(template) }),
      data: { classes, coding, train: train.map(source), validation: val.map(source), others },
      runtimeModule: new URL(RUNTIMES[device], location.href).href,
      runtimeFiles: new URL('./', location.href).href,
      onEvent: follow(stepsPerEpoch),
    });
    const { run } = now();
    const what = `${result.finished ? 'done' : 'stopped'} after ${run!.step} steps`;
    change({ run: { ...run!, state: 'done', what, result, last: result.last, isSaved: false } });
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    // What it was to go on with is tried again.
    change({ run: { ...now().run!, state: 'failed', what }, checkpoint });
  }
}

async function backboneOf(
  template: WebTemplateName,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const name = BACKBONES[template];
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: the server of this page answers ${response.status}`);
  return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/** Writes down what a training says. */
function follow(stepsPerEpoch: number): (event: WebTrainingEvent) => void {
  const [losses, dice, times]: [[number, number][], [number, number][], number[]] = [[], [], []];
  return (event) => {
    const run = now().run!;
    if (event.type === 'preparing') change({ run: { ...run, what: event.what } });
    if (event.type === 'start') {
      const { card, threads } = event;
      const place = card ?? (threads === 1 ? 'one thread' : `${threads} threads`);
      change({ run: { ...run, card, what: `training on ${place}` } });
    }
    if (event.type === 'notice') change({ notices: [...now().notices, event.message] });
    if (event.type === 'step') {
      const step = (event.epoch - 1) * stepsPerEpoch + event.step;
      losses.push([step, event.loss]);
      times.push(event.milliseconds);
      const recent = times.slice(-RECENT);
      const milliseconds = recent.reduce((sum, time) => sum + time, 0) / recent.length;
      change({ run: { ...run, step, losses: [...losses], milliseconds } });
    }
    if (event.type === 'epoch') {
      const { metrics, predictions, last } = event;
      if (metrics) dice.push([event.epoch * stepsPerEpoch, metrics.mDice]);
      change({ run: { ...run, dice: [...dice], predictions, last } });
    }
  };
}

/** Whether there is a training whose files are nowhere else. */
const hasUnsaved = (): boolean => {
  const { run } = now();
  return (
    run !== undefined &&
    !run.isSaved &&
    (isUnderWay(run) || run.result !== undefined || run.last !== undefined)
  );
};

/** Asks before a page is left with work that is nowhere else. */
export function guardLeaving(): void {
  addEventListener('beforeunload', (event) => {
    const isDrawn = now().pictures.some(({ revision }) => revision > 0);
    if (isDrawn || hasUnsaved()) event.preventDefault();
  });
}
