// One viewer's dealings with the engine: wires connection, replica, commands and clock together. Each of them knows
// nothing of the others; what happens between them happens here. Of players and views it knows nothing; see room.ts.
//   Thread: the page's.   Owner: a room.

import type {
  CommandResult,
  DriftDistributionView,
  JoinOptions,
  Permission,
  PluginEvent,
  Problem,
  RoomEvent,
  RoomStatus,
  SharedValue,
} from "./api.js";
import { ClockDriver } from "./clock-driver.js";
import { Commands, refusal } from "./commands.js";
import { askConnectToken } from "./connect-token.js";
import { Connection } from "./connection.js";
import { defaultDeviceId } from "./device.js";
import type { Environment } from "./environment.js";
import { LeadEstimate } from "./lead.js";
import type {
  Action,
  Beacon,
  Delta,
  Hello,
  ServerMessage,
  Snapshot,
  Telemetry,
  Welcome,
} from "./messages.js";
import { permissionOf } from "./plugin-view.js";
import { Replica, type ReplicaState } from "./replica.js";
import { Reports, reportOf } from "./reports.js";
import { Resyncs } from "./resyncs.js";
import type { Ending } from "./retry.js";
import { type Motion, playheadAt, positionMsAt } from "./sync/motion.js";
import type { SyncStatus } from "./sync/sync-loop.js";
import { defaultTokenStore, type TokenStore } from "./token-store.js";
import { publicDistribution } from "./view.js";

/** Until the first welcome says otherwise. Unit: us. */
const TICK_US_DEFAULT = 50_000;
/** Commands that cannot be sent are looked at this often. Unit: ms. */
const EXPIRY_CHECK_MS = 1_000;
const CLIENT_NAME = "playhead-sdk 0.1";
/** Of actions whose permission is called otherwise. */
const PERMISSIONS: Readonly<Partial<Record<Action["kind"], string>>> = { setRate: "rate" };

export interface SessionEvents {
  /** Where the media should be, now or later, may have changed. */
  motionChanged(): void;
  /** Anything else that a view shows. */
  changed(): void;
  /** Figures that change all the time. */
  figuresChanged(): void;
  event(event: RoomEvent): void;
  pluginEvent(event: PluginEvent): void;
  /** The clock has started afresh, or the page came or went. */
  pageChanged(): void;
  /** How the player is doing; undefined without one. */
  sync(): SyncStatus | undefined;
}

export class Session {
  readonly clock: ClockDriver;
  private readonly store: TokenStore;
  private readonly connection: Connection;
  private readonly replica = new Replica();
  private readonly commands: Commands;
  private readonly reports: Reports;
  private readonly resyncs = new Resyncs();
  private readonly lead = new LeadEstimate();
  private readonly stopPage: () => void;

  private me_: number | undefined;
  private welcomedRoles = 0;
  private resumeToken = "";
  private connectToken = "";
  private readonly device: string;
  private name: string;
  private tickUs_ = TICK_US_DEFAULT;
  private telemetry_: ReadonlyMap<number, Telemetry> = new Map();
  private distribution_: DriftDistributionView | undefined;
  private wasVisible: boolean;
  private left = false;
  private cancelExpiry: (() => void) | undefined;

  constructor(
    private readonly options: JoinOptions,
    private readonly environment: Environment,
    private readonly events: SessionEvents,
  ) {
    this.store = options.store ?? defaultTokenStore();
    const place = this.store.take(options.room);
    this.resumeToken = place?.resumeToken ?? "";
    this.device = options.device ?? defaultDeviceId();
    this.name = options.name ?? "";
    this.commands = new Commands(place?.sequence);
    this.wasVisible = environment.page.visible;
    this.clock = new ClockDriver({
      environment,
      ping: (t0Us) => this.connection.send({ type: "ping", t0Us }, "mayBeLost"),
      viewers: () => this.replica.state.viewerCount,
      onReset: () => events.pageChanged(),
    });
    this.reports = new Reports(environment, () => this.report());
    this.connection = new Connection(options.url, environment, {
      hello: () => this.hello(),
      askForToken: () => this.askForToken(),
      forgetPlace: () => {
        this.resumeToken = "";
      },
      welcome: (message) => this.welcome(message),
      message: (message, receivedMs) => this.message(message, receivedMs),
      malformed: () => this.resync(false),
      changed: () => this.connectionChanged(),
      lost: () => this.lost(),
    });
    this.stopPage = environment.page.onChange(() => this.pageChanged());
  }

