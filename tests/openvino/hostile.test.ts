/**
 * @file Models for OpenVINO made to do harm, or damaged: each is refused in one line that names the file, quickly, and nothing outside
 * of its folder is read. An ordinary export is none of them.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { exportModel } from '../../src/export/export-model.js';
import { readerOf } from '../../src/inference/readers/index.js';
import { openvinoReader } from '../../src/inference/readers/openvino.js';

const SIDE = 64;
const classes = ['background', 'a', 'b'].map((name, i) => ({ name, color: [i, i, i] as const }));

let folder: string;
let good: string;
let bin: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-hostile-openvino-'));
  const weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: `${SIDE}x${SIDE}` };
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes, seed: 1, settings }),
  );
  const { model } = await exportModel({ weights, output: join(folder, 'good'), type: 'openvino' });
  good = await readFile(model, 'utf8');
  bin = await readFile(model.replace('.xml', '.bin'));
});
afterAll(() => rm(folder, { recursive: true }));

let cases = 0;
/** The line in which a model is refused. */
async function refusal(text: string, constants: Uint8Array | undefined = bin): Promise<string> {
  cases += 1;
  const place = join(folder, `case-${cases}`);
  await mkdir(place);
  const path = join(place, 'model.xml');
  await writeFile(path, text);
  if (constants) await writeFile(join(place, 'model.bin'), constants);
  return refusalOf(path);
}

async function refusalOf(path: string): Promise<string> {
  const error: unknown = await openvinoReader.toOnnx(path).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(OtxError);
  const { code, message } = error as OtxError;
  expect(code).toBe('checkpoint');
  expect(message).toContain(path.replace(/model\.(xml|bin)$/, 'model.'));
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(700);
  return message;
}

/** The export with something replaced, which must be there. */
function changed(pattern: string | RegExp, replacement: string): string {
  const text = good.replace(pattern, replacement);
  expect(text).not.toBe(good);
  return text;
}

const attempt = async (text: string): Promise<unknown> => {
  const path = join(folder, 'good', 'again.xml');
  await cp(join(folder, 'good', 'openvino.bin'), join(folder, 'good', 'again.bin'));
  await writeFile(path, text);
  return openvinoReader.toOnnx(path);
};

test('the export itself is read, by either name', async () => {
  expect(await attempt(good)).toBeInstanceOf(Uint8Array);
  const [xml, named] = ['openvino.xml', 'openvino.bin'].map((file) => join(folder, 'good', file)) as [
    string,
    string,
  ];
  expect((await readerOf(xml))?.name).toBe('openvino');
  expect((await readerOf(named))?.name).toBe('openvino');
  const [one, other] = [await openvinoReader.toOnnx(named), await openvinoReader.toOnnx(xml)];
  expect(Buffer.compare(one, other)).toBe(0);
});

