// Messages to bytes. See decode.ts for the other direction.

import { Builder } from "flatbuffers";
import { Ack } from "./generated/playhead/wire/ack.js";
import { Action as WireAction } from "./generated/playhead/wire/action.js";
import { Bye } from "./generated/playhead/wire/bye.js";
import { ClientFrame } from "./generated/playhead/wire/client-frame.js";
import { ClientMessage as WireClientMessage } from "./generated/playhead/wire/client-message.js";
import { Command } from "./generated/playhead/wire/command.js";
import { Hello } from "./generated/playhead/wire/hello.js";
import { Load } from "./generated/playhead/wire/load.js";
import { Pause } from "./generated/playhead/wire/pause.js";
import { Ping } from "./generated/playhead/wire/ping.js";
import { Play } from "./generated/playhead/wire/play.js";
import { PluginCommand } from "./generated/playhead/wire/plugin-command.js";
import { Report } from "./generated/playhead/wire/report.js";
import { Resync } from "./generated/playhead/wire/resync.js";
import { Seek } from "./generated/playhead/wire/seek.js";
import { SetName } from "./generated/playhead/wire/set-name.js";
import { SetRate } from "./generated/playhead/wire/set-rate.js";
import { Signal } from "./generated/playhead/wire/signal.js";
import { type Action, type ClientMessage, PROTOCOL_VERSION } from "./messages.js";
import { writeValue } from "./shared-value.js";

export function encodeClientMessage(message: ClientMessage): Uint8Array<ArrayBuffer> {
  const builder = new Builder(256);
  const [type, offset] = writeMessage(builder, message);
  ClientFrame.startClientFrame(builder);
  ClientFrame.addMessageType(builder, type);
  ClientFrame.addMessage(builder, offset);
  builder.finish(ClientFrame.endClientFrame(builder));
  return new Uint8Array(builder.asUint8Array());
}

function writeMessage(builder: Builder, message: ClientMessage): [WireClientMessage, number] {
  switch (message.type) {
    case "hello": {
      const room = builder.createString(message.room);
      const joinToken = builder.createString(message.joinToken);
      const resumeToken = builder.createString(message.resumeToken);
      const name = builder.createString(message.name);
      const client = builder.createString(message.client);
      const device = builder.createString(message.device);
      Hello.startHello(builder);
      Hello.addProtocolMin(builder, PROTOCOL_VERSION);
      Hello.addProtocolMax(builder, PROTOCOL_VERSION);
      Hello.addRoom(builder, room);
      Hello.addJoinToken(builder, joinToken);
      Hello.addResumeToken(builder, resumeToken);
      Hello.addName(builder, name);
      Hello.addHaveEpoch(builder, message.haveEpoch);
      Hello.addHaveVersion(builder, message.haveVersion);
      Hello.addClient(builder, client);
      Hello.addDevice(builder, device);
      return [WireClientMessage.Hello, Hello.endHello(builder)];
    }
    case "command": {
      const [actionType, action] = writeAction(builder, message.action);
      Command.startCommand(builder);
      Command.addSeq(builder, message.sequence);
      Command.addMedia(builder, message.media);
      Command.addIssuedAtUs(builder, BigInt(message.issuedAtUs));
      Command.addIssuedLogical(builder, message.issuedLogical);
      Command.addPositionUs(builder, BigInt(message.positionUs));
      Command.addActionType(builder, actionType);
      Command.addAction(builder, action);
      return [WireClientMessage.Command, Command.endCommand(builder)];
    }
    case "ping":
      Ping.startPing(builder);
      Ping.addT0Us(builder, BigInt(message.t0Us));
      return [WireClientMessage.Ping, Ping.endPing(builder)];
    case "report":
      Report.startReport(builder);
      Report.addVersion(builder, message.version);
      Report.addMedia(builder, message.media);
      Report.addDriftUs(builder, message.driftUs);
      Report.addDelayUs(builder, message.delayUs);
      Report.addClockErrorUs(builder, message.clockErrorUs);
      Report.addBufferMs(builder, message.bufferMs);
      Report.addDurationUs(builder, BigInt(message.durationUs));
      Report.addFlags(builder, message.flags);
      return [WireClientMessage.Report, Report.endReport(builder)];
    case "resync":
      Resync.startResync(builder);
      Resync.addVersion(builder, message.version);
      Resync.addStateHash(builder, message.stateHash);
      Resync.addMismatch(builder, message.mismatch);
      return [WireClientMessage.Resync, Resync.endResync(builder)];
    case "signal": {
      const plugin = builder.createString(message.plugin);
      const name = builder.createString(message.name);
      const args = Signal.createArgsVector(builder, writeValue(message.args));
      Signal.startSignal(builder);
      Signal.addPlugin(builder, plugin);
      Signal.addName(builder, name);
      Signal.addArgs(builder, args);
      return [WireClientMessage.Signal, Signal.endSignal(builder)];
    }
    case "ack":
      Ack.startAck(builder);
      Ack.addEpoch(builder, message.epoch);
      Ack.addVersion(builder, message.version);
      return [WireClientMessage.Ack, Ack.endAck(builder)];
    case "bye":
      Bye.startBye(builder);
      return [WireClientMessage.Bye, Bye.endBye(builder)];
  }
}

function writeAction(builder: Builder, action: Action): [WireAction, number] {
  switch (action.kind) {
    case "play":
      Play.startPlay(builder);
      return [WireAction.Play, Play.endPlay(builder)];
    case "pause":
      Pause.startPause(builder);
      return [WireAction.Pause, Pause.endPause(builder)];
    case "seek":
      Seek.startSeek(builder);
      Seek.addPositionUs(builder, BigInt(action.positionUs));
      return [WireAction.Seek, Seek.endSeek(builder)];
    case "setRate":
      SetRate.startSetRate(builder);
      SetRate.addRatePermille(builder, action.ratePermille);
      return [WireAction.SetRate, SetRate.endSetRate(builder)];
    case "load": {
      const url = builder.createString(action.url);
      const title = builder.createString(action.title);
      Load.startLoad(builder);
      Load.addKind(builder, action.mediaKind);
      Load.addUrl(builder, url);
      Load.addTitle(builder, title);
      Load.addPositionUs(builder, BigInt(action.positionUs));
      Load.addPlay(builder, action.play);
      return [WireAction.Load, Load.endLoad(builder)];
    }
    case "setName": {
      const name = builder.createString(action.name);
      SetName.startSetName(builder);
      SetName.addName(builder, name);
      return [WireAction.SetName, SetName.endSetName(builder)];
    }
    case "plugin": {
      const plugin = builder.createString(action.plugin);
      const name = builder.createString(action.name);
      const args = PluginCommand.createArgsVector(builder, writeValue(action.args));
      PluginCommand.startPluginCommand(builder);
      PluginCommand.addPlugin(builder, plugin);
      PluginCommand.addName(builder, name);
      PluginCommand.addArgs(builder, args);
      return [WireAction.PluginCommand, PluginCommand.endPluginCommand(builder)];
    }
  }
}