  start(): void {
    this.connection.start();
  }

  // ---- what is known

  get status(): RoomStatus {
    return this.connection.status;
  }
  get problem(): Problem | undefined {
    return this.connection.problem;
  }
  get me(): number | undefined {
    return this.me_;
  }
  get tickUs(): number {
    return this.tickUs_;
  }
  get state(): ReplicaState {
    return this.replica.state;
  }
  get telemetry(): ReadonlyMap<number, Telemetry> {
    return this.telemetry_;
  }
  get distribution(): DriftDistributionView | undefined {
    return this.distribution_;
  }
  get pendingCommands(): number {
    return this.commands.pending;
  }
  get hashMismatches(): number {
    return this.resyncs.mismatches;
  }

  /** The room's motion with own unanswered commands shown. */
  motion(): Motion {
    const { motion, media } = this.replica.state;
    return this.commands.echo(motion, media.instance);
  }

  positionMs(): number {
    const serverMs = this.clock.roughServerNow(this.environment.now());
    const motion = this.motion();
    const { durationUs } = this.replica.state.media;
    const positionMs =
      serverMs === undefined
        ? motion.current.anchorPositionUs / 1000
        : positionMsAt(playheadAt(motion, serverMs, this.tickUs_), serverMs, this.tickUs_);
    return durationUs > 0 ? Math.min(positionMs, durationUs / 1000) : positionMs;
  }

  may(permission: string, viewer = this.me_): Permission {
    const { shared, viewers } = this.replica.state;
    // Somebody beyond the roster of a wide room is nobody in particular, but for oneself.
    const unlisted = viewer === this.me_ ? this.welcomedRoles : 0;
    return permissionOf(shared, permission, viewers.get(viewer ?? 0)?.roles ?? unlisted);
  }

  untilTickMs(tick: number): number | undefined {
    const serverMs = this.clock.roughServerNow(this.environment.now());
    return serverMs === undefined ? undefined : (tick * this.tickUs_) / 1000 - serverMs;
  }

  // ---- what is asked for

  submit(action: Action, positionUs: number | undefined): Promise<CommandResult> {
    if (this.connection.status === "closed") {
      const { code = "room_closed", message = "" } = this.connection.problem ?? {};
      return Promise.resolve(refusal(code, message));
    }
    const localMs = this.environment.now();
    const serverMs = this.clock.roughServerNow(localMs);
    const { instance, durationUs } = this.replica.state.media;
    const rttMs = this.clock.estimate(localMs)?.rttMs ?? 0;
    const { tickUs } = this;
    // What the room's rules forbid is sent, to be refused with its reason, but not shown meanwhile.
    const forbidden = !this.may(`playback.${PERMISSIONS[action.kind] ?? action.kind}`).allowed;
    const issue =
      serverMs === undefined || forbidden
        ? undefined
        : { serverMs, positionUs, tickUs, durationUs, ...this.lead.ticks(tickUs, rttMs) };
    const result = this.commands.submit(action, { media: instance, localMs, positionUs, issue });
    this.sendCommands();
    this.events.motionChanged();
    return result;
  }

  signal(plugin: string, name: string, args: SharedValue): void {
    this.connection.send({ type: "signal", plugin, name, args }, "mayBeLost");
  }

  /** The next hello of this page says it again. */
  keepName(name: string): void {
    this.name = name;
  }

  retry(): void {
    if (!this.left) this.connection.retry("person");
  }

  leave(): void {
    if (this.left) return;
    this.left = true;
    this.connection.send({ type: "bye" });
    this.stopPage();
    this.connection.close("left", "this page has left the room");
  }

  private sendCommands(): void {
    if (this.connection.open) {
      const unsent = this.commands.takeUnsent(
        (localMs) => (this.clock.roughServerNow(localMs) ?? 0) * 1000,
      );
      for (const message of unsent) this.connection.send(message);
      if (unsent.length > 0) this.keepPlace();
    } else if (this.commands.pending > 0 && this.cancelExpiry === undefined) {
      this.cancelExpiry = this.environment.after(EXPIRY_CHECK_MS, () => {
        this.cancelExpiry = undefined;
        if (this.commands.expire(this.environment.now())) this.events.motionChanged();
        this.sendCommands();
      });
    }
  }

