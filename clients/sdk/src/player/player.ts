// What the sync controller knows of a player, and what it may ask of one.

/**
 * What a kind of player can do; declared by its adapter and corrected by probing. Of the times, what is absent is as
 * measured in Chromium; each player's own are learnt anyway, so these only shape its first seconds.
 */
export interface PlayerCapabilities {
  /** Any rate near 1 is obeyed exactly, so an error can be closed by playing a little faster or slower. */
  readonly fineRate: boolean;
  /** The rates a player without fine rates accepts; empty when its rate cannot be changed at all. */
  readonly rateSteps: readonly number[];
  /** How far its position moves at once: 0 for a smooth clock. Unit: ms. */
  readonly clockResolutionMs: number;
  /** It says so itself when it runs out of data. */
  readonly waiting: boolean;
  /** Its renditions can be listed and chosen. */
  readonly quality: boolean;
  /** Its captions can be listed and chosen. */
  readonly captions: boolean;
  /** From play() to the media moving. Unit: ms. */
  readonly playLatencyMs?: number | undefined;
  /** From setRate() to the rate showing. Unit: ms. */
  readonly rateDelayMs?: number | undefined;
  /** For so long after play(), and after data has returned, its position is not true. Unit: ms. */
  readonly blindAfterPlayMs?: number | undefined;
}

/** The player at one instant. Units: ms; `localMs` is performance.now() as `positionMs` was read. */
export interface PlayerReport {
  readonly localMs: number;
  readonly positionMs: number;
  /** Undefined until known, and for live media. */
  readonly durationMs: number | undefined;
  /** Metadata is there: positions mean something and seeks are obeyed. */
  readonly loaded: boolean;
  /** Enough data to play on from here. */
  readonly ready: boolean;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  /** It should move but does not: out of data, or an advertisement plays. */
  readonly stalled: boolean;
  /** The browser refuses to start it without a gesture of the user. */
  readonly blocked: boolean;
  /** The user is scrubbing, or has just acted and the room has not answered: hands off. */
  readonly userActing: boolean;
  readonly rate: number;
  /** How much is buffered ahead of the position. */
  readonly bufferMs: number;
}

/** What a user did to the player itself: media keys, picture-in-picture, the player's own controls. */
export type UserIntent =
  | { readonly kind: "play"; readonly positionMs: number }
  | { readonly kind: "pause"; readonly positionMs: number }
  | { readonly kind: "seek"; readonly positionMs: number }
  | { readonly kind: "rate"; readonly rate: number };

/**
 * A player as the sync loop drives it. Its own actions never come back as intents.
 *   Owner: whoever made it disposes of it; a disposed player ignores everything.
 */
export interface Player {
  readonly capabilities: PlayerCapabilities;
  /** Call from a task that has awaited at least once since it last read a position (browser-sync.md trap 2). */
  report(): PlayerReport;
  play(): void;
  pause(): void;
  seek(positionMs: number): void;
  setRate(rate: number, preservesPitch: boolean): void;
  /** Tries a start from inside a gesture of the user, which lifts `blocked`. */
  unblock(): void;
  /** Called when something happened that a controller should look at now. Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
  onIntent(listener: (intent: UserIntent) => void): () => void;
  dispose(): void;
}
