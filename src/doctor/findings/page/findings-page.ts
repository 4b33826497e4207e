/** @file The findings as one HTML file with pictures, to be opened anywhere and sent to whoever labels. */

import { throwIfAborted } from '../../../base/abortable.js';
import type { MaskCoding } from '../../../data/index.js';
import { escaped, element as tag } from '../../../drawing/html.js';
import { type ExaminedImage, type FindingKind, type Found, KINDS } from '../finding.js';
import { nameOf } from '../name-of.js';
import type { ReadSubset } from '../open-subsets.js';
import { pictureOf } from './picture.js';
import { STYLE } from './style.js';

/** Pictures of a finding, and on the whole page, so that it can be sent by mail. */
const MOST_OF_A_FINDING = 4;
const MOST_PICTURES = 120;
/** Findings of one kind that are listed; `findings.json` has all. */
const MOST_OF_A_KIND = 100;

/** What the page is about. */
export interface PageInput {
  /** The data set, as it was given. */
  readonly data: string;
  readonly subsets: readonly ReadSubset[];
  readonly found: readonly Found[];
  readonly codingOf: (image: ExaminedImage) => MaskCoding;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** @throws OtxError `image` for files that can no longer be read, `aborted`. */
export async function findingsPage({
  data,
  subsets,
  found,
  codingOf,
  signal,
  onProgress,
}: PageInput): Promise<string> {
  const pictures = await drawAll(found, subsets[0]!.dataset.classes, { codingOf, signal, onProgress });
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  const sections = kinds.map((kind) =>
    section(
      kind,
      found.filter((each) => each.kind === kind),
      pictures,
    ),
  );
  const verdict =
    found.length === 0
      ? 'Nothing was found that is wrong or odd.'
      : `${found.length} finding${found.length === 1 ? '' : 's'}, the weightiest first.`;
  const body = [
    tag('h1', {}, escaped(`What was found in ${data}`)),
    tag('p', {}, verdict),
    classTable(subsets),
    ...sections,
  ].join('\n');
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escaped(`Findings: ${data}`)}</title><style>${STYLE}</style></head>`,
    `<body>${body}</body></html>\n`,
  ].join('\n');
}

/** Data URLs, by image and by whether labels are shown. */
type Pictures = ReadonlyMap<string, string>;

const keyOf = (image: ExaminedImage, kind: FindingKind) => `${KINDS[kind].shows}\n${nameOf(image)}`;

async function drawAll(
  found: readonly Found[],
  classes: ReadSubset['dataset']['classes'],
  { codingOf, signal, onProgress }: Pick<PageInput, 'codingOf' | 'signal' | 'onProgress'>,
): Promise<Pictures> {
  const wanted = new Map<string, { image: ExaminedImage; hasLabels: boolean }>();
  for (const { kind, images } of found) {
    if (KINDS[kind].shows === 'nothing') continue;
    for (const image of images.slice(0, MOST_OF_A_FINDING)) {
      if (wanted.size < MOST_PICTURES)
        wanted.set(keyOf(image, kind), { image, hasLabels: KINDS[kind].shows === 'labels' });
    }
  }
  const pictures = new Map<string, string>();
  for (const [key, { image, hasLabels }] of wanted) {
    throwIfAborted(signal, 'pictures were drawn');
    pictures.set(key, await pictureOf(image.sample, hasLabels ? codingOf(image) : undefined, classes));
    onProgress(pictures.size, wanted.size);
  }
  return pictures;
}

function section(kind: FindingKind, found: readonly Found[], pictures: Pictures): string {
  const { title, remedy } = KINDS[kind];
  const listed = found.slice(0, MOST_OF_A_KIND).map((each) => article(each, pictures));
  const rest = found.length - listed.length;
  return tag(
    'section',
    {},
    tag('h2', {}, `${escaped(title)} <small>${found.length}</small>`) +
      tag('p', { class: 'remedy' }, `What to do: ${escaped(remedy)}.`) +
      listed.join('\n') +
      (rest > 0 ? tag('p', {}, `and ${rest} more in findings.json`) : ''),
  );
}

function article({ kind, message, images }: Found, pictures: Pictures): string {
  const shown = images.slice(0, MOST_OF_A_FINDING);
  const figures = shown.map((image) => {
    const picture = pictures.get(keyOf(image, kind));
    const drawn = picture === undefined ? '' : tag('img', { src: picture, alt: '', loading: 'lazy' });
    return tag('figure', {}, drawn + tag('figcaption', {}, escaped(nameOf(image))));
  });
  const rest = images.length - shown.length;
  const names =
    rest > 0
      ? tag(
          'p',
          {},
          `and ${rest} more: ${escaped(
            images
              .slice(shown.length, shown.length + 20)
              .map(nameOf)
              .join(', '),
          )}`,
        )
      : '';
  return tag('article', {}, tag('p', {}, escaped(message)) + figures.join('') + names);
}

/** Shares of the pixels and numbers of images of each class in each subset. */
function classTable(subsets: readonly ReadSubset[]): string {
  const heads = subsets.flatMap(({ name, dataset }) => [
    `${name === '' ? 'all' : name}: ${dataset.samples.length} images`,
    'show it',
  ]);
  const rows = subsets[0]!.dataset.classes.map((info, index) => {
    const cells = subsets.flatMap(({ report }) => {
      const found = report.classes[index];
      return found ? [`${(100 * found.share).toPrecision(3)} %`, String(found.images)] : ['', ''];
    });
    const swatch = index === 0 ? '' : tag('i', { style: `background:rgb(${info.color.join()})` }, '&#8203;');
    return [swatch + escaped(info.name), ...cells];
  });
  const row = (cells: readonly string[], name: 'td' | 'th') =>
    tag('tr', {}, cells.map((cell) => tag(name, {}, cell)).join(''));
  return tag(
    'table',
    {},
    row(['class', ...heads.map(escaped)], 'th') + rows.map((cells) => row(cells, 'td')).join(''),
  );
}
