// A player made of arithmetic, for tests and for the golden vectors: it starts late, seeks take
// time, rates take effect late, it can stall, drift and show a clock that moves in steps.
// Also the room it follows, stepped in virtual time exactly as sync-loop.ts would.

import type { PlayerCapabilities, PlayerReport } from "../player/player.js";
import { step } from "./controller.js";
import {
  type ControllerAction,
  type ControllerInput,
  type ControllerState,
  initialState,
  type StepResult,
} from "./controller-state.js";
import type { Motion, Playhead } from "./motion.js";
import { playheadAt, positionMsAt } from "./motion.js";

export const TICK_US = 50_000;

export const FINE: PlayerCapabilities = {
  fineRate: true,
  rateSteps: [],
  clockResolutionMs: 0,
  waiting: true,
  quality: false,
  captions: false,
};

/** How a simulated player behaves. Units: ms. */
export interface Behaviour {
  readonly playLatencyMs: number;
  readonly seekMs: number;
  /** The first seek has to wait for data. */
  readonly firstSeekMs?: number;
  readonly rateDelayMs: number;
  /** How much faster than told its clock runs, as a fraction. */
  readonly drift: number;
  readonly durationMs: number | undefined;
  /** Accepts rates and ignores them. */
  readonly liesAboutRate: boolean;
  /** With the pitch kept, the shown position swings by this around the true one. */
  readonly sawtoothMs: number;
}

/** Period of that swing. Unit: ms. */
const SAWTOOTH_PERIOD_MS = 70;

export const CHROMIUM: Behaviour = {
  playLatencyMs: 84,
  seekMs: 30,
  rateDelayMs: 80,
  drift: 0,
  durationMs: 600_000,
  liesAboutRate: false,
  sawtoothMs: 0,
};

/** A player that starts sooner than browsers and obeys rates at once, and what its adapter says of it. */
export const QUICK: Partial<Behaviour> = { playLatencyMs: 32, seekMs: 34, rateDelayMs: 0 };
export const QUICK_SAYS: Partial<PlayerCapabilities> = {
  playLatencyMs: 20,
  rateDelayMs: 0,
  blindAfterPlayMs: 50,
};

/** Positions are exact between events; advance() moves time to the next of them. Units: ms. */
export class SimulatedPlayer {
  nowMs = 0;
  paused = true;
  blocked = false;
  userActing = false;
  stalled = false;
  /** False: nothing is known of the media yet. */
  loaded = true;
  readonly capabilities: PlayerCapabilities;
  private readonly behaviour: Behaviour;
  private positionMs: number;
  private rate = 1;
  private keepsPitch = true;
  private effectiveRate = 1;
  private rateQueue: { readonly atMs: number; readonly rate: number }[] = [];
  private movesFromMs = Number.POSITIVE_INFINITY;
  private seekingUntilMs = Number.NEGATIVE_INFINITY;
  private sought = false;

  constructor(behaviour: Partial<Behaviour> = {}, capabilities: Partial<PlayerCapabilities> = {}) {
    this.behaviour = { ...CHROMIUM, ...behaviour };
    this.capabilities = { ...FINE, ...capabilities };
    this.positionMs = 0;
  }

  /** When something next happens by itself. */
  get nextEventMs(): number {
    return this.seekingUntilMs > this.nowMs ? this.seekingUntilMs : Number.POSITIVE_INFINITY;
  }

  advance(toMs: number): void {
    while (this.nowMs < toMs) {
      const queued = this.rateQueue[0];
      const edges = [toMs, this.movesFromMs, queued?.atMs ?? Number.POSITIVE_INFINITY];
      const next = Math.min(...edges.filter((edge) => edge > this.nowMs));
      if (this.moving) {
        const { drift, liesAboutRate } = this.behaviour;
        const rate = liesAboutRate ? 1 : this.effectiveRate;
        this.positionMs += (next - this.nowMs) * rate * (1 + drift);
      }
      this.nowMs = next;
      if (queued !== undefined && queued.atMs <= next) {
        this.effectiveRate = queued.rate;
        this.rateQueue.shift();
      }
      const end = this.behaviour.durationMs;
      if (end !== undefined && this.positionMs >= end) {
        this.positionMs = end;
        this.paused = true;
      }
    }
  }

  private get moving(): boolean {
    return !this.paused && !this.stalled && this.nowMs >= this.movesFromMs;
  }

  /** Loses so much time at once, as an audio device that slips does. */
  slip(lostMs: number): void {
    this.positionMs -= lostMs;
  }

  /** Data has run out, or is back. */
  setStalled(stalled: boolean): void {
    this.stalled = stalled;
  }

  /** Moves the player as its user would. */
  userSeek(positionMs: number): void {
    this.positionMs = positionMs;
  }

  apply(action: ControllerAction): void {
    const { playLatencyMs, firstSeekMs, rateDelayMs } = this.behaviour;
    const seekMs = this.sought ? this.behaviour.seekMs : (firstSeekMs ?? this.behaviour.seekMs);
    switch (action.kind) {
      case "play":
        if (this.paused) this.movesFromMs = this.nowMs + playLatencyMs;
        this.paused = false;
        break;
      case "pause":
        this.paused = true;
        break;
      case "seek":
        this.positionMs = action.positionMs;
        this.sought = true;
        this.seekingUntilMs = this.nowMs + seekMs;
        this.movesFromMs = this.nowMs + seekMs + playLatencyMs;
        break;
      case "rate":
        this.rate = action.rate;
        this.keepsPitch = action.preservesPitch;
        this.rateQueue.push({ atMs: this.nowMs + rateDelayMs, rate: action.rate });
        if (!this.moving || rateDelayMs === 0) {
          this.rateQueue = [];
          this.effectiveRate = action.rate;
        }
        break;
    }
  }

