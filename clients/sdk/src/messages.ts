// The messages of schemas/*.fbs as plain values, in the wire's own units: integer microseconds, ticks, thousandths.
// 64-bit integers are numbers here: the wire's are checked to be exact in a double (below 2^53).

import type { ErrorCodeName, MediaKindName, RoleName, SharedValue } from "./api.js";
import type { Motion } from "./sync/motion.js";

/** The protocol this SDK speaks; also the WebSocket subprotocol's name. */
export const PROTOCOL_VERSION = 1;
export const SUBPROTOCOL = "playhead.v1";

/** In the order of ErrorCode in schemas/common.fbs; wire.test.ts checks it. */
export const ERROR_CODES = [
  "none",
  "malformed",
  "unsupported_protocol",
  "hello_expected",
  "hello_repeated",
  "token_missing",
  "token_malformed",
  "token_wrong",
  "token_foreign",
  "token_stale",
  "room_unknown",
  "room_full",
  "rate_limited",
  "out_of_range",
  "wrong_media",
  "no_media",
  "sequence",
  "too_large",
  "slow",
  "idle",
  "replaced",
  "draining",
  "room_closed",
  "text_frame",
  "internal",
  "denied",
  "unknown_command",
  "plugin_failed",
  "kicked",
  "banned",
] as const satisfies readonly ErrorCodeName[];

/** In the order of MediaKind in schemas/common.fbs. */
export const MEDIA_KINDS = [
  "none",
  "file",
  "hls",
  "dash",
  "youtube",
  "vimeo",
  "twitch",
] as const satisfies readonly MediaKindName[];

/** A code that this SDK does not know yet is a refusal all the same. */
export function errorCodeName(code: number): ErrorCodeName {
  return ERROR_CODES[code] ?? "internal";
}

export function isErrorCodeName(name: unknown): name is ErrorCodeName {
  return ERROR_CODES.some((code) => code === name);
}

// ---- the replicated state

export interface RoomInfo {
  readonly title: string;
  readonly listed: boolean;
}

export interface Media {
  readonly instance: number;
  /** As on the wire: a kind that this SDK does not know keeps its number, for the state hash. */
  readonly kind: number;
  readonly url: string;
  readonly title: string;
  readonly durationUs: number;
}

export interface ViewerRow {
  readonly id: number;
  readonly name: string;
  readonly roles: number;
  readonly connected: boolean;
}

/** In the order of the bits of ViewerRow.roles (Role in schemas/common.fbs). */
export const ROLES = [
  "owner",
  "moderator",
  "host",
  "cohost",
  "member",
  "muted",
] as const satisfies readonly RoleName[];
export const ROLE_OWNER = 1;
/** Stands for everybody in the rules of permissions; in no viewer's row. */
export const ROLE_ANYONE = 0x8000_0000;

/** What an entry of a plugin's field is kept under: nothing (the whole field), an integer, or text. */
export type EntryKey = null | number | string;

/** One replicated entry of a plugin's field. */
export interface SharedEntry {
  readonly plugin: string;
  readonly field: string;
  readonly key: EntryKey;
  /** Absent = removed. */
  readonly row?: SharedRow;
}

export interface SharedRow {
  readonly value: SharedValue;
  /** Of the entry as an item of the state hash. */
  readonly hash: number;
}

export interface RoomFields {
  readonly info?: RoomInfo;
  readonly media?: Media;
  readonly motion?: Motion;
  readonly viewerCount?: number;
  readonly viewers: readonly ViewerRow[];
  readonly removedViewers: readonly number[];
  readonly shared?: readonly SharedEntry[];
}

// ---- engine to client

export interface Welcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly room: string;
  readonly viewer: number;
  /** The viewer's own, as of now: in wide rooms it may have no row. */
  readonly roles: number;
  readonly resumeToken: string;
  readonly resumed: boolean;
  readonly clockId: string;
  readonly tickUs: number;
  readonly serverTimeUs: number;
  readonly reportIntervalMs: number;
  readonly pingIntervalMs: number;
  readonly commandsPerS: number;
  readonly commandBurst: number;
}

export interface Snapshot {
  readonly type: "snapshot";
  readonly epoch: number;
  readonly version: number;
  readonly tick: number;
  readonly stateHash: number;
  readonly fields: RoomFields;
}

export interface Delta {
  readonly type: "delta";
  readonly epoch: number;
  readonly base: number;
  readonly version: number;
  readonly tick: number;
  readonly stateHash: number;
  /** 0 = it waited, no clock sample. */
  readonly sentAtUs: number;
  readonly fields: RoomFields;
}

export interface Pong {
  readonly type: "pong";
  readonly t0Us: number;
  readonly t1Us: number;
  readonly t2Us: number;
}

