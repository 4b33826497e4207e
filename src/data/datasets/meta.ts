/** @file Reads the meta file of the Common Semantic Segmentation layout: class names, colours and what mask values mean. */
import { z } from 'zod';
import { messageOf, OtxError } from '../../base/errors.js';
import { namesProblem } from '../../base/names.js';
import { parseJson } from '../../base/parse-json.js';
import type { Rgb } from '../masks/color-vision.js';
import { type Declaration, type DeclaredLabel, declaredReadings } from '../readings/declared.js';
import { BACKGROUND, type ClassInfo, type DeclaredReading, IGNORE_INDEX, type MaskCoding } from '../types.js';

/** 254 marks values without a class while masks are decoded, 255 is ignore. */
const MAX_CLASSES = 254;
/** Of a mask with 16 bits. */
const LARGEST_VALUE = 65535;

const channel = z.number().int().min(0).max(255);
const metaSchema = z.looseObject({
  label_map: z.record(z.string().regex(/^\d+$/, 'keys must be whole numbers'), z.string()).optional(),
  labels: z.array(z.string()).optional(),
  segmentation_colors: z.array(z.tuple([channel, channel, channel])).nullish(),
  background_label: z.union([z.string(), z.number()]).nullish(),
});

/** What a meta file says about the classes. */
export interface DatasetMeta {
  /** As the first of {@link readings} has them. */
  readonly classes: readonly ClassInfo[];
  readonly coding: MaskCoding;
  readonly notices: readonly string[];
  /** All ways to number the labels, of which the masks may decide; the most likely first. */
  readonly readings: readonly DeclaredReading[];
}

/**
 * Interprets the text of `dataset_meta.json`.
 *
 * A label named `background` becomes class 0 and the others follow in file order. The value of a label is its key in
 * `label_map`, or its position in `labels`. Where no label is the background, value 0 may be it, or the first label: both
 * are given as readings, as are others that the file leaves open.
 * @param path named in errors.
 * @throws OtxError `dataset` for text that is not JSON, wrong fields, repeated names or colours, too few or many classes.
 */
export function parseMeta(text: string, path: string): DatasetMeta {
  const fail = (reason: string): never => {
    throw new OtxError('dataset', `${path}: ${reason}`);
  };
  const readings = declaredReadings(parseDeclaration(text, fail), fail);
  const { classes, coding, notices } = readings[0]!;
  return { classes, coding, notices, readings };
}

function parseDeclaration(text: string, fail: (reason: string) => never): Declaration {
  const json = text.replace(/^\uFEFF/, '');
  const meta = parseFields(json, fail);
  const { pairs: mapped, ignored } = withoutIgnored(memberPairs(json, 'label_map', fail));
  const notices =
    ignored === undefined ? [] : [`label ${ignored} at 255 is what 255 means here: pixels to ignore`];
  checkKeys(mapped, fail);
  const declared = Math.max(meta.labels?.length ?? 0, mapped.length);
  if (declared > MAX_CLASSES) fail(`declares ${declared} classes; at most ${MAX_CLASSES} fit an 8-bit mask`);
  const labels = mergeLabels(meta.labels ?? [], mapped, meta.segmentation_colors ?? undefined, fail);
  if (labels.length === 0) fail('declares no classes; add "label_map": {"0": "background", "1": "person"}');
  const found = findBackground(labels, mapped, meta.background_label ?? undefined, notices, fail);
  const others = labels.length - (found.background < 0 ? 0 : 1);
  if (others === 0) fail('declares no class besides background; at least one is needed');
  if (others + 1 > MAX_CLASSES)
    fail(`declares ${others + 1} classes; at most ${MAX_CLASSES} fit an 8-bit mask`);
  return { labels, ...found, notices };
}

function parseFields(json: string, fail: (reason: string) => never): z.infer<typeof metaSchema> {
  if (json.includes('\u0000')) fail('is not UTF-8 but UTF-16, or no text at all; save it as UTF-8');
  let raw: unknown;
  try {
    raw = parseJson(json);
  } catch (error) {
    fail(`is not valid JSON (${messageOf(error)})`);
  }
  const parsed = metaSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return fail(
    `field ${issue?.path.join('.') || '(top level)'} is wrong: ${issue?.message}; ` +
      'expected e.g. {"label_map": {"0": "background", "1": "person"}}',
  );
}

