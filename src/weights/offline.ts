/** @file Whether the network may be asked. */

import { parseSwitch } from '../base/switch.js';
import type { Environment } from './proxy.js';

/** Whether `OTX_OFFLINE` is set: to anything but an empty text or a word for no, so that a typing error asks nobody. */
export function isOffline({ OTX_OFFLINE: wish }: Environment): boolean {
  return wish !== undefined && wish !== '' && parseSwitch(wish) !== false;
}
