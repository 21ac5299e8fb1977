// A room as an app holds it: wires connection, replica, commands, clock and player together. Each of them knows
// nothing of the others; what happens between them happens here.
//   Thread: the page's.   Owner: the app, which calls leave().

import type {
  CommandResult,
  DriftDistributionView,
  JoinOptions,
  LoadRequest,
  Room,
  RoomEvent,
  RoomView,
} from "./api.js";
import { ClockDriver } from "./clock-driver.js";
import { Commands, refusal } from "./commands.js";
import { Connection } from "./connection.js";
import { RATE_PERMILLE_MAX, RATE_PERMILLE_MIN } from "./decode.js";
import { browserEnvironment, type Environment } from "./environment.js";
import { LeadEstimate } from "./lead.js";
import { mediaKindOf } from "./media-kind.js";
import {
  type Action,
  type Beacon,
  type Delta,
  type Hello,
  MEDIA_KINDS,
  type ServerMessage,
  type Snapshot,
  type Telemetry,
  type Welcome,
} from "./messages.js";
import type { Player, UserIntent } from "./player/player.js";
import { Replica } from "./replica.js";
import { Reports, reportOf } from "./reports.js";
import { Resyncs } from "./resyncs.js";
import { Scrubber } from "./scrub.js";
import { type Motion, playheadAt, positionMsAt } from "./sync/motion.js";
import { SyncLoop, type SyncStatus } from "./sync/sync-loop.js";
import { defaultTokenStore, type TokenStore } from "./token-store.js";
import { publicClock, publicDistribution, ViewParts } from "./view.js";

/** The figures of clock and player reach the view at most this often; what changes in kind does at once. Unit: ms. */
export const FIGURES_MS = 250;
/** Used until the first welcome says otherwise. Unit: us. */
const TICK_US_DEFAULT = 50_000;
const CLIENT_NAME = "playhead-sdk 0.1";

/** Starts connecting at once. `environment` is for tests and for hosts other than a browser. */
export function joinRoom(
  options: JoinOptions,
  environment: Environment = browserEnvironment(),
): Room {
  return new RoomClient(options, environment);
}

class RoomClient implements Room {
  private readonly store: TokenStore;
  private readonly connection: Connection;
  private readonly replica = new Replica();
  private readonly commands: Commands;
  private readonly clock: ClockDriver;
  private readonly reports: Reports;
  private readonly scrubber: Scrubber;
  private readonly resyncs = new Resyncs();
  private readonly lead = new LeadEstimate();
  private readonly parts = new ViewParts();
  private readonly listeners = new Set<() => void>();
  private readonly eventListeners = new Set<(event: RoomEvent) => void>();
  private readonly stopPage: () => void;

  private me: number | undefined;
  private resumeToken = "";
  private name: string;
  private tickUs = TICK_US_DEFAULT;
  private telemetry: ReadonlyMap<number, Telemetry> = new Map();
  private distribution: DriftDistributionView | undefined;
  private sync: SyncStatus | undefined;
  private figuresAtMs = Number.NEGATIVE_INFINITY;
  private loop: SyncLoop | undefined;
  private detachPlayer: (() => void) | undefined;
  private player: Player | undefined;
  private wasVisible: boolean;
  private left = false;
  private cancelExpiry: (() => void) | undefined;
  /** Undefined = out of date; made again when it is asked for. */
  private view_: RoomView | undefined;

