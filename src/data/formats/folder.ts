/** @file A folder that somebody else filled: listing, and reading its files within bounds, without leaving it. */
import { readdir, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { messageOf, OtxError } from '../../base/errors.js';
import { parseJson } from '../../base/parse-json.js';
import { parseYaml } from '../../base/parse-text.js';
import { type FileKind, MOST_BYTES, piecesOf, readTextOf } from '../../base/read-file.js';
import { findImages, type ImageFile, isFolder } from '../images/image-files.js';

const kindOf = (expected: string, maxBytes: number): FileKind => ({ code: 'dataset', expected, maxBytes });

/** A folder with a data set. What is listed is remembered. */
export class Folder {
  private readonly listed = new Map<string, readonly string[]>();
  private readonly said = new Map<string, boolean>();
  private readonly found = new Map<string, Promise<readonly ImageFile[]>>();
  private readonly inner = new Map<string, Folder>();

  /** @param path as the user gave it, or of a folder in that. */
  constructor(readonly path: string) {}

  /** Names in a folder of it, sorted, hidden ones left out; none where it is no folder. */
  async names(below = ''): Promise<readonly string[]> {
    const known = this.listed.get(below);
    if (known) return known;
    const names = await readdir(join(this.path, below)).catch((): string[] => []);
    const shown = names.filter((name) => !name.startsWith('.') && name !== '__MACOSX').sort();
    this.listed.set(below, shown);
    return shown;
  }

  /** Names of files with one of these endings ("json"), in whatever case. */
  async files(below: string, ...endings: readonly string[]): Promise<readonly string[]> {
    const isOne = (name: string) => endings.includes(posix.extname(name).slice(1).toLowerCase());
    return (await this.names(below)).filter(isOne);
  }

  async folders(below = ''): Promise<readonly string[]> {
    const names = await this.names(below);
    const are = await Promise.all(names.map((name) => isFolder(join(this.path, below, name))));
    return names.filter((_, i) => are[i]);
  }

  hasFolder(name: string): Promise<boolean> {
    return isFolder(join(this.path, name));
  }

  async hasFile(name: string): Promise<boolean> {
    return (await stat(join(this.path, name)).catch(() => undefined))?.isFile() ?? false;
  }

  /** The folder below this one. */
  at(name: string): Folder {
    const known = this.inner.get(name) ?? new Folder(join(this.path, name));
    this.inner.set(name, known);
    return known;
  }

  /** All images in a folder of it, at any depth, as {@link findImages} gives them. Remembered. */
  images(below = ''): Promise<readonly ImageFile[]> {
    const known = this.found.get(below) ?? findImages(join(this.path, below));
    this.found.set(below, known);
    return known;
  }

  /** Without the mark that some programs begin with. @throws OtxError `dataset` for what is missing, or is UTF-16. */
  async text(name: string, expected: string, maxBytes: number = MOST_BYTES.list): Promise<string> {
    const path = join(this.path, name);
    const text = await readTextOf(path, kindOf(expected, maxBytes));
    // As PowerShell and old editors of Windows write it.
    if (text.includes('\u0000')) {
      throw new OtxError('dataset', `${path}: is not UTF-8 but UTF-16, or no text at all; save it as UTF-8`);
    }
    return text.replace(/^\uFEFF/, '');
  }

  /** @throws OtxError `dataset` for a file that is missing, too large, or no JSON. */
  async json(name: string, expected: string): Promise<unknown> {
    const path = join(this.path, name);
    const text = await readTextOf(path, kindOf(expected, MOST_BYTES.annotations));
    return parsed(path, 'JSON', () => parseJson(text));
  }

  /** The same for YAML. */
  async yaml(name: string, expected: string): Promise<unknown> {
    const path = join(this.path, name);
    const text = await readTextOf(path, kindOf(expected, MOST_BYTES.yaml));
    return parsed(path, 'YAML', () => parseYaml(text));
  }

  /** Whether the text of a file has all of these in it; a file that cannot be read has none. Remembered. */
  async says(name: string, patterns: readonly RegExp[]): Promise<boolean> {
    const key = `${name}\n${patterns.join('\n')}`;
    const known = this.said.get(key);
    if (known !== undefined) return known;
    const text = await this.text(name, 'text', MOST_BYTES.annotations).catch(() => '');
    const does = patterns.every((pattern) => pattern.test(text));
    this.said.set(key, does);
    return does;
  }

  /** Whether a text is what PowerShell and old editors of Windows write. */
  async isUtf16(name: string): Promise<boolean> {
    try {
      for await (const head of piecesOf(join(this.path, name), MOST_BYTES.annotations, 2)) {
        return ['fffe', 'feff'].includes(Buffer.from(head).toString('hex'));
      }
    } catch {
      // What cannot be read is told of where it is needed.
    }
    return false;
  }

  /** A JSON file if it is small and sound, for a look at what it is; otherwise undefined. */
  async peek(name: string, maxBytes: number = MOST_BYTES.json): Promise<unknown> {
    try {
      return parseJson(await readTextOf(join(this.path, name), kindOf('JSON', maxBytes)));
    } catch {
      return undefined;
    }
  }
}

function parsed(path: string, language: string, parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    throw new OtxError('dataset', `${path}: is not valid ${language} (${messageOf(error)})`);
  }
}
