import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { type Outcome, otx } from './otx.js';
import { killAfterSteps, outcomeOf } from './runs.js';

let folder: string;
let data: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-resume-'));
  data = join(folder, 'data');
  whole = join(folder, 'whole');
  await generateScenes(data, { train: 6, val: 2, width: 80, height: 64 });
  expect((await otxHere(trainArguments(whole))).code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Four epochs of three steps. */
function trainArguments(output: string): string[] {
  return [
    ...['train', 'Lite-HRNet-s-mod2', '--recipe', 'otx', '--train-data-roots', join(data, 'train')],
    ...['--val-data-roots', join(data, 'val'), '-o', output, '--checkpoint-interval', '1', 'params'],
    ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
    ...['--learning_parameters.num_iters', '4', '--learning_parameters.learning_rate_warmup_iters', '5'],
  ];
}

/** Runs until an epoch is over, then kills without warning. */
async function killAfterEpoch(args: readonly string[], epoch: number): Promise<void> {
  const { code } = await otx(args, {
    onOutput: (text, send) => {
      if (text.includes(`epoch ${epoch}/4`)) send('SIGKILL');
    },
  });
  expect(code).toBeNull();
}

const resume = (run: string, ...more: string[]): Promise<Outcome> =>
  otxHere(['train', '--resume-from', run, ...more]);

describe('a training that was killed', () => {
  test.each<[string, (output: string) => Promise<void>]>([
    ['before its first step', (output) => killAfterSteps(trainArguments(output), output, 0)],
    ['in the middle of an epoch', (output) => killAfterSteps(trainArguments(output), output, 2)],
    [
      'twice, between epochs',
      async (output) => {
        await killAfterEpoch(trainArguments(output), 1);
        await killAfterEpoch(['train', '--resume-from', output, '--checkpoint-interval', '2'], 3);
      },
    ],
  ])('%s and resumed is the same bit by bit', async (name, kill) => {
    const output = join(folder, name.replaceAll(/\W+/g, '-'));
    await kill(output);
    // What a write that was cut off leaves behind.
    const litter = '.last.safetensors.0123abcd.tmp';
    await writeFile(join(output, 'models', litter), 'half');
    const { code, stdout, stderr } = await resume(output);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/going on after \d epochs and \d steps/);
    expect(await outcomeOf(output)).toEqual(await outcomeOf(whole));
    expect(await readdir(join(output, 'models'))).not.toContain(litter);
  });
});

describe('otx train --resume-from refuses in one line', () => {
  let stopped: string;
  beforeAll(async () => {
    stopped = join(folder, 'stopped');
    await killAfterSteps(trainArguments(stopped), stopped, 2);
  });
  const refusal = async (outcome: Promise<Outcome>, code: number, message: RegExp) => {
    const { code: found, stderr } = await outcome;
    expect(stderr).toMatch(/^otx: error: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(found).toBe(code);
  };

  test('a finished run, with the command to start anew', async () => {
    await refusal(
      resume(whole),
      1,
      /is finished \(all epochs done after 4 epochs\).*otx train Lite-HRNet-s-mod2 .*--load-weights/,
    );
  });

  test('the best weights, which have no optimiser', async () => {
    await refusal(
      resume(join(whole, 'models', 'weights.safetensors')),
      1,
      /holds weights, but not the state/,
    );
  });

  test('a folder without a run', async () => {
    await refusal(resume(data), 1, /no interrupted run here/);
  });

  test('other settings than the run began with', async () => {
    await refusal(resume(stopped, '--seed', '5'), 2, /cannot go on with --seed 5, the run began with 42/);
    await refusal(
      resume(stopped, 'params', '--learning_parameters.batch_size=3'),
      2,
      /cannot go on with --learning_parameters\.batch_size 3, the run began with 2; .*has been learned/,
    );
    await refusal(
      otxHere(['train', 'Lite-HRNet-18', '--resume-from', stopped]),
      2,
      /is a run of Lite-HRNet-s-mod2/,
    );
  });

  test('a run that is being trained, and so does a new training in its folder', async () => {
    const output = join(folder, 'busy');
    const last = join(output, 'models', 'last.safetensors');
    const args = trainArguments(output);
    args.splice(args.indexOf('4'), 1, '100000');
    let kill = (): void => undefined;
    const running = otx(args, {
      onStart: (send) => {
        kill = () => send('SIGKILL');
      },
    });
    try {
      await expect.poll(() => access(last).then(() => true, String), { timeout: 60_000 }).toBe(true);
      const inTheWay = /busy: process \d+ is at work in this folder; wait for its end, stop it/;
      await refusal(resume(output), 1, inTheWay);
      await refusal(otxHere(args), 1, inTheWay);
    } finally {
      kill();
    }
    expect((await running).code).toBeNull();
  });

  test('other data', async () => {
    const other = join(folder, 'other');
    await generateScenes(other, { train: 5, val: 1, width: 80, height: 64 });
    await refusal(
      resume(stopped, '--train-data-roots', join(other, 'train')),
      1,
      /is not the data that this run was trained with \(it has 5 images; there were 6\)/,
    );
  });

  test('nothing that only changes the speed', async () => {
    const { code } = await resume(stopped, 'params', '--learning_parameters.num_workers', '0');
    expect(code).toBe(0);
    expect((await outcomeOf(stopped)).hash).toBe((await outcomeOf(whole)).hash);
  });
});

test('a finished run that is given more epochs is the same, bit by bit, as one that had them from the beginning', async () => {
  const output = join(folder, 'extended');
  const args = trainArguments(output);
  args[args.indexOf('--learning_parameters.num_iters') + 1] = '2';
  expect((await otxHere(args)).code).toBe(0);
  const to = (epochs: number) => resume(output, 'params', '--learning_parameters.num_iters', String(epochs));
  expect(await to(1)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/cannot end at --learning_parameters\.num_iters 1: 2 epochs are done/),
  });
  expect(await to(2)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is finished .*give it more/) });
  const { code, stdout } = await to(4);
  expect(stdout).toMatch(
    /to 4 epochs \(it began with 2\): the optimiser's state is kept, the learning rate goes on/,
  );
  expect(code).toBe(0);
  expect(await outcomeOf(output)).toEqual(await outcomeOf(whole));
  const config = await readFile(join(output, 'config.yaml'), 'utf8');
  expect(config).toMatch(/^# after 2 epochs: to 4 epochs/);
  expect(config).toMatch(/num_iters: 4\n/);
});

