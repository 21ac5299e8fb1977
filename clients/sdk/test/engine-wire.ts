// The engine's side of the wire, for tests: writes what src/decode.ts reads and reads what src/encode.ts writes.

import { Builder, ByteBuffer } from "flatbuffers";
import type { SharedValue } from "../src/api.js";
import * as client from "../src/generated/client_generated.js";
import * as common from "../src/generated/common_generated.js";
import * as server from "../src/generated/server_generated.js";
import {
  type Action,
  type ClientMessage,
  ERROR_CODES,
  type RoomFields,
  type ServerMessage,
  type SharedEntry,
} from "../src/messages.js";
import { readValue, writeValue } from "../src/shared-value.js";
import type { Playhead } from "../src/sync/motion.js";

const EVENT_KINDS = ["none", "played", "paused", "sought", "rateChanged", "loaded", "mediaEnded"];
const VERDICTS = ["applied", "superseded", "refused"];

export function encodeServerMessage(message: ServerMessage): Uint8Array {
  const builder = new Builder(256);
  if (message.type === "beacon") {
    writeBeacon(builder, message);
  } else if (message.type === "unknown") {
    const table = server.Pong.createPong(builder, 0n, 0n, 0n);
    server.ServerFrame.startServerFrame(builder);
    server.ServerFrame.addMessageType(builder, 200 as server.ServerMessage);
    server.ServerFrame.addMessage(builder, table);
    builder.finish(server.ServerFrame.endServerFrame(builder));
  } else {
    const [type, offset] = writeMessage(builder, message);
    server.ServerFrame.startServerFrame(builder);
    server.ServerFrame.addMessageType(builder, type);
    server.ServerFrame.addMessage(builder, offset);
    builder.finish(server.ServerFrame.endServerFrame(builder));
  }
  return new Uint8Array(builder.asUint8Array());
}

function writeBeacon(builder: Builder, beacon: ServerMessage & { type: "beacon" }): void {
  let distribution = 0;
  if (beacon.distribution !== undefined) {
    const { reporting, p50Us, p95Us, maxUs, stalled, away } = beacon.distribution;
    distribution = server.DriftDistribution.createDriftDistribution(
      builder,
      reporting,
      p50Us,
      p95Us,
      maxUs,
      stalled,
      away,
    );
  }
  server.ServerFrame.startTelemetryVector(builder, beacon.telemetry.length);
  for (const { viewer, driftUs, delayMs, bufferMs, flags } of [...beacon.telemetry].reverse()) {
    server.Telemetry.createTelemetry(builder, viewer, driftUs, delayMs, bufferMs, flags);
  }
  const telemetry = builder.endVector();
  server.ServerFrame.startServerFrame(builder);
  const { serverTimeUs, tick, version, stateHash, fresh } = beacon;
  server.ServerFrame.addBeacon(
    builder,
    server.Beacon.createBeacon(builder, BigInt(serverTimeUs), tick, version, stateHash, fresh),
  );
  server.ServerFrame.addTelemetry(builder, telemetry);
  if (distribution !== 0) server.ServerFrame.addDistribution(builder, distribution);
  builder.finish(server.ServerFrame.endServerFrame(builder));
}

type Message = Exclude<ServerMessage, { type: "beacon" | "unknown" }>;

