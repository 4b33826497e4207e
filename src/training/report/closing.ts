/** @file The last words of a training: the commands that go on from it, ready to be copied. */

import { join } from 'node:path';

export interface ClosingOptions {
  /** Root of the run folder. */
  readonly output: string;
  /** Data set to score on, by default the one that was validated on. */
  readonly testData?: string | undefined;
  /** False for a run that was interrupted and can be resumed. */
  readonly finished: boolean;
  /** False when no epoch was validated, so that there are no best weights yet. */
  readonly hasWeights?: boolean;
}

/** Lines of text, without a final line break. */
export function closingMessage({ output, testData, finished, hasWeights = true }: ClosingOptions): string {
  const run = shellQuote(output);
  const commands: [purpose: string, command: string][] = [];
  if (!finished) commands.push(['go on', `otx train --resume-from ${run}`]);
  if (hasWeights) {
    const data = testData === undefined ? '<folder>' : shellQuote(testData);
    commands.push(
      ['score', `otx eval --test-data-roots ${data} --load-weights ${run}`],
      [
        'segment',
        `otx predict --input <image or folder> --load-weights ${run} -o ${shellQuote(join(output, 'predictions'))}`,
      ],
      ['export', `otx export --load-weights ${run} -o ${shellQuote(join(output, 'export'))}`],
      ['curves', `tensorboard --logdir ${run}  (or look at ${shellQuote(join(output, 'results.png'))})`],
    );
  }
  const width = Math.max(...commands.map(([purpose]) => purpose.length));
  return [
    finished ? 'What next:' : 'The training can be resumed:',
    ...commands.map(([purpose, command]) => `  ${purpose.padEnd(width)}  ${command}`),
  ].join('\n');
}

/** One word for a shell; double quotes are understood by those of Windows too. */
export function shellQuote(word: string): string {
  if (/^[\w./\\:@%+=,-]+$/.test(word)) return word;
  return /["$`!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
