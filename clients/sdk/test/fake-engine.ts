// A small model of the engine for the SDK's stories: the room rules that matter to a client, ticks of 50 ms, deltas
// from each session's own base, replies after the state, beacons. What it holds is what every client must end with.

import type { SharedValue } from "../src/api.js";
import {
  type ClientMessage,
  type CommandMessage,
  type Delta,
  type EntryKey,
  type Media,
  type PluginCommand,
  type Reply,
  ROLE_OWNER,
  type RoomFields,
  type ServerMessage,
  type SharedEntry,
  type SharedRow,
  type Snapshot,
  type ViewerRow,
} from "../src/messages.js";
import { EMPTY_STATE, Replica, type ReplicaState } from "../src/replica.js";
import { type SharedState, SharedTables } from "../src/shared-tables.js";
import { readValue, writeValue } from "../src/shared-value.js";
import {
  beginSharedHash,
  hashInfo,
  hashMedia,
  hashMotion,
  hashViewer,
  hashViewerCount,
  sumHashes,
} from "../src/state-hash.js";
import { type Motion, playheadAt, positionMsAt } from "../src/sync/motion.js";
import { decodeClientMessage, encodeServerMessage } from "./engine-wire.js";
import type { FakeEnvironment, FakeSocket, FakeTime } from "./fake-environment.js";

export const TICK_US = 50_000;
const START_TICKS = 4;
const SEEK_TICKS = 7;

interface Session {
  readonly socket: FakeSocket;
  readonly link: Link;
  viewer: number;
  base: number;
  live: boolean;
}

/** How a client reaches the engine. Delays are one way. */
export interface Link {
  delayMs: () => number;
  /** Each frame to the client, once more. */
  duplicate: () => boolean;
}

interface Member {
  lastSequence: number;
  readonly outcomes: Map<number, Reply>;
}

export function stateHashOf(state: ReplicaState): number {
  return sumHashes(
    hashInfo(state.info),
    hashMedia(state.media),
    hashMotion(state.motion),
    hashViewerCount(state.viewerCount),
    ...[...state.viewers.values()].map(hashViewer),
    ...entriesOf(state.shared).map(({ row }) => row?.hash ?? 0),
  );
}

/** An entry's row as the engine would send it. */
export function sharedRow(
  plugin: string,
  field: string,
  key: EntryKey,
  value: SharedValue,
): SharedRow {
  const item = beginSharedHash(plugin, field, key);
  const read = readValue(writeValue(value), item);
  return { value: read, hash: item.finish() };
}

/** What the engine writes about a plugin, with the kinds of its fields. */
export function aboutPlugin(
  kinds: Readonly<Record<string, string>>,
  more: Readonly<Record<string, SharedValue>> = {},
): SharedValue {
  return { version: "1.0.0", hash: "c0ffee00", suspended: false, fields: kinds, ...more };
}

function entriesOf(shared: SharedState): SharedEntry[] {
  return [...shared].flatMap(([plugin, fields]) =>
    [...fields].flatMap(([field, table]) =>
      [...table].map(([key, row]) => ({ plugin, field, key, row })),
    ),
  );
}

/** The entries that lead from one state to another. */
function changesOf(before: SharedState, after: SharedState): SharedEntry[] {
  const rowIn = (state: SharedState, { plugin, field, key }: SharedEntry) =>
    state.get(plugin)?.get(field)?.get(key);
  const gone = entriesOf(before).filter((entry) => rowIn(after, entry) === undefined);
  return [
    ...gone.map(({ plugin, field, key }) => ({ plugin, field, key })),
    ...entriesOf(after).filter((entry) => rowIn(before, entry) !== entry.row),
  ];
}

export class FakeEngine {
  state: ReplicaState = EMPTY_STATE;
  epoch = 7;
  version = 1;
  clockId = "42";
  /** Server time is the time line plus this. Unit: ms. */
  aheadMs = 5_000;
  hashError = 0;
  /** What plugins' commands are answered with; applied without effect by default. */
  onCommand: (viewer: number, command: PluginCommand) => Partial<Reply> = () => ({});
  readonly received: ClientMessage[] = [];
  private readonly history = new Map<number, ReplicaState>();
  private readonly members = new Map<number, Member>();
  private readonly tables = new SharedTables();
  private sessions: Session[] = [];
  private readonly outbound = new Map<Session, (run: () => void) => void>();
  private queue: [Session, CommandMessage][] = [];
  private nextViewer = 1;
  private lastMotion: readonly [number, number, number] = [-1, 0, 0];
  private beaconAtMs = 0;
  /** Applied commands, for exactly-once checks: viewer and sequence. */
  readonly applied: string[] = [];

  constructor(private readonly time: FakeTime) {
    this.history.set(this.version, this.state);
    this.runTicks();
  }

