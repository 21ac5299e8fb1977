// Drives anything shaped like an HTMLMediaElement: <video>, <hls-video>, <youtube-video>…
//
// Who did it? Events come later than the act, so nothing is counted. The player remembers what it
// was last told by us (playing or paused, where to, how fast); an event that leaves the element in
// another state was caused by someone else: the user's media keys, picture-in-picture, the
// element's own controls. That is told once as an intent, and becomes what is remembered.

import { ClockResolutionProbe } from "./clock-resolution.js";
import type { Player, PlayerCapabilities, PlayerReport, UserIntent } from "./player.js";

/** What is used of an element; the optional parts are missing in some that stand in for iframes. */
export interface MediaElementLike extends EventTarget {
  currentTime: number;
  playbackRate: number;
  preservesPitch?: boolean;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking?: boolean;
  readonly readyState?: number;
  readonly isConnected?: boolean;
  readonly buffered?: {
    readonly length: number;
    start(index: number): number;
    end(index: number): number;
  };
  play(): Promise<void> | void;
  pause(): void;
}

export interface MediaElementPlayerOptions {
  /** What this kind of element can do, where it differs from a plain <video>. */
  readonly capabilities?: Partial<PlayerCapabilities>;
  /**
   * How long the element may take to show what it was told; until then nothing it does is taken for the user's.
   * Iframes answer by messages: a start that was taken back meanwhile would come in as a wish to play. Unit: ms.
   */
  readonly answerMs?: number;
  readonly now?: () => number;
}

/** A plain <video> in a browser with a smooth clock. */
export const VIDEO_CAPABILITIES: PlayerCapabilities = {
  fineRate: true,
  rateSteps: [],
  clockResolutionMs: 0,
  waiting: true,
  quality: false,
  captions: true,
};

/** HTMLMediaElement.readyState: metadata is there; data to play on is there. */
const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;
/** A position that has not moved for so long, or for STALL_STEPS of its steps, is stalled. Unit: ms. */
export const STALL_MS = 300;
export const STALL_STEPS = 3;
/** The clock stands still or creeps for so long after play() and a seek. Unit: ms. */
export const DISTURBED_MS = 200;
/** After an intent of the user the room has so long to answer before the controller acts. Unit: ms. */
export const INTENT_HOLD_MS = 600;
/** A seek that lands this close to the one asked for is ours. Unit: ms. */
export const OWN_SEEK_MS = 400;
/** Players without the `seeking` flag are taken to be done after this. Unit: ms. */
export const SEEK_TIMEOUT_MS = 3_000;
/** Adaptive players hop over small gaps by themselves when they run dry. Unit: ms. */
export const GAP_HOP_MS = 1_500;
/** A rate that reads back otherwise within this time of writing it was not accepted. Unit: ms. */
export const RATE_ANSWER_MS = 1_000;
/** Rates closer than this are the same. */
export const RATE_EPSILON = 1e-4;
/** A pause this close to the end is the end. Unit: ms. */
export const END_MS = 300;

/**
 * A Player over one element.
 *   Owner: whoever made it disposes of it; the element stays the caller's.
 *   Thread: the page's. report() needs an awaited microtask since the last reading.
 */
export class MediaElementPlayer implements Player {
  private readonly element: MediaElementLike;
  private readonly now: () => number;
  private readonly answerMs: number;
  private declared: PlayerCapabilities;
  private readonly resolution = new ClockResolutionProbe();
  private readonly changeListeners = new Set<() => void>();
  private readonly intentListeners = new Set<(intent: UserIntent) => void>();
  private readonly handlers: [type: string, handle: () => void][] = [];

  private wantsPaused: boolean;
  private wantedRate: number;
  private rateWrittenAtMs = Number.NEGATIVE_INFINITY;
  private seekTargetMs: number | undefined;
  private seekSentAtMs = Number.NEGATIVE_INFINITY;
  private awaitingSeek = false;
  private actedAtMs = Number.NEGATIVE_INFINITY;
  private usedByUs = false;
  private waiting = false;
  private blockedByBrowser = false;
  private heldUntilMs = Number.NEGATIVE_INFINITY;
  private disturbedUntilMs = Number.NEGATIVE_INFINITY;
  private movedAtMs = Number.NEGATIVE_INFINITY;
  private seenPositionMs = Number.NaN;

