/** @file The state of all steps, by name: every pack lives where the step that ran last wanted it. */
import { hostPlacement } from './host.js';
import type { Placement, State } from './session.js';

interface Pack {
  readonly size: number;
  /** Absent until it has values. */
  held?: { readonly placement: Placement; readonly state: State };
}

export class Packs {
  private readonly packs = new Map<string, Pack>();

  /** @throws Error when a pack of that name has another size. */
  requireSize(name: string, size: number): void {
    const known = this.packs.get(name)?.size ?? size;
    if (known !== size) throw new Error(`pack "${name}" has ${size} values here, but ${known} elsewhere`);
  }

  /** From now on the pack has that size. @throws Error when it has another already. */
  declare(name: string, size: number): void {
    this.requireSize(name, size);
    if (!this.packs.has(name)) this.packs.set(name, { size });
  }

  /** @throws Error when the pack has another size. */
  async set(name: string, data: Float32Array): Promise<void> {
    this.declare(name, data.length);
    const pack = this.packs.get(name)!;
    const held = pack.held ?? { placement: hostPlacement, state: hostPlacement.create(data.length) };
    await held.state.set(data);
    pack.held = held;
  }

  /** A copy. @throws Error when the pack has no values yet. */
  get(name: string): Promise<Float32Array> {
    return this.heldOf(name).held.state.get();
  }

  /** The pack where a session wants it; it is moved there if it is elsewhere. @throws Error when it has no values yet. */
  async at(name: string, placement: Placement): Promise<State> {
    const pack = this.heldOf(name);
    const { held } = pack;
    if (held.placement === placement) return held.state;
    const state = placement.create(pack.size);
    await state.set(await held.state.get());
    pack.held = { placement, state };
    held.state.release();
    return state;
  }

  /** Frees all. */
  clear(): void {
    for (const { held } of this.packs.values()) held?.state.release();
    this.packs.clear();
  }

  private heldOf(name: string): Pack & Required<Pick<Pack, 'held'>> {
    const pack = this.packs.get(name);
    if (!pack?.held) throw new Error(`pack "${name}" has no values yet; call setState first`);
    return pack as Pack & Required<Pick<Pack, 'held'>>;
  }
}