export interface Reply {
  readonly type: "reply";
  readonly sequence: number;
  readonly verdict: "applied" | "superseded" | "refused";
  readonly code: ErrorCodeName;
  readonly message: string;
  readonly retryMs: number;
  readonly tick: number;
  readonly version: number;
  /** Which plugin refused; absent when the room itself did. */
  readonly plugin?: string;
  /** Its short code for the reason, for programs. */
  readonly reason?: string;
  /** What came with a denial, or the result of a plugin's command. */
  readonly data?: SharedValue;
}

export type EventKindName =
  | "played"
  | "paused"
  | "sought"
  | "rateChanged"
  | "loaded"
  | "mediaEnded";

export interface EventMessage {
  readonly type: "event";
  readonly kind: EventKindName;
  readonly viewer: number;
  readonly tick: number;
  readonly positionUs: number;
}

/** Something a plugin tells; not part of the state. */
export interface PluginEventMessage {
  readonly type: "pluginEvent";
  readonly plugin: string;
  readonly name: string;
  readonly tick: number;
  readonly data: SharedValue;
}

export interface Goodbye {
  readonly type: "goodbye";
  readonly code: ErrorCodeName;
  readonly message: string;
  readonly resumable: boolean;
  readonly retryMs: number;
}

export interface Telemetry {
  readonly viewer: number;
  readonly driftUs: number;
  readonly delayMs: number;
  readonly bufferMs: number;
  readonly flags: number;
}

export interface DriftDistribution {
  readonly reporting: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly maxUs: number;
  readonly stalled: number;
  readonly away: number;
}

export interface Beacon {
  readonly type: "beacon";
  readonly serverTimeUs: number;
  readonly tick: number;
  readonly version: number;
  readonly stateHash: number;
  readonly fresh: boolean;
  readonly telemetry: readonly Telemetry[];
  readonly distribution?: DriftDistribution;
}

/** A kind of message or event that a later engine may send: to be ignored. */
export interface Unknown {
  readonly type: "unknown";
}

export type ServerMessage =
  | Welcome
  | Snapshot
  | Delta
  | Pong
  | Reply
  | EventMessage
  | PluginEventMessage
  | Goodbye
  | Beacon
  | Unknown;

// ---- client to engine

export interface Hello {
  readonly type: "hello";
  readonly room: string;
  readonly joinToken: string;
  readonly resumeToken: string;
  readonly name: string;
  readonly haveEpoch: number;
  readonly haveVersion: number;
  readonly client: string;
  /** A random id that this browser keeps, so that a ban outlives a tab; empty = none. */
  readonly device: string;
}

export type Action =
  | { readonly kind: "play" }
  | { readonly kind: "pause" }
  | { readonly kind: "seek"; readonly positionUs: number }
  | { readonly kind: "setRate"; readonly ratePermille: number }
  | {
      readonly kind: "load";
      readonly mediaKind: number;
      readonly url: string;
      readonly title: string;
      readonly positionUs: number;
      readonly play: boolean;
    }
  | { readonly kind: "setName"; readonly name: string }
  | PluginCommand;

export interface PluginCommand {
  readonly kind: "plugin";
  readonly plugin: string;
  readonly name: string;
  readonly args: SharedValue;
}

export interface CommandMessage {
  readonly type: "command";
  readonly sequence: number;
  readonly media: number;
  readonly issuedAtUs: number;
  readonly issuedLogical: number;
  /** What the person's screen showed; -1 = not known. */
  readonly positionUs: number;
  readonly action: Action;
}

export interface Ping {
  readonly type: "ping";
  readonly t0Us: number;
}

/** Bits of Report.flags and Telemetry.flags. */
export const FLAG_STALLED = 1;
export const FLAG_AWAY = 2;
export const FLAG_BLOCKED = 4;
export const FLAG_INEXACT = 8;

export interface Report {
  readonly type: "report";
  readonly version: number;
  readonly media: number;
  readonly driftUs: number;
  readonly delayUs: number;
  readonly clockErrorUs: number;
  readonly bufferMs: number;
  readonly durationUs: number;
  readonly flags: number;
}

export interface Resync {
  readonly type: "resync";
  readonly version: number;
  readonly stateHash: number;
  readonly mismatch: boolean;
}

/** Lossy, without an answer: a pointer that moves, somebody typing. */
export interface Signal {
  readonly type: "signal";
  readonly plugin: string;
  readonly name: string;
  readonly args: SharedValue;
}

export interface Bye {
  readonly type: "bye";
}

/** Which state the client holds: said only where deltas may be lost, so never over WebSocket. */
export interface Ack {
  readonly type: "ack";
  readonly epoch: number;
  readonly version: number;
}

export type ClientMessage = Hello | CommandMessage | Ping | Report | Resync | Signal | Bye | Ack;