  constructor(element: MediaElementLike, options: MediaElementPlayerOptions = {}) {
    this.element = element;
    this.now = options.now ?? (() => performance.now());
    this.answerMs = options.answerMs ?? 0;
    this.declared = { ...VIDEO_CAPABILITIES, ...options.capabilities };
    this.wantsPaused = element.paused;
    this.wantedRate = element.playbackRate;
    this.listen();
  }

  get capabilities(): PlayerCapabilities {
    const stepMs = this.resolution.stepMs ?? 0;
    if (stepMs <= this.declared.clockResolutionMs) return this.declared;
    return { ...this.declared, clockResolutionMs: stepMs };
  }

  /** Corrects what was declared, after a probe or when another source plays in the same element. */
  refineCapabilities(known: Partial<PlayerCapabilities>): void {
    this.declared = { ...this.declared, ...known };
    this.changed();
  }

  report(): PlayerReport {
    const { element } = this;
    const before = this.now();
    const positionMs = element.currentTime * 1000;
    const localMs = (before + this.now()) / 2;
    const readyState = element.readyState ?? HAVE_FUTURE_DATA;
    const seeking = this.isSeeking(localMs);
    const stalled = this.isStalled(localMs, positionMs, seeking);
    const disturbed = localMs < this.disturbedUntilMs;
    if (stalled || seeking || element.paused || disturbed) this.resolution.interrupt();
    else this.resolution.add(localMs, positionMs);
    const { duration } = element;
    return {
      localMs,
      positionMs: Number.isFinite(positionMs) ? positionMs : 0,
      durationMs: Number.isFinite(duration) && duration > 0 ? duration * 1000 : undefined,
      loaded: readyState >= HAVE_METADATA,
      ready: this.declared.waiting ? readyState >= HAVE_FUTURE_DATA : readyState >= HAVE_METADATA,
      paused: element.paused,
      seeking,
      ended: element.ended,
      stalled,
      blocked: this.blockedByBrowser,
      userActing: localMs < this.heldUntilMs,
      rate: element.playbackRate,
      bufferMs: this.bufferedAhead(positionMs),
    };
  }

  play(): void {
    this.wantsPaused = false;
    this.act();
    this.disturb();
    this.start();
  }

  pause(): void {
    this.wantsPaused = true;
    this.act();
    this.element.pause();
  }

  seek(positionMs: number): void {
    this.act();
    this.seekTargetMs = positionMs;
    this.seekSentAtMs = this.now();
    this.awaitingSeek = true;
    this.disturb();
    this.element.currentTime = positionMs / 1000;
  }

  setRate(rate: number, preservesPitch: boolean): void {
    this.wantedRate = rate;
    this.rateWrittenAtMs = this.now();
    if (
      this.element.preservesPitch !== undefined &&
      this.element.preservesPitch !== preservesPitch
    ) {
      this.element.preservesPitch = preservesPitch;
    }
    this.element.playbackRate = rate;
  }

  unblock(): void {
    this.wantsPaused = false;
    this.actedAtMs = this.now();
    this.start();
  }

  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  onIntent(listener: (intent: UserIntent) => void): () => void {
    this.intentListeners.add(listener);
    return () => this.intentListeners.delete(listener);
  }

  dispose(): void {
    for (const [type, handle] of this.handlers) this.element.removeEventListener(type, handle);
    this.changeListeners.clear();
    this.intentListeners.clear();
  }

  private start(): void {
    // Some stand-ins return nothing, and then cannot tell that they were refused.
    const started = this.element.play();
    if (!(started instanceof Object)) return;
    started.then(
      () => this.setBlocked(false),
      (error: unknown) => {
        if (error instanceof Error && error.name === "NotAllowedError") this.setBlocked(true);
      },
    );
  }

  private act(): void {
    this.usedByUs = true;
    this.actedAtMs = this.now();
  }

  /** It may still be answering us. */
  private isAnswering(): boolean {
    return this.now() - this.actedAtMs < this.answerMs;
  }

  private setBlocked(blocked: boolean): void {
    if (blocked) this.wantsPaused = true;
    if (this.blockedByBrowser === blocked) return;
    this.blockedByBrowser = blocked;
    this.changed();
  }

  private disturb(): void {
    const now = this.now();
    this.disturbedUntilMs = now + DISTURBED_MS;
    this.movedAtMs = now;
  }

  private isSeeking(now: number): boolean {
    if (this.element.seeking === true) return true;
    // `seeking` may be guessed late by stand-ins, so our own seek counts until it is answered.
    return this.awaitingSeek && now - this.seekSentAtMs < SEEK_TIMEOUT_MS;
  }