  /** What the media really does, whatever the clock shows. */
  get truePositionMs(): number {
    return this.positionMs;
  }

  report(): PlayerReport {
    const end = this.behaviour.durationMs;
    const stepMs = this.capabilities.clockResolutionMs;
    const swing = (this.nowMs % SAWTOOTH_PERIOD_MS) / SAWTOOTH_PERIOD_MS - 0.5;
    const swungMs = this.keepsPitch && this.moving ? swing * 2 * this.behaviour.sawtoothMs : 0;
    const shownMs = this.positionMs + swungMs;
    const positionMs = stepMs > 0 && this.moving ? Math.floor(shownMs / stepMs) * stepMs : shownMs;
    const seeking = this.nowMs < this.seekingUntilMs;
    return {
      localMs: this.nowMs,
      positionMs,
      durationMs: end,
      loaded: this.loaded,
      ready: !this.stalled && !seeking,
      paused: this.paused,
      seeking,
      ended: end !== undefined && this.positionMs >= end,
      stalled: this.stalled && !this.paused,
      blocked: this.blocked,
      userActing: this.userActing,
      rate: this.rate,
      bufferMs: 10_000,
    };
  }
}

/** A playhead of media 1, with its anchor at a server time that is rounded to ticks. */
export function playhead(
  positionMs: number,
  atServerMs: number,
  playing: boolean,
  rate = 1,
): Playhead {
  return {
    media: 1,
    anchorPositionUs: Math.round(positionMs * 1000),
    anchorTick: Math.ceil((atServerMs * 1000) / TICK_US),
    ratePermille: Math.round(rate * 1000),
    playing,
  };
}

export interface Entry {
  readonly input: ControllerInput;
  readonly result: StepResult;
}

/** One viewer in virtual time: a room that is told what to do, a player, and the controller between. */
export class SimulatedViewer {
  readonly player: SimulatedPlayer;
  readonly entries: Entry[] = [];
  motion: Motion | undefined;
  /** Server clock minus local clock, and how far the viewer's estimate is off. Units: ms. */
  readonly offsetMs = 100_000;
  clockErrorMs = 0;
  sourceOffsetMs = 0;
  /** How late the viewer is woken. Unit: ms. */
  lateMs = 0;
  private state: ControllerState = initialState;
  private wakeAtMs = 0;

  constructor(player: SimulatedPlayer) {
    this.player = player;
  }

  get serverMs(): number {
    return this.player.nowMs + this.offsetMs;
  }

  get controllerState(): ControllerState {
    return this.state;
  }

  /** Player minus room, by the true clocks. */
  get trueErrorMs(): number {
    const motion = this.motion as Motion;
    const roomMs = positionMsAt(playheadAt(motion, this.serverMs, TICK_US), this.serverMs, TICK_US);
    return this.player.truePositionMs - roomMs - this.sourceOffsetMs;
  }

  /** Actions of one kind since an entry. */
  actions(kind: ControllerAction["kind"], since = 0): ControllerAction[] {
    const all = this.entries.slice(since).flatMap((entry) => entry.result.actions);
    return all.filter((action) => action.kind === kind);
  }

  setMotion(motion: Motion): void {
    this.motion = motion;
    this.stepNow();
  }

  /** The room agrees to play from a position after a lead. Returns the local time of the start. */
  schedulePlay(positionMs: number, leadMs: number): number {
    const current = playhead(positionMs, this.serverMs, false);
    const pending = playhead(positionMs, this.serverMs + leadMs, true);
    this.setMotion({ current, pending });
    return (pending.anchorTick * TICK_US) / 1000 - this.offsetMs;
  }

  pauseRoom(positionMs: number): void {
    this.setMotion({ current: playhead(positionMs, this.serverMs, false) });
  }

  run(forMs: number, watch?: (viewer: SimulatedViewer) => void): void {
    const endMs = this.player.nowMs + forMs;
    while (this.player.nowMs < endMs) {
      const next = Math.min(endMs, this.wakeAtMs, this.player.nextEventMs);
      this.player.advance(Math.max(next, this.player.nowMs + 0.1));
      if (this.player.nowMs >= this.wakeAtMs || next < endMs) this.stepNow();
      watch?.(this);
    }
  }

  stepNow(): void {
    const { player } = this;
    const report = player.report();
    const rounded = {
      ...report,
      localMs: round(report.localMs),
      positionMs: round(report.positionMs),
    };
    const input: ControllerInput = {
      localMs: rounded.localMs,
      serverMs: round(this.serverMs + this.clockErrorMs),
      motion: this.motion,
      tickUs: TICK_US,
      sourceOffsetMs: this.sourceOffsetMs,
      player: rounded,
      capabilities: player.capabilities,
    };
    const result = step(this.state, input);
    this.entries.push({ input, result });
    this.state = result.state;
    for (const action of result.actions) player.apply(action);
    this.wakeAtMs = result.wakeAtMs + this.lateMs;
  }
}

/** Inputs are kept to a thousandth, so that a recording replays exactly. */
function round(valueMs: number): number {
  return Math.round(valueMs * 1000) / 1000;
}

/** Numbers from a seed (mulberry32), for tests that want many cases and the same ones every time. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