describe('the configuration', () => {
  test('is printed as YAML, read back, and flags win', async () => {
    const args = trainArguments(join(folder, 'never'));
    args.splice(args.indexOf('params'), 0, '--print-config', '--time-budget', '2m');
    const printed = await otxHere(args);
    expect(printed.code).toBe(0);
    expect(printed.stdout).toMatch(/^template: Lite-HRNet-s-mod2\ntrain_data_roots: /m);
    expect(printed.stdout).toMatch(/time_budget: 120\n/);
    expect(printed.stdout).toMatch(/ {4}enable_early_stopping: true\n/);
    const file = join(folder, 'config.yaml');
    await writeFile(file, printed.stdout);
    const again = await otxHere(['train', '--config', file, '--print-config']);
    // What was read back has been named, so that no recipe gives a reason for it.
    expect(parse(again.stdout)).toEqual(parse(printed.stdout));
    const changed = await otxHere([
      ...['train', '--config', file, '--print-config', '--seed', '9'],
      ...['params', '--learning_parameters.batch_size=3', '--postprocessing.confidence_threshold', '0.6'],
    ]);
    expect(changed.stdout).toMatch(/seed: 9\n/);
    expect(changed.stdout).toMatch(/batch_size: 3\n/);
    expect(changed.stdout).toMatch(/confidence_threshold: 0.6\n +result_based_confidence_threshold: false\n/);
    expect(changed.stdout).toMatch(/num_iters: 4\n/);
  });

  test('of a run stands in its folder, with the environment', async () => {
    const config = await readFile(join(whole, 'config.yaml'), 'utf8');
    expect(config).toMatch(/^template: Lite-HRNet-s-mod2\n/);
    expect(config).not.toMatch(/^output:/m);
    expect(await readFile(join(whole, 'environment.json'), 'utf8')).toMatch(/"onnxruntime-node": "\d+\.\d+/);
  });

  test('with an entry that does not exist is refused', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'sed: 4\n');
    const { code, stderr } = await otxHere(['train', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong\.yaml: not a configuration of otx train .*sed/);
  });
});

test('a time budget is kept, with a validation and a checkpoint inside', async () => {
  const output = join(folder, 'budget');
  const args = trainArguments(output);
  args[args.indexOf('--learning_parameters.num_iters') + 1] = '100000';
  args.splice(args.indexOf('params'), 0, '--time-budget', '6s');
  const start = performance.now();
  const { code, stdout } = await otxHere([...args, '--learning_parameters.enable_early_stopping=false']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/the time budget is used up after \d+ of \d+ epochs/);
  // Start, reports and exit come on top of the budget, and other tests share the cores.
  expect((performance.now() - start) / 1000).toBeLessThan(18);
  const { info } = await loadCheckpoint(join(output, 'models', 'last.safetensors'));
  expect(info.resume?.state.finished).toBe('time-budget');
  expect(info.resume?.state.seconds.run).toBeLessThan(9);
  expect(info.metrics).not.toBeNull();
});
