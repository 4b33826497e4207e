/** @file Reads the meta file of the Common Semantic Segmentation layout: class names, colours and what mask values mean. */
import { z } from 'zod';
import { messageOf, OtxError } from '../../base/errors.js';
import { namesProblem } from '../../base/names.js';
import { parseJson } from '../../base/parse-text.js';
import { colorKey } from '../masks/color-key.js';
import type { Rgb } from '../masks/color-vision.js';
import { defaultPalette, vocPalette } from '../masks/palette.js';
import { BACKGROUND, type ClassInfo, IGNORE_INDEX, type MaskCoding } from '../types.js';

/** With which masks are read, and in which pictures are drawn, where a data set declares no colours. */
const VOC_COLORS = vocPalette(256);
const DRAWN_COLORS = defaultPalette(255);
/** 254 marks values without a class while masks are decoded, 255 is ignore. */
const MAX_CLASSES = 254;

const channel = z.number().int().min(0).max(255);
const metaSchema = z.looseObject({
  label_map: z.record(z.string().regex(/^\d+$/, 'keys must be whole numbers'), z.string()).optional(),
  labels: z.array(z.string()).optional(),
  segmentation_colors: z.array(z.tuple([channel, channel, channel])).nullish(),
  background_label: z.union([z.string(), z.number()]).nullish(),
});

/** What a meta file says about the classes. */
export interface DatasetMeta {
  readonly classes: readonly ClassInfo[];
  readonly coding: MaskCoding;
  readonly notices: readonly string[];
}

interface Label {
  readonly name: string;
  readonly color: Rgb | undefined;
}

/**
 * Interprets the text of `dataset_meta.json`.
 *
 * A label named `background` becomes class 0 and the others follow in file order; the value of an index mask is the
 * label's position in the file. Without such a label, mask value 0 is background and value k+1 is the k-th label.
 * @param path named in errors.
 * @throws OtxError `dataset` for text that is not JSON, wrong fields, repeated names or colours, too few or many classes.
 */
