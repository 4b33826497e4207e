/**
 * @file `otx/files`, small tools for programs around otx that keep files of their own, as the studio does: files that are whole or not
 * there, reading that no pipe and no giant can stop, JSON of strangers, names, and work in turns.
 */

export { type Chunk, writeFileAtomic } from './base/atomic.js';
export { cacheFolder, type Environment } from './base/cache-folder.js';
export { messageOf } from './base/errors.js';
export { makeFolder } from './base/make-folder.js';
export { nameProblem } from './base/names.js';
export { linkFile } from './base/outputs/link-file.js';
export { type LockOwner, ownerOf } from './base/outputs/lock.js';
export { checkPlace } from './base/outputs/outputs.js';
export type { Input, Inputs } from './base/outputs/places.js';
export { parseJson } from './base/parse-json.js';
export {
  type FileKind,
  MOST_BYTES,
  type OpenFile,
  openRegular,
  readRegular,
  readTextOf,
  Unreadable,
} from './base/read-file.js';
export { shown } from './base/shown.js';
export { isRunning, isTemporaryName } from './base/temporary-name.js';
export { hiddenCharacter } from './base/text.js';
export { createTurns, type TakeTurn } from './base/turns.js';
export { mapConcurrent } from './data/loaders/concurrent.js';
