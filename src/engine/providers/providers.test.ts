/** @file The shared cases for every provider that this machine has, and what providers say of one that it has not. */
import { describe, expect, it, test } from 'vitest';
import { findKernels } from '../native/find-kernels.js';
import { Packs } from '../sessions/packs.js';
import type { Placement, State } from '../sessions/session.js';
import { chooseProvider } from './choose-provider.js';
import { providerCases } from './provider.cases.js';
import { providerOf, type Target } from './provider.js';
import { stockProvider } from './stock.js';

providerCases('stock');
const missing = await findKernels();
if (typeof missing === 'string') test.skip(`steps of the fused engine: ${missing}`, () => undefined);
else providerCases('fused');

describe('which provider is chosen', () => {
  const run = () => Promise.reject(new Error('no such domain'));
  const target: Target = { session: { provider: 'stock' }, identity: 'made up', passes: () => [] };
  const stock = stockProvider('fast');
  const right = providerOf('fused', async () => target);
  const wrong = providerOf<Target, string>('fused', async () => 'it computes nonsense');

  it('auto takes the fused one where it works, and says why where it does not', async () => {
    expect(await chooseProvider('auto', { stock, fused: right }, run)).toMatchObject({
      kind: 'fused',
      target,
    });
    expect(await chooseProvider('auto', { stock, fused: wrong }, run)).toMatchObject({
      kind: 'stock',
      reason: 'it computes nonsense',
    });
    await expect(chooseProvider('fused', { stock, fused: wrong }, run)).rejects.toThrow(
      'the fused engine cannot be used: it computes nonsense',
    );
  });

  it('the stock one is not asked about the other, and does without what its runtime refuses', async () => {
    const unasked = providerOf<Target, string>('fused', () => Promise.reject(new Error('asked')));
    const { kind, target: found } = await chooseProvider('stock', { stock, fused: unasked }, run);
    expect(kind).toBe('stock');
    expect(found.identity).toEqual({ provider: 'stock', capabilities: {} });
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
