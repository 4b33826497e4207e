/**
 * @file Switches off the telemetry of ONNX Runtime: since 1.30 every process that opens a session would get a device id,
 * a database under the user's cache folder and a log in the temporary folder, and would report to a collector.
 * Imported before anything that loads the runtime. Whoever has set the variable has decided, "0" for telemetry included.
 */
import { isMainThread } from 'node:worker_threads';

const VARIABLE = 'ORT_DISABLE_TELEMETRY';

if (process.env[VARIABLE] === undefined) {
  process.env[VARIABLE] = '1';
  // The native code reads the environment of the process, of which a worker thread has a copy.
  if (!isMainThread)
    process.emitWarning(
      `otx was first imported in a worker thread, from where the telemetry of ONNX Runtime cannot be switched off; ` +
        `import it in the main thread too, or start the process with ${VARIABLE}=1`,
      'TelemetryWarning',
    );
}
