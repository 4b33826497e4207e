/** @file The operators that repeat operands of size 1 along the axes of the others, value by value. */
import type { OpName } from './vocabulary.js';

export const BROADCASTING = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'equal',
  'less',
  'greater',
  'greaterOrEqual',
  'and',
  'where',
] as const satisfies readonly OpName[];
