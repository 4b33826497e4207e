import { expect, test } from 'vitest';
import { recordOf, warnOfOtherEngine } from './engine-record.js';

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