  // ---- the connection's events

  private hello(): Hello {
    const resuming = this.resumeToken !== "";
    const joinToken = this.connectToken || (this.options.joinToken ?? "");
    this.connectToken = ""; // good for once
    return {
      type: "hello",
      room: this.options.room,
      joinToken,
      resumeToken: this.resumeToken,
      name: this.name,
      haveEpoch: resuming ? this.replica.epoch : 0,
      haveVersion: resuming ? this.replica.version : 0,
      client: this.options.clientName ?? CLIENT_NAME,
      device: this.device,
    };
  }

  private async askForToken(): Promise<Ending | undefined> {
    const { url, joinToken: token = "" } = this.options;
    const answer = await askConnectToken(this.environment, url, { token, device: this.device });
    if (typeof answer !== "string") return answer;
    this.connectToken = answer;
    return undefined;
  }

  private welcome(welcome: Welcome): void {
    this.me_ = welcome.viewer;
    this.welcomedRoles = welcome.roles;
    this.resumeToken = welcome.resumeToken;
    this.tickUs_ = welcome.tickUs;
    this.resyncs.connected();
    this.clock.start(welcome);
    this.reports.start(welcome.reportIntervalMs);
    if (!welcome.resumed) this.commands.restart();
    for (const message of this.commands.sent()) this.connection.send(message);
    this.sendCommands();
    this.keepPlace();
    this.events.changed();
  }

  /** True once a state is held. */
  private message(message: ServerMessage, receivedMs: number): boolean {
    switch (message.type) {
      case "snapshot":
      case "delta":
        return this.applyState(message, receivedMs);
      case "beacon":
        return this.beacon(message, receivedMs);
      case "pong":
        this.clock.pong(message, receivedMs);
        this.events.figuresChanged();
        return false;
      case "reply":
        if (this.commands.answer(message)) this.events.motionChanged();
        return false;
      case "event": {
        const { kind, viewer, positionUs } = message;
        this.events.event({ kind, viewer, positionMs: positionUs / 1000 });
        return false;
      }
      case "pluginEvent": {
        const { plugin, name, tick, data } = message;
        this.events.pluginEvent({ plugin, name, tick, data });
        return false;
      }
      default:
        return false;
    }
  }

  private applyState(message: Snapshot | Delta, receivedMs: number): boolean {
    if (message.type === "delta") {
      if (message.sentAtUs > 0) this.clock.oneWay(message.sentAtUs, receivedMs);
      this.lead.observe(message, this.replica.state.media.instance);
    } else {
      this.resyncs.answered();
    }
    const applied = this.replica.apply(message);
    if (applied === "needsSnapshot") {
      this.resync(false);
      return false;
    }
    if (applied === "hashMismatch") this.resync(true);
    this.events.motionChanged();
    return true;
  }

  private beacon(beacon: Beacon, receivedMs: number): boolean {
    if (beacon.fresh) this.clock.oneWay(beacon.serverTimeUs, receivedMs);
    this.telemetry_ = new Map(beacon.telemetry.map((row) => [row.viewer, row]));
    this.distribution_ = publicDistribution(beacon);
    const check = this.replica.check(beacon.version, beacon.stateHash);
    if (check === "needsSnapshot") this.resync(false);
    if (check === "hashMismatch") this.resync(true);
    this.events.changed();
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
      this.cancelExpiry = undefined;
      this.commands.refuseAll(code, message);
    }
    this.events.motionChanged();
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
      sync: this.events.sync(),
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
      }
    }
    this.keepPlace();
    if (online && visible) this.connection.retry("page");
    this.events.pageChanged();
  }

  /** A hidden page may be gone at any moment, without a word. */
  private keepPlace(): void {
    if (this.environment.page.visible || this.resumeToken === "") return;
    const { resumeToken } = this;
    this.store.put(this.options.room, { resumeToken, sequence: this.commands.lastSequence });
  }
}
