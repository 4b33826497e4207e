/** @file Finds out which format a folder has, by its content. */
import { readdir } from 'node:fs/promises';
import { messageOf, OtxError, option } from '../../base/errors.js';
import { listSome } from '../datasets/problems.js';
import { css, LAYOUT } from './css.js';
import { Folder } from './folder.js';
import type { DatasetFormat } from './format.js';
import { FORMAT_NAMES, FORMATS, LAST_RESORT } from './formats.js';

/** Single folders within folders, as archives are unpacked. */
const DEEPEST = 3;

/** A folder and its format. */
export interface Located {
  readonly folder: Folder;
  readonly format: DatasetFormat;
}

/**
 * The format of the data set at `root`, or in the single folder that there is in it.
 *
 * @param name the format that it is to have. Default: what its content tells.
 * @throws OtxError `dataset` when the folder is missing, empty, of no known format, or of several; `usage` for a name that is
 * none.
 */
export async function locate(root: string, name?: string): Promise<Located> {
  const wanted = name === undefined ? undefined : formatNamed(name);
  await checkReadable(root);
  const folders = await foldersOf(root);
  // Folders of images and masks are in many layouts, also deeper than where these begin.
  const passes = wanted ? [ofFormat(wanted)] : [formatOf, ofFormat(LAST_RESORT)];
  for (const look of passes) {
    for (const folder of folders) {
      const format = await look(folder);
      if (format) return { folder, format };
    }
  }
  throw nothingFits(root, await folders[0]!.names(), wanted, await hintsOf(folders.at(-1)!));
}

/** Whether the folder itself is a data set of any format, or of several. */
export async function isDataset(root: string): Promise<boolean> {
  const folder = new Folder(root);
  for (const format of FORMATS) if (await format.detect(folder)) return true;
  return false;
}

/** Names of the subsets of a data set. @throws OtxError as {@link locate} */
export async function listSubsets(root: string, name?: string): Promise<readonly string[]> {
  const { folder, format } = await locate(root, name);
  return format.subsets(folder);
}

/** The folder, and those that are the only one in the one before. */
async function foldersOf(root: string): Promise<readonly Folder[]> {
  const found = [new Folder(root)];
  while (found.length <= DEEPEST) {
    const [only, ...others] = await found.at(-1)!.folders();
    if (only === undefined || others.length > 0) break;
    found.push(found.at(-1)!.at(only));
  }
  return found;
}

const ofFormat =
  (format: DatasetFormat) =>
  async (folder: Folder): Promise<DatasetFormat | undefined> =>
    (await format.detect(folder)) ? format : undefined;

/** @throws OtxError `usage` */
export function formatNamed(name: string): DatasetFormat {
  const format = FORMATS.find((each) => each.name === name);
  if (format) return format;
  throw new OtxError(
    'usage',
    `${option('dataFormat')} is ${JSON.stringify(name)}; expected one of ${FORMAT_NAMES.join(', ')}`,
  );
}

async function formatOf(folder: Folder): Promise<DatasetFormat | undefined> {
  // A file that is made for this program says more than any layout.
  if (await css.detect(folder)) return css;
  const found: DatasetFormat[] = [];
  for (const format of FORMATS) {
    if (format !== css && format !== LAST_RESORT && (await format.detect(folder))) found.push(format);
  }
  if (found.length > 1) {
    throw new OtxError(
      'dataset',
      `${folder.path} could be read as ${found.map(({ title }) => title).join(' or as ')}; choose with ` +
        found.map((format) => `${option('dataFormat')} ${format.name}`).join(' or '),
    );
  }
  return found[0];
}

/** @throws OtxError `dataset` */
async function checkReadable(root: string): Promise<void> {
  let names: string[];
  try {
    names = (await readdir(root)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    const reason = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder' }[
      (error as NodeJS.ErrnoException).code ?? ''
    ];
    throw new OtxError(
      'dataset',
      `data set folder ${root} ${reason ?? `cannot be read (${messageOf(error)})`}; expected a folder with ${LAYOUT}`,
      { cause: error },
    );
  }
  if (names.length === 0) {
    throw new OtxError('dataset', `data set folder ${root} is empty; expected ${LAYOUT}`);
  }
}

/** Sub-folders that are looked into. */
const MOST_HINTS = 12;

/** What may be the reason that nothing fits. */
async function hintsOf(folder: Folder): Promise<string> {
  const inside: string[] = [];
  for (const name of (await folder.folders()).slice(0, MOST_HINTS)) {
    if (await isDataset(folder.at(name).path)) inside.push(name);
  }
  const texts = await folder.files('', 'json', 'csv', 'txt', 'xml', 'yaml', 'yml');
  const wide: string[] = [];
  for (const name of texts.slice(0, MOST_HINTS)) {
    if (await folder.isUtf16(name)) wide.push(name);
  }
  const hints = [
    ...(inside.length > 0 ? [`${listSome(inside)} would be data sets of their own: give one of them`] : []),
    ...(wide.length > 0 ? [`${listSome(wide)} are not UTF-8 but UTF-16: save them as UTF-8`] : []),
  ];
  return hints.map((hint) => `; ${hint}`).join('');
}

function nothingFits(
  root: string,
  names: readonly string[],
  wanted: DatasetFormat | undefined,
  hints: string,
): OtxError {
  const found = `${names.length > 0 ? ` (found ${listSome(names)})` : ''}${hints}`;
  if (wanted) {
    return new OtxError(
      'dataset',
      `${root} is not a data set of the format ${wanted.title}: expected ${wanted.looksFor}${found}`,
    );
  }
  const lines = FORMATS.map(({ name, looksFor }) => `  ${name}: ${looksFor}`);
  return new OtxError(
    'dataset',
    `${root} is not a data set: expected ${LAYOUT}, or one of the other formats${found}; looked for\n${lines.join('\n')}`,
  );
}