  private isStalled(now: number, positionMs: number, seeking: boolean): boolean {
    const { element } = this;
    if (positionMs !== this.seenPositionMs) {
      if (positionMs > this.seenPositionMs) this.waiting = false;
      this.seenPositionMs = positionMs;
      this.movedAtMs = now;
    }
    if (element.paused || element.ended || seeking) {
      this.movedAtMs = now;
      return false;
    }
    const limitMs = Math.max(STALL_MS, this.capabilities.clockResolutionMs * STALL_STEPS);
    return this.waiting || now - this.movedAtMs > limitMs;
  }

  private bufferedAhead(positionMs: number): number {
    const { buffered } = this.element;
    if (buffered === undefined) return 0;
    const position = positionMs / 1000;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= position && position <= buffered.end(index)) {
        return (buffered.end(index) - position) * 1000;
      }
    }
    return 0;
  }

  private listen(): void {
    const on = (type: string, react: () => void) => {
      const handle = () => {
        react();
        this.changed();
      };
      this.handlers.push([type, handle]);
      this.element.addEventListener(type, handle);
    };
    on("play", () => this.onPlay());
    on("pause", () => this.onPause());
    on("seeking", () => this.onSeeking());
    on("ratechange", () => this.onRateChange());
    on("seeked", () => {
      this.awaitingSeek = false;
      this.movedAtMs = this.now();
    });
    on("waiting", () => {
      this.waiting = true;
    });
    on("playing", () => {
      this.waiting = false;
      this.blockedByBrowser = false;
    });
    on("canplay", () => {
      this.waiting = false;
    });
    on("emptied", () => this.onEmptied());
    for (const type of ["loadedmetadata", "durationchange", "ended", "error"]) on(type, () => {});
  }

  private onPlay(): void {
    if (this.element.paused || !this.wantsPaused || this.isAnswering()) return;
    this.wantsPaused = false;
    this.intend({ kind: "play", positionMs: this.element.currentTime * 1000 });
  }

  private onPause(): void {
    const { element } = this;
    if (!element.paused || this.wantsPaused || this.isAnswering()) return;
    const positionMs = element.currentTime * 1000;
    const leftMs = element.duration * 1000 - positionMs;
    this.wantsPaused = true;
    // Reaching the end and leaving the page pause an element too.
    if (element.ended || leftMs < END_MS || element.isConnected === false) return;
    this.intend({ kind: "pause", positionMs });
  }

  private onSeeking(): void {
    const positionMs = this.element.currentTime * 1000;
    const own = this.seekTargetMs;
    const recent = this.now() - this.seekSentAtMs < SEEK_TIMEOUT_MS;
    this.disturb();
    if (own !== undefined && recent && Math.abs(positionMs - own) < OWN_SEEK_MS) return;
    // Before we have used it a player seeks to where it begins, and when it runs dry over gaps.
    const dry = this.waiting || (this.element.readyState ?? HAVE_FUTURE_DATA) < HAVE_FUTURE_DATA;
    const hop = Math.abs(positionMs - this.seenPositionMs) < GAP_HOP_MS;
    if (!this.usedByUs || (dry && hop) || this.isAnswering()) return;
    this.seekTargetMs = positionMs;
    this.seekSentAtMs = this.now();
    this.intend({ kind: "seek", positionMs });
  }

  private onRateChange(): void {
    const rate = this.element.playbackRate;
    if (Math.abs(rate - this.wantedRate) < RATE_EPSILON) return;
    const answered = this.now() - this.rateWrittenAtMs < RATE_ANSWER_MS;
    this.wantedRate = rate;
    if (answered) {
      // It rounds what it is told: whatever was declared, this is no fine rate.
      this.declared = { ...this.declared, fineRate: false };
      return;
    }
    if (this.usedByUs) this.intend({ kind: "rate", rate });
  }

  /** Another source: the element forgets its rate and position without anyone having acted. */
  private onEmptied(): void {
    this.wantedRate = this.element.playbackRate;
    this.wantsPaused = this.element.paused;
    this.seekTargetMs = undefined;
    this.awaitingSeek = false;
    this.waiting = false;
    this.usedByUs = false;
    this.resolution.interrupt();
  }

  private intend(intent: UserIntent): void {
    this.heldUntilMs = this.now() + INTENT_HOLD_MS;
    for (const listener of this.intentListeners) listener(intent);
  }

  private changed(): void {
    for (const listener of [...this.changeListeners]) listener();
  }
}
