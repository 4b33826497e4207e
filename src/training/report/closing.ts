/** @file The last words of a training: the commands that go on from it, ready to be copied. */

import { join } from 'node:path';

export interface ClosingOptions {
  /** Root of the run folder. */
  readonly output: string;
  /** Data set to score on, for example the one that was validated on. */
  readonly testData?: string | undefined;
  /** Template of a training that left a backbone alone, which cannot segment yet. */
  readonly backboneOf?: string | undefined;
}

/** Lines of text, without a final line break. (An interrupted training says itself how it is resumed.) */
export function closingMessage({ output, testData, backboneOf }: ClosingOptions): string {
  const run = shellQuote(output);
  const below = (name: string) => shellQuote(join(output, name));
  const data = testData === undefined ? '<folder>' : shellQuote(testData);
  const look = ['look', `${below('results.png')}, or tensorboard --logdir ${run}`] as const;
  const train = `otx train ${shellQuote(backboneOf ?? '')} --train-data-roots <folder> --val-data-roots <folder> --load-weights ${run}`;
  const use = [
    ['score', `otx eval --test-data-roots ${data} --load-weights ${run}`],
    ['segment', `otx predict --input <image or folder> --load-weights ${run} -o ${below('predictions')}`],
    ['export', `otx export --load-weights ${run} -o ${below('export')}`],
  ] as const;
  const steps = [look, ...(backboneOf === undefined ? use : [['train', train] as const])];
  const width = Math.max(...steps.map(([purpose]) => purpose.length));
  return ['what next:', ...steps.map(([purpose, command]) => `  ${purpose.padEnd(width)}  ${command}`)].join(
    '\n',
  );
}

/** One word for a shell; double quotes are understood by those of Windows too. */
export function shellQuote(word: string): string {
  if (/^[\w./\\:@%+=,-]+$/.test(word)) return word;
  return /["$`!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