function checkKeys(mapped: readonly (readonly [string, string])[], fail: (reason: string) => never): void {
  const wrong = mapped.find(([key]) => !/^\d+$/.test(key))?.[0];
  if (wrong !== undefined) fail(`label_map has the key "${wrong}"; keys must be whole numbers`);
  const repeated = mapped.findIndex(([key], i) => mapped.findIndex(([k]) => Number(k) === Number(key)) < i);
  if (repeated >= 0) {
    const [key] = mapped[repeated]!;
    const names = mapped.filter(([k]) => Number(k) === Number(key)).map(([, name]) => name);
    fail(
      `label_map gives the value ${Number(key)} to ${names.join(' and ')}; each value stands for one class`,
    );
  }
  const large = mapped.find(([key]) => Number(key) > LARGEST_VALUE);
  if (large)
    fail(`label_map gives the value ${large[0]} to ${large[1]}; masks hold values up to ${LARGEST_VALUE}`);
}

/** Labels in the order in which the reference numbers them: `labels`, then the values of `label_map`. */
function mergeLabels(
  names: readonly string[],
  mapped: readonly (readonly [string, string])[],
  colors: readonly Rgb[] | undefined,
  fail: (reason: string) => never,
): DeclaredLabel[] {
  for (const list of [names, mapped.map(([, name]) => name)]) {
    const problem = namesProblem(list);
    if (problem !== undefined) fail(problem);
  }
  const keyOf = new Map(mapped.map(([key, name]) => [name, Number(key)]));
  const order = [...new Set([...names, ...mapped.map(([, name]) => name)])];
  // A name may be in both lists, but then spelled alike.
  const problem = namesProblem(order);
  if (problem !== undefined) fail(problem);
  const declared = colors !== undefined && colors.length > 0;
  // Colours go by the value; where values have gaps a list as long as that of the labels can only go by their order.
  const hasGaps = mapped.some(([key]) => Number(key) >= (colors?.length ?? 0));
  const isInOrder = hasGaps && colors?.length === order.length;
  const colorAt = (position: number, name: string): Rgb | undefined => {
    if (!declared) return undefined;
    return colors[position] ?? fail(`segmentation_colors has no entry ${position} for class ${name}`);
  };
  return order.map((name, i) => ({
    name,
    color: colorAt(isInOrder ? i : (keyOf.get(name) ?? i), name),
    key: names.length > 0 ? undefined : keyOf.get(name),
  }));
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
/** Names for what nobody has labeled: background, ignored, or a class, only masks or a person can say. */
const UNCERTAIN = /^(void|ignored?|unlabell?ed|unknown|unannotated)$/;
const BACKGROUNDS = /^(background|bg|backgrnd)$/;
/** A name without case, spaces and punctuation, which tools put around words of their own. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s\p{P}]/gu, '');

/**
 * Position of the label that is the background, and of one that may be.
 *
 * A label of that name is; else what `background_label` names by value or name; else the label of value 0 that is spelled
 * nearly so, as other tools do.
 */
function findBackground(
  labels: readonly DeclaredLabel[],
  mapped: readonly (readonly [string, string])[],
  asked: string | number | undefined,
  notices: string[],
  fail: (reason: string) => never,
): Pick<Declaration, 'background' | 'uncertain'> {
  const sure = (background: number) => ({ background, uncertain: -1 });
  const position = (name: string | undefined) => labels.findIndex((label) => label.name === name);
  const first = labels.findIndex(({ key }, i) => (key ?? i) === 0);
  const isOpen = first >= 0 && UNCERTAIN.test(plain(labels[first]!.name));
  const near = labels.findIndex(({ name }) => BACKGROUNDS.test(plain(name)));
  const exact = position(BACKGROUND);
  // labelme begins its lists with __ignore__, which is -1 in its masks, and _background_.
  const isOfLabelme = isOpen && first === 0 && near === 1 && labels.every(({ key }) => key === undefined);
  if (isOfLabelme) return { background: near, uncertain: 0 };
  if (exact >= 0) return sure(exact);
  if (asked !== undefined && asked !== '') {
    const byValue = mapped.find(([key]) => Number(key) === Number(asked))?.[1];
    const at = position(String(asked)) >= 0 ? position(String(asked)) : position(byValue);
    if (at < 0)
      fail(`background_label is ${JSON.stringify(asked)}, which is neither a label nor the value of one`);
    notices.push(`label ${labels[at]!.name} is the background, as background_label says`);
    return sure(at);
  }
  if (near >= 0 && near === first) {
    notices.push(`the first label, "${labels[near]!.name}", is taken for the background`);
    return sure(near);
  }
  if (near >= 0) {
    fail(
      `no label is named "background", and label "${labels[near]!.name}" may be meant as it; rename it to "background" if ` +
        'it is, otherwise put a label "background" before all others, which then stands for the value 0',
    );
  }
  return { background: -1, uncertain: isOpen ? first : -1 };
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
