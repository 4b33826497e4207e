/** @file What computes a training, where there is a choice. */

import { Choice } from '../../page-parts/fields.js';
import { change, now, useShared } from './store.js';
import type { PageDevice } from './types.js';

/** Nothing in a browser that has the processor alone. */
export function DeviceChoice() {
  const { card, settings } = useShared();
  if (!card) return null;
  const choices: readonly (readonly [PageDevice, string])[] = [
    ['wasm', 'The processor'],
    ['webgpu', `The graphics card: ${card.name}${card.isSoftware ? ' (software, slow)' : ''}`],
    ['auto', 'The faster one: both are timed'],
  ];
  return (
    <Choice
      label="Computed by"
      value={settings.device}
      choices={choices}
      onChange={(device) => change({ settings: { ...now().settings, device } })}
    />
  );
}