  constructor(
    private readonly options: JoinOptions,
    private readonly environment: Environment,
  ) {
    this.store = options.store ?? defaultTokenStore();
    const place = this.store.take(options.room);
    this.resumeToken = place?.resumeToken ?? "";
    this.name = options.name ?? "";
    this.commands = new Commands(place?.sequence);
    this.wasVisible = environment.page.visible;
    this.clock = new ClockDriver({
      environment,
      ping: (t0Us) => this.connection.send({ type: "ping", t0Us }, "mayBeLost"),
      viewers: () => this.replica.state.viewerCount,
      onReset: () => this.loop?.poke(),
    });
    this.reports = new Reports(environment, () => this.report());
    this.scrubber = new Scrubber({
      now: () => environment.now(),
      after: (delayMs, run) => environment.after(delayMs, run),
      seek: (positionMs) => this.submitSeek(positionMs),
    });
    this.connection = new Connection(options.url, environment, {
      hello: () => this.hello(),
      forgetPlace: () => this.forgetPlace(),
      welcome: (message) => this.welcome(message),
      message: (message, receivedMs) => this.message(message, receivedMs),
      malformed: () => this.resync(false),
      changed: () => this.connectionChanged(),
      lost: () => this.lost(),
    });
    this.stopPage = environment.page.onChange(() => this.pageChanged());
    this.connection.start();
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

  positionMs(): number {
    const serverMs = this.clock.roughServerNow(this.environment.now());
    const motion = this.motion();
    const { durationUs } = this.replica.state.media;
    const positionMs =
      serverMs === undefined
        ? motion.current.anchorPositionUs / 1000
        : positionMsAt(playheadAt(motion, serverMs, this.tickUs), serverMs, this.tickUs);
    return durationUs > 0 ? Math.min(positionMs, durationUs / 1000) : positionMs;
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
      return Promise.resolve(refusal("out_of_range", `a rate of ${rate}: 0.25 to 2 is possible`));
    }
    return this.submit({ kind: "setRate", ratePermille });
  }

  load(request: LoadRequest): Promise<CommandResult> {
    const positionUs = Math.round((request.positionMs ?? 0) * 1000);
    if (!Number.isSafeInteger(positionUs) || positionUs < 0) {
      return Promise.resolve(refusal("out_of_range", `a start at ${request.positionMs} ms`));
    }
    const kind = request.kind ?? mediaKindOf(request.url);
    return this.submit({
      kind: "load",
      mediaKind: MEDIA_KINDS.indexOf(kind),
      url: request.url,
      title: request.title ?? "",
      positionUs,
      play: request.play ?? false,
    });
  }

  async setName(name: string): Promise<CommandResult> {
    const result = await this.submit({ kind: "setName", name });
    // The next hello of this page says it again.
    if (result.verdict === "applied") this.name = name;
    return result;
  }

  scrub(positionMs: number): void {
    if (Number.isFinite(positionMs)) this.scrubber.move(positionMs);
  }

  endScrub(): Promise<CommandResult> {
    return (
      this.scrubber.end() ??
      Promise.resolve({ verdict: "applied", code: "none", message: "", retryMs: 0 })
    );
  }

  attachPlayer(player: Player): () => void {
    this.detachPlayer?.();
    const loop = new SyncLoop({
      player,
      clock: this.clock,
      motion: () => (this.replica.state.media.instance === 0 ? undefined : this.motion()),
      tickUs: () => this.tickUs,
      onStatus: (status) => this.syncChanged(status),
      timers: this.environment,
    });
    const stopIntents = player.onIntent((intent) => this.obey(intent));
    const detach = () => {
      if (this.loop !== loop) return;
      stopIntents();
      loop.stop();
      this.loop = undefined;
      this.player = undefined;
      this.detachPlayer = undefined;
      this.sync = undefined;
      this.changed();
    };
    this.loop = loop;
    this.player = player;
    this.detachPlayer = detach;
    loop.start();
    return detach;
  }

  retry(): void {
    if (!this.left) this.connection.retry("person");
  }

  leave(): void {
    if (this.left) return;
    this.left = true;
    this.connection.send({ type: "bye" });
    this.detachPlayer?.();
    this.scrubber.cancel();
    this.stopPage();
    this.cancelExpiry?.();
    this.commands.refuseAll("left", "this page has left the room");
    this.connection.close("left", "this page has left the room");
  }

  // ---- commands

