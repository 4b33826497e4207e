import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { confidenceThreshold, inputSizes, resolveHyperParameters } from '../settings/index.js';
import { listTemplates, loadTemplate } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'otx-template-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('templates', () => {
  test('the templates are listed by name, those of Lite-HRNet with the defaults of its recipe', () => {
    expect(listTemplates().map(({ name }) => name)).toEqual([
      'Lite-HRNet-18',
      'Lite-HRNet-18-mod2',
      'Lite-HRNet-s-mod2',
      'Lite-HRNet-x-mod3',
      'SegNext-B',
      'SegNext-s',
      'SegNext-t',
    ]);
    for (const template of listTemplates().filter(({ name }) => name.startsWith('Lite'))) {
      expect(template.hyperParameters.learning_parameters).toEqual({
        batch_size: 8,
        accumulate: 1,
        sync_batch_norm: false,
        optimizer: 'adam',
        loss: 'cross_entropy',
        class_weights: 'none',
        ema_decay: 0,
        swa_start: 1,
        rare_crop_share: 0,
        learning_rate: 0.001,
        learning_rate_warmup_iters: 100,
        learning_rate_schedule: 'plateau',
        plateau_iteration_patience: 300,
        num_iters: 300,
        num_workers: 2,
        auto_num_workers: false,
        enable_early_stopping: true,
        early_stop_start: 3,
        early_stop_patience: 5,
        early_stop_iteration_patience: 300,
        use_adaptive_interval: false,
        validation_interval: 1,
        sigma_scale: 'fixed',
        enable_supcon: false,
        supcon_positives: 'image',
        supcon_single_view: 'first',
        auto_adapt_batch_size: 'Safe',
        input_size: 'Default',
        augmentation: 'documented',
        semi_method: 'mean-teacher',
        unlabeled_batch_size: 5,
        ema_momentum: 0.99,
        unsupervised_weight: 0.1,
        unsupervised_ramp_iters: 100,
        pseudo_label_threshold: 0.95,
        balanced_thresholds: false,
        prototype_axis: 'channels',
        semisl_start_epoch: 1,
      });
      expect(template.hyperParameters.postprocessing).toEqual({
        confidence_threshold: 0.35,
        result_based_confidence_threshold: true,
      });
      expect(template.hyperParameters.algo_backend).toEqual({
        train_type: 'Incremental',
        mem_cache_size: 1e9,
        storage_cache_scheme: 'NONE',
      });
    }
  });

  test.each([
    ['SegNext-t', 'Custom_Semantic_Segmentation_SegNext_T', 170],
    ['SEGNEXT-S', 'Custom_Semantic_Segmentation_SegNext_S', 170],
    ['segnext-b', 'Custom_Semantic_Segmentation_SegNext_B', 150],
  ])('%s is also found by the id %s, and has its own recipe', (name, id, num_iters) => {
    const template = loadTemplate(name);
    expect(loadTemplate(id)).toEqual(template);
    expect(template.model).toBe(name.toLowerCase());
    expect(template.hyperParameters.learning_parameters).toMatchObject({
      batch_size: 8,
      optimizer: 'adamw',
      learning_rate: 8e-5,
      learning_rate_warmup_iters: 20,
      learning_rate_schedule: 'poly',
      num_iters,
      enable_early_stopping: true,
      early_stop_start: 15,
      early_stop_patience: 10,
      early_stop_iteration_patience: 0,
    });
  });

  test('the file of a template may have any name', () => {
    const path = join(folder, 'template_experimental.yaml');
    const { path: own, ...template } = loadTemplate('SegNext-t');
    writeFileSync(path, readFileSync(own));
    expect(loadTemplate(path)).toEqual({ ...template, path });
  });

  test('a template is found by name, by id in any case, and by path', () => {
    const byName = loadTemplate('lite-hrnet-S-MOD2');
    expect(byName.id).toBe('Custom_Semantic_Segmentation_Lite-HRNet-s-mod2_OCR');
    expect(loadTemplate(byName.id.toUpperCase())).toEqual(byName);
    expect(loadTemplate(byName.path)).toEqual(byName);
  });

  test('an unknown name gives the nearest ones', () => {
    expect(() => loadTemplate('Lite-HRNet-s-mod')).toThrow(
      /^unknown template "Lite-HRNet-s-mod"; the nearest names are Lite-HRNet-s-mod2, /,
    );
  });

  test.each([
    ['src/otx/algorithms/segmentation/configs/ham_segnext_t/template_experimental.yaml', 'SegNext-t'],
    ['otx/algorithms/segmentation/configs/ham_segnext_s/template_experimental.yaml', 'SegNext-s'],
    ['C:\\otx\\configs\\ham_segnext_b\\template_experimental.yaml', 'SegNext-B'],
    ['ocr_lite_hrnet_18_mod2/template.yaml', 'Lite-HRNet-18-mod2'],
    ['ocr_lite_hrnet_18/template.yaml', 'Lite-HRNet-18'],
    ['./configs/ocr_lite_hrnet_s_mod2/template.yaml', 'Lite-HRNet-s-mod2'],
    ['/configs/ocr_lite_hrnet_x_mod3/template.yaml', 'Lite-HRNet-x-mod3'],
  ])('%s means a template, though there is no such file', (path, name) => {
    expect(loadTemplate(path).name).toBe(name);
  });

  test('another path to nothing is answered with the names there are', () => {
    for (const path of ['path/to/template_experimental.yaml', 'ham_segnext_t/other.yaml', 'template.yaml']) {
      expect(() => loadTemplate(path)).toThrow(/no such file; give the name of a template: .*SegNext-t/);
    }
  });

  test('what was left out at the end is filled in', () => {
    expect(() => loadTemplate('lite-hrnet-s')).toThrow(/the nearest names are Lite-HRNet-s-mod2, /);
  });

  test('a file that is no template is refused in one line with its path and the reason', () => {
    const good = readFileSync(loadTemplate('SegNext-t').path, 'utf8');
    const cases: [string, RegExp][] = [
      [good.replace('category: EXPERIMENTAL', 'category: FAST'), /category/],
      [
        good.replace('num_iters: 170', 'num_iters: 0'),
        /num_iters is 0; allowed is an integer from 1 to 100000/,
      ],
      [good.replace('num_iters', 'num_iter'), /unknown parameter .*did you mean .*num_iters/],
      [`${good}colour: red\n`, /colour/],
      ['a: [', /not a usable template/],
      ['just text', /content/],
    ];
    for (const [content, reason] of cases) {
      const path = join(folder, 'mine.yaml');
      writeFileSync(path, content);
      let message = '';
      try {
        loadTemplate(path);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(reason);
      expect(message).toContain(path);
      expect(message).not.toContain('\n');
    }
    expect(() => loadTemplate(join(folder, 'none.yaml'))).toThrow(
      /none\.yaml: there is no such file; give the name of a template: Lite-HRNet-18, /,
    );
  });
});

