// A room as an app holds it: commands, a view, events, and one player kept in step. What passes between viewer and
// engine is session.ts.
//   Thread: the page's.   Owner: the app, which calls leave().

import type {
  CommandArgs,
  CommandResult,
  JoinOptions,
  LoadRequest,
  Permission,
  PluginEvent,
  Room,
  RoomEvent,
  RoomView,
  SharedValue,
} from "./api.js";
import { refusal } from "./commands.js";
import { RATE_PERMILLE_MAX, RATE_PERMILLE_MIN } from "./decode.js";
import { browserEnvironment, type Environment } from "./environment.js";
import { mediaKindOf } from "./media-kind.js";
import { type Action, MEDIA_KINDS } from "./messages.js";
import type { Player, UserIntent } from "./player/player.js";
import { Scrubber } from "./scrub.js";
import { Session } from "./session.js";
import { MalformedValue, writeValue } from "./shared-value.js";
import { SyncLoop, type SyncStatus } from "./sync/sync-loop.js";
import { publicClock, ViewParts } from "./view.js";

/** The figures of clock and player reach the view at most this often; what changes in kind does at once. Unit: ms. */
export const FIGURES_MS = 250;

const NOTHING_TO_DO: CommandResult = { verdict: "applied", code: "none", message: "", retryMs: 0 };

/** Starts connecting at once. `environment` is for tests and for hosts other than a browser. */
export function joinRoom(
  options: JoinOptions,
  environment: Environment = browserEnvironment(),
): Room {
  return new JoinedRoom(options, environment);
}

class JoinedRoom implements Room {
  private readonly session: Session;
  private readonly scrubber: Scrubber;
  private readonly parts = new ViewParts();
  private readonly listeners = new Set<() => void>();
  private readonly eventListeners = new Set<(event: RoomEvent) => void>();
  private readonly pluginEventListeners = new Set<(event: PluginEvent) => void>();
  private attached: { readonly player: Player; readonly loop: SyncLoop } | undefined;
  private detach: (() => void) | undefined;
  private sync: SyncStatus | undefined;
  private figuresAtMs = Number.NEGATIVE_INFINITY;
  /** Undefined = out of date; made again when it is asked for. */
  private view_: RoomView | undefined;

  constructor(
    private readonly options: JoinOptions,
    private readonly environment: Environment,
  ) {
    this.session = new Session(options, environment, {
      motionChanged: () => {
        this.attached?.loop.poke();
        this.changed();
      },
      changed: () => this.changed(),
      figuresChanged: () => this.figuresChanged(),
      event: (event) => {
        for (const listener of [...this.eventListeners]) listener(event);
      },
      pluginEvent: (event) => {
        for (const listener of [...this.pluginEventListeners]) listener(event);
      },
      pageChanged: () => this.attached?.loop.poke(),
      sync: () => this.attached?.loop.status,
    });
    this.scrubber = new Scrubber({
      now: () => environment.now(),
      after: (delayMs, run) => environment.after(delayMs, run),
      seek: (positionMs) => this.submitSeek(positionMs),
    });
    this.session.start();
  }

  // ---- what the app sees