  serverMs(): number {
    return this.time.nowMs + this.aheadMs;
  }
  tick(): number {
    return Math.floor((this.serverMs() * 1000) / TICK_US);
  }

  /** Connects a client's sockets to this engine from now on. */
  serve(environment: FakeEnvironment, link: Link): void {
    environment.onOpen = (socket) => {
      const session: Session = { socket, link, viewer: 0, base: 0, live: false };
      const forward = inOrder(this.time, link);
      this.time.after(link.delayMs(), () => {
        if (!socket.closedByClient) socket.handlers.opened();
      });
      this.sessions.push(session);
      this.outbound.set(session, inOrder(this.time, link));
      socket.onSend = (bytes) => {
        forward(() => {
          if (this.sessions.includes(session)) this.receive(session, decodeClientMessage(bytes));
        });
      };
      socket.onClose = () => forward(() => this.drop(session, undefined));
    };
  }

  /** Cuts every connection, as a lost network does: what is under way is lost too. */
  cut(code = 1006): void {
    for (const session of [...this.sessions]) this.drop(session, code);
  }

  goodbye(message: Omit<ServerMessage & { type: "goodbye" }, "type">): void {
    for (const session of [...this.sessions]) {
      this.send(session, { type: "goodbye", ...message });
    }
  }

  load(url: string, durationUs = 0): void {
    const media: Media = {
      instance: this.state.media.instance + 1,
      kind: 1,
      url,
      title: "",
      durationUs,
    };
    const current = {
      media: media.instance,
      anchorPositionUs: 0,
      anchorTick: this.tick(),
      ratePermille: 1000,
      playing: false,
    };
    this.commit({ ...this.state, media, motion: { current } });
  }

  /** Writes one entry of a plugin's state; without a value it is removed. */
  share(plugin: string, field: string, key: EntryKey, value?: SharedValue): void {
    this.tables.write([
      {
        plugin,
        field,
        key,
        ...(value === undefined ? {} : { row: sharedRow(plugin, field, key, value) }),
      },
    ]);
    this.commit({ ...this.state, shared: this.tables.write([]) });
  }

  send(session: Session, message: ServerMessage): void {
    const bytes = encodeServerMessage(message);
    const deliver = () => {
      if (this.sessions.includes(session)) session.socket.receive(bytes);
    };
    const out = this.outbound.get(session);
    out?.(deliver);
    if (session.link.duplicate()) out?.(deliver);
  }
  get liveSessions(): number {
    return this.sessions.filter(({ live }) => live).length;
  }
  sendToAll(message: ServerMessage): void {
    for (const session of this.sessions) if (session.live) this.send(session, message);
  }

  private drop(session: Session, code: number | undefined): void {
    if (!this.sessions.includes(session)) return;
    this.sessions = this.sessions.filter((other) => other !== session);
    this.outbound.delete(session);
    this.setConnected(session.viewer, false);
    if (code !== undefined && !session.socket.closedByClient) session.socket.handlers.closed(code);
  }

  private setConnected(viewer: number, connected: boolean): void {
    const row = this.state.viewers.get(viewer);
    if (row !== undefined && row.connected !== connected) this.putRow({ ...row, connected });
  }

  private putRow(row: ViewerRow): void {
    const viewers = new Map(this.state.viewers);
    viewers.set(row.id, row);
    this.commit({ ...this.state, viewers, viewerCount: viewers.size });
  }

  private commit(state: ReplicaState): void {
    if (stateHashOf(state) === stateHashOf(this.state)) return;
    this.state = state;
    this.version += 1;
    this.history.set(this.version, state);
  }

  private receive(session: Session, message: ClientMessage): void {
    this.received.push(message);
    switch (message.type) {
      case "hello":
        this.join(session, message);
        break;
      case "command":
        this.queue.push([session, message]);
        break;
      case "ping": {
        const nowUs = Math.round(this.serverMs() * 1000);
        this.send(session, { type: "pong", t0Us: message.t0Us, t1Us: nowUs, t2Us: nowUs });
        break;
      }
      case "resync":
        this.send(session, this.snapshot());
        session.base = this.version;
        break;
      case "bye":
        this.leave(session);
        break;
      case "report":
      case "signal":
        break;
    }
  }

