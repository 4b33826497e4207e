/** @file What kind of picture a file holds, told by its first bytes: names of files lie, and decoders guess. */

/** Formats that are read. */
export const FORMATS = ['JPEG', 'PNG', 'WebP', 'TIFF', 'GIF', 'AVIF'] as const;
export type ImageFormat = (typeof FORMATS)[number];

/** "JPEG, PNG, WebP, TIFF, GIF or AVIF" */
export const FORMAT_LIST = `${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1)}`;

/** As much of a file as tells its kind. */
export const HEAD_BYTES = 256;

/** Signatures as hexadecimal digits from the first byte on; a dot is any digit. The first that fits counts. */
const READ: readonly (readonly [ImageFormat, string])[] = [
  // Bytes that do not belong there may follow; decoders skip them.
  ['JPEG', 'ffd8'],
  ['PNG', '89504e470d0a1a0a'],
  ['WebP', '52494646........57454250'],
  ['TIFF', '49492a00'],
  ['TIFF', '4d4d002a'],
  ['TIFF', '49492b00'],
  ['TIFF', '4d4d002b'],
  ['GIF', '474946383761'],
  ['GIF', '474946383961'],
];

const HEIC = 'HEIC, which telephones save and JPEG can be made of';

/** What else is found among photographs; for the message. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['BMP', '424d'],
  [HEIC, '........667479706865'],
  [HEIC, '........667479706d696631'],
  ['JPEG 2000', '0000000c6a5020200d0a870a'],
  ['JPEG 2000', 'ff4fff51'],
  ['JPEG XL', 'ff0a'],
  ['JPEG XL', '0000000c4a584c20'],
  ['a PDF document', '25504446'],
  ['a PostScript document', '25215053'],
  ['a Photoshop document', '38425053'],
  ['OpenEXR', '762f3101'],
  ['Radiance HDR', '233f'],
  ['FITS', '53494d504c45'],
  ['a netpbm image', '503[1-7][02]'],
  ['an icon', '00000100'],
  ['a zip archive', '504b0304'],
  ['a gzip archive', '1f8b'],
  [
    'a Git LFS pointer, in whose place "git lfs pull" puts the picture',
    '76657273696f6e2068747470733a2f2f6769742d6c6673',
  ],
  ['a MATLAB file', '4d41544c4142'],
];

/** The format of a picture that is read, undefined for anything else. @param head the first {@link HEAD_BYTES} or more. */
export function imageFormat(head: Uint8Array): ImageFormat | undefined {
  return kindOf(head, READ) ?? (isAvif(head) ? 'AVIF' : undefined);
}

/** Any of the brands that a file of this container lists may be that of AVIF. */
function isAvif(head: Uint8Array): boolean {
  const box = Buffer.from(head.subarray(0, HEAD_BYTES));
  if (box.toString('latin1', 4, 8) !== 'ftyp') return false;
  const brands: readonly string[] = box.toString('latin1', 8, box.readUInt32BE(0)).match(/.{4}/gs) ?? [];
  return brands.includes('avif') || brands.includes('avis');
}

/** What a file is that is no picture of these formats, as far as that can be told: "it is BMP". */
export function describeOther(head: Uint8Array): string | undefined {
  const other = kindOf(head, OTHERS);
  if (other !== undefined) return `it is ${other}`;
  const text = Buffer.from(head.subarray(0, HEAD_BYTES))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (/^<(\?xml|!--|!DOCTYPE svg|svg)/i.test(text)) return 'it is a drawing (SVG or XML)';
  if (/^<(!DOCTYPE html|html)/i.test(text)) return 'it is a web page';
  return undefined;
}

function kindOf<T extends string>(head: Uint8Array, table: readonly (readonly [T, string])[]): T | undefined {
  const digits = Buffer.from(head.subarray(0, HEAD_BYTES)).toString('hex');
  return table.find(([, signature]) => new RegExp(`^${signature}`).test(digits))?.[0];
}
