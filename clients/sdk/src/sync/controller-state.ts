// What the sync controller remembers between steps, and what goes in and out of a step.

import type { PlayerCapabilities, PlayerReport } from "../player/player.js";
import * as k from "./controller-constants.js";
import type { Motion } from "./motion.js";

export interface ControllerInput {
  /** Our clock (performance.now()) as the player was read. Unit: ms. */
  readonly localMs: number;
  /** The server's clock at that instant; undefined until it is known. Unit: ms. */
  readonly serverMs: number | undefined;
  /** The best guess at it meanwhile: too rough to start by, good enough to have data fetched. Unit: ms. */
  readonly roughServerMs?: number | undefined;
  readonly motion: Motion | undefined;
  /** Length of a tick. Unit: microseconds. */
  readonly tickUs: number;
  /** Added to the room's position for this source: the same title can sit frames apart. Unit: ms. */
  readonly sourceOffsetMs: number;
  readonly player: PlayerReport;
  readonly capabilities: PlayerCapabilities;
}

export type ControllerAction =
  | { readonly kind: "play" }
  | { readonly kind: "pause" }
  | { readonly kind: "seek"; readonly positionMs: number }
  | { readonly kind: "rate"; readonly rate: number; readonly preservesPitch: boolean };

export type Phase =
  | "idle"
  | "blocked"
  | "held"
  | "priming"
  | "starting"
  | "following"
  | "correcting"
  | "stalled"
  | "ended";

/** The last few costs of each kind, each used as their median. Unit: ms. */
export interface Learned {
  readonly playLatencyMs: readonly number[];
  readonly seekCostMs: readonly number[];
  /** Of seeks to where nothing was buffered. */
  readonly fetchCostMs: readonly number[];
  readonly seekMissMs: readonly number[];
  readonly rateDelayMs: readonly number[];
}

/** A start at an instant of server time: stop, seek there, and call play() a latency ahead. */
export interface StartPlan {
  readonly startServerMs: number;
  /** On the player's own timeline. */
  readonly positionMs: number;
  readonly attempt: number;
  readonly seekSentAtMs?: number | undefined;
  /** The seek goes to where nothing is buffered. */
  readonly fetches?: boolean | undefined;
  readonly seekCostMs?: number | undefined;
  readonly playSentAtMs?: number | undefined;
  readonly playedFromMs?: number | undefined;
  /** How late play() was called, and the latency it reckoned with. */
  readonly lateMs?: number | undefined;
  readonly latencyMs?: number | undefined;
  /** The start met a stall: it teaches nothing about latency. */
  readonly disturbed?: boolean | undefined;
}

/** One correction by rate, from its first to its second rate write. */
export interface Burst {
  readonly startedAtMs: number;
  readonly endAtMs: number;
  readonly errorMs: number;
  /** How much faster than the room the player runs meanwhile. Unit: ms per ms. */
  readonly gain: number;
}

export interface Reading {
  readonly atMs: number;
  readonly errorMs: number;
}

export interface ControllerState {
  readonly media: number | undefined;
  readonly learned: Learned;
  /** What drift makes of rate 1, as a fraction to add to it. */
  readonly trim: number;
  /** Start of the interval in which a drift is being measured, and the last reading in it. */
  readonly trimFrom: Reading | undefined;
  readonly trimLast: Reading | undefined;
  /** What the previous interval said, until a second one agrees. */
  readonly trimSlope: number | undefined;
  /** How many intervals in a row have agreed with the one before. */
  readonly trimAgreed: number;
  readonly plan: StartPlan | undefined;
  readonly burst: Burst | undefined;
  /** The burst whose outcome the next measurement judges. */
  readonly judged: Burst | undefined;
  /** How late the ends of bursts have been called lately: a busy machine. Unit: ms. */
  readonly latenessMs: number;
  readonly burstFailures: number;
  readonly burstFailedAtMs: number;
  /** Since when the error has been above ENTER_PATIENT_MS. */
  readonly impatientSinceMs: number | undefined;
  readonly readings: readonly Reading[];
  readonly blindUntilMs: number;
  readonly fastUntilMs: number;
  readonly wasStalled: boolean;
  /** The rate last written; undefined before the first write. */
  readonly rateSet: number | undefined;
  /** When seeks against a large error were last sent, and the gap to the next. */
  readonly hardSeekAtMs: number | undefined;
  readonly hardSeekGapMs: number;
  /** A start whose latency shows only in the first measurement (coarse clocks): what it reckoned with. Unit: ms. */
  readonly aimedLatencyMs: number | undefined;
  /** A seek of a playing player whose miss is still to be measured, and what was added for it. */
  readonly aimedMissMs: number | undefined;
  /** Where the paused player was last put; not repeated when it lands a little off. */
  readonly heldAtMs: number | undefined;
  /**
   * The player has run since it was last put in place, so its decoders and audio queue are full: play() would then move it
   * at once and some 85 ms ahead (measured in Chromium), where one that was put in place starts a latency later.
   */
  readonly warm: boolean;
  /** The media whose data was fetched before the clock was known. */
  readonly fetchedFor: number | undefined;
  /** When a pause or play was last asked for, so that it is not asked for at every step. */
  readonly askedAtMs: number | undefined;
}