  private submitSeek(positionMs: number): Promise<CommandResult> {
    const positionUs = Math.round(positionMs * 1000);
    if (!Number.isSafeInteger(positionUs)) {
      return Promise.resolve(refusal("out_of_range", `a position of ${positionMs} ms`));
    }
    return this.submit({ kind: "seek", positionUs: Math.max(0, positionUs) });
  }

  private submit(action: Action): Promise<CommandResult> {
    if (this.left) return Promise.resolve(refusal("left", "this page has left the room"));
    if (this.connection.status === "closed") {
      const { code = "room_closed", message = "" } = this.connection.problem ?? {};
      return Promise.resolve(refusal(code, message));
    }
    const localMs = this.environment.now();
    const serverMs = this.clock.roughServerNow(localMs);
    const { media } = this.replica.state;
    const positionUs = this.positionSeenUs();
    const result = this.commands.submit(action, {
      media: media.instance,
      localMs,
      positionUs,
      issue:
        serverMs === undefined
          ? undefined
          : {
              serverMs,
              positionUs,
              tickUs: this.tickUs,
              durationUs: media.durationUs,
              ...this.lead.ticks(this.tickUs, this.clock.estimate(localMs)?.rttMs ?? 0),
            },
    });
    this.sendCommands();
    this.motionChanged();
    return result;
  }

  private sendCommands(): void {
    if (this.connection.open) {
      const unsent = this.commands.takeUnsent(
        (localMs) => (this.clock.roughServerNow(localMs) ?? 0) * 1000,
      );
      for (const message of unsent) this.connection.send(message);
    } else if (this.commands.pending > 0 && this.cancelExpiry === undefined) {
      this.cancelExpiry = this.environment.after(1000, () => {
        this.cancelExpiry = undefined;
        if (this.commands.expire(this.environment.now())) this.motionChanged();
        this.sendCommands();
      });
    }
  }

