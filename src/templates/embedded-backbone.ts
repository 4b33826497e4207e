/** @file Which embedded backbone a template starts from: that of its own name, else one of the same network. */

import { type EmbeddedBackbone, listEmbedded } from '../weights/embedded.js';
import { listTemplates, loadTemplate } from './template.js';
import type { Template } from './template-type.js';

/**
 * The embedded backbone that a training of a template may start from, without downloading anything.
 *
 * @param template a template, its name or id, or the path of its YAML file.
 * @param folder in which backbones lie, each a `NAME.safetensors` with its `NAME.card.json`. Default: that of the package.
 * @returns undefined where there is none.
 * @throws OtxError `template` for an unknown template, `checkpoint` for a backbone whose card cannot be read.
 */
export async function embeddedBackbone(
  template: string | Pick<Template, 'name' | 'model'>,
  folder?: string,
): Promise<EmbeddedBackbone | undefined> {
  const { name, model } = typeof template === 'string' ? loadTemplate(template) : template;
  const all = await listEmbedded(folder);
  const models = modelsByTemplate();
  return (
    all.find((backbone) => backbone.template === name && models.get(name) === model) ??
    all.find((backbone) => models.get(backbone.template) === model)
  );
}

/** Names of the templates of the package that have one. */
export async function templatesWithBackbone(folder?: string): Promise<string[]> {
  const models = modelsByTemplate();
  const covered = (await listEmbedded(folder)).map(({ template }) => models.get(template));
  return [...models].flatMap(([name, model]) => (covered.includes(model) ? [name] : []));
}

const modelsByTemplate = () => new Map(listTemplates().map(({ name, model }) => [name, model]));