describe('hyper-parameters', () => {
  const template = loadTemplate('Lite-HRNet-s-mod2');
  const resolve = (values: Record<string, unknown>) =>
    resolveHyperParameters(template, { learning_parameters: values });

  test('overrides replace defaults, as numbers or as text', () => {
    const { learning_parameters } = resolve({ batch_size: '4', learning_rate: '5e-4', num_iters: 7 });
    expect(learning_parameters).toMatchObject({
      batch_size: 4,
      learning_rate: 5e-4,
      num_iters: 7,
      num_workers: 2,
    });
  });

  test.each([
    ['enable_early_stopping', 'False', false],
    ['enable_early_stopping', true, true],
    ['enable_early_stopping', '0', false],
    ['enable_early_stopping', 1, true],
    ['enable_early_stopping', 'Yes', true],
    ['enable_early_stopping', 'OFF', false],
    ['auto_adapt_batch_size', 'full', 'Full'],
    ['optimizer', 'AdamW', 'adamw'],
    ['augmentation', 'PLAIN', 'plain'],
    ['optimizer', 'SGD', 'sgd'],
    ['input_size', 'auto', 'Auto'],
    ['num_iters', '5', 5],
  ])('%s takes %j as %j', (name, given, value) => {
    expect(resolve({ [name]: given }).learning_parameters).toMatchObject({ [name]: value });
  });

  test.each([
    ['8GB', 8e9],
    ['3 KiB', 3072],
    ['2g', 2 ** 31],
    ['512', 512],
    [0, 0],
    ['7B', 7],
  ])('a memory of %j is %i bytes', (given, value) => {
    const { algo_backend } = resolveHyperParameters(template, { algo_backend: { mem_cache_size: given } });
    expect(algo_backend.mem_cache_size).toBe(value);
  });

  test.each(['8TB', '1.5GB', '-1', '', 'GB', '9999999999GB'])('a memory of %j is refused', (given) => {
    expect(() => resolveHyperParameters(template, { algo_backend: { mem_cache_size: given } })).toThrow(
      /mem_cache_size is .*; allowed is a number of bytes/,
    );
  });

  test.each([
    ['enable_early_stopping', 'maybe', 'true \\(1, yes, on\\) or false'],
    ['enable_early_stopping', 2, 'true \\(1, yes, on\\) or false'],
    ['auto_adapt_batch_size', 'Off', 'one of None, Safe, Full'],
    ['learning_rate_schedule', 'cosine', 'one of plateau, poly, constant'],
    ['early_stop_patience', 51, 'an integer from 0 to 50'],
    ['batch_size', 0, 'an integer from 1 to 512'],
    ['batch_size', 513, 'an integer from 1 to 512'],
    ['batch_size', 2.5, 'an integer from 1 to 512'],
    ['batch_size', '0x10', 'an integer from 1 to 512'],
    ['batch_size', '', 'an integer from 1 to 512'],
    ['learning_rate', '1e-8', 'a number from 1e-7 to 0.1'],
    ['learning_rate', Number.NaN, 'a number from 1e-7 to 0.1'],
    ['num_workers', 'many', 'an integer from 0 to 8'],
    ['input_size', '250x250', 'a multiple of 32'],
    ['input_size', '256x512', 'any other square'],
    ['input_size', '0x0', 'any other square'],
    ['input_size', '99968x99968', 'up to 8192'],
  ])('%s = %j is refused with its name, its value and what is allowed', (name, value, allowed) => {
    expect(() => resolve({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(
          new RegExp(
            `^parameter learning_parameters\\.${name} is ${typeof value === 'string' ? JSON.stringify(value) : value}; allowed is .*${allowed}`,
          ),
        ),
      }),
    );
  });

  test.each([
    [{}, undefined],
    [{ result_based_confidence_threshold: 'False' }, 0.35],
    [{ confidence_threshold: 0.6 }, 0.6],
    [{ confidence_threshold: '0', result_based_confidence_threshold: '0' }, 0],
    [{ confidence_threshold: 0.6, result_based_confidence_threshold: true }, undefined],
  ])('with %j pixels need a probability of %s', (postprocessing, threshold) => {
    expect(confidenceThreshold(resolveHyperParameters(template, { postprocessing }))).toBe(threshold);
  });

  test('a confidence threshold is a probability', () => {
    expect(() => resolveHyperParameters(template, { postprocessing: { confidence_threshold: 1.1 } })).toThrow(
      /postprocessing\.confidence_threshold is 1\.1; allowed is a number from 0 to 1/,
    );
  });

  test('an unknown name is answered with the nearest one', () => {
    expect(() => resolve({ batchsize: 4 })).toThrow(
      /learning_parameters\.batchsize; did you mean learning_parameters\.batch_size\?/,
    );
    expect(() => resolveHyperParameters(template, { colours: 3 })).toThrow(
      /^unknown parameter colours; known are /,
    );
  });

  test('sizes: validation is 544/512 of the crop', () => {
    expect(inputSizes(resolve({}))).toEqual({ train: 512, validation: 544 });
    expect(inputSizes(resolve({ input_size: '256x256' }))).toEqual({ train: 256, validation: 272 });
    expect(inputSizes(resolve({ input_size: '64X64' }))).toEqual({ train: 64, validation: 68 });
  });
});
