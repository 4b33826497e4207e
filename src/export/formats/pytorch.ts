/** @file A state dict as PyTorch saves it, under the names of the reference implementation. */

import { stateTensors } from '../../runs/state-dict.js';
import { encodeTorchFile } from '../../weights/index.js';
import type { ExportFormat } from './format.js';

const FILE = 'weights.pth';

export const pytorchFormat = {
  name: 'pytorch',
  description: 'weights for PyTorch',
  takes: [],
  defaultBatch: 'dynamic',
  precisions: ['fp32'],
  readable: false,
  files: [FILE],
  encode: ({ classes, state, variables }) => {
    const classNames = classes.map(({ name }) => name);
    return new Map([[FILE, encodeTorchFile(stateTensors(state, variables), { classNames })]]);
  },
} as const satisfies ExportFormat;