  get view(): RoomView {
    this.view_ ??= this.buildView();
    return this.view_;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  onPluginEvent(listener: (event: PluginEvent) => void): () => void {
    this.pluginEventListeners.add(listener);
    return () => this.pluginEventListeners.delete(listener);
  }

  may(permission: string, viewer?: number): Permission {
    return this.session.may(permission, viewer);
  }

  positionMs(): number {
    return this.session.positionMs();
  }

  untilTickMs(tick: number): number | undefined {
    return this.session.untilTickMs(tick);
  }

  // ---- what the app asks for

  play(): Promise<CommandResult> {
    return this.submit({ kind: "play" });
  }

  pause(): Promise<CommandResult> {
    return this.submit({ kind: "pause" });
  }

  seek(positionMs: number): Promise<CommandResult> {
    this.scrubber.cancel();
    return this.submitSeek(positionMs);
  }

  setRate(rate: number): Promise<CommandResult> {
    const ratePermille = Math.round(rate * 1000);
    if (!(ratePermille >= RATE_PERMILLE_MIN && ratePermille <= RATE_PERMILLE_MAX)) {
      return outOfRange(`a rate of ${rate}: 0.25 to 2 is possible`);
    }
    return this.submit({ kind: "setRate", ratePermille });
  }

  load(request: LoadRequest): Promise<CommandResult> {
    const positionUs = Math.round((request.positionMs ?? 0) * 1000);
    if (!Number.isSafeInteger(positionUs) || positionUs < 0) {
      return outOfRange(`a start at ${request.positionMs} ms`);
    }
    return this.submit({
      kind: "load",
      mediaKind: MEDIA_KINDS.indexOf(request.kind ?? mediaKindOf(request.url)),
      url: request.url,
      title: request.title ?? "",
      positionUs,
      play: request.play ?? false,
    });
  }

  async setName(name: string): Promise<CommandResult> {
    const result = await this.submit({ kind: "setName", name });
    if (result.verdict === "applied") this.session.keepName(name);
    return result;
  }

  command(plugin: string, name: string, args: CommandArgs = {}): Promise<CommandResult> {
    const checked = checkArgs(args);
    if (typeof checked === "string") return Promise.resolve(refusal("malformed", checked));
    return this.submit({ kind: "plugin", plugin, name, args: checked.args });
  }

  signal(plugin: string, name: string, args: CommandArgs = {}): void {
    const checked = checkArgs(args);
    if (typeof checked !== "string") this.session.signal(plugin, name, checked.args);
  }

  scrub(positionMs: number): void {
    if (Number.isFinite(positionMs)) this.scrubber.move(positionMs);
  }

  endScrub(): Promise<CommandResult> {
    return this.scrubber.end() ?? Promise.resolve(NOTHING_TO_DO);
  }

  retry(): void {
    this.session.retry();
  }

  leave(): void {
    this.detach?.();
    this.scrubber.cancel();
    this.session.leave();
  }

  // ---- the player

  attachPlayer(player: Player): () => void {
    this.detach?.();
    const { session } = this;
    const loop = new SyncLoop({
      player,
      clock: session.clock,
      motion: () => (session.state.media.instance === 0 ? undefined : session.motion()),
      tickUs: () => session.tickUs,
      onStatus: (status) => this.syncChanged(status),
      timers: this.environment,
    });
    const stopIntents = player.onIntent((intent) => this.obey(intent));
    const detach = () => {
      if (this.attached?.loop !== loop) return;
      stopIntents();
      loop.stop();
      this.attached = undefined;
      this.detach = undefined;
      this.sync = undefined;
      this.changed();
    };
    this.attached = { player, loop };
    this.detach = detach;
    loop.start();
    return detach;
  }

  /** What a user did to the player itself is meant for the room. */
  private obey(intent: UserIntent): void {
    switch (intent.kind) {
      case "play":
        void this.play();
        break;
      case "pause":
        void this.pause();
        break;
      case "seek":
        void this.seek(intent.positionMs);
        break;
      case "rate":
        void this.setRate(intent.rate);
        break;
    }
  }

  // ---- inside

  private submit(action: Action): Promise<CommandResult> {
    return this.session.submit(action, this.positionSeenUs());
  }

  private submitSeek(positionMs: number): Promise<CommandResult> {
    const positionUs = Math.round(positionMs * 1000);
    if (!Number.isSafeInteger(positionUs)) return outOfRange(`a position of ${positionMs} ms`);
    return this.submit({ kind: "seek", positionUs: Math.max(0, positionUs) });
  }

  /** What the person's screen shows: the player's own position where there is one. */
  private positionSeenUs(): number | undefined {
    const report = this.attached?.player.report();
    const positionMs =
      report?.loaded === true && !report.seeking ? report.positionMs : this.positionMs();
    const positionUs = Math.round(positionMs * 1000);
    return Number.isSafeInteger(positionUs) && positionUs >= 0 ? positionUs : undefined;
  }

  private syncChanged(status: SyncStatus): void {
    const before = this.sync;
    const sameKind =
      before !== undefined &&
      before.phase === status.phase &&
      before.stalled === status.stalled &&
      before.blocked === status.blocked;
    this.sync = status;
    if (sameKind) this.figuresChanged();
    else this.changed();
  }

  private figuresChanged(): void {
    if (this.environment.now() - this.figuresAtMs >= FIGURES_MS) this.changed();
  }

  private changed(): void {
    this.figuresAtMs = this.environment.now();
    this.view_ = undefined;
    for (const listener of [...this.listeners]) listener();
  }

  private buildView(): RoomView {
    const { session, parts } = this;
    const { state, problem, me, distribution, tickUs } = session;
    const estimate = session.clock.estimate(this.environment.now());
    return {
      status: session.status,
      ...(problem === undefined ? {} : { problem }),
      room: this.options.room,
      ...(me === undefined ? {} : { me }),
      info: state.info,
      media: parts.media(state.media),
      motion: parts.motion(session.motion(), tickUs),
      confirmedMotion: parts.confirmedMotion(state.motion, tickUs),
      viewers: parts.viewers(state.viewers, session.telemetry),
      viewerCount: state.viewerCount,
      plugins: parts.plugins.of(state.shared),
      ...(distribution === undefined ? {} : { distribution }),
      ...(estimate === undefined ? {} : { clock: publicClock(estimate) }),
      ...(this.sync === undefined ? {} : { sync: this.sync }),
      pendingCommands: session.pendingCommands,
      hashMismatches: session.hashMismatches,
    };
  }
}

/** What cannot be sent is told to whoever asked, not thrown at the socket; the answer is what is wrong. */
function checkArgs(args: CommandArgs): string | { readonly args: SharedValue } {
  // The writer leaves out what is undefined.
  const value = args as { readonly [name: string]: SharedValue };
  try {
    writeValue(value);
    return { args: value };
  } catch (error) {
    if (error instanceof MalformedValue) return `the arguments cannot be sent: ${error.message}`;
    throw error;
  }
}

function outOfRange(message: string): Promise<CommandResult> {
  return Promise.resolve(refusal("out_of_range", message));
}