function writeMessage(builder: Builder, message: Message): [server.ServerMessage, number] {
  switch (message.type) {
    case "welcome": {
      const room = builder.createString(message.room);
      const token = builder.createString(message.resumeToken);
      server.Welcome.startWelcome(builder);
      server.Welcome.addProtocol(builder, message.protocol);
      server.Welcome.addRoom(builder, room);
      server.Welcome.addViewer(builder, message.viewer);
      server.Welcome.addResumeToken(builder, token);
      server.Welcome.addResumed(builder, message.resumed);
      server.Welcome.addClockId(builder, BigInt(message.clockId));
      server.Welcome.addTickUs(builder, message.tickUs);
      server.Welcome.addServerTimeUs(builder, BigInt(message.serverTimeUs));
      server.Welcome.addReportIntervalMs(builder, message.reportIntervalMs);
      server.Welcome.addPingIntervalMs(builder, message.pingIntervalMs);
      server.Welcome.addCommandsPerS(builder, message.commandsPerS);
      server.Welcome.addCommandBurst(builder, message.commandBurst);
      server.Welcome.addRoles(builder, message.roles);
      return [server.ServerMessage.Welcome, server.Welcome.endWelcome(builder)];
    }
    case "snapshot": {
      const fields = writeFields(builder, message.fields);
      server.Snapshot.startSnapshot(builder);
      server.Snapshot.addEpoch(builder, message.epoch);
      server.Snapshot.addVersion(builder, message.version);
      server.Snapshot.addTick(builder, message.tick);
      server.Snapshot.addStateHash(builder, message.stateHash);
      server.Snapshot.addFields(builder, fields);
      return [server.ServerMessage.Snapshot, server.Snapshot.endSnapshot(builder)];
    }
    case "delta": {
      const fields = writeFields(builder, message.fields);
      server.Delta.startDelta(builder);
      server.Delta.addEpoch(builder, message.epoch);
      server.Delta.addBase(builder, message.base);
      server.Delta.addVersion(builder, message.version);
      server.Delta.addTick(builder, message.tick);
      server.Delta.addStateHash(builder, message.stateHash);
      server.Delta.addSentAtUs(builder, BigInt(message.sentAtUs));
      server.Delta.addFields(builder, fields);
      return [server.ServerMessage.Delta, server.Delta.endDelta(builder)];
    }
    case "pong":
      server.Pong.startPong(builder);
      server.Pong.addT0Us(builder, BigInt(message.t0Us));
      server.Pong.addT1Us(builder, BigInt(message.t1Us));
      server.Pong.addT2Us(builder, BigInt(message.t2Us));
      return [server.ServerMessage.Pong, server.Pong.endPong(builder)];
    case "reply": {
      const text = builder.createString(message.message);
      const plugin = builder.createString(message.plugin ?? "");
      const reason = builder.createString(message.reason ?? "");
      const data =
        message.data === undefined
          ? 0
          : server.Reply.createDataVector(builder, writeValue(message.data));
      server.Reply.startReply(builder);
      server.Reply.addSeq(builder, message.sequence);
      server.Reply.addVerdict(builder, VERDICTS.indexOf(message.verdict));
      server.Reply.addCode(builder, ERROR_CODES.indexOf(message.code as never));
      server.Reply.addMessage(builder, text);
      server.Reply.addRetryMs(builder, message.retryMs);
      server.Reply.addTick(builder, message.tick);
      server.Reply.addVersion(builder, message.version);
      if (message.plugin !== undefined) server.Reply.addPlugin(builder, plugin);
      if (message.reason !== undefined) server.Reply.addReason(builder, reason);
      if (data !== 0) server.Reply.addData(builder, data);
      return [server.ServerMessage.Reply, server.Reply.endReply(builder)];
    }
    case "event":
      server.Event.startEvent(builder);
      server.Event.addKind(builder, EVENT_KINDS.indexOf(message.kind));
      server.Event.addViewer(builder, message.viewer);
      server.Event.addTick(builder, message.tick);
      server.Event.addPositionUs(builder, BigInt(message.positionUs));
      return [server.ServerMessage.Event, server.Event.endEvent(builder)];
    case "pluginEvent": {
      const plugin = builder.createString(message.plugin);
      const name = builder.createString(message.name);
      const data = server.PluginEvent.createDataVector(builder, writeValue(message.data));
      server.PluginEvent.startPluginEvent(builder);
      server.PluginEvent.addPlugin(builder, plugin);
      server.PluginEvent.addName(builder, name);
      server.PluginEvent.addTick(builder, message.tick);
      server.PluginEvent.addData(builder, data);
      return [server.ServerMessage.PluginEvent, server.PluginEvent.endPluginEvent(builder)];
    }
    case "goodbye": {
      const text = builder.createString(message.message);
      server.Goodbye.startGoodbye(builder);
      server.Goodbye.addCode(builder, ERROR_CODES.indexOf(message.code as never));
      server.Goodbye.addMessage(builder, text);
      server.Goodbye.addResumable(builder, message.resumable);
      server.Goodbye.addRetryMs(builder, message.retryMs);
      return [server.ServerMessage.Goodbye, server.Goodbye.endGoodbye(builder)];
    }
  }
}

