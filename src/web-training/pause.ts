/** @file Waiting between two steps, as long as somebody wishes. */

/** Lets a training wait: give it as `pause`, then it waits between two steps from {@link pause} to {@link resume}. */
export class TrainingPause {
  private paused = false;
  private readonly watchers = new Set<(isPaused: boolean) => void>();

  /** Whether the training waits, or will after the step that is under way. */
  get isPaused(): boolean {
    return this.paused;
  }

  /** Has the training wait after the step that is under way. May be called again. */
  pause(): void {
    this.set(true);
  }

  /** Has it go on. May be called again. */
  resume(): void {
    this.set(false);
  }

  /** Calls with each change. @returns ends that */
  watch(watcher: (isPaused: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private set(isPaused: boolean): void {
    if (isPaused === this.paused) return;
    this.paused = isPaused;
    for (const watcher of [...this.watchers]) watcher(isPaused);
  }
}

/** Resolves when a training may go on, or is to end. */
export function whenGoing(pause: TrainingPause | undefined, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!pause?.isPaused || signal?.aborted) return resolve();
    const go = () => {
      unwatch();
      signal?.removeEventListener('abort', go);
      resolve();
    };
    const unwatch = pause.watch(go);
    signal?.addEventListener('abort', go);
    return undefined;
  });
}
