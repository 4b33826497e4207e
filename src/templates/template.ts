/** @file Templates: a model with a recipe, kept as one YAML file each, and found by name, id or path. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { distance } from 'fastest-levenshtein';
import { stringify } from 'yaml';
import { z } from 'zod';
import { messageOf, OtxError } from '../base/errors.js';
import { parseYaml } from '../base/parse-text.js';
import { readTextOfSync } from '../base/read-file.js';
import { shown } from '../base/shown.js';
import { completeHyperParameters } from '../settings/index.js';
import { pretrainedChoice } from '../settings/pretrained-choice.js';
import {
  fromReferenceTemplate,
  isReferenceTemplate,
  nameByReferencePath,
  TEMPLATE_KIND,
} from './reference-template.js';
import { CATEGORIES, type Template } from './template-type.js';

/** The template of a training, and of a plan for one, that names none: the one that has an embedded backbone, and the fastest. */
export const DEFAULT_TEMPLATE = 'Lite-HRNet-s-mod2';

const templateFile = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  task: z.literal('SEGMENTATION'),
  category: z.enum(CATEGORIES),
  model: z.string().min(1),
  description: z.string(),
  pretrained: pretrainedChoice,
  /** What differs from the defaults. */
  hyper_parameters: z.unknown().optional(),
});

/** Templates that come with the package, sorted by name. */
export function listTemplates(): Template[] {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readTemplate(resolve(folder, file)))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/**
 * Finds a template by its name or id (in any case), or reads it from a YAML file in the form of those beside this source,
 * or of OpenVINO Training Extensions 1.x (`template.yaml`, `template_experimental.yaml`). A path in the layout of the latter
 * (`…/configs/ham_segnext_t/template_experimental.yaml`) means the template of that name where there is no such file.
 *
 * @throws OtxError `template` with the nearest names when there is none, or when the file is not a template.
 */
export function loadTemplate(nameOrIdOrPath: string): Template {
  if (typeof nameOrIdOrPath !== 'string' || nameOrIdOrPath.includes('\0')) {
    throw new OtxError('usage', `the template is ${shown(nameOrIdOrPath)}; expected a name, an id or a path`);
  }
  const templates = listTemplates();
  const wanted = nameOrIdOrPath.toLowerCase();
  const found = templates.find(
    ({ name, id }) => name.toLowerCase() === wanted || id.toLowerCase() === wanted,
  );
  if (found) return found;
  if (/\.ya?ml$/.test(wanted) || isFile(nameOrIdOrPath)) {
    const isThere = existsSync(nameOrIdOrPath);
    const meant = isThere ? undefined : nameByReferencePath(nameOrIdOrPath);
    const own = templates.find(({ name }) => name === meant);
    if (own) return own;
    if (isThere) return readTemplate(resolve(nameOrIdOrPath), templates);
    const names = templates.map(({ name }) => name).join(', ');
    throw new OtxError(
      'template',
      `${nameOrIdOrPath}: there is no such file; give the name of a template: ${names}`,
    );
  }
  const nearest = templates
    .map(({ name, id }) => ({ name, far: Math.min(far(name, wanted), far(id, wanted)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
  throw new OtxError(
    'template',
    `unknown template "${nameOrIdOrPath}"; the nearest names are ${nearest.join(', ')} ("otx find" lists all)`,
  );
}

/** Edits from `name` to `wanted`; what was left out at the end counts little. */
function far(name: string, wanted: string): number {
  const known = name.toLowerCase();
  return Math.min(distance(known, wanted), distance(known.slice(0, wanted.length), wanted) + 0.5);
}

/** @param packaged templates that one in the form of the reference may refer to. */
function readTemplate(path: string, packaged: readonly Template[] = []): Template {
  const text = readTextOfSync(path, TEMPLATE_KIND);
  try {
    const content = parseYaml(text);
    if (isReferenceTemplate(content)) return fromReferenceTemplate(content, path, packaged);
    const { hyper_parameters, ...rest } = templateFile.parse(content);
    return { ...rest, hyperParameters: completeHyperParameters(hyper_parameters), path };
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join('.') || 'content'}: ${issue.message}`).join('; ')
        : messageOf(error).split('\n')[0];
    throw new OtxError('template', `${path}: not a usable template (${reason})`, { cause: error });
  }
}

/**
 * The text of a YAML file that {@link loadTemplate} reads as the same template: that of its own file, or, of a file in the form of the
 * reference, which may refer to others, one with all of its settings.
 */
export function formatTemplate({ path, hyperParameters, ...template }: Template): string {
  const text = readTextOfSync(path, TEMPLATE_KIND);
  if (!isReferenceTemplate(parseYaml(text))) return text;
  const { id, name, task, category, model, description, pretrained } = template;
  const head = { id, name, task, category, model, description, pretrained };
  return stringify({ ...head, hyper_parameters: hyperParameters });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
