/** @file Gathers what is wrong in a file, and what shows nothing, while its annotations are read one by one. */
import { listSome } from '../datasets/problems.js';
import { Wrong } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

/** What was found besides the shapes themselves. */
export class Collected {
  readonly problems: string[] = [];
  private readonly passedOver = new Map<string, number>();

  /**
   * The shape that `parse` gives; what is wrong with it becomes a problem.
   *
   * @param where file and annotation, for the message.
   */
  shape(where: string, parse: () => Shape | undefined): Shape[] {
    try {
      const shape = parse();
      if (shape === undefined)
        this.passOver('outline of fewer than three corners', 'outlines of fewer than three corners');
      return shape === undefined ? [] : [shape];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      this.problems.push(`${where} ${error.message}`);
      return [];
    }
  }

  /** Counts something that shows no pixels: a box, a point. */
  passOver(one: string, many = `${one}s`): void {
    const key = `${one}\n${many}`;
    this.passedOver.set(key, (this.passedOver.get(key) ?? 0) + 1);
  }

  /** In one sentence, if anything was passed over. */
  notices(): string[] {
    const parts = [...this.passedOver].map(
      ([key, count]) => `${count} ${key.split('\n')[count === 1 ? 0 : 1]}`,
    );
    return parts.length === 0 ? [] : [`passed over, since they enclose no pixels: ${listSome(parts)}`];
  }
}
