import { describe, expect, it } from 'vitest';
import { OtxError, option } from '../../base/errors.js';
import { errorOf } from './fixtures.cases.js';
import { allOfThem, datasetError } from './problems.js';

const problems = (count: number) => Array.from({ length: count }, (_, i) => `file${i} is bad`);

describe('datasetError', () => {
  it('has a line for each of the first twenty problems and the number of the rest, and keeps all', () => {
    const error = datasetError('ROOT', problems(45), 'Mend them');
    const lines = error.message.split('\n');
    expect(lines[0]).toBe('ROOT: 45 problems. Mend them');
    expect(lines.slice(1, 21)).toEqual(problems(20).map((problem) => `  ${problem}`));
    expect(lines.slice(21)).toEqual(['  and 25 more']);
    expect(error.problems).toEqual(problems(45));
    expect(datasetError('ROOT', problems(20), 'x').message).not.toContain('more');
    expect(datasetError('ROOT', problems(1), 'Mend it').message).toBe('file0 is bad. Mend it');
  });
});

describe('allOfThem', () => {
  it('gives all results, or one error for all bad data sets', async () => {
    expect(await allOfThem<[number, string]>([async () => 1, async () => 'a'])).toEqual([1, 'a']);
    const bad = async () => Promise.reject(datasetError('A', problems(2), 'Mend'));
    const gone = async () => Promise.reject(new OtxError('dataset', 'B is gone'));
    const error = (await errorOf(allOfThem([bad, async () => 1, gone]))) as OtxError;
    expect(error.message).toBe('A: 2 problems. Mend\n  file0 is bad\n  file1 is bad\n  B is gone');
    expect(error.problems).toEqual([...problems(2), 'B is gone']);
    expect((await errorOf(allOfThem([gone, async () => 1]))).message).toBe('B is gone');
  });

  it('says once what two data sets in one folder have in common', async () => {
    const bad = (reason: string) => async () =>
      Promise.reject(datasetError('A', [`a.png cannot be read (${reason})`], 'Mend'));
    const error = (await errorOf(allOfThem([bad('damaged'), bad('damaged: early end')]))) as OtxError;
    expect(error.message).toBe('a.png cannot be read (damaged). Mend');
  });

  it('keeps the options that the errors mention', async () => {
    const fail = (name: string) => async () =>
      Promise.reject(new OtxError('dataset', `${name}: give ${option('assume')} x`));
    const error = (await errorOf(allOfThem([fail('A'), fail('B')]))) as OtxError;
    expect(error.message).toBe('A: give assume x\nB: give assume x');
    expect(error.messageWith((name) => `--${name}`)).toBe('A: give --assume x\nB: give --assume x');
  });

  it('ends at once for any other failure', async () => {
    const calls: number[] = [];
    const stop = async () => Promise.reject(new OtxError('aborted', 'stopped'));
    const error = await errorOf(allOfThem([stop, async () => calls.push(1)]));
    expect(error).toMatchObject({ code: 'aborted' });
    expect(calls).toEqual([]);
  });
});