export function parseMeta(text: string, path: string): DatasetMeta {
  const fail = (reason: string): never => {
    throw new OtxError('dataset', `${path}: ${reason}`);
  };
  if (text.includes('\u0000')) {
    return fail('is not UTF-8 but UTF-16, or no text at all; save it as UTF-8');
  }
  const json = text.replace(/^\uFEFF/, '');
  let raw: unknown;
  try {
    raw = parseJson(json);
  } catch (error) {
    return fail(`is not valid JSON (${messageOf(error)})`);
  }
  const parsed = metaSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(
      `field ${issue?.path.join('.') || '(top level)'} is wrong: ${issue?.message}; ` +
        'expected e.g. {"label_map": {"0": "background", "1": "person"}}',
    );
  }
  const meta = parsed.data;
  const notices: string[] = [];
  const { pairs, ignored } = withoutIgnored(memberPairs(json, 'label_map', fail));
  if (ignored !== undefined) notices.push(`label ${ignored} at 255 is what 255 means here: pixels to ignore`);
  const mapped = pairs;
  const wrongKey = mapped.find(([key]) => !/^\d+$/.test(key))?.[0];
  if (wrongKey !== undefined) fail(`label_map has the key "${wrongKey}"; keys must be whole numbers`);
  const repeated = mapped.findIndex(([key], i) => mapped.findIndex(([k]) => Number(k) === Number(key)) < i);
  if (repeated >= 0) {
    const [key] = mapped[repeated]!;
    const names = mapped.filter(([k]) => Number(k) === Number(key)).map(([, name]) => name);
    fail(
      `label_map gives the value ${Number(key)} to ${names.join(' and ')}; each value stands for one class`,
    );
  }
  const declared = Math.max(meta.labels?.length ?? 0, mapped.length);
  if (declared > MAX_CLASSES) fail(`declares ${declared} classes; at most ${MAX_CLASSES} fit an 8-bit mask`);
  const labels = mergeLabels(meta.labels ?? [], mapped, meta.segmentation_colors ?? undefined, fail);
  if (labels.length === 0) fail('declares no classes; add "label_map": {"0": "background", "1": "person"}');

  const backgroundAt = findBackground(labels, mapped, meta.background_label ?? undefined, notices, fail);
  const first = backgroundAt < 0 ? 1 : 0;
  const keys = mapped.map(([key]) => Number(key));
  const onIgnore = mapped.find(([key]) => Number(key) === IGNORE_INDEX)?.[1];
  if (onIgnore !== undefined) {
    fail(
      `label_map gives the value 255 to class ${onIgnore}, but 255 marks pixels to ignore; give it the value ` +
        `${labels.findIndex(({ name }) => name === onIgnore) + first} here and in the masks`,
    );
  }
  if ((meta.labels ?? []).length === 0 && keys.some((key, i) => key !== i && key !== i + first)) {
    notices.push(
      'the keys of label_map do not count up from 0: mask values follow the order of the file ' +
        `(${labels.map((label, i) => `${i + first} = ${label.name}`).join(', ')}), not the keys`,
    );
  }
  if (backgroundAt < 0) {
    notices.push(
      `no label is named "background": mask value 0 is background and value 1 is ${labels[0]?.name}; ` +
        'if value 0 is a class of its own, name the first label "background"',
    );
  }

  const foreground = labels.filter((_, i) => i !== backgroundAt);
  if (foreground.length === 0) fail('declares no class besides background; at least one is needed');
  if (foreground.length + 1 > MAX_CLASSES) {
    fail(`declares ${foreground.length + 1} classes; at most ${MAX_CLASSES} fit an 8-bit mask`);
  }
  /** Position in the file of each class; none for a background that is not in it. */
  const positions = [
    backgroundAt < 0 ? undefined : backgroundAt,
    ...labels.flatMap((_, i) => (i === backgroundAt ? [] : [i])),
  ];
  const withColors = (undeclared: (position: number, classIndex: number) => Rgb): ClassInfo[] =>
    positions.map((position, classIndex) => {
      if (position === undefined) return { name: BACKGROUND, color: [0, 0, 0] };
      const { name, color } = labels[position]!;
      return { name, color: color ?? undeclared(position, classIndex) };
    });
  const classes = withColors((_, classIndex) => DRAWN_COLORS[classIndex]!);
  const inMasks = withColors((position) => VOC_COLORS[position + first]!);
  const classIndex = new Map(foreground.map((label, i) => [label.name, i + 1]));
  const values = labels.map((label, i) => (i === backgroundAt ? 0 : classIndex.get(label.name)!));
  const coding: MaskCoding = {
    values: backgroundAt < 0 ? [0, ...values] : values,
    colors: classColors(inMasks, backgroundAt < 0, fail),
    colorsDeclared: labels.some((label) => label.color !== undefined),
    useOtxAdapter: false,
  };
  return { classes, coding, notices };
}

/** Labels in the order in which the reference numbers them: `labels`, then the values of `label_map`. */
function mergeLabels(
  names: readonly string[],
  mapped: readonly (readonly [string, string])[],
  colors: readonly Rgb[] | undefined,
  fail: (reason: string) => never,
): Label[] {
  for (const list of [names, mapped.map(([, name]) => name)]) {
    const problem = namesProblem(list);
    if (problem !== undefined) fail(problem);
  }
  const declared = colors !== undefined && colors.length > 0;
  const colorAt = (position: number, name: string): Rgb | undefined => {
    if (!declared) return undefined;
    return colors[position] ?? fail(`segmentation_colors has no entry ${position} for class ${name}`);
  };
  const keyOf = new Map(mapped.map(([key, name]) => [name, Number(key)]));
  const order = [...new Set([...names, ...mapped.map(([, name]) => name)])];
  // A name may be in both lists, but then spelled alike.
  const problem = namesProblem(order);
  if (problem !== undefined) fail(problem);
  return order.map((name, i) => ({ name, color: colorAt(keyOf.get(name) ?? i, name) }));
}

/** A label at 255 that only says what 255 means anyway. */
function withoutIgnored(mapped: readonly (readonly [string, string])[]): {
  readonly pairs: readonly (readonly [string, string])[];
  readonly ignored: string | undefined;
} {
  const isIgnored = ([key, name]: readonly [string, string]) =>
    Number(key) === IGNORE_INDEX && IGNORED.test(plain(name));
  const ignored = mapped.find(isIgnored)?.[1];
  return { pairs: ignored === undefined ? mapped : mapped.filter((pair) => !isIgnored(pair)), ignored };
}