describe('the text', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a "aaaaaaaaaa">${Array.from(
    { length: 9 },
    (_, i) => `<!ENTITY ${'abcdefghij'[i + 1]} "${`&${'abcdefghij'[i]};`.repeat(10)}">`,
  ).join('')}]><net name="&j;" version="11"/>`;

  test.each([
    ['a bomb of entities', () => bomb, /declares a document type/],
    [
      'an entity that is a file',
      () => '<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="&x;" version="11"/>',
      /declares a document type/,
    ],
    ['an entity that is not declared', () => '<net name="&x;" version="11"/>', /is no XML/],
    ['deep nesting', () => `<net version="11">${'<a>'.repeat(300_000)}`, /nested too deeply|is no XML/],
    ['tags without end', () => `<net version="11">${'<a/>'.repeat(1_100_000)}</net>`, /tags, of which/],
    ['nothing', () => '', /is no XML/],
    ['bytes that are no text', () => `<net version="11">\0\ufffd`, /is no XML/],
    ['the middle of a model', () => good.slice(0, good.length / 2), /is no XML/],
    ['another kind of XML', () => '<annotations/>', /another kind/],
    ['another version', () => changed(' version="11"', ' version="6"'), /version "6"/],
    ['no layers', () => '<net version="11"><layers/><edges/></net>', /has 0 inputs/],
  ])('%s', async (_, text, line) => {
    expect(await refusal(text())).toMatch(line);
  });

  test('longer than any model', async () => {
    const place = join(folder, 'long');
    await mkdir(place);
    await writeFile(join(place, 'model.xml'), good);
    await truncate(join(place, 'model.xml'), 2 ** 31);
    expect(await refusalOf(join(place, 'model.xml'))).toMatch(/has 2147483648 bytes, of which no more than/);
  });
});

describe('layers', () => {
  const first = /<data element_type="f32" shape="[\d, ]+" offset="\d+" size="\d+" \/>/;
  const data = (shape: string, offset: string, size: string) =>
    `<data element_type="f32" shape="${shape}" offset="${offset}" size="${size}" />`;

  test.each([
    ['a constant behind the end', data('1, 3, 1, 1', '99999999999', '12'), /lies at "99999999999"/],
    ['a constant before the beginning', data('1, 3, 1, 1', '-12', '12'), /lies at "-12"/],
    ['a constant at no number', data('1, 3, 1, 1', 'NaN', '12'), /lies at "NaN"/],
    ['less than it says', data('1, 3, 1, 1', '0', '1200'), /"1200" bytes for f32\[1,3,1,1\], which takes 12/],
    ['a negative size', data('1, 3, 1, 1', '0', '-12'), /"-12" bytes/],
    ['a size beyond all', data('999999999, 999999999', '0', '12'), /has "12" bytes/],
    ['a size that is none', data('0, 3', '0', '0'), /has the shape "0, 3"/],
    ['a constant of an open size', data('?, 3', '0', '12'), /open size/],
    [
      'a type that is none',
      data('1, 3, 1, 1', '0', '12').replace('f32', 'string'),
      /values of type "string"/,
    ],
  ])('%s', async (_, replacement, line) => {
    expect(await refusal(changed(first, replacement))).toMatch(line);
  });

  test('constants that are the same bytes over and over', async () => {
    const layer = (id: number) =>
      `<layer id="${id}" name="c${id}" type="Const" version="opset1"><data element_type="f32" shape="256, 1024" offset="0" size="1048576" />` +
      `<output><port id="0" precision="FP32"><dim>256</dim><dim>1024</dim></port></output></layer>`;
    const count = 600;
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    const dims = '<dim>153600</dim><dim>1024</dim>';
    const text = `<net name="n" version="11"><layers>
      <layer id="0" name="input" type="Parameter" version="opset1"><data shape="1,3,64,64" element_type="f32" />
      <output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim><dim>64</dim><dim>64</dim></port></output></layer>
      ${ids.map((id) => layer(id)).join('')}
      <layer id="9000" name="all" type="Concat" version="opset1"><data axis="0" /><input>${ids
        .map((id) => `<port id="${id}"><dim>256</dim><dim>1024</dim></port>`)
        .join('')}</input><output><port id="9999">${dims}</port></output></layer>
      <layer id="9001" name="end" type="Result" version="opset1"><input><port id="0">${dims}</port></input></layer>
      </layers><edges>${ids.map((id) => `<edge from-layer="${id}" from-port="0" to-layer="9000" to-port="${id}" />`).join('')}
      <edge from-layer="9000" from-port="9999" to-layer="9001" to-port="0" /></edges></net>`;
    expect(await refusal(text, new Uint8Array(2 ** 20))).toMatch(/constants together are larger/);
  });

  test.each([
    [
      'a type that runs another model',
      /type="ReLU"/,
      'type="TensorIterator"',
      /"?TensorIterator.* of a type that is not read/,
    ],
    ['a type of the language', /type="ReLU"/, 'type="constructor"', /of a type that is not read/],
    [
      'a shape that is not its own',
      /<dim>68<\/dim>(?![\s\S]*<dim>68<\/dim>)/,
      '<dim>65</dim>',
      /is said to be/,
    ],
    ['a size without end', '<dim>68</dim>', '<dim>99999999999</dim>', /has a size/],
    ['a port that is no number', '<port id="0"', '<port id="zero"', /has a port with the number "zero"/],
    ['strides of nothing', /strides="2, 2"/, 'strides="0, 0"', /has strides "0, 0"/],
    ['an attribute that is gone', /keep_dims="true"/, 'keep_dims="maybe"', /has keep_dims "maybe"/],
    [
      'an operator set that is another one',
      /type="Interpolate" version="opset11"/,
      'type="Interpolate" version="opset1"',
      /opset4, opset11 are read/,
    ],
    ['an input of integers', 'element_type="f32"', 'element_type="i32"', /inputs of floating-point numbers/],
    ['an input of an open size', /shape="1,3,68,68"/, 'shape="1,3,?,68"', /leaves other sizes open/],
    ['no input', 'type="Parameter"', 'type="ReadValue"', /has 0 inputs/],
    ['no result', 'type="Result"', 'type="Assign"', /has no result/],
    ['two ports of a number', '<port id="1"', '<port id="0"', /has two ports of one number/],
    [
      'a split into other parts than it has outputs',
      /(type="VariadicSplit"[\s\S]*?)<output>\s*<port[\s\S]*?<\/port>/,
      '$1<output>',
      /outputs for|a port that is not there/,
    ],
    ['two layers of a number', /<layer id="1"/, '<layer id="0"', /two of its layers have the number "0"/],
  ])('%s', async (_, pattern, replacement, line) => {
    expect(await refusal(changed(pattern, replacement))).toMatch(line);
  });
});

describe('work without end', () => {
  const port = (id: number, dims: readonly number[]) =>
    `<port id="${id}" precision="FP32">${dims.map((size) => `<dim>${size}</dim>`).join('')}</port>`;
  const map = [1, 3, 64, 64];
  /** ReLUs one after the other. */
  function chain(count: number): string {
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    const layers = ids.map(
      (id) =>
        `<layer id="${id}" name="l${id}" type="ReLU" version="opset1"><input>${port(0, map)}</input><output>${port(9, map)}</output></layer>`,
    );
    const edges = ids.map(
      (id) => `<edge from-layer="${id - 1}" from-port="9" to-layer="${id}" to-port="0"/>`,
    );
    return `<net name="n" version="11"><layers>
      <layer id="0" name="input" type="Parameter" version="opset1"><data shape="1,3,64,64" element_type="f32" /><output>${port(9, map)}</output></layer>
      ${layers.join('')}
      <layer id="end" name="end" type="Result" version="opset1"><input>${port(0, map)}</input></layer></layers>
      <edges>${edges.join('')}<edge from-layer="${count}" from-port="9" to-layer="end" to-port="0"/></edges></net>`;
  }

  test('a million numbers, told to several layers', async () => {
    const count = 2 ** 20;
    const taken = [count, 3, 64, 64];
    const all = [5 * count, 3, 64, 64];
    const ids = [1, 2, 3, 4, 5];
    const constant = (id: string, dims: readonly number[], size: number) =>
      `<layer id="${id}" name="${id}" type="Const" version="opset1"><data element_type="i64" shape="${dims}" offset="0" size="${size}" /><output>${port(0, dims)}</output></layer>`;
    const gather = (id: number) =>
      `<layer id="${id}" name="g${id}" type="Gather" version="opset8"><data batch_dims="0" />
       <input>${port(0, map)}${port(1, [count])}${port(2, [])}</input><output>${port(3, taken)}</output></layer>`;
    const edges = (id: number) =>
      `<edge from-layer="0" from-port="9" to-layer="${id}" to-port="0"/><edge from-layer="c" from-port="0" to-layer="${id}" to-port="1"/>
       <edge from-layer="a" from-port="0" to-layer="${id}" to-port="2"/><edge from-layer="${id}" from-port="3" to-layer="all" to-port="${id}"/>`;
    const text = `<net name="n" version="11"><layers>
      <layer id="0" name="input" type="Parameter" version="opset1"><data shape="1,3,64,64" element_type="f32" /><output>${port(9, map)}</output></layer>
      ${constant('c', [count], 8 * count)}${constant('a', [], 8)}${ids.map(gather).join('')}
      <layer id="all" name="all" type="Concat" version="opset1"><data axis="0" /><input>${ids.map((id) => port(id, taken)).join('')}</input><output>${port(9, all)}</output></layer>
      <layer id="end" name="end" type="Result" version="opset1"><input>${port(0, all)}</input></layer></layers>
      <edges>${ids.map(edges).join('')}<edge from-layer="all" from-port="9" to-layer="end" to-port="0"/></edges></net>`;
    expect(await refusal(text, new Uint8Array(8 * count))).toMatch(/more numbers than a network needs/);
  });

  test('ten thousand layers are read one after the other', {
    timeout: 60_000,
  }, async () => {
    const place = join(folder, 'deep');
    await mkdir(place);
    await writeFile(join(place, 'model.xml'), chain(10_000));
    await writeFile(join(place, 'model.bin'), '');
    expect(await openvinoReader.toOnnx(join(place, 'model.xml'))).toBeInstanceOf(Uint8Array);
  });

  test('a layer of many inputs with a long name that makes no sense', async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => i + 1);
    const text = `<net name="n" version="11"><layers>
      <layer id="0" name="input" type="Parameter" version="opset1"><data shape="1,3,64,64" element_type="f32" /><output>${port(0, map)}</output></layer>
      <layer id="1" name="${'x'.repeat(100_000)}" type="Concat" version="opset1"><data axis="9" /><input>${ids
        .map((id) => port(id, map))
        .join('')}</input><output>${port(90_000, map)}</output></layer>
      <layer id="2" name="end" type="Result" version="opset1"><input>${port(0, map)}</input></layer></layers>
      <edges>${ids.map((id) => `<edge from-layer="0" from-port="0" to-layer="1" to-port="${id}"/>`).join('')}
      <edge from-layer="1" from-port="90000" to-layer="2" to-port="0"/></edges></net>`;
    expect(await refusal(text)).toMatch(/has the axis 9 of 4 axes/);
    expect(
      await refusal(text.replace('axis="9"', 'axis="0"').replace('<dim>3</dim>', '<dim>4</dim>')),
    ).toMatch(/is said to be/);
  });
});

describe('edges', () => {
  const edges = () => [
    ...good.matchAll(/<edge from-layer="(\d+)" from-port="(\d+)" to-layer="(\d+)" to-port="(\d+)" \/>/g),
  ];

  test('a circle', async () => {
    // What feeds a layer is fed by it.
    const leadsTo = (layer: string) => edges().find(([, , , to]) => to === layer);
    const [, from, , to] = edges().find(([, from, , to]) => leadsTo(from!) && Number(to) > 40)!;
    const back = leadsTo(from!)!;
    const port = edges().find(([, source]) => source === to)![2]!;
    const text = changed(
      back[0],
      back[0].replace(/from-layer="\d+" from-port="\d+"/, `from-layer="${to}" from-port="${port}"`),
    );
    expect(await refusal(text)).toMatch(/edges run in a circle/);
  });

  test.each([
    ['from a layer that is not there', /from-layer="0"/, 'from-layer="123456"', /a layer that is not there/],
    ['from a port that is not there', /from-port="0"/, 'from-port="77"', /a port that is not there/],
    ['one that is gone', /<edge from-layer="0" [^>]*\/>/, '', /nothing leads to input/],
    ['one that is there twice', /<edge from-layer="0" [^>]*\/>/, '$&$&', /another one leads to/],
    ['a name of the language', /from-layer="0"/, 'from-layer="__proto__"', /a layer that is not there/],
  ])('%s', async (_, pattern, replacement, line) => {
    expect(await refusal(changed(pattern, replacement))).toMatch(line);
  });
});

describe('the constants', () => {
  test('a file that is missing', async () => {
    const path = join(folder, 'alone', 'model.xml');
    await mkdir(join(folder, 'alone'));
    await writeFile(path, good);
    expect(await refusalOf(path)).toMatch(/model\.bin: does not exist; expected the constants/);
  });

  test('a file that was cut off', async () => {
    expect(await refusal(good, bin.subarray(0, 1000))).toMatch(/of a file of 1000 bytes/);
  });

  test('a link that leads out of the folder', async () => {
    const place = join(folder, 'linked');
    await mkdir(place);
    await writeFile(join(place, 'model.xml'), good);
    await symlink(join(folder, 'good', 'openvino.bin'), join(place, 'model.bin'));
    expect(await refusalOf(join(place, 'model.xml'))).toMatch(/leads to another folder/);
  });

  test('both are links into one folder, as of a cache', async () => {
    const [place, store] = [join(folder, 'snapshot'), join(folder, 'blobs')];
    for (const path of [place, store]) await mkdir(path);
    await cp(join(folder, 'good', 'openvino.xml'), join(store, 'abc'));
    await cp(join(folder, 'good', 'openvino.bin'), join(store, 'def'));
    await symlink(join(store, 'abc'), join(place, 'model.xml'));
    await symlink(join(store, 'def'), join(place, 'model.bin'));
    expect(await openvinoReader.toOnnx(join(place, 'model.xml'))).toBeInstanceOf(Uint8Array);
  });

  test('larger than any model', async () => {
    const place = join(folder, 'large');
    await mkdir(place);
    await writeFile(join(place, 'model.xml'), good);
    await writeFile(join(place, 'model.bin'), '');
    await truncate(join(place, 'model.bin'), 2 ** 33);
    expect(await refusalOf(join(place, 'model.xml'))).toMatch(/model\.bin: has 8589934592 bytes/);
  });
});
