/**
 * @file Compiled steps kept between runs: to optimise and lower the graph of a training step takes longer than to read the
 * model file that comes of it. An entry is found by a digest of all that shapes it, and believed only when its own checksum
 * is right. Nothing that goes wrong here is an error: the step is compiled as if there were no cache.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../base/atomic.js';
import { cacheFolder, type Environment } from '../base/cache-folder.js';
import { makeFolder } from '../base/make-folder.js';
import { readRegular } from '../base/read-file.js';
import { installedVersion, version } from '../base/version.js';
import type { PreparedStep } from './prepare.js';

/** What of a prepared step is worth keeping; the rest follows from the step. */
export type CachedStep = Omit<PreparedStep, 'binding'>;

/** First bytes of an entry; another form of entry gets another number. */
const MAGIC = 'otx step 1\n';
const SHA256_BYTES = 32;
const ENDING = '.step';
/** All entries together; the least recently used ones go first. */
const MAX_BYTES = 256 * 2 ** 20;
/** A file that a killed process left half written. */
const ABANDONED_MS = 60 * 60 * 1000;

/**
 * `OTX_STEP_CACHE`: a folder, or `off` for no cache. Default: `steps` in the cache folder of the user.
 */
export function stepCacheFolder(environment: Environment = process.env): string | undefined {
  const wish = environment.OTX_STEP_CACHE;
  if (wish === 'off') return undefined;
  return wish ? resolve(wish) : join(cacheFolder(environment), 'steps');
}

export class StepCache {
  constructor(
    private readonly folder: string,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /** The entry for a key, or undefined; a damaged one is removed. */
  async read(key: string): Promise<CachedStep | undefined> {
    const path = this.pathOf(key);
    try {
      const entry = decode(await readRegular(path, this.maxBytes));
      if (entry) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        return entry;
      }
      await rm(path, { force: true });
    } catch {}
    return undefined;
  }

  /** Adds an entry, and makes room for it. */
  async write(key: string, step: CachedStep): Promise<void> {
    if (step.model.length > this.maxBytes) return;
    try {
      await makeFolder(this.folder);
      await writeFileAtomic(this.pathOf(key), encode(step));
      await this.prune();
    } catch {}
  }

  private pathOf(key: string): string {
    return join(this.folder, `${key}${ENDING}`);
  }

  private async prune(): Promise<void> {
    const files: { path: string; size: number; mtimeMs: number }[] = [];
    for (const name of await readdir(this.folder)) {
      if (!name.includes(ENDING)) continue;
      const path = join(this.folder, name);
      const { size, mtimeMs } = await stat(path);
      if (!name.endsWith(ENDING) && Date.now() - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
      else files.push({ path, size, mtimeMs });
    }
    files.sort((a, b) => b.mtimeMs - a.mtimeMs);
    let total = 0;
    for (const { path, size } of files) {
      total += size;
      if (total > this.maxBytes) await rm(path, { force: true });
    }
  }
}

/**
 * Of a step's digest and all else that the compiler's result depends on, itself included. Undefined where the files of the
 * compiler cannot be read, as in a program bundled into one file.
 */
export function cacheKey(digest: string, ...settings: readonly unknown[]): string | undefined {
  const compiler = compilerDigest();
  if (compiler === undefined) return undefined;
  const parts = [digest, compiler, version, installedVersion('onnxruntime-node'), ...settings];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

let knownCompiler: string | undefined;

/** Of the files of the compiler: a version alone would not tell apart what is being worked on. */
function compilerDigest(): string | undefined {
  if (knownCompiler !== undefined) return knownCompiler;
  const hash = createHash('sha256');
  const source = fileURLToPath(new URL('..', import.meta.url));
  try {
    for (const layer of ['graph', 'engine'])
      for (const name of readdirSync(join(source, layer), { recursive: true, encoding: 'utf8' }).sort())
        if (/(?<!\.(test|cases|d))\.[jt]s$/.test(name))
          hash.update(name).update(readFileSync(join(source, layer, name)));
  } catch {
    return undefined;
  }
  knownCompiler = hash.digest('hex');
  return knownCompiler;
}

/** Magic, SHA-256 of what follows, length of the head (32 bits), head in JSON, model file. */
function encode({ model, ...head }: CachedStep): Uint8Array {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const content = Buffer.concat([length, json, model]);
  return Buffer.concat([Buffer.from(MAGIC), sha256(content), content]);
}

function decode(bytes: Buffer): CachedStep | undefined {
  const start = MAGIC.length + SHA256_BYTES;
  const content = bytes.subarray(start);
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC || content.length < 4) return undefined;
  if (!sha256(content).equals(bytes.subarray(MAGIC.length, start))) return undefined;
  const modelStart = 4 + content.readUInt32LE();
  const head = JSON.parse(content.toString('utf8', 4, modelStart)) as Omit<CachedStep, 'model'>;
  // In memory of its own, which can be handed over to the engine's thread.
  return { ...head, model: new Uint8Array(content.subarray(modelStart)) };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