function writePlayhead(builder: Builder, playhead: Playhead): number {
  return common.Playhead.createPlayhead(
    builder,
    BigInt(playhead.anchorPositionUs),
    playhead.anchorTick,
    playhead.media,
    playhead.ratePermille,
    playhead.playing,
  );
}

function writeFields(builder: Builder, fields: RoomFields): number {
  const { info, media, motion, viewerCount, viewers, removedViewers } = fields;
  let infoAt = 0;
  let mediaAt = 0;
  let motionAt = 0;
  if (info !== undefined) {
    const title = builder.createString(info.title);
    infoAt = common.RoomInfo.createRoomInfo(builder, title, info.listed);
  }
  if (media !== undefined) {
    const url = builder.createString(media.url);
    const title = builder.createString(media.title);
    mediaAt = common.Media.createMedia(
      builder,
      media.instance,
      media.kind,
      url,
      title,
      BigInt(media.durationUs),
    );
  }
  if (motion !== undefined) {
    common.Motion.startMotion(builder);
    common.Motion.addCurrent(builder, writePlayhead(builder, motion.current));
    if (motion.pending !== undefined) {
      common.Motion.addPending(builder, writePlayhead(builder, motion.pending));
    }
    motionAt = common.Motion.endMotion(builder);
  }
  const rows = viewers.map(({ id, name, roles, connected }) =>
    common.ViewerRow.createViewerRow(builder, id, builder.createString(name), roles, connected),
  );
  const rowsAt = server.RoomFields.createViewersVector(builder, rows);
  const removedAt = server.RoomFields.createRemovedViewersVector(builder, [...removedViewers]);
  const shared = fields.shared ?? [];
  const sharedAt = server.RoomFields.createSharedVector(
    builder,
    shared.map((entry) => writeShared(builder, entry)),
  );
  server.RoomFields.startRoomFields(builder);
  if (infoAt !== 0) server.RoomFields.addInfo(builder, infoAt);
  if (mediaAt !== 0) server.RoomFields.addMedia(builder, mediaAt);
  if (motionAt !== 0) server.RoomFields.addMotion(builder, motionAt);
  if (viewerCount !== undefined) {
    // The generated writer leaves out a 0, which for an optional field is not its default.
    builder.forceDefaults(true);
    server.RoomFields.addViewerCount(builder, viewerCount);
    builder.forceDefaults(false);
  }
  if (rows.length > 0) server.RoomFields.addViewers(builder, rowsAt);
  if (removedViewers.length > 0) server.RoomFields.addRemovedViewers(builder, removedAt);
  if (shared.length > 0) server.RoomFields.addShared(builder, sharedAt);
  return server.RoomFields.endRoomFields(builder);
}

function writeShared(builder: Builder, { plugin, field, key, row }: SharedEntry): number {
  const pluginAt = builder.createString(plugin);
  const fieldAt = builder.createString(field);
  const textAt = typeof key === "string" ? builder.createString(key) : 0;
  const valueAt =
    row === undefined ? 0 : common.SharedEntry.createValueVector(builder, writeValue(row.value));
  common.SharedEntry.startSharedEntry(builder);
  common.SharedEntry.addPlugin(builder, pluginAt);
  common.SharedEntry.addField(builder, fieldAt);
  if (typeof key === "number") {
    // As above: 0 is not the default of an optional field.
    builder.forceDefaults(true);
    common.SharedEntry.addKeyInt(builder, BigInt(key));
    builder.forceDefaults(false);
  }
  if (textAt !== 0) common.SharedEntry.addKeyText(builder, textAt);
  if (valueAt !== 0) common.SharedEntry.addValue(builder, valueAt);
  return common.SharedEntry.endSharedEntry(builder);
}

