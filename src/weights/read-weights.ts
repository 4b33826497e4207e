/**
 * @file Reads weights from wherever they come: files of PyTorch, old and new, and safetensors. Every claim of a file is
 * checked before memory is taken for it, and only the state dict is read, not the optimiser's state beside it.
 */

import { ByteFile } from './byte-file.js';
import { tensorProblem, VALUES_REMEDY } from './check-values.js';
import { checkHeaderBytes, PREFIX_BYTES, parseSafetensorsHeader } from './safetensors.js';
import { checkedNames, locateStateDict, referenceNames } from './state-dict-names.js';
import {
  checkExpansion,
  readStoredTensor,
  rowMajorStrides,
  type StoredTensor,
  type WeightTensor,
} from './stored-tensor.js';
import { describeTorchFile } from './torch-file.js';
import { isTrainingState } from './training-state.js';
import { namingFile, unusable } from './unusable.js';
import { checkBytes } from './zip-directory.js';

/** Weights under the names of the reference implementation. */
export interface Weights {
  readonly tensors: Map<string, WeightTensor>;
  /** Background first; undefined when the file does not tell. */
  readonly classNames?: readonly string[];
  /** What kind of file it is, for the user: "PyTorch zip, OTX snapshot". */
  readonly format: string;
}

/** Which names tensors get: those of this project (see {@link referenceNames}), or as they are in the file. */
export type Naming = 'reference' | 'file';

/**
 * Reads the weights of a `.pth`, `.pt` or `.safetensors` file. Nothing in it is executed. Float types become float32,
 * int64 stays, smaller integers and booleans become float32; views, transposed and repeated tensors become plain ones.
 *
 * @throws OtxError `checkpoint` naming the file and the reason.
 */
export function readWeights(path: string, naming: Naming = 'reference'): Promise<Weights> {
  return ByteFile.use(path, async (file) => {
    const isSafetensors = path.endsWith('.safetensors') || (await beginsLikeSafetensors(file));
    const kind = isSafetensors ? 'safetensors file' : 'PyTorch file';
    return namingFile(path, kind, async () => {
      const { stored, ...about } = await (isSafetensors ? describeSafetensors(file) : describeTorch(file));
      const names =
        naming === 'reference'
          ? referenceNames([...stored.keys()])
          : new Map([...stored.keys()].map((name) => [name, name]));
      const kept = [...names].map(([name, inFile]) => [name, stored.get(inFile) as StoredTensor] as const);
      checkExpansion(kept, file.size);
      // Tensors may share what holds them.
      const entries = new Set(kept.map(([, { entry }]) => entry));
      for (const entry of entries) if (entry) await checkBytes(file, entry);
      const tensors = new Map<string, WeightTensor>();
      for (const [name, stored] of kept) {
        const tensor = await readStoredTensor(file, stored);
        const problem = tensorProblem(name, { data: tensor.data, type: stored.type });
        if (problem) return unusable(`${problem}; ${VALUES_REMEDY}`);
        tensors.set(name, tensor);
      }
      return { tensors, ...about };
    });
  });
}

/**
 * The free text of a safetensors file by key; undefined for a file of another format.
 *
 * @throws OtxError `checkpoint` naming the file and the reason.
 */
export function readSafetensorsMetadata(path: string): Promise<Readonly<Record<string, string>> | undefined> {
  return ByteFile.use(path, async (file) => {
    if (!path.endsWith('.safetensors') && !(await beginsLikeSafetensors(file))) return undefined;
    return namingFile(path, 'safetensors file', async () => (await readHeader(file)).metadata);
  });
}

interface Described extends Omit<Weights, 'tensors'> {
  /** By the names of the file. */
  readonly stored: ReadonlyMap<string, StoredTensor>;
}

async function describeTorch(file: ByteFile): Promise<Described> {
  const torchFile = await describeTorchFile(file);
  const { entries, classNames, layout } = locateStateDict(
    torchFile.root,
    (value) => torchFile.tensor(value) !== undefined,
  );
  const stored = new Map<string, StoredTensor>();
  for (const [name, value] of entries) {
    const tensor = torchFile.tensor(value);
    if (!tensor) continue;
    if (typeof name !== 'string') return unusable('a tensor of its state_dict has no text as its name');
    stored.set(name, tensor);
  }
  return { stored, classNames, format: `${torchFile.format}, ${layout}` };
}

/** The header's length is little-endian, and JSON follows. */
async function beginsLikeSafetensors(file: ByteFile): Promise<boolean> {
  if (file.size <= PREFIX_BYTES) return false;
  const start = await file.read(0, PREFIX_BYTES + 1);
  return start[PREFIX_BYTES] === 0x7b && start.readUInt16LE(6) === 0;
}

async function describeSafetensors(file: ByteFile): Promise<Described> {
  const { entries, metadata, bodyStart } = await readHeader(file);
  const stored = new Map<string, StoredTensor>();
  for (const { name, type, shape, begin } of entries) {
    if (isTrainingState(name)) continue;
    stored.set(name, { type, shape, strides: rowMajorStrides(shape), position: bodyStart + begin });
  }
  if (stored.size === 0) return unusable('no weights in it');
  return { stored, classNames: checkedNames(classesOfOtx(metadata.otx)), format: 'safetensors' };
}

async function readHeader(file: ByteFile) {
  const start = await file.read(0, Math.min(file.size, PREFIX_BYTES));
  const headerBytes = checkHeaderBytes(start, file.size);
  const bodyStart = PREFIX_BYTES + headerBytes;
  const header = await file.read(PREFIX_BYTES, headerBytes);
  return { ...parseSafetensorsHeader(header, file.size - bodyStart), bodyStart };
}

/** Class names in the metadata of this project's own checkpoints. */
function classesOfOtx(json: string | undefined): string[] | undefined {
  try {
    const info: unknown = JSON.parse(json ?? 'null');
    const { classes } = (info ?? {}) as { classes?: readonly { name?: unknown }[] };
    const names = Array.isArray(classes) ? classes.map(({ name }) => name) : [];
    return names.length > 0 && names.every((name) => typeof name === 'string')
      ? (names as string[])
      : undefined;
  } catch {
    return undefined;
  }
}
