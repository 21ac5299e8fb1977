// Bytes to messages: with encode.ts the only files that include generated FlatBuffers.
// What comes in is not trusted: generated readers take a byte beyond the end for a zero, so they are given a buffer
// that throws instead, and every count, length, enum and range is checked before a value leaves this file.

import { ByteBuffer } from "flatbuffers";
import type { SharedValue } from "./api.js";
import { Delta } from "./generated/playhead/wire/delta.js";
import { Event } from "./generated/playhead/wire/event.js";
import { Goodbye } from "./generated/playhead/wire/goodbye.js";
import type { Playhead as WirePlayhead } from "./generated/playhead/wire/playhead.js";
import { PluginEvent } from "./generated/playhead/wire/plugin-event.js";
import { Pong } from "./generated/playhead/wire/pong.js";
import { Reply } from "./generated/playhead/wire/reply.js";
import type { RoomFields as WireRoomFields } from "./generated/playhead/wire/room-fields.js";
import { ServerFrame } from "./generated/playhead/wire/server-frame.js";
import { ServerMessage as WireServerMessage } from "./generated/playhead/wire/server-message.js";
import type { SharedEntry as WireSharedEntry } from "./generated/playhead/wire/shared-entry.js";
import { Snapshot } from "./generated/playhead/wire/snapshot.js";
import { Welcome } from "./generated/playhead/wire/welcome.js";
import {
  type DriftDistribution,
  type EntryKey,
  type EventKindName,
  errorCodeName,
  PROTOCOL_VERSION,
  type RoomFields,
  type ServerMessage,
  type SharedEntry,
  type Telemetry,
  type ViewerRow,
} from "./messages.js";
import { readValue } from "./shared-value.js";
import { beginSharedHash } from "./state-hash.js";
import type { Motion, Playhead } from "./sync/motion.js";

/** The largest frame read; an engine's largest (a snapshot with everything its plugins keep) is a quarter. Unit: bytes. */
export const FRAME_BYTES_MAX = 1 << 20;
/** The longest string accepted, above every limit of the engine. Unit: bytes. */
export const STRING_BYTES_MAX = 4096;
/** The most rows of any list accepted; the engine's roster has 200. */
export const ROWS_MAX = 1024;
/** The most entries of plugins' state accepted: 160 KiB of them (PROTOCOL.md section 8), each of 16 bytes or more. */
export const SHARED_ENTRIES_MAX = 16_384;
/** Lengths of a tick accepted: 1000 Hz to one in ten seconds. Unit: us. */
export const TICK_US_MIN = 1_000;
export const TICK_US_MAX = 10_000_000;
export const RATE_PERMILLE_MIN = 250;
export const RATE_PERMILLE_MAX = 2000;

/** A frame that no honest engine sends; the message says where. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws where the plain one reads zeros: beyond either end. */
class CheckedBuffer extends ByteBuffer {
  override readUint8(offset: number): number {
    this.need(offset, 1);
    return super.readUint8(offset);
  }
  override readUint16(offset: number): number {
    this.need(offset, 2);
    return super.readUint16(offset);
  }
  override readInt32(offset: number): number {
    this.need(offset, 4);
    return super.readInt32(offset);
  }
  override __string(offset: number): string {
    const start = offset + this.readInt32(offset);
    const length = this.readUint32(start);
    if (length > STRING_BYTES_MAX) throw new MalformedFrame(`a string of ${length} bytes`);
    this.need(start + 4, length);
    return utf8.decode(this.bytes().subarray(start + 4, start + 4 + length));
  }
  private need(offset: number, bytes: number): void {
    if (!(offset >= 0 && offset + bytes <= this.capacity())) {
      throw new MalformedFrame(`an offset of ${offset} in ${this.capacity()} bytes`);
    }
  }
}

/** Decodes one binary message of the engine. Throws MalformedFrame. */
export function decodeServerFrame(bytes: Uint8Array): ServerMessage {
  if (bytes.length > FRAME_BYTES_MAX) throw new MalformedFrame(`a frame of ${bytes.length} bytes`);
  try {
    return readFrame(ServerFrame.getRootAsServerFrame(new CheckedBuffer(bytes)));
  } catch (error) {
    if (error instanceof MalformedFrame) throw error;
    throw new MalformedFrame(error instanceof Error ? error.message : String(error));
  }
}

function fail(what: string): never {
  throw new MalformedFrame(what);
}

function required<T>(value: T | null, what: string): T {
  return value ?? fail(`${what} is missing`);
}

function integer(value: bigint, what: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const number = Number(value);
  if (number < min || number > max) fail(`${what} is ${value}`);
  return number;
}

function inRange(value: number, what: string, min: number, max: number): number {
  return value >= min && value <= max ? value : fail(`${what} is ${value}`);
}

function rows(count: number, what: string, max = ROWS_MAX): number {
  return inRange(count, `the number of ${what}`, 0, max);
}

