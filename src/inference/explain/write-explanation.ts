/** @file What is written of one explained picture, and under which names. */

import { join } from 'node:path';
import type { Outputs } from '../../base/outputs/outputs.js';
import type { ClassInfo } from '../../data/index.js';
import { encodeGray, heatOverlay } from '../../drawing/heat.js';
import { encodePng } from '../../drawing/overlay.js';
import { drawExplanation } from '../../drawing/sheets/explanation-sheet.js';
import type { Explanation, MapKind, PictureMap } from './explain-picture.js';

/** Below the output folder: sheets, maps, and maps over pictures. */
export const FOLDERS = ['sheets', 'maps', 'overlays'] as const;

/** Classes that there is room for on a sheet, the largest of the picture. */
const MOST_ON_SHEET = 8;

/** A map that was written. */
export interface ExplainedMap {
  /** What it shows. */
  readonly kind: MapKind;
  /** Name of the class that it is of; undefined for a map of all. */
  readonly className: string | undefined;
  /** PNG of gray levels, 0 for 0 and 255 for `full`. */
  readonly map: string;
  /** What level 255 stands for: of occlusion the largest share that is lost, else 1; of activations 1 is the largest of the picture. */
  readonly full: number;
  /** PNG of the map's colours over the picture; undefined where it was not asked for. */
  readonly overlay: string | undefined;
}

/** Files of one picture. */
export interface WrittenExplanation {
  /** PNG of the picture, its classes and the maps of the largest of them, side by side. */
  readonly sheet: string;
  /** In the order in which the sheet has them. */
  readonly maps: readonly ExplainedMap[];
}

interface Writing {
  readonly outputs: Outputs;
  /** As the caller named it. */
  readonly output: string;
  /** Relative path of the sheet below its folder; no other picture has it. */
  readonly name: string;
  readonly classes: readonly ClassInfo[];
  readonly overlays: boolean;
  readonly weight: number;
}

/** @throws OtxError `output` */
export async function writeExplanation(
  explanation: Explanation,
  { outputs, output, name, classes, overlays, weight }: Writing,
): Promise<WrittenExplanation> {
  const { image, maps, shares } = explanation;
  const largest = shares.map((share, index) => ({ share, index })).sort((a, b) => b.share - a.share);
  const rank = new Map(largest.map(({ index }, at) => [index, at]));
  const sorted = [...maps].sort((a, b) => rankOf(a, rank) - rankOf(b, rank));
  const onSheet = roomFor(sorted).map((map) => ({
    levels: map.levels,
    caption: captionOf(map, explanation, classes),
  }));
  const shown = largest.flatMap(({ share, index }) => (share > 0 ? [classes[index]!] : []));
  const sheet = await drawExplanation({ ...explanation, maps: onSheet }, classes, shown, weight);
  await outputs.write(join(FOLDERS[0], name), await encodePng(sheet));
  const written: ExplainedMap[] = [];
  for (const map of sorted) {
    const { kind, classIndex, levels, full } = map;
    const place = join(placeOf(map, classes), name);
    await outputs.write(join(FOLDERS[1], place), await encodeGray(levels, explanation));
    if (overlays) {
      await outputs.write(join(FOLDERS[2], place), await encodePng(heatOverlay(image, levels, weight)));
    }
    written.push({
      ...{ kind, full },
      className: classIndex === undefined ? undefined : classes[classIndex]!.name,
      map: join(output, FOLDERS[1], place),
      overlay: overlays ? join(output, FOLDERS[2], place) : undefined,
    });
  }
  return { sheet: join(output, FOLDERS[0], name), maps: written };
}

/** Maps of all first, then those of the largest class. */
const rankOf = ({ classIndex }: PictureMap, rank: ReadonlyMap<number, number>): number =>
  classIndex === undefined ? -1 : rank.get(classIndex)!;

function roomFor(sorted: readonly PictureMap[]): PictureMap[] {
  const indices = new Set(sorted.flatMap(({ classIndex }) => (classIndex === undefined ? [] : [classIndex])));
  const seen = new Set([...indices].slice(0, MOST_ON_SHEET));
  return sorted.filter(({ classIndex }) => classIndex === undefined || seen.has(classIndex));
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function captionOf(
  { kind, classIndex, full }: PictureMap,
  { entropy }: Explanation,
  classes: readonly ClassInfo[],
): string {
  const name = classIndex === undefined ? '' : `${classes[classIndex]!.name}: `;
  return {
    probability: `${name}probability`,
    'class-activation': `${name}activation`,
    activation: 'activation',
    entropy: `entropy, mean ${percent(entropy)}`,
    occlusion: `${name}lost, at most ${percent(full)}`,
  }[kind];
}

/** Longest part of a class's name in the name of a folder. */
const LONGEST = 40;

/** Folder of a map: names of classes may be anything, the number before them tells them apart. */
function placeOf({ kind, classIndex }: PictureMap, classes: readonly ClassInfo[]): string {
  if (classIndex === undefined) return kind;
  const name = [...classes[classIndex]!.name.replace(/[^\p{L}\p{N}-]+/gu, '_')].slice(0, LONGEST).join('');
  return join(kind, `${classIndex}-${name}`);
}