const IGNORED = /^(ignored?|ignore(label|region|area)|void|unlabell?ed|unknown|dontcare|border|boundary)$/;
/** Names for what is behind all objects, and for what nobody has labeled: which of the two, only a person can say. */
const UNCERTAIN = /^(bg|void|ignored?|unlabell?ed)$/;
/** A name without case, spaces and punctuation, which tools put around words of their own. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s\p{P}]/gu, '');

/**
 * Position of the label that is the background; -1 where there is none.
 *
 * A label of that name is; else what `background_label` names by value or name; else a first label that is spelled nearly
 * so, as other tools do. What cannot be told from a class is an error: every class would be trained under the name of its
 * neighbour.
 */
function findBackground(
  labels: readonly Label[],
  mapped: readonly (readonly [string, string])[],
  asked: string | number | undefined,
  notices: string[],
  fail: (reason: string) => never,
): number {
  const position = (name: string | undefined) => labels.findIndex((label) => label.name === name);
  const exact = position(BACKGROUND);
  if (exact >= 0) return exact;
  if (asked !== undefined && asked !== '') {
    const byValue = mapped.find(([key]) => Number(key) === Number(asked))?.[1];
    const at = position(String(asked)) >= 0 ? position(String(asked)) : position(byValue);
    if (at < 0)
      fail(`background_label is ${JSON.stringify(asked)}, which is neither a label nor the value of one`);
    notices.push(`label ${labels[at]!.name} is the background, as background_label says`);
    return at;
  }
  const near = labels.findIndex(({ name }) => plain(name) === BACKGROUND);
  if (near === 0) {
    notices.push(`the first label, "${labels[0]!.name}", is taken for the background`);
    return 0;
  }
  const uncertain = near > 0 ? near : UNCERTAIN.test(plain(labels[0]?.name ?? '')) ? 0 : -1;
  if (uncertain >= 0) {
    fail(
      `no label is named "background", and label "${labels[uncertain]!.name}" may be meant as it; rename it to ` +
        '"background" if it is, otherwise put a label "background" before all others, which then stands for the value 0',
    );
  }
  return -1;
}

function classColors(
  classes: readonly ClassInfo[],
  blackIsBackground: boolean,
  fail: (reason: string) => never,
): MaskCoding['colors'] {
  const byKey = new Map<number, { color: Rgb; classIndex: number }>();
  const add = (color: Rgb, classIndex: number) => byKey.set(colorKey(...color), { color, classIndex });
  add(VOC_COLORS[IGNORE_INDEX]!, IGNORE_INDEX);
  classes.forEach(({ name, color }, index) => {
    if (index === 0 && blackIsBackground) return;
    const other = byKey.get(colorKey(...color));
    if (other && other.classIndex !== IGNORE_INDEX) {
      fail(
        `classes ${classes[other.classIndex]?.name} and ${name} have the same colour (${color.join(', ')})`,
      );
    }
    add(color, index);
  });
  if (blackIsBackground && !byKey.has(0)) add([0, 0, 0], 0);
  return [...byKey.values()];
}

/**
 * The string members of one object of a valid JSON text in file order, repeated keys included: `JSON.parse` would sort
 * keys that look like numbers and drop repeats, and both change what mask values mean.
 */
function memberPairs(json: string, object: string, fail: (reason: string) => never): [string, string][] {
  let count = 0;
  const numbered = json.replace(/"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?/g, (token, key: string, colon?: string) =>
    colon === undefined ? token : `"#${count++}:${key}"${colon}`,
  );
  const bare = (key: string) => key.replace(/^#\d+:/, '');
  const top = Object.entries(JSON.parse(numbered) as Record<string, unknown>);
  const objects = top.filter(([key]) => bare(key) === object);
  if (objects.length > 1) fail(`has ${object} ${objects.length} times; leave one of them`);
  const members = objects[0]?.[1] ?? {};
  return Object.entries(members as Record<string, string>).map(([key, value]) => [bare(key), value]);
}
