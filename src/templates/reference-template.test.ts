import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadTemplate } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'otx-reference-template-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes a template into a folder of its own, with the settings that it refers to beside that folder if there are any. */
function write(name: string, template: string, base?: string): string {
  const folder = join(root, name, 'ham_segnext_t');
  mkdirSync(folder, { recursive: true });
  if (base !== undefined) writeFileSync(join(root, name, 'configuration.yaml'), base);
  const path = join(folder, 'template_experimental.yaml');
  writeFileSync(path, template);
  return path;
}

const segNext = `
model_template_id: Custom_Semantic_Segmentation_SegNext_t
name: SegNext-t
task_type: SEGMENTATION
task_family: VISION
instantiation: "CLASS"
summary: Small and fast.
application: ~
framework: OTXSegmentation v0.14.0
entrypoints:
  base: some.python.Task
capabilities:
  - compute_representations
hyper_parameters:
  base_path: ../configuration.yaml
  parameter_overrides:
    learning_parameters:
      batch_size:
        default_value: 4
        auto_hpo_state: POSSIBLE
      learning_rate:
        default_value: 0.0002
    nncf_optimization:
      enable_quantization:
        default_value: true
    algo_backend:
      train_type:
        default_value: Incremental
max_nodes: 1
gigaflops: 6.07
size: 4.23
`;

const configuration = `
description: Configuration for a task
id: ""
type: CONFIGURABLE_PARAMETERS
learning_parameters:
  description: Learning Parameters
  type: PARAMETER_GROUP
  batch_size: { default_value: 5, value: 6, max_value: 512 }
  early_stop_patience: { default_value: 7, value: 9 }
  unheard_of: { default_value: 3 }
postprocessing:
  confidence_threshold: { default_value: 0.4 }
pot_parameters:
  preset: { default_value: Performance }
`;

test('a template_experimental.yaml of the reference is the model of its id with its own settings', () => {
  const own = loadTemplate('SegNext-t');
  const path = write('alone', segNext);
  expect(loadTemplate(path)).toEqual({
    ...own,
    description: 'Small and fast.',
    path,
    hyperParameters: {
      ...own.hyperParameters,
      learning_parameters: {
        ...own.hyperParameters.learning_parameters,
        batch_size: 4,
        learning_rate: 0.0002,
      },
    },
  });
});

test('settings come from the file at base_path when it is there, then from the overrides', () => {
  const { learning_parameters, postprocessing } = loadTemplate(
    write('based', segNext, configuration),
  ).hyperParameters;
  expect(learning_parameters).toMatchObject({ batch_size: 4, early_stop_patience: 7, num_iters: 170 });
  expect(postprocessing.confidence_threshold).toBe(0.4);
});

test('the id may be written in any case', () => {
  expect(loadTemplate(write('case', segNext.replace('SegNext_t', 'SegNext_T'))).model).toBe('segnext-t');
});

test.each([
  [
    'another model',
    segNext.replace('SegNext_t', 'DinoV2'),
    /model_template_id is Custom_Semantic_Segmentation_DinoV2; known are Custom_Semantic_Segmentation_Lite-HRNet-18_OCR,/,
  ],
  ['another task', segNext.replace('SEGMENTATION', 'DETECTION'), /task_type: only SEGMENTATION is offered/],
  [
    'another framework',
    segNext.replace('OTXSegmentation', 'OTXDetection'),
    /framework: only OTXSegmentation/,
  ],
  [
    'a value out of range',
    segNext.replace('default_value: 4', 'default_value: 0'),
    /batch_size is 0; allowed is/,
  ],
  [
    'an unknown setting',
    segNext.replace('batch_size:', 'batchsize:'),
    /did you mean learning_parameters.batch_size/,
  ],
])('%s is refused with the path and the reason', (name, template, reason) => {
  const path = write(name, template);
  expect(() => loadTemplate(path)).toThrow(reason);
  expect(() => loadTemplate(path)).toThrow(`${path}: not a usable template`);
});
