/**
 * @file Programs of the operator `Elementwise` (native/kernels/elementwise.h): a chain of elementwise operators, as far as it
 * can be told by who reads what, in postfix order over views of the maps that it starts from.
 */
import type { AnyNode, Shape, Tensor } from '../tensor.js';
import { fusedOp, type Matching } from './matching.js';
import { type Channels, isPart, type Piece, piecesOf, viewPlanes } from './planes.js';
import type { Repeating } from './repeating.js';

/** As in native/kernels/kernels.h. */
const LOAD = 0;
const CONST = 1;
const CODES: { readonly [op: string]: number } = {
  ...{ add: 2, sub: 3, mul: 4, div: 5 },
  ...{ neg: 6, relu: 7, positive: 8, sigmoid: 9 },
};
const PLANE = 0;
const VALUE = 1;
const UPSAMPLED = 2;
const MOST = { depth: 8, tensors: 30, views: 48, constants: 16, pieces: 16, instructions: 60 } as const;
const LIMITS = { images: 2 ** 15, channels: 2 ** 18, height: 2 ** 14, width: 2048 } as const;

/** Operators that a program can compute. */
export const isElementwise = (node: AnyNode): boolean => Object.hasOwn(CODES, node.op);

/** Sizes of the maps that are computed. */
export interface Maps {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export function fitsProgram(maps: Maps): boolean {
  return (Object.keys(LIMITS) as (keyof Maps)[]).every((side) => maps[side] <= LIMITS[side]);
}

interface ProgramPiece extends Channels {
  readonly code: readonly number[];
}

/** Why a map is not in a program: nothing can be done, or its channels must be computed in these parts. */
type Problem = 'unfit' | readonly Channels[];

/** Collects the pieces of one operator; whatever does not fit makes it refuse, and nothing is made of it. */
export class ElementwiseProgram {
  private readonly tensors: Tensor[] = [];
  private readonly views: (readonly number[])[] = [];
  private readonly constants: number[] = [];
  private readonly pieces: ProgramPiece[] = [];
  private readonly swallowed = new Set<Tensor>();

  constructor(
    private readonly maps: Maps,
    private readonly matching: Matching,
    /** Maps that are computed although others read them too; default: none. */
    private readonly repeating?: Repeating,
    /** Of tensors [images, channels, length], each row of which is taken for a map; default: tensors are maps. */
    private readonly flatLength?: number,
  ) {}

  /** Operators and copies that the program does away with. */
  get absorbed(): number {
    return this.swallowed.size;
  }

  /**
   * Channels `from` of x become channels `to` of the result.
   *
   * @param inside whether what computes x goes into the program; it is computed beside it otherwise
   */
  add(x: Tensor, from: Channels, to: Channels, inside: boolean): boolean {
    const before = [this.tensors.length, this.views.length, this.constants.length] as const;
    const code: number[] = [];
    const problem = this.emit(x, x.shape[1]!, from, code, inside);
    if (problem === undefined && depthOf(code) <= MOST.depth && code.length <= 2 * MOST.instructions) {
      this.pieces.push({ ...to, code });
      return this.tensors.length <= MOST.tensors && this.pieces.length <= MOST.pieces;
    }
    [this.tensors.length, this.views.length, this.constants.length] = before;
    if (problem === undefined || problem === 'unfit') return false;
    // The parts are given by their places among the channels that were asked for.
    return problem.every(({ first, step, count }) =>
      this.add(
        x,
        { first: from.first + first * from.step, step: step * from.step, count },
        { first: to.first + first * to.step, step: step * to.step, count },
        inside,
      ),
    );
  }

