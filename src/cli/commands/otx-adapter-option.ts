/** @file `--use-otx-adapter`, which every command that reads masks has, and the parameter that means the same. */

import { InvalidArgumentError, Option } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { parseSwitch, SWITCH_WORDS } from '../../base/switch.js';
import { ADAPTER_PARAMETER } from '../arguments.js';

/** Undefined when not given, so that a configuration file can decide. */
export function otxAdapterOption(): Option {
  return new Option(
    '--use-otx-adapter [switch]',
    'true: masks go through polygons as in OTX; false: pixels as they are, as in benchmarks (default: false)',
  ).argParser((text) => {
    const isOn = parseSwitch(text);
    if (isOn !== undefined) return isOn;
    throw new InvalidArgumentError(`expected ${SWITCH_WORDS}`);
  });
}

/** A group of settings by name, of which this takes the adapter out. */
type Groups = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Parameters without the one that is none of the table's.
 *
 * @throws OtxError `usage` when it is no boolean.
 */
export function takeAdapter<T extends Groups>(values: T): { values: T; adapter: boolean | undefined } {
  const { use_otx_adapter: given, ...algo_backend } = values.algo_backend ?? {};
  if (given === undefined) return { values, adapter: undefined };
  const adapter = parseSwitch(given);
  if (adapter !== undefined) return { values: { ...values, algo_backend }, adapter };
  throw new OtxError(
    'usage',
    `parameter ${option(ADAPTER_PARAMETER)} is ${JSON.stringify(given)}; allowed is ${SWITCH_WORDS}`,
  );
}

/**
 * What flag and parameter say together.
 *
 * @throws OtxError `usage` when they say different things.
 */
export function chooseAdapter(
  flag: boolean | undefined,
  parameter: boolean | undefined,
): boolean | undefined {
  if (flag !== undefined && parameter !== undefined && flag !== parameter) {
    throw new OtxError(
      'usage',
      `${option('useOtxAdapter')} ${flag} and ${option(ADAPTER_PARAMETER)} ${parameter} contradict each other: they are one ` +
        'setting; leave one of them out',
    );
  }
  return flag ?? parameter;
}
