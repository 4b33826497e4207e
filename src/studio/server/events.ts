/** @file News of the studio for its pages: what has changed, so that they ask for it. */

/** One piece of news. */
export interface News {
  /** What it is about, such as `images` or `job`. */
  readonly type: string;
  readonly [name: string]: unknown;
}

/** Hands news to all who listen. */
export class Newsroom {
  private readonly listeners = new Set<(news: News) => void>();

  /** How many listen. */
  get size(): number {
    return this.listeners.size;
  }

  /** Tells everybody. */
  tell(news: News): void {
    for (const listener of this.listeners) listener(news);
  }

  /** @returns ends the listening. */
  listen(listener: (news: News) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
