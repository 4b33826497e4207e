/** @file What every command shares: the terminal, the settings behind `params`, and how a job runs with its progress shown. */

import type { HyperParameterOverrides, JobEvent, TrainEvent } from '../../index.js';
import { checkHyperParameters, settingNames } from '../../settings/index.js';
import { timestampedFolder } from '../../training/prepare/run-folder.js';
import { ADAPTER_PARAMETER, onlyParams, parseParams } from '../arguments.js';
import type { Host } from '../host.js';
import { progressPrinter } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { weightsOrLatest } from './latest-training.js';
import { chooseAdapter, takeAdapter } from './otx-adapter-option.js';

/** Outputs of any kind go here unless `-o` says otherwise. */
export const DEFAULT_OUTPUTS = 'otx-workspace/outputs';

/** Ends the help of `--load-weights` where it may be left out. */
export const LATEST = `(default: the latest training in ${DEFAULT_OUTPUTS})`;

/** Ends the help of a command. @param example a setting of the command with a value */
export const paramsHint = (operation: string, example: string): string =>
  `\nSettings come last, such as: params --${example}\n"otx ${operation} params --help" lists them.`;

const POSTPROCESSING = settingNames('postprocessing').map((name) => `postprocessing.${name}`);

/** Settings that have an effect on a trained model, by operation; training takes all. */
export const PARAMS_OF: Readonly<Record<string, readonly string[]>> = {
  find: [],
  schema: [],
  augment: ['learning_parameters.input_size', ADAPTER_PARAMETER],
  eval: [
    'learning_parameters.input_size',
    'learning_parameters.num_workers',
    ...POSTPROCESSING,
    ADAPTER_PARAMETER,
  ],
  predict: ['learning_parameters.input_size', ...POSTPROCESSING],
  export: ['learning_parameters.input_size', ...POSTPROCESSING],
};

/** What a job of the public API takes from its caller. */
export interface JobHooks {
  readonly onEvent: (event: TrainEvent | JobEvent) => void;
  readonly signal: AbortSignal;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /** The settings that were typed. @throws OtxError `usage` for those that are wrong or have no effect on `operation` */
  settings(operation: string): HyperParameterOverrides;
  /** Whether masks go through polygons, by flag or parameter. @throws OtxError `usage` when these differ */
  adapter(flag: boolean | undefined): boolean | undefined;
  /** Runs a job with its progress on the terminal, and in the log of its folder. */
  run<T>(job: (hooks: JobHooks) => Promise<T>): Promise<T>;
  /** The folder behind `-o`, or a new one named after time and operation. */
  outputFor(operation: string, given: string | undefined): Promise<string>;
  /** The weights behind `--load-weights`, or those of the latest training, saying so. @throws OtxError `usage` for none */
  weightsFrom(given: string | undefined): Promise<string>;
}

/** @param params words behind `params`, if any. */
export function createContext(
  params: readonly string[] | undefined,
  terminal: Terminal,
  { signal, log, startWork }: Pick<Host, 'signal' | 'log' | 'startWork'>,
): CommandContext {
  return {
    terminal,
    settings: (operation) => {
      const texts = parseParams(params ?? []);
      const used = PARAMS_OF[operation];
      if (used) onlyParams(texts, used, operation);
      return checkHyperParameters(takeAdapter(texts).values);
    },
    adapter: (flag) => chooseAdapter(flag, takeAdapter(parseParams(params ?? [])).adapter),
    run: async (job) => {
      startWork();
      const { onEvent, close } = progressPrinter(terminal);
      try {
        return await job({
          signal,
          onEvent: (event) => {
            if (event.type === 'output') log.writeTo(event.folder);
            onEvent(event);
          },
        });
      } finally {
        close();
      }
    },
    outputFor: async (operation, given) => given ?? timestampedFolder(DEFAULT_OUTPUTS, operation),
    weightsFrom: (given) => weightsOrLatest(given, DEFAULT_OUTPUTS, terminal),
  };
}
