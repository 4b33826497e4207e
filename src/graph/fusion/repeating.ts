/**
 * @file Which maps are never stored, although several operators read them: those that take no more reading to compute again than
 * they take to be read. A channel shuffle of halves that are stored, a map times the gate of its channels, a ReLU of a map: each
 * reader computes the values from their sources, and nobody writes them.
 */
import type { AnyNode, Tensor } from '../tensor.js';
import type { Matching } from './matching.js';
import { isPart, piecesOf, viewPlanes } from './planes.js';

/** Operators that cost nothing beside the reading of their operands. */
const LIGHT: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'relu', 'positive']);
/** Most of them for one value. */
const MOST_OPERATORS = 6;
/** What is at most this share of a map is in the cache when it is read. */
const SMALL_SHARE = 1 / 4;
/** Smallest maps whose sums have an operator. */
export const MIN_SUMMED = 64;

/** What one value costs: maps that are read, and operators. */
interface Cost {
  readonly reads: number;
  readonly operators: number;
}

const FREE: Cost = { reads: 0, operators: 0 };
const READ: Cost = { reads: 1, operators: 0 };

export class Repeating {
  private readonly known = new Map<Tensor, boolean>();

  constructor(private readonly matching: Matching) {}

  /** Whether those who read the map compute it, each for itself. */
  has(x: Tensor): boolean {
    const known = this.known.get(x);
    if (known !== undefined) return known;
    const answer = this.isCheap(x) && this.matching.readers(x).every((reader) => this.absorbs(reader));
    this.known.set(x, answer);
    return answer;
  }

  private isCheap(x: Tensor): boolean {
    if (x.rank !== 4 || x.dtype !== 'float32') return false;
    if (!LIGHT.has(x.node.op) && !piecesOf(x)) return false;
    const { reads, operators } = this.cost(x, x.size, true);
    return reads <= 1 && operators <= MOST_OPERATORS;
  }

  /** @param inside whether x itself is computed, not read */
  private cost(x: Tensor, size: number, inside: boolean): Cost {
    const node = x.node as AnyNode;
    if (node.op === 'expand' || node.op === 'resizeNearest') return this.cost(node.inputs[0]!, size, false);
    if (x.size <= size * SMALL_SHARE) return FREE;
    if (inside && LIGHT.has(node.op)) {
      const costs = node.inputs.map((operand) => this.cost(operand, size, this.goesInside(operand)));
      return {
        reads: costs.reduce((sum, { reads }) => sum + reads, 0),
        operators: costs.reduce((sum, { operators }) => sum + operators, 1),
      };
    }
    const pieces = inside ? piecesOf(x) : undefined;
    if (pieces) {
      const costs = pieces.map(({ map }) => this.cost(map, map.size, this.goesInside(map)));
      return {
        reads: Math.max(...costs.map(({ reads }) => reads)),
        operators: Math.max(...costs.map(({ operators }) => operators)),
      };
    }
    if (!isPart(x)) return READ;
    const { source } = viewPlanes(x, { first: 0, step: 1, count: 1 });
    return this.has(source) ? this.cost(source, source.size, true) : READ;
  }

  private goesInside(x: Tensor): boolean {
    return this.matching.isInner(x) || x.node.op === 'positive' || this.has(x);
  }

  /** Whether a node becomes part of a program, so that it can compute what it reads. */
  private absorbs(node: AnyNode): boolean {
    const [y] = node.outputs as [Tensor];
    const x = node.inputs[0]!;
    if (node.op === 'averagePool') return true;
    if (node.op === 'reduceSum' || node.op === 'reduceMean') {
      const axes = node.attributes.axes.join();
      return x.rank === 4 && (axes === '2,3' || axes === '0,2,3') && x.shape[2]! * x.shape[3]! >= MIN_SUMMED;
    }
    if (LIGHT.has(node.op)) return y.rank === 4 && y.dtype === 'float32';
    if (piecesOf(y)) return true;
    // On the way to or from a shuffle.
    if (node.op !== 'split' && node.op !== 'slice' && node.op !== 'reshape' && node.op !== 'concat')
      return false;
    return node.outputs.every((part) => {
      const readers = this.matching.readers(part);
      return (isPart(part) || part.rank === 5) && readers.every((reader) => this.absorbs(reader));
    });
  }
}
