/**
 * @file Loads OpenCV (compiled to WebAssembly) when a mask is read through polygons, and not before: it takes 0.3 s and
 * 80 MB per thread.
 *
 * The version is that of the time of the reference: from 4.12 on, filled contours cover other pixels along their border.
 */
import { createRequire } from 'node:module';
import { OtxError } from '../../base/errors.js';
import { wantedVersion } from '../../base/version.js';

export type OpenCv = typeof import('@techstark/opencv-js');

/** What the module offers while it starts. */
interface Starting {
  onRuntimeInitialized: () => void;
  onAbort: (reason: unknown) => void;
}

/** Twelve megabytes that are installed by those who need them. */
const PACKAGE = '@techstark/opencv-js';

/** Finds a package as it is found from this file. */
const require = createRequire(import.meta.url);

/**
 * Looks whether OpenCV is installed, without loading it.
 * @param resolve for tests.
 * @throws OtxError `usage` saying what to install.
 */
export function requireOpenCv(resolve: (name: string) => string = require.resolve): void {
  try {
    resolve(PACKAGE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new OtxError(
      'usage',
      `use_otx_adapter needs OpenCV, which is not installed: npm install ${PACKAGE}@${wantedVersion(PACKAGE)}`,
      { cause: error },
    );
  }
}

let loaded: Promise<{ cv: OpenCv }> | undefined;

/**
 * OpenCV of this thread, loaded at the first call. It comes in an object because the module has a `then` of its own: a
 * promise of the module itself would never settle.
 * @throws OtxError `image` when WebAssembly cannot start here.
 */
export function loadOpenCv(): Promise<{ cv: OpenCv }> {
  loaded ??= new Promise((resolve, reject) => {
    const cv: OpenCv & Starting = withoutProcessListeners(() => require(PACKAGE));
    cv.onRuntimeInitialized = () => resolve({ cv });
    cv.onAbort = (reason) =>
      reject(new OtxError('image', `OpenCV, which use_otx_adapter needs, cannot start here (${reason})`));
  });
  return loaded;
}

/** Keeps a library that is being loaded from changing how this process treats errors. */
function withoutProcessListeners<T>(load: () => T): T {
  const before = new Set(EVENTS.flatMap((event) => process.listeners(event)));
  const result = load();
  for (const event of EVENTS) {
    for (const listener of process.listeners(event)) {
      if (!before.has(listener)) process.removeListener(event, listener);
    }
  }
  return result;
}

/** One type for both events: listeners are only compared and removed here. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as unknown as readonly 'uncaughtException'[];
