/** @file What the frames of `otx demo` are shown on. */

import type { DemoFrame } from '../../index.js';

/** Shows one frame after the other. To be closed, whatever happens. */
export interface Display {
  /** Resolves when the frame is on its way to the screen. */
  show(frame: DemoFrame): Promise<void>;
  /** After the last frame: waits where what is shown would vanish with the process. */
  finish(): Promise<void>;
  close(): void;
}
