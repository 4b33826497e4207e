import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTemplate } from '../../templates/index.js';
import { readTrainingConfig } from '../options/training-config.js';
import { buildWorkspace } from './build-workspace.js';
import { readDataFile } from './data-file.js';
import { findWorkspace, linkLatestRun } from './workspace.js';

let folder: string;
let count = 0;
const fresh = () => join(folder, `workspace-${++count}`);
const data = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-workspace-'));
  for (const name of ['train', 'val', 'photos']) await mkdir(data(name));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('building', () => {
  test('writes the template, the data and what was chosen, as they are read', async () => {
    const workspace = fresh();
    const made = await buildWorkspace({
      ...{ workspace, template: 'segnext-t', trainData: data('train'), unlabeledData: data('photos') },
      ...{ trainType: 'Semisupervised', seed: 7 },
    });
    expect(made.written).toEqual(['template.yaml', 'data.yaml', 'configuration.yaml']);
    expect(await findWorkspace(workspace)).toEqual({
      folder: workspace,
      template: made.template,
      data: made.data,
      configuration: made.configuration,
      outputs: join(workspace, 'outputs'),
    });
    const { path: _, ...written } = loadTemplate(made.template);
    const { path: __, ...named } = loadTemplate('SegNext-t');
    expect(written).toEqual(named);
    expect(await readDataFile(made.data)).toEqual({
      train: resolve(data('train')),
      val: undefined,
      test: undefined,
      unlabeled: resolve(data('photos')),
      unlabeledFileList: undefined,
    });
    expect(await readTrainingConfig(made.configuration!)).toMatchObject({
      seed: 7,
      trainType: 'Semisupervised',
    });
  });

  test('again changes what is given and keeps the rest', async () => {
    const workspace = fresh();
    await buildWorkspace({ workspace, template: 'SegNext-s', trainData: data('train'), seed: 1 });
    const second = await buildWorkspace({ workspace, validationData: data('val'), trainType: 'Incremental' });
    expect(second).toMatchObject({ templateName: 'SegNext-s', written: ['data.yaml', 'configuration.yaml'] });
    expect(await readDataFile(second.data)).toMatchObject({ train: data('train'), val: data('val') });
    expect(await readTrainingConfig(second.configuration!)).toMatchObject({
      seed: 1,
      trainType: 'Incremental',
    });
    expect((await buildWorkspace({ workspace })).written).toEqual([]);
  });

  test('replaces nothing that somebody has changed, and says so', async () => {
    const workspace = fresh();
    const { data: file } = await buildWorkspace({ workspace, trainData: data('train') });
    const edited = `${await readFile(file, 'utf8')}# mine\n`;
    await writeFile(file, edited);
    await expect(buildWorkspace({ workspace, validationData: data('val') })).rejects.toMatchObject({
      code: 'output',
    });
    expect(await readFile(file, 'utf8')).toBe(edited);
    // What is not written may have been changed.
    expect((await buildWorkspace({ workspace, template: 'SegNext-t' })).written).toEqual(['template.yaml']);
  });

  test('a template in the form of OTX is written with its settings', async () => {
    const path = join(folder, 'template_experimental.yaml');
    await writeFile(
      path,
      'model_template_id: Custom_Semantic_Segmentation_SegNext_t\nname: Mine\ntask_type: SEGMENTATION\nframework: OTXSegmentation v1\n' +
        'hyper_parameters: {base_path: none.yaml, parameter_overrides: {learning_parameters: {num_iters: {default_value: 3}}}}\n',
    );
    const { template } = await buildWorkspace({ workspace: fresh(), template: path });
    const { path: _, ...written } = loadTemplate(template);
    const { path: __, ...read } = loadTemplate(path);
    expect(written).toEqual(read);
    expect(written.hyperParameters.learning_parameters.num_iters).toBe(3);
  });

  test.each<[object, RegExp]>([
    [{ trainData: '/nowhere/at/all' }, /at\/all: does not exist; trainData expects/],
    [{ seed: -1 }, /seed is -1; expected a whole number/],
    [{ trainType: 'Some' }, /trainType is "?Some"?; allowed is one of/],
    [{ template: 'Lite-HRNet-99' }, /unknown template/],
  ])('refuses %j, and makes no folder', async (options, message) => {
    const workspace = fresh();
    await expect(buildWorkspace({ workspace, ...options })).rejects.toThrow(message);
    await expect(lstat(workspace)).rejects.toThrow(/ENOENT/);
  });

  test('keeps out of the data', async () => {
    const inside = join(data('train'), 'workspace');
    await expect(buildWorkspace({ workspace: inside, trainData: data('train') })).rejects.toMatchObject({
      code: 'output',
    });
  });
});

test.skipIf(process.platform === 'win32')(
  'the link leads to the newest run, and replaces links alone',
  async () => {
    const built = await buildWorkspace({ workspace: fresh() });
    const runs = ['first', 'second'].map((name) => join(built.outputs, name));
    for (const run of runs) {
      await mkdir(run, { recursive: true });
      const link = await linkLatestRun(built, run);
      expect(link).toBe(join(built.outputs, 'latest_trained_model'));
      expect(resolve(built.outputs, await readlink(link!))).toBe(run);
    }
    const elsewhere = data('photos');
    await linkLatestRun(built, elsewhere);
    const link = join(built.outputs, 'latest_trained_model');
    expect(resolve(built.outputs, await readlink(link))).toBe(elsewhere);
    await rm(link);
    await writeFile(link, 'mine');
    expect(await linkLatestRun(built, runs[0]!)).toBeUndefined();
    expect(await readFile(link, 'utf8')).toBe('mine');
    await rm(link);
    await symlink('/nowhere', link);
    expect(await linkLatestRun(built, runs[0]!)).toBe(link);
  },
);
