import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSegmentor, describe } from '../models/index.js';
import { backbone, embed } from '../training/prepare/embedded.cases.js';
import { type EmbeddedBackbone, listEmbedded, readEmbedded } from '../weights/embedded.js';
import { matchWeights } from '../weights/index.js';
import { readSafetensorsMetadata } from '../weights/read-weights.js';
import { embeddedBackbone, templatesWithBackbone } from './embedded-backbone.js';
import { listTemplates, loadTemplate } from './template.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-embedded-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is wrong with a backbone; digest and finite values are checked where it is read. */
async function problemsOf(own: EmbeddedBackbone): Promise<string[]> {
  const template = listTemplates().find(({ name }) => name === own.template);
  if (!template) return [`${own.path}: no template is called ${own.template}`];
  const { size } = await stat(own.path);
  if (size !== own.bytes) return [`${own.path}: has ${size} bytes instead of ${own.bytes}`];
  const { variables } = describe(createSegmentor(template.model, { numClasses: 2 }), [1, 3, 64, 64]);
  const wanted = variables.filter(({ key }) => key.startsWith('backbone.'));
  try {
    const { missing, unexpected, mismatched } = matchWeights(await readEmbedded(own), wanted, {
      source: own.path,
      expectBackbone: true,
    });
    return [...missing, ...unexpected, ...mismatched.map(({ key }) => key)];
  } catch (error) {
    return [(error as Error).message];
  }
}

test('every backbone of the package is what its card says, and all of its network', async () => {
  for (const own of await listEmbedded()) {
    expect(await problemsOf(own)).toEqual([]);
    // The card in the file is the card beside it.
    const inFile = (await readSafetensorsMetadata(own.path))?.card;
    const beside = JSON.parse(readFileSync(own.path.replace(/\.safetensors$/, '.card.json'), 'utf8'));
    expect(beside).toMatchObject(JSON.parse(inFile ?? '{}'));
  }
});

test('a good backbone has no problems, and each kind of bad one is seen', async () => {
  const tensors = backbone(1);
  const problemsWith = async (changed: typeof tensors, facts: Partial<EmbeddedBackbone> = {}) => {
    const { file: path, bytes, sha256 } = await embed(folder, changed);
    return problemsOf({ path, template: 'Lite-HRNet-s-mod2', bytes, sha256, ...facts });
  };
  expect(await problemsWith(tensors)).toEqual([]);
  const [name, tensor] = [...tensors][0]!;
  const without = new Map([...tensors].slice(1));
  expect(await problemsWith(without)).toEqual([`backbone.${name}`]);
  expect(await problemsWith(new Map([...tensors, ['another', tensor]]))).toEqual(['backbone.another']);
  const infinite = { shape: tensor.shape, data: new Float32Array(tensor.data.length).fill(Infinity) };
  expect((await problemsWith(new Map([...tensors, [name, infinite]]))).join()).toMatch(/infinit/i);
  expect((await problemsWith(tensors, { sha256: '0'.repeat(64) })).join()).toMatch(/SHA-256/);
  expect((await problemsWith(tensors, { bytes: 1 })).join()).toMatch(/bytes instead of 1/);
  expect((await problemsWith(tensors, { template: 'SegNext-t' })).join()).toMatch(/only 0 of \d+/);
  expect((await problemsWith(tensors, { template: 'none' })).join()).toMatch(/no template/);
});

test('templates of one network share a backbone, and that of the own name comes first', async () => {
  expect(await embeddedBackbone('Lite-HRNet-18', folder)).toBeUndefined();
  expect(await templatesWithBackbone(join(folder, 'none'))).toEqual([]);
  // What is in the file is not looked at.
  await embed(folder, backbone(1), 'Lite-HRNet-18-mod2');
  const shared = { template: 'Lite-HRNet-18-mod2' };
  expect(await embeddedBackbone('lite-hrnet-18', folder)).toMatchObject(shared);
  expect(await embeddedBackbone(loadTemplate('Lite-HRNet-18'), folder)).toMatchObject(shared);
  expect(await embeddedBackbone('SegNext-t', folder)).toBeUndefined();
  await embed(folder, backbone(1), 'Lite-HRNet-18');
  expect(await embeddedBackbone('Lite-HRNet-18', folder)).toMatchObject({ template: 'Lite-HRNet-18' });
  expect(await embeddedBackbone('Lite-HRNet-18-mod2', folder)).toMatchObject(shared);
  expect(await templatesWithBackbone(folder)).toEqual(['Lite-HRNet-18', 'Lite-HRNet-18-mod2']);
});