  private join(session: Session, hello: ClientMessage & { type: "hello" }): void {
    const wanted = Number(/^r\.(\d+)$/.exec(hello.resumeToken)?.[1] ?? 0);
    const resumed = this.members.has(wanted);
    session.viewer = resumed ? wanted : this.nextViewer++;
    if (resumed) {
      for (const other of this.sessions.filter(
        (one) => one !== session && one.viewer === session.viewer,
      )) {
        this.send(other, {
          type: "goodbye",
          code: "replaced",
          message: "joined elsewhere",
          resumable: false,
          retryMs: 0,
        });
      }
      this.setConnected(session.viewer, true);
    } else {
      this.members.set(session.viewer, { lastSequence: 0, outcomes: new Map() });
      const roles = session.viewer === 1 ? ROLE_OWNER : 0;
      this.putRow({ id: session.viewer, name: hello.name, roles, connected: true });
    }
    this.send(session, {
      type: "welcome",
      protocol: 1,
      room: hello.room,
      viewer: session.viewer,
      roles: this.state.viewers.get(session.viewer)?.roles ?? 0,
      resumeToken: `r.${session.viewer}`,
      resumed,
      clockId: this.clockId,
      tickUs: TICK_US,
      serverTimeUs: Math.round(this.serverMs() * 1000),
      reportIntervalMs: 1000,
      pingIntervalMs: 250,
      commandsPerS: 10,
      commandBurst: 20,
    });
    const reachable = hello.haveEpoch === this.epoch && this.history.has(hello.haveVersion);
    if (reachable && hello.haveVersion < this.version) {
      this.send(session, this.delta(hello.haveVersion));
    } else if (!reachable) {
      this.send(session, this.snapshot());
    }
    session.base = this.version;
    session.live = true;
  }

  private leave(session: Session): void {
    const viewers = new Map(this.state.viewers);
    viewers.delete(session.viewer);
    this.members.delete(session.viewer);
    this.drop(session, undefined);
    this.commit({ ...this.state, viewers, viewerCount: viewers.size });
  }

  private snapshot(): Snapshot {
    const { info, media, motion, viewerCount, viewers } = this.state;
    const rows = [...viewers.values()];
    return {
      type: "snapshot",
      epoch: this.epoch,
      version: this.version,
      tick: this.tick(),
      stateHash: (stateHashOf(this.state) + this.hashError) >>> 0,
      fields: {
        info,
        media,
        motion,
        viewerCount,
        viewers: rows,
        removedViewers: [],
        shared: entriesOf(this.state.shared),
      },
    };
  }

  private delta(base: number): Delta {
    const old = this.history.get(base) ?? EMPTY_STATE;
    const { info, media, motion, viewerCount, viewers } = this.state;
    const fields: RoomFields = {
      ...(hashInfo(info) === hashInfo(old.info) ? {} : { info }),
      ...(hashMedia(media) === hashMedia(old.media) ? {} : { media }),
      ...(hashMotion(motion) === hashMotion(old.motion) ? {} : { motion }),
      ...(viewerCount === old.viewerCount ? {} : { viewerCount }),
      viewers: [...viewers.values()].filter((row) => old.viewers.get(row.id) !== row),
      removedViewers: [...old.viewers.keys()].filter((id) => !viewers.has(id)),
      shared: changesOf(old.shared, this.state.shared),
    };
    return {
      type: "delta",
      epoch: this.epoch,
      base,
      version: this.version,
      tick: this.tick(),
      stateHash: (stateHashOf(this.state) + this.hashError) >>> 0,
      sentAtUs: Math.round(this.serverMs() * 1000),
      fields,
    };
  }

  private runTicks(): void {
    const { queue } = this;
    this.queue = [];
    const replies = queue.map(
      ([session, command]) => [session, this.apply(session, command)] as const,
    );
    const { pending } = this.state.motion;
    if (pending !== undefined && pending.anchorTick <= this.tick()) {
      this.commit({ ...this.state, motion: { current: pending } });
    }
    const beacon = this.time.nowMs - this.beaconAtMs >= 1000;
    if (beacon) this.beaconAtMs = this.time.nowMs;
    for (const session of this.sessions.filter(({ live }) => live)) {
      if (session.base < this.version) this.send(session, this.delta(session.base));
      session.base = this.version;
      for (const [to, reply] of replies) if (to === session) this.send(session, reply);
      if (beacon) {
        this.send(session, {
          type: "beacon",
          serverTimeUs: Math.round(this.serverMs() * 1000),
          tick: this.tick(),
          version: this.version,
          stateHash: (stateHashOf(this.state) + this.hashError) >>> 0,
          fresh: true,
          telemetry: [],
        });
      }
    }
    const untilNextMs = TICK_US / 1000 - (this.serverMs() % (TICK_US / 1000));
    this.time.after(untilNextMs, () => this.runTicks());
  }

  private apply(session: Session, command: CommandMessage): Reply {
    const member = this.members.get(session.viewer);
    const kept = member?.outcomes.get(command.sequence);
    if (member === undefined) return this.refuse(command, "internal", "no such viewer");
    if (kept !== undefined) return { ...kept, tick: this.tick(), version: this.version };
    if (command.sequence <= member.lastSequence) {
      return this.refuse(command, "sequence", "too old to be remembered");
    }
    member.lastSequence = command.sequence;
    const reply = this.decide(session.viewer, command);
    if (reply.verdict === "applied") this.applied.push(`${session.viewer}:${command.sequence}`);
    member.outcomes.set(command.sequence, reply);
    return reply;
  }