function readFrame(frame: ServerFrame): ServerMessage {
  const beacon = frame.beacon();
  if (beacon !== null) {
    const distribution = readDistribution(frame);
    return {
      type: "beacon",
      serverTimeUs: integer(beacon.serverTimeUs(), "server_time_us", 0),
      tick: beacon.tick(),
      version: beacon.version(),
      stateHash: beacon.stateHash(),
      fresh: beacon.fresh(),
      telemetry: readTelemetry(frame),
      ...(distribution === undefined ? {} : { distribution }),
    };
  }
  switch (frame.messageType()) {
    case WireServerMessage.Welcome:
      return readWelcome(required<Welcome>(frame.message(new Welcome()), "welcome"));
    case WireServerMessage.Snapshot:
      return readSnapshot(required<Snapshot>(frame.message(new Snapshot()), "snapshot"));
    case WireServerMessage.Delta:
      return readDelta(required<Delta>(frame.message(new Delta()), "delta"));
    case WireServerMessage.Pong: {
      const pong = required<Pong>(frame.message(new Pong()), "pong");
      return {
        type: "pong",
        t0Us: integer(pong.t0Us(), "t0_us", Number.MIN_SAFE_INTEGER),
        t1Us: integer(pong.t1Us(), "t1_us", 0),
        t2Us: integer(pong.t2Us(), "t2_us", 0),
      };
    }
    case WireServerMessage.Reply:
      return readReply(required<Reply>(frame.message(new Reply()), "reply"));
    case WireServerMessage.Event:
      return readEvent(required<Event>(frame.message(new Event()), "event"));
    case WireServerMessage.PluginEvent: {
      const event = required<PluginEvent>(frame.message(new PluginEvent()), "plugin event");
      return {
        type: "pluginEvent",
        plugin: event.plugin() ?? "",
        name: event.name() ?? "",
        tick: event.tick(),
        data: readData(event.dataArray()) ?? null,
      };
    }
    case WireServerMessage.Goodbye: {
      const goodbye = required<Goodbye>(frame.message(new Goodbye()), "goodbye");
      return {
        type: "goodbye",
        code: errorCodeName(goodbye.code()),
        message: goodbye.message() ?? "",
        resumable: goodbye.resumable(),
        retryMs: goodbye.retryMs(),
      };
    }
    case WireServerMessage.NONE:
      return fail("neither a beacon nor a message");
    default:
      return { type: "unknown" };
  }
}

function readWelcome(welcome: Welcome): ServerMessage {
  const viewer = welcome.viewer();
  return {
    type: "welcome",
    protocol: inRange(welcome.protocol(), "protocol", PROTOCOL_VERSION, PROTOCOL_VERSION),
    room: welcome.room() ?? "",
    viewer: viewer === 0 ? fail("the viewer's id is 0") : viewer,
    roles: welcome.roles(),
    resumeToken: welcome.resumeToken() ?? "",
    resumed: welcome.resumed(),
    clockId: welcome.clockId().toString(),
    tickUs: inRange(welcome.tickUs(), "tick_us", TICK_US_MIN, TICK_US_MAX),
    serverTimeUs: integer(welcome.serverTimeUs(), "server_time_us", 0),
    reportIntervalMs: welcome.reportIntervalMs(),
    pingIntervalMs: welcome.pingIntervalMs(),
    commandsPerS: welcome.commandsPerS(),
    commandBurst: welcome.commandBurst(),
  };
}

function readSnapshot(snapshot: Snapshot): ServerMessage {
  const fields = readFields(required(snapshot.fields(), "the fields"));
  if (fields.removedViewers.length > 0) fail("a snapshot removes viewers");
  if (fields.shared?.some(({ row }) => row === undefined))
    fail("a snapshot removes shared entries");
  return {
    type: "snapshot",
    epoch: snapshot.epoch(),
    version: snapshot.version(),
    tick: snapshot.tick(),
    stateHash: snapshot.stateHash(),
    fields,
  };
}

function readDelta(delta: Delta): ServerMessage {
  const base = delta.base();
  const version = delta.version();
  if (base > version) fail(`a delta from ${base} to ${version}`);
  const fields = delta.fields();
  return {
    type: "delta",
    epoch: delta.epoch(),
    base,
    version,
    tick: delta.tick(),
    stateHash: delta.stateHash(),
    sentAtUs: integer(delta.sentAtUs(), "sent_at_us", 0),
    fields: fields === null ? { viewers: [], removedViewers: [] } : readFields(fields),
  };
}

function readData(bytes: Uint8Array | null): SharedValue | undefined {
  return bytes === null || bytes.length === 0 ? undefined : readValue(bytes);
}

function readReply(reply: Reply): ServerMessage {
  const verdicts = ["applied", "superseded", "refused"] as const;
  const plugin = reply.plugin() ?? "";
  const reason = reply.reason() ?? "";
  const data = readData(reply.dataArray());
  return {
    type: "reply",
    sequence: reply.seq(),
    verdict: verdicts[reply.verdict()] ?? fail(`verdict is ${reply.verdict()}`),
    code: errorCodeName(reply.code()),
    message: reply.message() ?? "",
    retryMs: reply.retryMs(),
    tick: reply.tick(),
    version: reply.version(),
    ...(plugin === "" ? {} : { plugin }),
    ...(reason === "" ? {} : { reason }),
    ...(data === undefined ? {} : { data }),
  };
}