export interface StepResult {
  readonly state: ControllerState;
  readonly actions: readonly ControllerAction[];
  /** Local time at which to step again at the latest, if nothing happens before. */
  readonly wakeAtMs: number;
  readonly phase: Phase;
  /** Player's position minus the room's; undefined while it means nothing. Unit: ms. */
  readonly errorMs: number | undefined;
}

export const initialState: ControllerState = {
  media: undefined,
  learned: { playLatencyMs: [], seekCostMs: [], fetchCostMs: [], seekMissMs: [], rateDelayMs: [] },
  trim: 0,
  trimFrom: undefined,
  trimLast: undefined,
  trimSlope: undefined,
  trimAgreed: 0,
  plan: undefined,
  burst: undefined,
  judged: undefined,
  latenessMs: 0,
  burstFailures: 0,
  burstFailedAtMs: Number.NEGATIVE_INFINITY,
  impatientSinceMs: undefined,
  readings: [],
  blindUntilMs: Number.NEGATIVE_INFINITY,
  fastUntilMs: Number.NEGATIVE_INFINITY,
  wasStalled: false,
  rateSet: undefined,
  hardSeekAtMs: undefined,
  hardSeekGapMs: 0,
  aimedLatencyMs: undefined,
  aimedMissMs: undefined,
  heldAtMs: undefined,
  warm: false,
  fetchedFor: undefined,
  askedAtMs: undefined,
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A step in the making: a copy of the state that may be written, and the actions so far. */
export interface Draft {
  readonly input: ControllerInput;
  readonly state: Mutable<ControllerState>;
  readonly actions: ControllerAction[];
}

/** How a step ends. */
export interface Outcome {
  readonly phase: Phase;
  readonly wakeAtMs: number;
  readonly errorMs?: number | undefined;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The learnt cost, or what is known without learning. */
export function learnedCost(draft: Draft, kind: keyof Learned, otherwise: number): number {
  const values = draft.state.learned[kind];
  return values.length > 0 ? median(values) : otherwise;
}

/** From play() to the media moving. Unit: ms. */
export function playLatencyMs(draft: Draft): number {
  const otherwise = draft.input.capabilities.playLatencyMs ?? k.PLAY_LATENCY_MS;
  return learnedCost(draft, "playLatencyMs", otherwise);
}

/** For so long after play(), and after data has returned, nothing measured is true. Unit: ms. */
export function blindAfterPlayMs({ input }: Draft): number {
  return input.capabilities.blindAfterPlayMs ?? k.BLIND_AFTER_PLAY_MS;
}

export function blindAfterStallMs({ input }: Draft): number {
  return input.capabilities.blindAfterPlayMs ?? k.BLIND_AFTER_STALL_MS;
}

/** Keeps one observed cost, unless it is a fault. */
export function learn(draft: Draft, kind: keyof Learned, costMs: number): void {
  const mostMs = kind === "rateDelayMs" ? k.RATE_DELAY_MS_MAX : k.LEARNED_MS_MAX;
  if (!(costMs >= 0 && costMs <= mostMs)) return;
  const kept = [...draft.state.learned[kind], costMs].slice(-k.LEARNED_SAMPLES);
  draft.state.learned = { ...draft.state.learned, [kind]: kept };
}

/** Forgets what was measured, because the player's clock has just been disturbed. */
export function forgetReadings({ state }: Draft): void {
  state.readings = [];
  state.trimFrom = undefined;
  state.trimLast = undefined;
  state.impatientSinceMs = undefined;
}