  private refuse(command: CommandMessage, code: Reply["code"], message: string): Reply {
    return { ...this.reply(command, "refused"), code, message };
  }

  private reply(command: CommandMessage, verdict: Reply["verdict"]): Reply {
    return {
      type: "reply",
      sequence: command.sequence,
      verdict,
      code: "none",
      message: "",
      retryMs: 0,
      tick: this.tick(),
      version: this.version,
    };
  }

  private decide(viewer: number, command: CommandMessage): Reply {
    const { action } = command;
    if (action.kind === "setName") {
      const row = this.state.viewers.get(viewer);
      if (row !== undefined) this.putRow({ ...row, name: action.name });
      return this.reply(command, "applied");
    }
    if (action.kind === "load") {
      this.load(action.url);
      return this.reply(command, "applied");
    }
    if (action.kind === "plugin") {
      return { ...this.reply(command, "applied"), ...this.onCommand(viewer, action) };
    }
    const { media } = this.state;
    if (media.instance === 0) return this.refuse(command, "no_media", "nothing is loaded");
    if (command.media !== media.instance) {
      return this.refuse(command, "wrong_media", "meant for other media");
    }
    const nowUs = Math.round(this.serverMs() * 1000);
    const issuedUs = Math.min(nowUs, Math.max(nowUs - 500_000, command.issuedAtUs));
    const stamp = [issuedUs, command.issuedLogical, viewer] as const;
    if (action.kind !== "setRate") {
      if (before(stamp, this.lastMotion)) return this.reply(command, "superseded");
      this.lastMotion = stamp;
    }
    const motion = this.move(this.state.motion, command, issuedUs);
    this.commit({ ...this.state, motion });
    return this.reply(command, "applied");
  }

  private move(motion: Motion, { action, positionUs }: CommandMessage, issuedUs: number): Motion {
    const intent = motion.pending ?? motion.current;
    const tick = this.tick();
    const at = (ms: number) =>
      Math.trunc(positionMsAt(playheadAt(motion, ms, TICK_US), ms, TICK_US) * 1000);
    const nowUs = at((tick * TICK_US) / 1000);
    switch (action.kind) {
      case "play":
        if (intent.playing) return motion;
        return {
          current: motion.current,
          pending: {
            ...intent,
            playing: true,
            anchorPositionUs: nowUs,
            anchorTick: tick + START_TICKS,
          },
        };
      case "pause": {
        if (!intent.playing) return motion;
        const seen = positionUs < 0 ? at(issuedUs / 1000) : positionUs;
        return {
          current: { ...intent, playing: false, anchorPositionUs: seen, anchorTick: tick },
        };
      }
      case "seek": {
        const current = {
          ...intent,
          playing: false,
          anchorPositionUs: action.positionUs,
          anchorTick: tick,
        };
        if (!intent.playing) return { current };
        return { current, pending: { ...current, playing: true, anchorTick: tick + SEEK_TICKS } };
      }
      case "setRate": {
        const { ratePermille } = action;
        if (!intent.playing) return { current: { ...motion.current, ratePermille } };
        if (motion.pending !== undefined) {
          return { current: motion.current, pending: { ...motion.pending, ratePermille } };
        }
        const anchorTick = tick + START_TICKS;
        const anchorPositionUs = at((anchorTick * TICK_US) / 1000);
        return {
          current: motion.current,
          pending: { ...intent, ratePermille, anchorTick, anchorPositionUs },
        };
      }
      default:
        return motion;
    }
  }
}

function before(
  a: readonly [number, number, number],
  b: readonly [number, number, number],
): boolean {
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] < b[i];
  return false;
}

/** A lane that delays but never reorders, as TCP does. */
function inOrder(time: FakeTime, link: Link): (run: () => void) => void {
  let lastMs = 0;
  return (run) => {
    lastMs = Math.max(lastMs, time.nowMs + link.delayMs());
    time.after(lastMs - time.nowMs, run);
  };
}

/** A client that holds what the engine holds: for checking a replica against the model. */
export function replicaOf(engine: FakeEngine): Replica {
  const replica = new Replica();
  const { info, media, motion, viewerCount, viewers } = engine.state;
  replica.apply({
    type: "snapshot",
    epoch: engine.epoch,
    version: engine.version,
    tick: 0,
    stateHash: stateHashOf(engine.state),
    fields: {
      info,
      media,
      motion,
      viewerCount,
      viewers: [...viewers.values()],
      removedViewers: [],
      shared: entriesOf(engine.state.shared),
    },
  });
  return replica;
}