  /** The operator. @param windows height and width of the windows that are summed at the end, and the factor of the sums */
  finish(windows: readonly [number, number] = [0, 0], scale = 1): Tensor {
    const { images, channels, height, width } = this.maps;
    const program = [images, channels, height, width, ...windows];
    program.push(this.tensors.length, this.views.length, this.pieces.length, ...this.views.flat());
    for (const { count, first, step, code } of this.pieces)
      program.push(count, first, step, code.length / 2, ...code);
    const shape: Shape =
      windows[0] > 0
        ? [images, channels, height / windows[0], width / windows[1]]
        : [images, channels, height, width];
    const attributes = {
      program: { ints: program },
      // An attribute without values has no type in a file.
      constants: { floats: this.constants.length > 0 ? this.constants : [0] },
      scale: { float: scale },
    };
    const inputs = this.tensors.map(this.matching.current);
    return fusedOp('Elementwise', inputs, [{ dtype: 'float32', shape }], attributes)[0]!;
  }

  /** Appends what leaves channels of x on the stack. @param all number of channels of the map that x is an operand of */
  private emit(
    x: Tensor,
    all: number,
    channels: Channels,
    code: number[],
    inside: boolean,
  ): Problem | undefined {
    const node = x.node as AnyNode;
    if (node.op === 'constant' && x.size === 1)
      return this.place(
        code,
        CONST,
        indexIn(this.constants, Number(node.attributes.data[0])),
        MOST.constants,
      );
    if (node.op === 'expand') return this.emit(node.inputs[0]!, all, channels, code, inside);
    const { height, width } = this.maps;
    if (!this.isWhole(x, all)) return this.broadcast(x, all, channels, code);
    if (node.op === 'resizeNearest') {
      const [h, w] = node.inputs[0]!.shape.slice(2) as [number, number];
      if (height % h === 0 && width % w === 0) {
        this.swallowed.add(x);
        return this.load(code, node.inputs[0]!, channels, [UPSAMPLED, height / h, width / w]);
      }
    }
    if (inside && isElementwise(node)) return this.compute(node, x, channels, code);
    const pieces = inside ? piecesOf(x) : undefined;
    if (pieces) return this.join(x, pieces, channels, code);
    if (isPart(x)) {
      this.swallowed.add(x);
      const { source, image, offset, channel } = viewPlanes(x, channels);
      const places = { first: offset, step: channel, count: channels.count };
      if (this.repeating?.has(source)) return this.emit(source, image, places, code, true);
    }
    return this.load(code, x, channels, [PLANE, 1, 1]);
  }

  /** Whether nothing of x is broadcast. */
  private isWhole(x: Tensor, all: number): boolean {
    const { images, height, width } = this.maps;
    const pixels = this.flatLength === undefined ? [height, width] : [this.flatLength];
    if (x.rank !== 2 + pixels.length || x.shape[0] !== images) return false;
    return pixels.every((size, i) => size === x.shape[i + 2]) && x.shape[1] === all;
  }

  private compute(node: AnyNode, x: Tensor, channels: Channels, code: number[]): Problem | undefined {
    this.swallowed.add(x);
    const operands = node.inputs.map((operand) => ({ operand, inside: this.goesInside(operand) }));
    // The longer operand first keeps the stack flat; the sum or product has the same bits.
    const [a, b] = operands;
    const isCommutative = node.op === 'add' || node.op === 'mul';
    if (b && isCommutative && b.inside && isElementwise(b.operand.node as AnyNode)) {
      if (!(a!.inside && isElementwise(a!.operand.node as AnyNode))) operands.reverse();
    }
    for (const { operand, inside } of operands) {
      const problem = this.emit(operand, x.shape[1]!, channels, code, inside);
      if (problem) return problem;
    }
    code.push(CODES[node.op]!, 0);
    return undefined;
  }

  /** What nobody else reads; and masks and others that are as fast to compute again as to read. */
  private goesInside(x: Tensor): boolean {
    const { isInner } = this.matching;
    if (x.node.op === 'positive' || this.repeating?.has(x)) return true;
    if (!isInner(x)) return false;
    if (x.node.op !== 'reshape') return true;
    const stacked = x.node.inputs[0]!;
    return isInner(stacked) && stacked.node.inputs.every(isInner);
  }

