/** @file What every command shares: the terminal, the settings behind `params`, and how a job runs with its progress shown. */

import type { Command } from 'commander';
import {
  describeSettings,
  type SettingOptions,
  type StudyEvent,
  settingsFromParams,
  type Workspace,
} from '../../index.js';
import { onlyParams, parseParams } from '../arguments.js';
import type { Host } from '../host.js';
import { notesPrinter, progressPrinter } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { timestampedFolder } from '../timestamped-folder.js';
import { weightsOrLatest } from './latest-training.js';
import { workspaceOf } from './workspace.js';

/** Outputs of any kind go here unless `-o` says otherwise. */
export const DEFAULT_OUTPUTS = 'otx-workspace/outputs';

/** Ends the help of `--load-weights` where it may be left out. */
export const LATEST = `(default: the latest training in ${DEFAULT_OUTPUTS}, or in the workspace)`;

/** Ends the help of a command. @param example a setting of the command with a value */
export const paramsHint = (operation: string, example: string): string =>
  `\nSettings come last, such as: params --${example}\n"otx ${operation} params --help" lists them.`;

const ALL = describeSettings();

/** Names behind `params`. */
const paramsUsedBy = (
  operation: 'evaluate' | 'predict' | 'export' | 'augment',
  ...more: string[]
): string[] =>
  ALL.flatMap(({ name, param, usedBy }) =>
    param !== undefined && (usedBy.includes(operation) || more.includes(name)) ? [param] : [],
  );

/** Settings that have an effect on a trained model, by operation; training takes all. */
export const PARAMS_OF: Readonly<Record<string, readonly string[]>> = {
  find: [],
  build: [],
  schema: [],
  studio: [],
  report: [],
  web: [],
  check: [],
  convert: [],
  augment: paramsUsedBy('augment', 'useOtxAdapter'),
  eval: paramsUsedBy('evaluate', 'useOtxAdapter'),
  predict: paramsUsedBy('predict'),
  suggest: paramsUsedBy('predict'),
  demo: paramsUsedBy('predict'),
  explain: paramsUsedBy('predict'),
  export: paramsUsedBy('export'),
  deploy: paramsUsedBy('export'),
  optimize: paramsUsedBy('predict', 'useOtxAdapter'),
  benchmark: paramsUsedBy('export'),
};

/** Under their names in the API. */
export type TypedSettings = SettingOptions & { readonly useOtxAdapter?: boolean | undefined };

/** What a job of the public API takes from its caller. */
export interface JobHooks {
  readonly onEvent: (event: StudyEvent) => void;
  readonly signal: AbortSignal;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /**
   * The settings that were typed.
   *
   * @param useOtxAdapter by its flag, which has a parameter as well.
   * @throws OtxError `usage` for those that are wrong or have no effect on `operation`, and where flag and parameter differ.
   */
  settings(operation: string, useOtxAdapter?: boolean): TypedSettings;
  /**
   * Runs a job with its progress on the terminal, and in the log of its folder.
   *
   * @param isQuiet for a job that draws on the terminal itself: notes are printed, no bars drawn.
   */
  run<T>(job: (hooks: JobHooks) => Promise<T>, options?: { readonly isQuiet?: boolean }): Promise<T>;
  /** Looks for the workspace of a command that is about to run. @throws OtxError `usage` for a folder that is none */
  enter(command: Command): Promise<void>;
  /** That workspace; undefined for none. */
  workspace(): Workspace | undefined;
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
  let workspace: Workspace | undefined;
  const outputs = () => workspace?.outputs ?? DEFAULT_OUTPUTS;
  return {
    terminal,
    enter: async (command) => {
      workspace = await workspaceOf(command);
    },
    workspace: () => workspace,
    settings: (operation, useOtxAdapter) => {
      const texts = parseParams(params ?? []);
      const used = PARAMS_OF[operation];
      if (used) onlyParams(texts, used, operation);
      const asked = settingsFromParams(texts, { useOtxAdapter });
      return useOtxAdapter === undefined ? asked : { ...asked, useOtxAdapter };
    },
    run: async (job, { isQuiet = false } = {}) => {
      startWork();
      const { onEvent, close } = isQuiet ? notesPrinter(terminal) : progressPrinter(terminal);
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
    outputFor: async (operation, given) => given ?? timestampedFolder(outputs(), operation),
    weightsFrom: (given) => weightsOrLatest(given, outputs(), terminal),
  };
}
