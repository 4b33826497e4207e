/**
 * @file Templates in the form of OpenVINO Training Extensions 1.x (`template.yaml`, `template_experimental.yaml`): the model
 * is named by its id, and settings are overrides of a file with all of them, `hyper_parameters.base_path`.
 */

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { parseYaml } from '../base/parse-text.js';
import { type FileKind, MOST_BYTES, readTextOfSync } from '../base/read-file.js';
import { resolveHyperParameters, settingNames } from '../settings/index.js';
import type { Template } from './template-type.js';

/** Files of templates in either form, and those that they refer to. */
export const TEMPLATE_KIND: FileKind = {
  code: 'template',
  expected: 'a template in YAML',
  maxBytes: MOST_BYTES.yaml,
};

const settings = z.record(z.string(), z.unknown());
const referenceFile = z.object({
  model_template_id: z.string().min(1),
  name: z.string().min(1),
  task_type: z.literal('SEGMENTATION', 'only SEGMENTATION is offered'),
  framework: z.string().regex(/^OTXSegmentation\b/, 'only OTXSegmentation is offered'),
  summary: z.string().default(''),
  hyper_parameters: z.object({
    base_path: z.string().optional(),
    parameter_overrides: settings.default({}),
  }),
});

/** Settings of quantisation, which every template of the reference carries and nothing here reads. */
const FOREIGN_GROUPS = ['nncf_optimization', 'pot_parameters'];

/** Where the templates of the reference lie, below `otx/algorithms/segmentation/configs`, and what they are called here. */
const NAMES_BY_FOLDER: Readonly<Record<string, string>> = {
  ham_segnext_t: 'SegNext-t',
  ham_segnext_s: 'SegNext-s',
  ham_segnext_b: 'SegNext-B',
  ocr_lite_hrnet_18: 'Lite-HRNet-18',
  ocr_lite_hrnet_18_mod2: 'Lite-HRNet-18-mod2',
  ocr_lite_hrnet_s_mod2: 'Lite-HRNet-s-mod2',
  ocr_lite_hrnet_x_mod3: 'Lite-HRNet-x-mod3',
};

/** Name of the template that a path in the layout of the reference means, whether the file is there or not. */
export function nameByReferencePath(path: string): string | undefined {
  const match = /(?:^|[\\/])(\w+)[\\/]template(?:_experimental)?\.ya?ml$/i.exec(path);
  const folder = match?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(NAMES_BY_FOLDER, folder) ? NAMES_BY_FOLDER[folder] : undefined;
}

/** Whether a parsed YAML file has this form. */
export function isReferenceTemplate(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'model_template_id' in content;
}

/**
 * The template that a file of the reference describes: the one of the same id that comes with this package, with the
 * settings of the file at `base_path` (when it is there) and then those of `parameter_overrides`.
 *
 * @param content parsed YAML.
 * @param path of the file; `base_path` is relative to its folder.
 * @throws OtxError `template` for a model that does not come with this package; `usage` for settings that are not allowed;
 * ZodError when the file has another form.
 */
export function fromReferenceTemplate(
  content: unknown,
  path: string,
  packaged: readonly Template[],
): Template {
  const file = referenceFile.parse(content);
  const id = file.model_template_id;
  const own = packaged.find((template) => template.id.toLowerCase() === id.toLowerCase());
  if (!own) {
    throw new OtxError(
      'template',
      `its model_template_id is ${id}; known are ${packaged.map((template) => template.id).join(', ')}`,
    );
  }
  const { base_path, parameter_overrides } = file.hyper_parameters;
  const hyperParameters = resolveHyperParameters(
    { hyperParameters: resolveHyperParameters(own, knownOf(readBase(base_path, path))) },
    defaultsOf(parameter_overrides),
  );
  return { ...own, name: file.name, description: file.summary, hyperParameters, path };
}

function readBase(base: string | undefined, path: string): unknown {
  const file = base === undefined ? undefined : resolve(dirname(path), base);
  return file !== undefined && existsSync(file) ? parseYaml(readTextOfSync(file, TEMPLATE_KIND)) : {};
}

/** Of a file for all tasks only what means something here. */
function knownOf(content: unknown): Record<string, Record<string, unknown>> {
  const defaults = defaultsOf(settings.parse(content));
  return Object.fromEntries(
    Object.entries(defaults).map(([group, members]) => {
      const known = settingNames(group);
      return [group, Object.fromEntries(Object.entries(members).filter(([name]) => known.includes(name)))];
    }),
  );
}

/** `default_value` of every setting: the reference ignores `value`. Descriptions beside the settings have none. */
function defaultsOf(groups: Readonly<Record<string, unknown>>): Record<string, Record<string, unknown>> {
  const parameter = z.object({ default_value: z.unknown() });
  return Object.fromEntries(
    Object.entries(groups)
      .filter(([group, members]) => !FOREIGN_GROUPS.includes(group) && settings.safeParse(members).success)
      .map(([group, members]) => [
        group,
        Object.fromEntries(
          Object.entries(members as Record<string, unknown>).flatMap(([name, member]) => {
            const parsed = parameter.safeParse(member);
            return parsed.success && parsed.data.default_value !== undefined
              ? [[name, parsed.data.default_value]]
              : [];
          }),
        ),
      ]),
  );
}