/** In the order of EventKind in schemas/server.fbs. */
const EVENT_KINDS: readonly (EventKindName | undefined)[] = [
  undefined,
  "played",
  "paused",
  "sought",
  "rateChanged",
  "loaded",
  "mediaEnded",
];

function readEvent(event: Event): ServerMessage {
  const kind = EVENT_KINDS[event.kind()];
  if (kind === undefined) return { type: "unknown" };
  return {
    type: "event",
    kind,
    viewer: event.viewer(),
    tick: event.tick(),
    positionUs: integer(event.positionUs(), "position_us", 0),
  };
}

function readFields(fields: WireRoomFields): RoomFields {
  const info = fields.info();
  const media = fields.media();
  const motion = fields.motion();
  const viewerCount = fields.viewerCount();
  const viewers: ViewerRow[] = [];
  for (let i = 0, count = rows(fields.viewersLength(), "viewers"); i < count; i += 1) {
    const row = required(fields.viewers(i), "a viewer");
    viewers.push({
      id: inRange(row.id(), "a viewer's id", 1, 0xffff_ffff),
      name: row.name() ?? "",
      roles: row.roles(),
      connected: row.connected(),
    });
  }
  const removedViewers: number[] = [];
  for (let i = 0, count = rows(fields.removedViewersLength(), "removed viewers"); i < count; i += 1)
    removedViewers.push(required(fields.removedViewers(i), "a removed viewer"));
  const shared: SharedEntry[] = [];
  const sharedCount = rows(fields.sharedLength(), "shared entries", SHARED_ENTRIES_MAX);
  for (let i = 0; i < sharedCount; i += 1) {
    shared.push(readShared(required(fields.shared(i), "a shared entry")));
  }
  return {
    ...(info === null ? {} : { info: { title: info.title() ?? "", listed: info.listed() } }),
    ...(media === null
      ? {}
      : {
          media: {
            instance: media.instance(),
            kind: media.kind(),
            url: media.url() ?? "",
            title: media.title() ?? "",
            durationUs: integer(media.durationUs(), "duration_us", 0),
          },
        }),
    ...(motion === null ? {} : { motion: readMotion(motion.current(), motion.pending()) }),
    ...(viewerCount === null ? {} : { viewerCount }),
    viewers,
    removedViewers,
    ...(sharedCount === 0 ? {} : { shared }),
  };
}

function readShared(entry: WireSharedEntry): SharedEntry {
  const plugin = required(entry.plugin(), "a shared entry's plugin");
  const field = required(entry.field(), "a shared entry's field");
  const keyInt = entry.keyInt();
  const key: EntryKey =
    keyInt === null ? entry.keyText() : integer(keyInt, "key_int", Number.MIN_SAFE_INTEGER);
  const bytes = entry.valueArray();
  if (bytes === null || bytes.length === 0) return { plugin, field, key };
  const hash = beginSharedHash(plugin, field, key);
  const value = readValue(bytes, hash);
  return { plugin, field, key, row: { value, hash: hash.finish() } };
}

function readMotion(current: WirePlayhead | null, pending: WirePlayhead | null): Motion {
  return {
    current: readPlayhead(required(current, "the current playhead")),
    ...(pending === null ? {} : { pending: readPlayhead(pending) }),
  };
}

function readPlayhead(playhead: WirePlayhead): Playhead {
  return {
    media: playhead.media(),
    anchorPositionUs: integer(playhead.anchorPositionUs(), "anchor_position_us", 0),
    anchorTick: playhead.anchorTick(),
    ratePermille: inRange(
      playhead.ratePermille(),
      "rate_permille",
      RATE_PERMILLE_MIN,
      RATE_PERMILLE_MAX,
    ),
    playing: playhead.playing(),
  };
}

function readTelemetry(frame: ServerFrame): Telemetry[] {
  const telemetry: Telemetry[] = [];
  for (let i = 0, count = rows(frame.telemetryLength(), "telemetry"); i < count; i += 1) {
    const row = required(frame.telemetry(i), "telemetry");
    telemetry.push({
      viewer: row.viewer(),
      driftUs: row.driftUs(),
      delayMs: row.delayMs(),
      bufferMs: row.bufferMs(),
      flags: row.flags(),
    });
  }
  return telemetry;
}

function readDistribution(frame: ServerFrame): DriftDistribution | undefined {
  const distribution = frame.distribution();
  if (distribution === null) return undefined;
  return {
    reporting: distribution.reporting(),
    p50Us: distribution.p50Us(),
    p95Us: distribution.p95Us(),
    maxUs: distribution.maxUs(),
    stalled: distribution.stalled(),
    away: distribution.away(),
  };
}
