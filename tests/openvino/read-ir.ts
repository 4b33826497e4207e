/**
 * @file A second reader of OpenVINO's IR, for tests alone and sharing nothing with the product: it takes the text apart by patterns, and
 * is strict about what the format's documentation demands of a writer.
 */

export interface Port {
  readonly id: number;
  readonly precision: string;
  readonly names: readonly string[];
  /** -1 where a size is open. */
  readonly dims: readonly number[];
}

export interface Layer {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
  readonly properties: readonly string[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** For every input the layer and the output of it, from 0, that feed it. */
  readonly sources: readonly (readonly [layer: number, output: number])[];
}

export interface Ir {
  readonly version: string;
  readonly layers: readonly Layer[];
  /** What stands behind the edges. */
  readonly rtInfo: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name?: string) =>
    code ? String.fromCodePoint(Number(code)) : ENTITIES[name!]!,
  );

export function attributesOf(tag: string): Record<string, string> {
  return Object.fromEntries(
    [...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map((match) => [match[1]!, unescaped(match[2]!)]),
  );
}

function section(text: string, name: string): string {
  return new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1] ?? '';
}

function portsOf(text: string): Port[] {
  return [...text.matchAll(/<port ([^>]*?)(?:\/>|>([\s\S]*?)<\/port>)/g)].map((match) => {
    const { id, precision, names = '' } = attributesOf(match[1]!);
    const dims = [...(match[2] ?? '').matchAll(/<dim>(-?\d+)<\/dim>/g)].map((dim) => Number(dim[1]));
    return { id: Number(id), precision: precision!, names: names.split(',').filter(Boolean), dims };
  });
}

function demand(condition: boolean, problem: string): void {
  if (!condition) throw new Error(problem);
}

/** Reads the text and checks numbers, ports and edges. */
export function readIr(xml: Uint8Array): Ir {
  const text = Buffer.from(xml).toString();
  demand(text.startsWith('<?xml version="1.0"?>\n<net '), 'does not begin like a model');
  const { version } = attributesOf(/<net ([^>]*)>/.exec(text)![1]!);
  const edges = new Map<string, readonly [number, number]>();
  for (const match of section(text, 'edges').matchAll(/<edge ([^>]*)\/>/g)) {
    const edge = attributesOf(match[1]!);
    const to = `${edge['to-layer']}:${edge['to-port']}`;
    demand(!edges.has(to), `two edges lead to ${to}`);
    edges.set(to, [Number(edge['from-layer']), Number(edge['from-port'])]);
  }
  const layers: Layer[] = [];
  for (const match of section(text, 'layers').matchAll(/<layer ([^>]*)>([\s\S]*?)<\/layer>/g)) {
    const head = attributesOf(match[1]!);
    const body = match[2]!;
    const inputs = portsOf(section(body, 'input'));
    const outputs = portsOf(section(body, 'output'));
    const id = layers.length;
    demand(head.id === String(id), `layer ${head.id} is number ${id}`);
    demand(
      [...inputs, ...outputs].every((port, i) => port.id === i),
      `${head.name}: port ids do not go on from the inputs to the outputs`,
    );
    const sources = inputs.map(({ dims, precision }, port) => {
      const edge = edges.get(`${id}:${port}`);
      demand(edge !== undefined, `${head.name}: nothing leads to input ${port}`);
      const [layer, fromPort] = edge!;
      const source = layers[layer];
      demand(source !== undefined, `${head.name}: input ${port} comes from a later layer`);
      const output = source!.outputs.findIndex(({ id }) => id === fromPort);
      const from = source!.outputs[output]!;
      demand(
        String(from.dims) === String(dims) && from.precision === precision,
        `${head.name}: input ${port} has another type than what leads to it`,
      );
      return [layer, output] as const;
    });
    layers.push({
      ...{ id, name: head.name!, type: head.type!, version: head.version!, inputs, outputs, sources },
      data: attributesOf(/<data ([^>]*)\/>/.exec(body)?.[1] ?? ''),
      properties: [...section(body, 'rt_info').matchAll(/<attribute name="(\w+)"/g)].map(
        (found) => found[1]!,
      ),
    });
  }
  demand(new Set(layers.map(({ name }) => name)).size === layers.length, 'two layers have one name');
  demand(edges.size === layers.reduce((sum, { inputs }) => sum + inputs.length, 0), 'edges lead nowhere');
  return { version: version!, layers, rtInfo: text.slice(text.indexOf('</edges>')) };
}
