/** @file A device in a process of its own: its name, and trial runs on it. */
import '../no-telemetry.js';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../../base/errors.js';
import { workerUrl } from '../../base/worker-url.js';
import { input } from '../../graph/builders.js';
import { createNode } from '../../graph/tensor.js';
import { plainMessage } from '../plain-message.js';
import { probeModel } from '../providers/probe-model.js';
import type { ProbeModel } from '../providers/provider.js';
import type { DeviceKind, SessionTarget } from '../settings.js';
import type { Trial, TrialReply, TrialResult } from './protocol.js';

/** A process that has a device. */
export interface OpenDevice {
  /** As the driver calls it. */
  readonly name: string;
  /** Runs a model once on the device. @throws Error saying why it does not work */
  run(probe: ProbeModel): Promise<TrialResult>;
  /** Runs anything. @throws Error saying why it does not work, which may be that the process has ended or took too long */
  try(trial: Trial): Promise<TrialResult>;
  /** Ends the process, whatever it does. */
  close(): void;
}

/** Longer than any driver takes to start and to compile a hundred small programs, on a busy machine too. */
const OPENING_SECONDS = 120;
/** Of what the process says on the side; the name of the device is among the first lines. */
const MOST_TEXT = 2 ** 18;

/** What a runtime says where there is no such device, and what it means. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/Failed to get a WebGPU adapter/, 'no driver of this machine offers it an adapter'],
  [
    /Failed to load shared library|libonnxruntime_providers/,
    'its libraries are not installed beside onnxruntime-node',
  ],
];

/** @throws Error saying why there is no such device here */
export async function openDevice(kind: DeviceKind): Promise<OpenDevice> {
  const child = new DeviceProcess();
  const target: SessionTarget = { provider: kind };
  const attempt = (probe: ProbeModel): Promise<TrialResult> =>
    child.try({ ...probe, target, threads: 1, runs: 1 }, OPENING_SECONDS);
  try {
    await attempt(copyOfOne());
    const name = kind === 'cuda' ? await nvidiaName() : child.adapterName();
    return {
      name,
      run: attempt,
      try: (trial) => child.try(trial, OPENING_SECONDS),
      close: () => child.close(),
    };
  } catch (error) {
    child.close();
    const said = messageOf(error);
    const [, meaning] = MISSING.find(([pattern]) => pattern.test(said)) ?? [];
    throw new Error(meaning ?? plainMessage(said));
  }
}

/** The least that makes a driver start. */
function copyOfOne(): ProbeModel {
  const x = input('x', 'float32', [4]);
  return probeModel([x], createNode('stopGradient', [x], {}));
}

class DeviceProcess {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, (reply: TrialReply) => void>();
  private said = '';
  private lastId = 0;
  private ended: string | undefined;

  constructor() {
    const entry = fileURLToPath(workerUrl(import.meta.url, './device-process.js'));
    this.child = fork(entry, [], {
      cwd: dirname(entry),
      execArgv: [],
      serialization: 'advanced',
      // The loader of Vulkan then names the devices that it finds.
      env: { VK_LOADER_DEBUG: 'driver', ...process.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.on('data', (text: Buffer) => {
      if (this.said.length < MOST_TEXT) this.said += text.toString();
    });
    this.child.on('message', (reply: TrialReply) => {
      this.pending.get(reply.id)?.(reply);
      this.pending.delete(reply.id);
    });
    this.child.on('error', (error) => this.fail(error.message));
    this.child.on('exit', (code, signal) => this.fail(`its process ended with ${signal ?? `code ${code}`}`));
  }

  async try(trial: Trial, seconds: number): Promise<TrialResult> {
    if (this.ended !== undefined) throw new Error(this.ended);
    this.lastId += 1;
    const id = this.lastId;
    const timer = setTimeout(() => {
      this.fail(`a trial took longer than ${seconds} seconds`);
      this.close();
    }, 1000 * seconds);
    try {
      const reply = await new Promise<TrialReply>((resolve) => {
        this.pending.set(id, resolve);
        this.child.send({ id, trial }, (error) => {
          if (error) resolve({ id, problem: error.message });
        });
      });
      if ('problem' in reply) throw new Error(reply.problem);
      return reply.result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Of WebGPU: as the loader of Vulkan has named it, else what the system has. */
  adapterName(): string {
    const names = new Set([...this.said.matchAll(/\[\d+\] (\S[^\n]*?)\s*$/gm)].map(([, name]) => name!));
    if (names.size > 0) return [...names].join(' or ');
    if (process.platform === 'darwin') return `graphics of ${cpus()[0]?.model ?? 'this machine'}`;
    return 'graphics of this machine';
  }

  close(): void {
    this.ended ??= 'it was closed';
    this.child.kill('SIGKILL');
  }

  private fail(problem: string): void {
    this.ended ??= problem;
    for (const [id, settle] of this.pending) settle({ id, problem });
    this.pending.clear();
  }
}

/** The first card, by the tool that comes with its driver. */
async function nvidiaName(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', [
      '--query-gpu=name',
      '--format=csv,noheader',
      '--id=0',
    ]);
    return stdout.trim().split('\n')[0] || 'CUDA device 0';
  } catch {
    return 'CUDA device 0';
  }
}
