/**
 * @file The first job of a newcomer and a tour of the public API: makes a small data set, trains on it, exports, checks the
 * exported file against the trained model and paints what it sees. `npm run quickstart` runs it.
 */

import { join } from 'node:path';
import { Outputs } from '../../base/outputs/outputs.js';
import { generateScenes, type SceneOptions } from '../../demo/generate.js';
import { agreement, drawFigure } from '../../demo/pictures.js';
import { untrainedCheckpoint } from '../../demo/untrained.js';
import {
  checkDataset,
  embeddedBackbone,
  evaluate,
  exportModel,
  formatMetrics,
  type JobEvent,
  predict,
  type SegmentationMetrics,
  type SettingOptions,
  train,
} from '../../index.js';
import { formatDuration, progressPrinter } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { freshFolder } from './fresh-folder.js';
import { readWords } from './read-words.js';

const TEMPLATE = 'Lite-HRNet-s-mod2';
const SEED = 1;
const FIGURE_ROWS = 3;

/** Enough to learn from, made in seconds. */
const SCENES: SceneOptions = { train: 240, val: 32, width: 256, height: 256 };

/** The defaults of the template are for long trainings on large pictures; these suit a few minutes on two cores. */
const SETTINGS: SettingOptions = {
  inputSize: '256x256',
  batchSize: 4,
  epochs: 30,
  learningRate: 0.004,
  warmupSteps: 50,
  learningRateSchedule: 'poly',
  earlyStopping: false,
  augmentation: 'plain',
};
/** Slower machines train fewer epochs instead of longer. */
const TRAINING_SECONDS = 225;

export interface QuickstartOptions {
  /** Folder of the data set (`data`, made once) and of the runs (`run`, `run-2`, …). */
  readonly folder: string;
  readonly terminal: Terminal;
  readonly signal?: AbortSignal;
  /** Told of the folders that get a log. */
  readonly onOutput?: (folder: string) => void;
  /** What is drawn; by default 240 and 32 streets of 256x256. */
  readonly scenes?: SceneOptions;
  readonly settings?: SettingOptions;
}

export interface QuickstartResult {
  /** Folder of this run. */
  readonly run: string;
  /** Mean Dice on the validation pictures before training, after it, and of the exported file. */
  readonly dice: { readonly untrained: number; readonly trained: number; readonly exported: number };
  /** Share of the validation pixels to which the trained model and the exported file give the same class. */
  readonly agreement: number;
  /** PNG with rows of image, truth and prediction. */
  readonly figure: string;
  /** Folder of the validation images with the predicted classes painted over them. */
  readonly overlays: string;
}

/**
 * The folder and the look that are named behind `npm run quickstart --`.
 *
 * @throws OtxError `usage` for other words.
 */
export function readQuickstart(words: readonly string[]): Pick<QuickstartOptions, 'folder' | 'scenes'> {
  const usage = 'npm run quickstart -- [FOLDER] [--look NAME]';
  const { folder, values } = readWords(words, { usage, options: ['look'], folder: 'quickstart' });
  // That there is such a look is checked where it is drawn.
  return { folder, scenes: { ...SCENES, look: values.look as SceneOptions['look'] } };
}

/**
 * Runs the tour and tells about it on the terminal.
 *
 * @throws OtxError like the functions it calls.
 */