  /** Channels of a map that is put together: those of one part, or the parts that they fall into. */
  private join(x: Tensor, pieces: readonly Piece[], channels: Channels, code: number[]): Problem | undefined {
    const shares = pieces.map((piece) => ({ piece, share: meeting(channels, piece) }));
    if (shares.some(({ share }) => share === 'unfit')) return 'unfit';
    const met = shares.filter(({ share }) => share !== undefined);
    if (met.length !== 1) return met.map(({ share }) => share as Channels);
    const { map, first, step } = met[0]!.piece;
    this.swallowed.add(x);
    const inner = {
      first: (channels.first - first) / step,
      step: channels.step / step,
      count: channels.count,
    };
    return this.emit(map, map.shape[1]!, inner, code, this.goesInside(map) || isPart(map));
  }

  /** A map with fewer images or channels, or with one value a plane. */
  private broadcast(x: Tensor, all: number, channels: Channels, code: number[]): Problem | undefined {
    const { images, height, width } = this.maps;
    const sizes = this.flatLength === undefined ? [height, width] : [this.flatLength];
    const missing = 2 + sizes.length - x.rank;
    if (missing < 0) return 'unfit';
    const [n, c, ...pixels] = [...new Array<number>(missing).fill(1), ...x.shape] as [number, number];
    if ((n !== 1 && n !== images) || (c !== 1 && c !== all)) return 'unfit';
    const isPlane = (pixels as number[]).every((size, i) => size === sizes[i]);
    if (!isPlane && (pixels as number[]).some((size) => size !== 1)) return 'unfit';
    const [first, step] = c === 1 ? [0, 0] : [channels.first, channels.step];
    return this.view(code, x, [isPlane ? PLANE : VALUE, n === 1 ? 0 : c, first, step, 1, 1]);
  }

  private load(
    code: number[],
    x: Tensor,
    channels: Channels,
    [mode, upH, upW]: readonly [number, number, number],
  ): Problem | undefined {
    const { source, image, offset, channel } = viewPlanes(x, channels);
    return this.view(code, source, [mode, image, offset, channel, upH, upW]);
  }

  private view(code: number[], source: Tensor, place: readonly number[]): Problem | undefined {
    if (source.dtype !== 'float32') return 'unfit';
    const view = [indexIn(this.tensors, source), ...place];
    const key = view.join();
    const known = this.views.findIndex((other) => other.join() === key);
    return this.place(code, LOAD, known >= 0 ? known : this.views.push(view) - 1, MOST.views);
  }

  private place(code: number[], instruction: number, index: number, most: number): Problem | undefined {
    code.push(instruction, index);
    return index < most ? undefined : 'unfit';
  }
}

/**
 * Which of `channels` (by their places among them) lie in a piece; undefined for none. Unfit where their steps do not go
 * together.
 */
function meeting(channels: Channels, piece: Channels): Channels | 'unfit' | undefined {
  const inPiece = (place: number): boolean => {
    const at = channels.first + place * channels.step - piece.first;
    return at >= 0 && at % piece.step === 0 && at / piece.step < piece.count;
  };
  const places = Array.from({ length: channels.count }, (_, i) => i).filter(inPiece);
  if (places.length === 0) return undefined;
  const [first, second] = places as [number, number | undefined];
  const step = second === undefined ? 1 : second - first;
  if (places.some((place, i) => place !== first + i * step)) return 'unfit';
  return (channels.step * step) % piece.step === 0 ? { first, step, count: places.length } : 'unfit';
}

function indexIn<T>(list: T[], value: T): number {
  const known = list.indexOf(value);
  return known >= 0 ? known : list.push(value) - 1;
}

function depthOf(code: readonly number[]): number {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < code.length; i += 2) {
    const instruction = code[i]!;
    depth += instruction <= CONST ? 1 : instruction <= CODES.div! ? -1 : 0;
    most = Math.max(most, depth);
  }
  return most;
}

export const wholeMap = (x: Tensor): Channels => ({ first: 0, step: 1, count: x.shape[1]! });

export const mapsOf = (x: Tensor): Maps | undefined => {
  if (x.rank !== 4 || x.dtype !== 'float32') return undefined;
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  return { images, channels, height, width };
};
