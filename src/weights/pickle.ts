/**
 * @file A parser of Python's pickle format that executes nothing. A pickle is a program for a small stack machine whose
 * real opcodes import and call anything; here only those exist that build plain data, a name means something only if the
 * host knows it, and everything is counted, so that a few bytes cannot become gigabytes. Opcodes that PyTorch never
 * writes are refused by name.
 */

import { compact, type PickleHost, PickleMachine } from './pickle-machine.js';
import type { PickleValue } from './pickle-values.js';
import { quoted, unusable } from './unusable.js';

/** A parsed pickle and the position behind it. */
export interface ParsedPickle {
  readonly value: PickleValue;
  readonly end: number;
}

/**
 * Parses one pickle.
 *
 * @param start where in `bytes` it begins; another may follow it.
 * @throws Unusable naming the opcode or global that is not allowed, or the limit that was exceeded.
 */
export function parsePickle(bytes: Buffer, host: PickleHost, start = 0): ParsedPickle {
  const machine = new PickleMachine(bytes, host, start);
  for (;;) {
    const at = machine.position;
    const code = machine.byte();
    if (code === STOP) return { value: machine.finish(), end: machine.position };
    const run = operations[code];
    if (run === undefined) {
      const name = refused[code] ?? `0x${code.toString(16).padStart(2, '0')}`;
      return unusable(`pickle opcode ${name} at byte ${at} is not allowed; weights never need it`);
    }
    run(machine);
  }
}

/** Opcode INT: `I01` and `I00` are the booleans of the oldest protocols. */
function parseInteger(line: string): boolean | number | bigint {
  if (line === '01') return true;
  if (line === '00') return false;
  return /^-?\d+L?$/.test(line)
    ? compact(BigInt(line.replace('L', '')))
    : unusable(`a number ${quoted(line)}`);
}

const STOP = 0x2e;

const operations: Readonly<Record<number, (machine: PickleMachine) => void>> = {
  128: (m) => m.protocol(),
  149: (m) => m.frame(),
  40: (m) => m.mark(),
  48: (m) => m.popAny(),
  49: (m) => void m.popToMark(),
  78: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  73: (m) => m.push(parseInteger(m.line())),
  76: (m) => m.push(parseInteger(m.line())),
  74: (m) => m.push(m.signed32()),
  75: (m) => m.push(m.unsigned(1)),
  77: (m) => m.push(m.unsigned(2)),
  138: (m) => m.push(m.integer(m.unsigned(1))),
  139: (m) => m.push(m.integer(m.unsigned(4))),
  71: (m) => m.push(m.float64()),
  84: (m) => m.push(m.text(m.unsigned(4), 'latin1')),
  85: (m) => m.push(m.text(m.unsigned(1), 'latin1')),
  88: (m) => m.push(m.text(m.unsigned(4), 'utf-8')),
  140: (m) => m.push(m.text(m.unsigned(1), 'utf-8')),
  141: (m) => m.push(m.text(m.unsigned(8), 'utf-8')),
  66: (m) => m.push(m.raw(m.unsigned(4))),
  67: (m) => m.push(m.raw(m.unsigned(1))),
  142: (m) => m.push(m.raw(m.unsigned(8))),
  41: (m) => m.pushTuple([]),
  116: (m) => m.pushTuple(m.popToMark()),
  133: (m) => m.pushTuple([m.pop()]),
  134: (m) => m.pushTuple([m.pop(), m.pop()].reverse()),
  135: (m) => m.pushTuple([m.pop(), m.pop(), m.pop()].reverse()),
  93: (m) => m.pushList(),
  97: (m) => m.append([m.pop()]),
  101: (m) => m.append(m.popToMark()),
  125: (m) => m.pushDict(),
  115: (m) => m.setItems([m.pop(), m.pop()].reverse()),
  117: (m) => m.setItems(m.popToMark()),
  143: (m) => m.pushSet(),
  144: (m) => m.addToSet(m.popToMark()),
  104: (m) => m.recall(m.unsigned(1)),
  106: (m) => m.recall(m.unsigned(4)),
  113: (m) => m.remember(m.unsigned(1)),
  114: (m) => m.remember(m.unsigned(4)),
  148: (m) => m.rememberNext(),
  99: (m) => m.pushGlobal(m.line(), m.line()),
  147: (m) => {
    const name = m.pop();
    m.pushGlobal(m.pop(), name);
  },
  82: (m) => m.reduce(),
  98: (m) => m.build(),
  81: (m) => m.pushPersistent(),
};

/** The rest of the format, known only to be named. */
const refused: Readonly<Record<number, string>> = {
  50: 'DUP',
  70: 'FLOAT',
  80: 'PERSID',
  83: 'STRING',
  86: 'UNICODE',
  100: 'DICT',
  103: 'GET',
  105: 'INST',
  108: 'LIST',
  111: 'OBJ',
  112: 'PUT',
  129: 'NEWOBJ',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  145: 'FROZENSET',
  146: 'NEWOBJ_EX',
  150: 'BYTEARRAY8',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};
