/** @file The shared cases for every provider that this machine has, and what providers say of one that it has not. */
import { describe, expect, it, test } from 'vitest';
import type { StepTimes } from '../devices/kept-verdict.js';
import { findKernels } from '../native/find-kernels.js';
import { Packs } from '../sessions/packs.js';
import type { Placement, State } from '../sessions/session.js';
import type { DeviceKind, DeviceWish } from '../settings.js';
import { chooseProvider } from './choose-provider.js';
import { type DeviceTarget, deviceTarget } from './device-target.js';
import { providerCases } from './provider.cases.js';
import { providerOf, type Target } from './provider.js';
import { stockProvider, stockTarget } from './stock.js';

providerCases('stock');
const missing = await findKernels();
if (typeof missing === 'string') test.skip(`steps of the fused engine: ${missing}`, () => undefined);
else providerCases('fused');

describe('which provider is chosen', () => {
  const run = () => Promise.reject(new Error('no such domain'));
  const target: Target = {
    session: { provider: 'stock' },
    identity: 'made up',
    halves: 'none',
    passes: () => [],
  };
  const stock = stockProvider('fast');
  const right = providerOf('fused', async () => target);
  const wrong = providerOf<Target, string>('fused', async () => 'it computes nonsense');
  const none = (kind: DeviceKind) => providerOf<DeviceTarget, string>(kind, async () => 'there is none');
  const devices = { webgpu: none('webgpu'), cuda: none('cuda') };

  it('auto takes the fused one where it works, and says why where it does not', async () => {
    expect(await chooseProvider({ engine: 'auto' }, { stock, fused: right, devices }, run)).toMatchObject({
      kind: 'fused',
      target,
    });
    expect(await chooseProvider({ engine: 'auto' }, { stock, fused: wrong, devices }, run)).toMatchObject({
      kind: 'stock',
      reason: 'it computes nonsense',
    });
    await expect(chooseProvider({ engine: 'fused' }, { stock, fused: wrong, devices }, run)).rejects.toThrow(
      'the fused engine cannot be used: it computes nonsense',
    );
  });

  it('the stock one is not asked about the other, and does without what its runtime refuses', async () => {
    const unasked = providerOf<Target, string>('fused', () => Promise.reject(new Error('asked')));
    const { kind, target: found } = await chooseProvider(
      { engine: 'stock' },
      { stock, fused: unasked, devices },
      run,
    );
    expect(kind).toBe('stock');
    expect(found.identity).toEqual({ provider: 'stock', capabilities: {} });
  });

  describe('of devices', () => {
    const there = (kind: DeviceKind) =>
      providerOf<DeviceTarget, string>(kind, async () => deviceTarget(kind, `a ${kind} card`));
    const choose = (device: DeviceWish, times?: StepTimes) =>
      chooseProvider(
        { engine: 'auto', device },
        { stock, fused: right, devices: { webgpu: there('webgpu'), cuda: none('cuda') } },
        run,
        times && (async () => times),
      );

    it('one that is asked for by name is taken, or refused with the reason', async () => {
      expect(await choose('webgpu')).toMatchObject({
        kind: 'webgpu',
        device: 'a webgpu card',
        target: { session: { provider: 'webgpu' } },
      });
      await expect(choose('cuda')).rejects.toThrow('the device cuda cannot be used: there is none');
    });

    it('auto takes one only where a step is faster, and says what it found in one line', async () => {
      const faster = await choose('auto', { processor: 900, device: 300, problem: null });
      expect(faster).toMatchObject({ kind: 'webgpu', device: 'a webgpu card' });
      expect(faster.reason).toBe(
        'a step takes 0.30 s with webgpu on a webgpu card, and 0.90 s on the processor',
      );
      const slower = await choose('auto', { processor: 300, device: 900, problem: null });
      expect(slower.kind).toBe('fused');
      expect(slower.device).toBeUndefined();
      expect(slower.reason).toContain('0.90 s with webgpu on a webgpu card');
      expect(slower.reason).toContain('cuda cannot be used: there is none');
      expect(slower.reason).not.toContain('\n');
    });

    it('steps of mixed precision are so where there are halves, and the processor is told to', () => {
      const halvesOf = (target: Target) => typeof target.halves;
      expect(halvesOf(deviceTarget('cuda', 'a card'))).toBe('object');
      expect(deviceTarget('webgpu', 'a card', 'it has none').halves).toBe('it has none');
      expect(halvesOf(stockTarget())).toBe('string');
      const told = stockTarget({}, true);
      expect(halvesOf(told)).toBe('object');
      expect(told.identity).not.toEqual(stockTarget().identity);
    });

    it('auto does without one that cannot run the step, and without a step to time', async () => {
      const broken = await choose('auto', { processor: 0, device: null, problem: 'out of memory' });
      expect(broken).toMatchObject({ kind: 'fused', reason: expect.stringContaining('out of memory') });
      expect(await choose('auto')).toMatchObject({ kind: 'fused' });
    });
  });

  it('looks only once', async () => {
    let looked = 0;
    const provider = providerOf<Target, string>('fused', async () => `no ${++looked}`);
    expect([await provider.probe(run), await provider.probe(run)]).toEqual(['no 1', 'no 1']);
  });
});

describe('packs', () => {
  /** A placement that keeps account of what it holds. */
  function placement(): Placement & { readonly held: Set<State> } {
    const held = new Set<State>();
    return {
      held,
      create: (size) => {
        const values = new Float32Array(size);
        const state: State = {
          set: async (data) => values.set(data),
          get: async () => values.slice(),
          isNextFinite: () => true,
          commit: () => undefined,
          release: () => void held.delete(state),
        };
        held.add(state);
        return state;
      },
    };
  }

  it('move to where a step wants them, and leave nothing behind', async () => {
    const packs = new Packs();
    const [near, far] = [placement(), placement()];
    await packs.set('weights', Float32Array.of(1, 2, 3));
    const state = await packs.at('weights', near);
    expect(await packs.at('weights', near)).toBe(state);
    await state.set(Float32Array.of(4, 5, 6));
    await packs.at('weights', far);
    expect([near.held.size, far.held.size]).toEqual([0, 1]);
    expect(await packs.get('weights')).toEqual(Float32Array.of(4, 5, 6));
    packs.clear();
    expect(far.held.size).toBe(0);
  });

  it('keep their size', async () => {
    const packs = new Packs();
    packs.declare('weights', 3);
    await expect(packs.set('weights', new Float32Array(2))).rejects.toThrow(
      'has 2 values here, but 3 elsewhere',
    );
    await expect(packs.at('weights', placement())).rejects.toThrow('has no values yet');
  });
});
