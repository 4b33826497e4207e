/** @file The layers of a network as the text that OpenVINO reads. */

import { ELEMENTS, type IrAttribute, type IrLayer, type IrType } from './layer.js';

/** Version of the format. */
const IR_VERSION = 11;

/** Texts about the model, in groups that may be nested. */
export interface RtInfo {
  readonly [key: string]: string | RtInfo;
}

/** The whole file. Equal networks give equal texts. */
export function netXml(name: string, layers: readonly IrLayer[], rtInfo: RtInfo): string {
  return `${[
    '<?xml version="1.0"?>',
    `<net name="${attributeText(name)}" version="${IR_VERSION}">`,
    '\t<layers>',
    ...layers.flatMap((layer, id) => layerLines(layer, id)),
    '\t</layers>',
    '\t<edges>',
    ...edgeLines(layers),
    '\t</edges>',
    ...(Object.keys(rtInfo).length > 0 ? groupLines('rt_info', rtInfo, '\t') : []),
    '</net>',
  ].join('\n')}\n`;
}

/** What XML 1.0 has no character for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text inside an attribute; line breaks stay what they are. */
function attributeText(text: string): string {
  return text
    .replace(NO_CHARACTER, '\ufffd')
    .replace(/[&<>"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function layerLines(layer: IrLayer, id: number): string[] {
  const { name, type, version, data, rtInfo, inputs, outputs, names } = layer;
  const head = `id="${id}" name="${attributeText(name)}" type="${type}" version="${version}"`;
  return [
    `\t\t<layer ${head}>`,
    ...dataLines(layer.type, data),
    ...(rtInfo.length > 0
      ? group(
          'rt_info',
          rtInfo.map((property) => `\t\t\t\t<attribute name="${property}" version="0" />`),
        )
      : []),
    ...group(
      'input',
      inputs.flatMap((value, port) => portLines(port, value.type)),
    ),
    ...group(
      'output',
      outputs.flatMap((type, i) => portLines(inputs.length + i, type, names.get(i))),
    ),
    '\t\t</layer>',
  ];
}

const group = (name: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`\t\t\t<${name}>`, ...lines, `\t\t\t</${name}>`];

function dataLines(type: string, data: IrLayer['data']): string[] {
  const entries = Object.entries(data);
  if (entries.length === 0) return [];
  const written = entries.map(([key, value]) => `${key}="${attributeValue(value, type, key)}"`);
  return [`\t\t\t<data ${written.join(' ')} />`];
}

function attributeValue(value: IrAttribute, type: string, key: string): string {
  if (!Array.isArray(value)) return attributeText(String(value));
  // Of inputs alone, sizes may be open.
  if (type === 'Parameter' && key === 'shape') return value.map((size) => (size < 0 ? '?' : size)).join(',');
  return value.join(', ');
}

function portLines(id: number, { dtype, shape }: IrType, names: readonly string[] = []): string[] {
  const named = names.length > 0 ? ` names="${attributeText(names.join(','))}"` : '';
  const port = `<port id="${id}" precision="${ELEMENTS[dtype].precision}"${named}`;
  if (shape.length === 0) return [`\t\t\t\t${port} />`];
  return [`\t\t\t\t${port}>`, ...shape.map((size) => `\t\t\t\t\t<dim>${size}</dim>`), '\t\t\t\t</port>'];
}

function edgeLines(layers: readonly IrLayer[]): string[] {
  return layers.flatMap(({ inputs }, to) =>
    inputs.map(({ layer, output }, port) => {
      const from = (layers[layer] as IrLayer).inputs.length + output;
      return `\t\t<edge from-layer="${layer}" from-port="${from}" to-layer="${to}" to-port="${port}" />`;
    }),
  );
}

function groupLines(name: string, info: RtInfo, indent: string): string[] {
  const lines = Object.entries(info).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [`${indent}\t<${key} value="${attributeText(value)}" />`]
      : groupLines(key, value, `${indent}\t`),
  );
  return [`${indent}<${name}>`, ...lines, `${indent}</${name}>`];
}
