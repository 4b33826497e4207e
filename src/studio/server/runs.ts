/** @file The runs of a studio, read from the events that they write, as far as they have come. */

import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTurns, type TakeTurn } from '../../files-api.js';
import {
  type EpochEvent,
  EventReader,
  type LoggedEvent,
  OtxError,
  type StartEvent,
  weightsOfRun,
} from '../../index.js';
import type { Jobs } from './jobs.js';
import type { Workshop } from './workshop.js';

/** Steps that a curve has at most; of more, every second one is left out. */
const MOST_STEPS = 1200;
const LOOK_MILLISECONDS = 600;

/** What pages draw of a run. */
export interface RunView {
  readonly name: string;
  start?: Pick<
    StartEvent,
    'template' | 'classes' | 'epochs' | 'stepsPerEpoch' | 'batchSize' | 'images' | 'config'
  >;
  /** Step through all epochs, and its loss. */
  steps: [step: number, loss: number][];
  epochs: Omit<EpochEvent, 'type' | 'confusion'>[];
  /** Newest of each name. */
  pictures: { name: string; file: string; step: number }[];
  notices: string[];
  now?: { epoch: number; imagesPerSecond: number; etaSeconds: number; step: number };
  end?: { reason: string; bestEpoch: number };
  hasWeights?: boolean;
}

interface Follower {
  readonly reader: EventReader;
  view: RunView;
  every: number;
  /** One look at a time. */
  readonly takeTurn: TakeTurn;
}

/** Reads runs, and tells of those that go on. */
export class Runs {
  private readonly followers = new Map<string, Follower>();

  constructor(
    private readonly workshop: Workshop,
    private readonly jobs: Jobs,
  ) {}

  /** Folder of a run. @throws OtxError `image` for a name that is none */
  folder(name: string): string {
    if (!/^[\w-]+$/.test(name)) throw new OtxError('image', 'there is no such run');
    return this.workshop.project.at('runs', name);
  }

  /** Names, the newest first. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.workshop.project.at('runs')).catch((): string[] => []);
    return names
      .filter((name) => /^[\w-]+$/.test(name))
      .sort()
      .reverse();
  }

  /** A run as far as it has come. */
  async view(name: string): Promise<RunView> {
    const folder = this.folder(name);
    const follower = this.followers.get(name) ?? newFollower(name, folder);
    this.followers.set(name, follower);
    await follower.takeTurn(async () => {
      for await (const event of follower.reader.read()) take(follower, event);
    });
    follower.view.hasWeights = (await weightsOfRun(folder)) !== undefined;
    return follower.view;
  }

  /** Tells of new events while somebody listens, until the studio closes. */
  async follow(): Promise<void> {
    const { news, signal } = this.workshop;
    while (!signal.aborted) {
      await sleep(LOOK_MILLISECONDS, undefined, { ref: false });
      if (news.size === 0) continue;
      for (const job of this.jobs
        .list()
        .filter(({ kind, state }) => kind === 'train' && state === 'running')) {
        const before = this.followers.get(job.id)?.reader.position ?? 0;
        const view = await this.view(job.id).catch(() => undefined);
        const after = this.followers.get(job.id)?.reader.position ?? 0;
        if (view && after !== before) news.tell({ type: 'run', name: job.id, now: view.now ?? null });
      }
    }
  }
}

const emptyView = (name: string): RunView => ({ name, steps: [], epochs: [], pictures: [], notices: [] });

function newFollower(name: string, folder: string): Follower {
  const follower: Follower = {
    reader: new EventReader(folder, () => Object.assign(follower, { view: emptyView(name), every: 1 })),
    ...{ view: emptyView(name), every: 1, takeTurn: createTurns(1) },
  };
  return follower;
}

function take(follower: Follower, event: LoggedEvent): void {
  const { view } = follower;
  if (event.type === 'start') {
    const { template, classes, epochs, stepsPerEpoch, batchSize, images, config } = event;
    view.start = { template, classes, epochs, stepsPerEpoch, batchSize, images, config };
  } else if (event.type === 'step') {
    const step = (event.epoch - 1) * event.stepsPerEpoch + event.step;
    if (step % follower.every === 0) view.steps.push([step, event.loss]);
    if (view.steps.length > MOST_STEPS) {
      view.steps = view.steps.filter((_, at) => at % 2 === 1);
      follower.every *= 2;
    }
    const { epoch, imagesPerSecond, etaSeconds } = event;
    view.now = { epoch, imagesPerSecond, etaSeconds, step };
  } else if (event.type === 'epoch') {
    const { type: _, confusion: __, ...epoch } = event;
    view.epochs.push(epoch);
  } else if (event.type === 'picture') {
    const { name, file, step } = event;
    view.pictures = [...view.pictures.filter((picture) => picture.name !== name), { name, file, step }];
  } else if (event.type === 'notice') {
    view.notices.push(event.message);
  } else if (event.type === 'end') {
    view.end = { reason: event.reason, bestEpoch: event.bestEpoch };
  }
}
