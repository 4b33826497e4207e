/** @file The last words of every command: what can be done next, as commands ready to be pasted. */

import { join } from 'node:path';
import { otxCommand, shellQuote } from '../base/shell.js';

type Step = readonly [purpose: string, command: string];

const ANY_FOLDER = '<folder>';
const ANY_IMAGES = '<image or folder>';
const ANY_IMAGE = '<image>';

/** A training that has ended. Paths are as the user typed them. */
export interface EndedTraining {
  /** The file of the network, where it is none of a template. */
  readonly network?: string | undefined;
  /** Root of the run folder. */
  readonly output: string;
  readonly template: string;
  readonly trainData: string;
  readonly validationData?: string | undefined;
  /** Of the images that were kept to validate on. */
  readonly valList?: string | undefined;
  readonly unlabeledData?: string | undefined;
  readonly unlabeledFileList?: string | undefined;
  /** It was stopped and can be resumed. */
  readonly isInterrupted: boolean;
  /** `no`: nothing was validated yet; `backbone`: it has no head that could segment. */
  readonly weights: 'model' | 'backbone' | 'no';
}

/** Lines of text, without a final line break, as of all functions here. */
export function afterTraining(run: EndedTraining): string {
  const { output, isInterrupted, weights, validationData } = run;
  const look: Step = [
    'look',
    `${shellQuote(join(output, 'results.png'))}, or tensorboard --logdir ${shellQuote(output)}`,
  ];
  const resume: Step = ['resume', otxCommand('train', '--resume-from', output)];
  if (weights === 'backbone' && !isInterrupted)
    return whatNext([look, ['train', trainFrom(run, ANY_FOLDER, ANY_FOLDER)]]);
  const more: Step = ['go on', trainFrom(run, run.trainData, validationData, run)];
  const use = weights === 'model' ? useOf(output, { testData: validationData, output }) : [];
  return whatNext([look, ...(isInterrupted ? [resume] : []), ...use, ...(isInterrupted ? [] : [more])]);
}

/** A new training that starts from the weights of this one. */
function trainFrom(
  { template, output }: EndedTraining,
  trainData: string,
  validationData: string | undefined,
  { network, valList, unlabeledData, unlabeledFileList }: Partial<EndedTraining> = {},
): string {
  return otxCommand(
    ...['train', template, '--train-data-roots', trainData],
    ...(validationData === undefined ? [] : ['--val-data-roots', validationData]),
    ...(valList === undefined ? [] : ['--val-list', valList]),
    ...(unlabeledData === undefined ? [] : ['--unlabeled-data-roots', unlabeledData]),
    ...(unlabeledFileList === undefined ? [] : ['--unlabeled-file-list', unlabeledFileList]),
    ...(network === undefined ? [] : ['--model', network]),
    ...['--load-weights', output],
  );
}

/** What several trainings of one thing leave. Paths are as the user typed them. */
export interface EndedStudy {
  /** Run folder of the model that is to be used alone. */
  readonly best: string;
  /** Run folders of the models whose mean is the better model. */
  readonly models: readonly string[];
  /** Folder of the study. */
  readonly output: string;
}

/** The best model alone, and where there are several their mean. */
export function afterStudy({ best, models, output }: EndedStudy): string {
  const alone = useOf(best, { output });
  const together = models.length > 1 ? useOf(models, { output: join(output, 'ensemble') }) : [];
  return whatNext([
    ['look', shellQuote(join(best, 'results.png'))],
    ...alone,
    ...together.map(([purpose, command]): Step => [`${purpose} by all`, command]),
  ]);
}

/** @param file the report */
export function afterReport(run: string, file: string): string {
  return whatNext([
    ['look', `${shellQuote(file)}, in any browser`],
    ['studio', otxCommand('studio', run)],
  ]);
}

/** Files of an advice. */
interface AdviceFiles {
  readonly sheet: string;
  readonly proposals: string;
}

/** What becomes of proposed masks. */
export function afterSuggest({ sheet, proposals }: AdviceFiles): string {
  return whatNext([
    ['look', shellQuote(sheet)],
    ['correct', `the masks in ${shellQuote(join(proposals, 'masks'))}, then`],
    ['check', otxCommand('check', proposals)],
    ['train', otxCommand('train', '--train-data-roots', proposals)],
  ]);
}

/** Of the first pictures to label. */
export function afterColdStart({ sheet, proposals }: AdviceFiles): string {
  return whatNext([
    ['look', shellQuote(sheet)],
    ['label', `the pictures in ${shellQuote(join(proposals, 'images'))}`],
  ]);
}

/** What a search leaves. */
export interface EndedSearch {
  /** Run folder of the trial whose settings were chosen. */
  readonly model: string;
  readonly files: { readonly chart: string; readonly config: string };
}

