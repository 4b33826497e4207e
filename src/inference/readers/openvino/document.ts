/** @file The text of a model for OpenVINO as layers and what feeds them, every number of it checked. */

import { parseXml, XmlElement, XmlText } from '@rgrove/parse-xml';
import { messageOf } from '../../../base/errors.js';
import { quoted, shortened } from '../../../base/text.js';
import { refuseIr, UnusableIr } from './unusable-ir.js';

/** An input or output of a layer. */
export interface IrPort {
  readonly id: number;
  /** Names under which programs find the value. */
  readonly names: readonly string[];
  /** -1 where a size is open. */
  readonly dims: readonly number[];
}

/** What feeds an input. */
export interface IrSource {
  readonly layer: IrLayer;
  /** Number of its output, from 0. */
  readonly output: number;
}

/** An operator. */
export interface IrLayer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Set of operators that it is of. */
  readonly version: string;
  readonly data: Readonly<Record<string, string>>;
  readonly inputs: readonly IrPort[];
  readonly outputs: readonly IrPort[];
  /** One for each input. */
  readonly sources: IrSource[];
}

/** A model. */
export interface IrDocument {
  /** In the order of the file, which need not be that of the work. */
  readonly layers: readonly IrLayer[];
  /** Texts about the model, by group and key: `model_info labels`. */
  readonly rtInfo: Readonly<Record<string, string>>;
}

const VERSIONS = ['10', '11'];

/** Eight times what the largest network here has; more take gigabytes as objects. */
const MOST_TAGS = 1_000_000;
const LONGEST_NAME = 80;
/** Of a tensor; networks that segment have up to five axes. */
const MOST_AXES = 8;

/** A text of the file as part of a message. */
export const named = (text: string): string => quoted(shortened(text, LONGEST_NAME));

/** @throws UnusableIr */
export function parseIr(text: string): IrDocument {
  const net = parse(text);
  if (net.name !== 'net')
    refuseIr(`it is XML of another kind: its first element is <${shortened(net.name, LONGEST_NAME)}>`);
  const { version = '' } = net.attributes;
  if (!VERSIONS.includes(version))
    refuseIr(`it is version ${named(version)} of the format; ${VERSIONS.join(' and ')} are read`);
  const layers = new Map<string, IrLayer>();
  for (const element of childrenOf(only(net, 'layers'), 'layer')) {
    const layer = layerOf(element);
    if (layers.has(layer.id)) refuseIr(`two of its layers have the number ${named(layer.id)}`);
    layers.set(layer.id, layer);
  }
  connect(childrenOf(only(net, 'edges'), 'edge'), layers);
  return { layers: [...layers.values()], rtInfo: rtInfoOf(net) };
}

function parse(text: string): XmlElement {
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)/i.test(text))
    refuseIr('it declares a document type, which no model does');
  let tags = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) tags += 1;
  if (tags > MOST_TAGS) refuseIr(`it has ${tags} tags, of which no more than ${MOST_TAGS} are read`);
  try {
    const { root } = parseXml(text);
    if (root) return root;
  } catch (error) {
    if (error instanceof RangeError) refuseIr('its elements are nested too deeply');
    const [reason = ''] = messageOf(error).split('\n');
    refuseIr(`it is no XML (${shortened(reason, 2 * LONGEST_NAME)})`);
  }
  return refuseIr('it has no element');
}

function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  const elements = element?.children.filter((child) => child instanceof XmlElement) ?? [];
  return elements.filter((child) => child.name === name);
}

/** The child of a name; the first where there are several. */
const only = (element: XmlElement, name: string): XmlElement | undefined => childrenOf(element, name)[0];

function layerOf(element: XmlElement): IrLayer {
  const { id = '', name = '', type = '', version = '' } = element.attributes;
  const where = `layer ${named(name)}`;
  return {
    ...{ id, name, type, version },
    data: only(element, 'data')?.attributes ?? {},
    inputs: portsOf(only(element, 'input'), where),
    outputs: portsOf(only(element, 'output'), where),
    sources: [],
  };
}

function portsOf(element: XmlElement | undefined, where: string): IrPort[] {
  return childrenOf(element, 'port').map((port) => {
    const { id = '', names = '' } = port.attributes;
    const dims = childrenOf(port, 'dim').map((dim) => dimOf(dim, where));
    if (dims.length > MOST_AXES)
      refuseIr(`${where} has a port with ${dims.length} axes; ${MOST_AXES} is the most`);
    return { id: portNumber(id, where), names: names.split(',').filter((name) => name !== ''), dims };
  });
}

const portNumber = (text: string, where: string): number =>
  /^\d{1,7}$/.test(text) ? Number(text) : refuseIr(`${where} has a port with the number ${named(text)}`);

function dimOf({ children: [text] }: XmlElement, where: string): number {
  const size = text instanceof XmlText ? text.text.trim() : '';
  return /^(-1|\d{1,9})$/.test(size) ? Number(size) : refuseIr(`${where} has a size ${named(size)}`);
}

/** Where in a list each port stands, by its number. */
function positionsOf(ports: readonly IrPort[], where: string): ReadonlyMap<number, number> {
  const positions = new Map(ports.map(({ id }, i) => [id, i]));
  return positions.size === ports.length ? positions : refuseIr(`${where} has two ports of one number`);
}

/** Joins inputs to outputs. Every input must be fed, by one output that exists. */
function connect(edges: readonly XmlElement[], layers: ReadonlyMap<string, IrLayer>): void {
  const places = new Map(
    [...layers.values()].map((layer) => {
      const where = `layer ${named(layer.name)}`;
      const [inputs, outputs] = [positionsOf(layer.inputs, where), positionsOf(layer.outputs, where)];
      return [layer.id, { layer, inputs, outputs, sources: new Map<number, IrSource>() }] as const;
    }),
  );
  for (const { attributes } of edges) {
    const { 'from-layer': fromId = '', 'from-port': fromPort = '' } = attributes;
    const { 'to-layer': toId = '', 'to-port': toPort = '' } = attributes;
    const where = `the edge from layer ${named(fromId)} to layer ${named(toId)}`;
    const [from, to] = [places.get(fromId), places.get(toId)];
    const output = from?.outputs.get(portNumber(fromPort, where));
    const input = to?.inputs.get(portNumber(toPort, where));
    if (!from || !to || output === undefined || input === undefined) {
      throw new UnusableIr(`${where} belongs to a ${from && to ? 'port' : 'layer'} that is not there`);
    }
    if (to.sources.has(input)) refuseIr(`${where} leads to an input that another one leads to`);
    to.sources.set(input, { layer: from.layer, output });
  }
  for (const { layer, sources } of places.values()) {
    layer.inputs.forEach((_, i) => {
      layer.sources.push(
        sources.get(i) ?? refuseIr(`nothing leads to input ${i} of layer ${named(layer.name)}`),
      );
    });
  }
}

/** Texts of two levels, as this project and the reference write them. */
function rtInfoOf(net: XmlElement): Record<string, string> {
  const groups = only(net, 'rt_info')?.children.filter((child) => child instanceof XmlElement) ?? [];
  return Object.fromEntries(
    groups.flatMap((group) =>
      group.children
        .filter((child) => child instanceof XmlElement)
        .map((child) => [`${group.name} ${child.name}`, child.attributes.value ?? ''] as const),
    ),
  );
}