export async function quickstart(options: QuickstartOptions): Promise<QuickstartResult> {
  const { folder, terminal, signal, scenes = SCENES, settings = SETTINGS } = options;
  const { print } = terminal;
  const { onOutput = () => undefined } = options;
  const { onEvent, close } = progressPrinter(terminal);
  const start = performance.now();
  let outputs: Outputs | undefined;
  try {
    print('== 1. A data set: images, masks, and a file that names the classes');
    const data = join(folder, 'data');
    const [trainData, validationData] = [join(data, 'train'), join(data, 'val')];
    await drawScenes(data, scenes, onEvent, signal);
    const { classes } = await checkDataset({ data: validationData, signal });
    const names = classes.map(({ name }) => name);
    print(`${data}: ${names.join(', ')}`);

    print('\n== 2. What an untrained network makes of it');
    const run = await freshFolder(folder, 'run');
    outputs = await Outputs.open({ root: run });
    const untrainedWeights = outputs.path('untrained.safetensors');
    await outputs.write(
      untrainedWeights,
      untrainedCheckpoint({ template: TEMPLATE, classes, seed: SEED, settings }),
    );
    onOutput(run);
    /** Tables and notes would be in the way here. */
    const onEvaluation = (event: JobEvent) => {
      if (event.type === 'progress') onEvent(event);
    };
    const meanDice = async (weights: string) =>
      (await evaluate({ weights, testData: validationData, onEvent: onEvaluation, signal })).metrics.mDice;
    const untrained = await meanDice(untrainedWeights);
    print(`mean Dice ${untrained.toFixed(4)} (1 is perfect)`);

    print('\n== 3. Training');
    const { weights, bestEpoch, ...result } = await train({
      template: TEMPLATE,
      trainData,
      validationData,
      output: join(run, 'training'),
      // The same everywhere, with and without a network.
      pretrained: (await embeddedBackbone(TEMPLATE)) ? 'embedded' : 'none',
      seed: SEED,
      ...settings,
      timeBudgetSeconds: TRAINING_SECONDS,
      onEvent: (event) => {
        if (event.type === 'output') onOutput(event.folder);
        onEvent(event);
      },
      signal,
    });
    // A supervised training is always validated.
    const metrics = result.metrics as SegmentationMetrics;
    print(`\nbest epoch ${bestEpoch}, in percent:\n${formatMetrics(metrics, names, terminal.columns)}`);

    print('\n== 4. Export to ONNX; is the exported file as good as the trained model?');
    const { model } = await exportModel({ weights, output: join(run, 'export'), signal });
    const exported = await meanDice(model);
    const input = join(validationData, 'images');
    const segment = (by: string, output: string) => predict({ weights: by, input, output, onEvent, signal });
    const { images } = await segment(weights, join(run, 'predictions'));
    const { images: byExport } = await segment(model, join(run, 'export', 'predictions'));
    const equal = await agreement(images, byExport);
    print(`${model}\nsame class on ${percent(equal)} % of the pixels of ${images.length} images`);
    print(`mean Dice ${metrics.mDice.toFixed(6)} trained, ${exported.toFixed(6)} exported`);

    print('\n== 5. Look at it');
    const overlays = join(run, 'predictions', 'overlays');
    await outputs.write('figure.png', await drawFigure(validationData, images.slice(0, FIGURE_ROWS)));
    const figure = join(run, 'figure.png');
    print(`${figure}  image, truth, prediction\n${overlays}  every validation image`);

    const seconds = (performance.now() - start) / 1000;
    print(`\nmean Dice ${untrained.toFixed(2)} → ${metrics.mDice.toFixed(2)} in ${formatDuration(seconds)}`);
    print(nextSteps(run));
    return {
      run,
      dice: { untrained, trained: metrics.mDice, exported },
      agreement: equal,
      figure,
      overlays,
    };
  } finally {
    await outputs?.close();
    close();
  }
}

async function drawScenes(
  root: string,
  scenes: SceneOptions,
  onEvent: (event: JobEvent) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const onProgress = (done: number, total: number) =>
    onEvent({ type: 'progress', task: 'draw', done, total });
  await generateScenes(root, { ...scenes, onProgress, signal });
}

/** What to type next, with everything filled in that is known. */
function nextSteps(run: string): string {
  return `
Go on with photographs of your own: put them in DATA/train and DATA/val, each
with images/, masks/ and a dataset_meta.json as in ${join(run, '..', 'data', 'train')},
then

  npx otx train ${TEMPLATE} --train-data-roots DATA/train \\
      --val-data-roots DATA/val -o my-run --time-budget 30m
  npx otx eval --test-data-roots DATA/val --load-weights my-run
  npx otx predict --input PHOTOS --load-weights my-run -o my-predictions
  npx otx export --load-weights my-run -o my-model

"npx otx find" lists the other models,
"npx otx train params --help" all settings.`;
}

function percent(share: number): string {
  return (100 * share).toFixed(3);
}