/** Trusts what it reads: it comes from our own encoder. */
export function decodeClientMessage(bytes: Uint8Array): ClientMessage {
  const frame = client.ClientFrame.getRootAsClientFrame(new ByteBuffer(bytes));
  switch (frame.messageType()) {
    case client.ClientMessage.Hello: {
      const hello: client.Hello = frame.message(new client.Hello());
      return {
        type: "hello",
        room: hello.room() ?? "",
        joinToken: hello.joinToken() ?? "",
        resumeToken: hello.resumeToken() ?? "",
        name: hello.name() ?? "",
        haveEpoch: hello.haveEpoch(),
        haveVersion: hello.haveVersion(),
        client: hello.client() ?? "",
        device: hello.device() ?? "",
      };
    }
    case client.ClientMessage.Command: {
      const command: client.Command = frame.message(new client.Command());
      return {
        type: "command",
        sequence: command.seq(),
        media: command.media(),
        issuedAtUs: Number(command.issuedAtUs()),
        issuedLogical: command.issuedLogical(),
        positionUs: Number(command.positionUs()),
        action: readAction(command),
      };
    }
    case client.ClientMessage.Ping: {
      const ping: client.Ping = frame.message(new client.Ping());
      return { type: "ping", t0Us: Number(ping.t0Us()) };
    }
    case client.ClientMessage.Report: {
      const report: client.Report = frame.message(new client.Report());
      return {
        type: "report",
        version: report.version(),
        media: report.media(),
        driftUs: report.driftUs(),
        delayUs: report.delayUs(),
        clockErrorUs: report.clockErrorUs(),
        bufferMs: report.bufferMs(),
        durationUs: Number(report.durationUs()),
        flags: report.flags(),
      };
    }
    case client.ClientMessage.Resync: {
      const resync: client.Resync = frame.message(new client.Resync());
      return {
        type: "resync",
        version: resync.version(),
        stateHash: resync.stateHash(),
        mismatch: resync.mismatch(),
      };
    }
    case client.ClientMessage.Signal: {
      const signal: client.Signal = frame.message(new client.Signal());
      return {
        type: "signal",
        plugin: signal.plugin() ?? "",
        name: signal.name() ?? "",
        args: readArgs(signal.argsArray()),
      };
    }
    case client.ClientMessage.Bye:
      return { type: "bye" };
    case client.ClientMessage.Ack: {
      const ack: client.Ack = frame.message(new client.Ack());
      return { type: "ack", epoch: ack.epoch(), version: ack.version() };
    }
    default:
      throw new Error(`a client message of type ${frame.messageType()}`);
  }
}

function readArgs(bytes: Uint8Array | null): SharedValue {
  return bytes === null || bytes.length === 0 ? null : readValue(bytes);
}

function readAction(command: client.Command): Action {
  switch (command.actionType()) {
    case client.Action.Play:
      return { kind: "play" };
    case client.Action.Pause:
      return { kind: "pause" };
    case client.Action.Seek: {
      const seek: client.Seek = command.action(new client.Seek());
      return { kind: "seek", positionUs: Number(seek.positionUs()) };
    }
    case client.Action.SetRate: {
      const rate: client.SetRate = command.action(new client.SetRate());
      return { kind: "setRate", ratePermille: rate.ratePermille() };
    }
    case client.Action.Load: {
      const load: client.Load = command.action(new client.Load());
      return {
        kind: "load",
        mediaKind: load.kind(),
        url: load.url() ?? "",
        title: load.title() ?? "",
        positionUs: Number(load.positionUs()),
        play: load.play(),
      };
    }
    case client.Action.SetName: {
      const name: client.SetName = command.action(new client.SetName());
      return { kind: "setName", name: name.name() ?? "" };
    }
    case client.Action.PluginCommand: {
      const plugin: client.PluginCommand = command.action(new client.PluginCommand());
      return {
        kind: "plugin",
        plugin: plugin.plugin() ?? "",
        name: plugin.name() ?? "",
        args: readArgs(plugin.argsArray()),
      };
    }
    default:
      throw new Error(`an action of type ${command.actionType()}`);
  }
}