/** The chart, the training, and what the model of the trial is good for as it is. */
export function afterSearch({ model, files }: EndedSearch): string {
  return whatNext([
    ['look', shellQuote(files.chart)],
    ['train', otxCommand('train', '--config', files.config, '-o', ANY_FOLDER)],
    ...useOf(model, { output: model }),
  ]);
}

/** @param plan the file, as it was written. */
export function afterPlan(plan: string): string {
  return whatNext([
    ['look', shellQuote(plan)],
    ['train', otxCommand('train', '--config', plan, '-o', ANY_FOLDER)],
  ]);
}

/** @param pictures folder of what was drawn. */
export function afterLabels(pictures: string): string {
  return whatNext([['look', shellQuote(pictures)]]);
}

/** Weights that a command was given. */
export interface UsedWeights {
  /** Of one model, or of several that were averaged. */
  readonly weights: string | readonly string[];
  /** As it was typed; weights from elsewhere need it again. */
  readonly template?: string | undefined;
}

/** @param worstImages path of the sheet of the worst images. */
export function afterEval({ weights, template }: UsedWeights, worstImages: string): string {
  const look: Step = ['look', shellQuote(worstImages)];
  return whatNext([look, ...useOf(weights, { template }).filter(([purpose]) => purpose !== 'score')]);
}

/** @param output folder of the predictions. */
export function afterPredict({ weights, template }: UsedWeights, output: string): string {
  const look: Step = ['look', shellQuote(join(output, 'overlays'))];
  return whatNext([look, ...useOf(weights, { template }).filter(([purpose]) => purpose !== 'segment')]);
}

/** @param output folder of the explanations. */
export function afterExplain({ weights, template }: UsedWeights, output: string): string {
  const look: Step = ['look', shellQuote(join(output, 'sheets'))];
  return whatNext([look, ...useOf(weights, { template })]);
}

/** @param template that a file without metadata needs to be opened. */
export function afterExport(model: string, template: string | undefined): string {
  return whatNext(useOf(model, { template }).filter(([purpose]) => purpose !== 'export'));
}

/** @param files paths of what was written, in the folder or zip file. */
export function afterDeploy(output: string, files: readonly string[]): string {
  if (/\.zip$/.test(output))
    return whatNext([['give', `${shellQuote(output)}; its README.md says how it is used`]]);
  const has = (file: string) => files.includes(file);
  const folder = (name: string) => `cd ${shellQuote(join(output, name))}`;
  const steps: Step[] = [['read', shellQuote(join(output, 'README.md'))]];
  if (has('browser/index.html')) steps.push(['open', shellQuote(join(output, 'browser', 'index.html'))]);
  if (has('node/demo.mjs'))
    steps.push(['node', `${folder('node')} && npm install && node demo.mjs ${ANY_IMAGE}`]);
  if (has('python/demo.py')) {
    steps.push([
      'python',
      `${folder('python')} && pip install -r requirements.txt && python demo.py ${ANY_IMAGE}`,
    ]);
  }
  return whatNext(steps);
}

/** @param params behind `params`, with which a training does what the sheet shows. */
export function afterAugment(template: string, trainData: string, params: readonly string[]): string {
  const words = ['train', template, '--train-data-roots', trainData, '--val-data-roots', ANY_FOLDER];
  return whatNext([['train', otxCommand(...words, 'params', ...params)]]);
}

interface UseOptions {
  readonly template?: string | undefined;
  readonly testData?: string | undefined;
  /** Folder below which results go; where it is missing, the defaults are good. */
  readonly output?: string | undefined;
}

/** What trained weights are for. An exported file is exported already, and several models cannot be as one. */
function useOf(
  weights: string | readonly string[],
  { template, testData = ANY_FOLDER, output }: UseOptions,
): Step[] {
  const paths = typeof weights === 'string' ? [weights] : weights;
  const models = paths.flatMap((path) => ['--load-weights', path]);
  const from = [...(template === undefined ? [] : [template])];
  const to = (name: string) => (output === undefined ? [] : ['-o', join(output, name)]);
  const steps: Step[] = [
    ['score', otxCommand('eval', ...from, '--test-data-roots', testData, ...models)],
    ['segment', otxCommand('predict', ...from, '--input', ANY_IMAGES, ...models, ...to('predictions'))],
  ];
  if (paths.length === 1 && !/\.(onnx|xml|bin)$/i.test(paths[0]!)) {
    steps.push(['export', otxCommand('export', ...from, ...models, ...to('export'))]);
  }
  return steps;
}

function whatNext(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(([purpose]) => purpose.length));
  return ['what next:', ...steps.map(([purpose, command]) => `  ${purpose.padEnd(width)}  ${command}`)].join(
    '\n',
  );
}
