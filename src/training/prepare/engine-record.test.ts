import { expect, test } from 'vitest';
import { recordOf, warnOfEngine, warnOfOtherEngine } from './engine-record.js';

const cpu = { kind: 'fused', reason: 'it works' } as const;
const card = { kind: 'webgpu', reason: 'asked for', device: 'Some Card 5' } as const;
const said = (now: typeof cpu | typeof card, resume: ReturnType<typeof recordOf>): string[] => {
  const messages: string[] = [];
  warnOfOtherEngine(now, { resume }, (message) => messages.push(message));
  return messages;
};

test('a run records what computed it, and says nothing where that is the same', () => {
  expect(recordOf(cpu)).toEqual({ engine: 'fused' });
  expect(recordOf(card)).toEqual({ engine: 'webgpu', device: 'Some Card 5' });
  expect(said(cpu, recordOf(cpu))).toEqual([]);
  expect(said(card, recordOf(card))).toEqual([]);
});

test('another engine or another card is said with both names', () => {
  expect(said(card, recordOf(cpu))).toEqual([
    expect.stringContaining('had the fused engine and goes on with the webgpu engine on Some Card 5'),
  ]);
  expect(said(card, { engine: 'webgpu', device: 'Other Card' })).toEqual([
    expect.stringContaining(
      'had the webgpu engine on Other Card and goes on with the webgpu engine on Some Card 5',
    ),
  ]);
  expect(said(cpu, {})).toEqual([expect.stringContaining('had the stock engine')]);
});

test('where mixed precision is not to be had, one line says so', () => {
  const messages: string[] = [];
  const warn = (engine: typeof cpu | typeof card, notMixed?: string) =>
    warnOfEngine({ engine, notMixed }, undefined, (message) => messages.push(message));
  warn(card, 'it has no float16');
  warn(cpu, 'it takes longer there');
  warn(card);
  expect(messages).toEqual([
    'mixed precision is not used on Some Card 5: it has no float16; steps are computed in float32',
    'mixed precision is not used on the processor: it takes longer there; steps are computed in float32',
  ]);
});