  /** What the person's screen shows: the player's own position where there is one. */
  private positionSeenUs(): number | undefined {
    const report = this.player?.report();
    const positionMs =
      report?.loaded === true && !report.seeking ? report.positionMs : this.positionMs();
    const positionUs = Math.round(positionMs * 1000);
    return Number.isSafeInteger(positionUs) && positionUs >= 0 ? positionUs : undefined;
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

  private motion(): Motion {
    const { motion, media } = this.replica.state;
    return this.commands.echo(motion, media.instance);
  }

  // ---- the connection's events

  private hello(): Hello {
    return {
      type: "hello",
      room: this.options.room,
      joinToken: this.options.joinToken ?? "",
      resumeToken: this.resumeToken,
      name: this.name,
      haveEpoch: this.resumeToken === "" ? 0 : this.replica.epoch,
      haveVersion: this.resumeToken === "" ? 0 : this.replica.version,
      client: this.options.clientName ?? CLIENT_NAME,
    };
  }

  private forgetPlace(): void {
    this.resumeToken = "";
  }

  private welcome(welcome: Welcome): void {
    this.me = welcome.viewer;
    this.resumeToken = welcome.resumeToken;
    this.tickUs = welcome.tickUs;
    this.resyncs.connected();
    this.clock.start(welcome);
    this.reports.start(welcome.reportIntervalMs);
    if (!welcome.resumed) this.commands.restart();
    for (const message of this.commands.sent()) this.connection.send(message);
    this.sendCommands();
    this.changed();
  }

  private message(message: ServerMessage, receivedMs: number): boolean {
    switch (message.type) {
      case "snapshot":
      case "delta":
        return this.state(message, receivedMs);
      case "beacon":
        return this.beacon(message, receivedMs);
      case "pong":
        this.clock.pong(message, receivedMs);
        this.figuresChanged();
        return false;
      case "reply":
        if (this.commands.answer(message)) this.motionChanged();
        return false;
      case "event": {
        const { kind, viewer, positionUs } = message;
        for (const listener of [...this.eventListeners])
          listener({ kind, viewer, positionMs: positionUs / 1000 });
        return false;
      }
      default:
        return false;
    }
  }

  private state(message: Snapshot | Delta, receivedMs: number): boolean {
    if (message.type === "delta") {
      if (message.sentAtUs > 0) this.clock.oneWay(message.sentAtUs, receivedMs);
      this.lead.observe(message, this.replica.state.media.instance);
    }
    const applied = this.replica.apply(message);
    if (message.type === "snapshot") this.resyncs.answered();
    if (applied === "needsSnapshot") this.resync(false);
    if (applied === "hashMismatch") this.resync(true);
    if (applied !== "needsSnapshot") this.motionChanged();
    return applied !== "needsSnapshot";
  }

  private beacon(beacon: Beacon, receivedMs: number): boolean {
    if (beacon.fresh) this.clock.oneWay(beacon.serverTimeUs, receivedMs);
    this.telemetry = new Map(beacon.telemetry.map((row) => [row.viewer, row]));
    this.distribution = publicDistribution(beacon);
    const check = this.replica.check(beacon.version, beacon.stateHash);
    if (check === "needsSnapshot") this.resync(false);
    if (check === "hashMismatch") this.resync(true);
    this.changed();
    return check !== "needsSnapshot";
  }

  private resync(mismatch: boolean): void {
    if (!this.resyncs.wanted(mismatch, this.environment.now())) return;
    const { version, stateHash } = this.replica;
    this.connection.send({ type: "resync", version, stateHash, mismatch });
  }

  private connectionChanged(): void {
    if (this.connection.status === "closed") {
      const { code, message } = this.connection.problem ?? { code: "room_closed", message: "" };
      this.cancelExpiry?.();
      this.commands.refuseAll(code, message);
      this.resumeToken = "";
    }
    this.motionChanged();
  }

  private lost(): void {
    this.clock.stop();
    this.reports.stop();
    this.sendCommands();
  }

  private report(): void {
    const report = reportOf({
      version: this.replica.version,
      media: this.replica.state.media.instance,
      clock: this.clock.estimate(this.environment.now()),
      sync: this.loop?.status,
      pageVisible: this.environment.page.visible,
    });
    this.connection.send(report, "mayBeLost");
  }

  private pageChanged(): void {
    const { visible, online } = this.environment.page;
    if (visible !== this.wasVisible) {
      this.wasVisible = visible;
      if (visible) {
        this.store.take(this.options.room);
        this.clock.reset();
      } else if (this.resumeToken !== "") {
        const { resumeToken } = this;
        this.store.put(this.options.room, { resumeToken, sequence: this.commands.lastSequence });
      }
    }
    if (online && visible) this.connection.retry("page");
    this.loop?.poke();
  }

  // ---- the view

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

  private motionChanged(): void {
    this.loop?.poke();
    this.changed();
  }

  private changed(): void {
    this.figuresAtMs = this.environment.now();
    this.view_ = undefined;
    for (const listener of [...this.listeners]) listener();
  }

  private buildView(): RoomView {
    const { state } = this.replica;
    const { status, problem } = this.connection;
    const estimate = this.clock.estimate(this.environment.now());
    return {
      status,
      ...(problem === undefined ? {} : { problem }),
      room: this.options.room,
      ...(this.me === undefined ? {} : { me: this.me }),
      info: state.info,
      media: this.parts.media(state.media),
      motion: this.parts.motion(this.motion(), this.tickUs),
      confirmedMotion: this.parts.confirmedMotion(state.motion, this.tickUs),
      viewers: this.parts.viewers(state.viewers, this.telemetry),
      viewerCount: state.viewerCount,
      ...(this.distribution === undefined ? {} : { distribution: this.distribution }),
      ...(estimate === undefined ? {} : { clock: publicClock(estimate) }),
      ...(this.sync === undefined ? {} : { sync: this.sync }),
      pendingCommands: this.commands.pending,
      hashMismatches: this.resyncs.mismatches,
    };
  }
}
