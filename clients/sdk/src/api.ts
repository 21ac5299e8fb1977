// What an app sees of a room. Numbers are milliseconds (`...Ms`) as floats, rates are factors (1 = normal);
// the wire's integers stay inside the SDK. Every object handed out is immutable.

import type { Player } from "./player/player.js";
import type { SyncStatus } from "./sync/sync-loop.js";
import type { TokenStore } from "./token-store.js";

/** Why something was refused or ended; the first part is the wire's list (schemas/common.fbs). */
export type ErrorCodeName =
  | "none"
  | "malformed"
  | "unsupported_protocol"
  | "hello_expected"
  | "hello_repeated"
  | "token_missing"
  | "token_malformed"
  | "token_wrong"
  | "token_foreign"
  | "token_stale"
  | "room_unknown"
  | "room_full"
  | "rate_limited"
  | "out_of_range"
  | "wrong_media"
  | "no_media"
  | "sequence"
  | "too_large"
  | "slow"
  | "idle"
  | "replaced"
  | "draining"
  | "room_closed"
  | "text_frame"
  | "internal"
  /** A plugin, or the room's permissions, do not allow it; the result says which and why. */
  | "denied"
  | "unknown_command"
  /** A plugin broke down over it, or is suspended and denies meanwhile. */
  | "plugin_failed"
  | "kicked"
  | "banned"
  /** The engine cannot be reached; the SDK goes on trying. */
  | "unreachable"
  /** The connection was lost for good before this command was answered: it may or may not have been applied. */
  | "lost"
  /** This page left the room. */
  | "left";

export type MediaKindName = "none" | "file" | "hls" | "dash" | "youtube" | "vimeo" | "twitch";

/** What viewers can be; a guest is none of these. */
export type RoleName = "owner" | "moderator" | "host" | "cohost" | "member" | "muted";

/** What plugins keep, tell and are told: plain data. */
export type SharedValue =
  | null
  | boolean
  | number
  | string
  | readonly SharedValue[]
  | { readonly [key: string]: SharedValue };

/** Of an object, members that are undefined are left out. */
export type CommandArgs = { readonly [name: string]: SharedValue | undefined };

export interface JoinOptions {
  /** ws(s)://host/ws/ROOM */
  readonly url: string;
  readonly room: string;
  /** From the link, or the owner's token from the room's creation. */
  readonly joinToken?: string;
  readonly name?: string;
  /** Where the resume token waits while the page reloads; default: sessionStorage. */
  readonly store?: TokenStore;
  /** A random id that this browser keeps, at most 64 bytes; default: one in localStorage. */
  readonly device?: string;
  /** Free text for the operator's logs. */
  readonly clientName?: string;
}

export interface CommandResult {
  readonly verdict: "applied" | "superseded" | "refused";
  /** "none" unless refused. */
  readonly code: ErrorCodeName;
  /** For a person: what and why. */
  readonly message: string;
  /** With rate_limited: when it would have been accepted. */
  readonly retryMs: number;
  /** Which plugin refused; absent when the room itself did. */
  readonly plugin?: string;
  /** Its short code for the reason ("not_host"), for programs. */
  readonly reason?: string;
  /** What came with a denial, or the result of a plugin's command. */
  readonly data?: SharedValue;
}

/** One continuous piece of motion; it stands at its anchor before the anchor's time. */
export interface Playhead {
  readonly media: number;
  readonly positionMs: number;
  /** Server time of the anchor. */
  readonly anchorMs: number;
  readonly rate: number;
  readonly playing: boolean;
}

export interface Motion {
  readonly current: Playhead;
  /** Takes over from `current` at its anchor. */
  readonly pending?: Playhead;
  /** What the room is meant to be doing: of `pending` if there is one. For buttons. */
  readonly playing: boolean;
  readonly rate: number;
}

export interface MediaView {
  /** Grows with each load; 0 = nothing loaded. */
  readonly instance: number;
  readonly kind: MediaKindName;
  readonly url: string;
  readonly title: string;
  /** 0 = not known yet, or endless. */
  readonly durationMs: number;
}

export interface ViewerView {
  readonly id: number;
  readonly name: string;
  readonly owner: boolean;
  readonly roles: Readonly<Record<RoleName, boolean>>;
  /** False while a lost viewer's place is kept. */
  readonly connected: boolean;
  /** A colour that stays with the id: degrees 0..359. */
  readonly hue: number;
  /** Own position minus the room's, as this viewer reported it: positive is ahead. */
  readonly driftMs?: number;
  /** Half the round trip. */
  readonly delayMs?: number;
  readonly bufferMs?: number;
  readonly stalled: boolean;
  readonly away: boolean;
  /** The browser has not allowed playing yet. */
  readonly blocked: boolean;
  /** This viewer's player cannot be held exactly in step. */
  readonly inexact: boolean;
}

/** A wide room's drift in a few numbers (absolute values). */
export interface DriftDistributionView {
  readonly reporting: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly stalled: number;
  readonly away: number;
}

export interface ClockView {
  /** Server clock minus performance.now(). */
  readonly offsetMs: number;
  readonly errorBoundMs: number;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly settled: boolean;
}

/** An item of a list; `id` stays with it wherever it moves. */
export interface ListItem {
  readonly id: number;
  readonly value: SharedValue;
}

/** An item of a ring; a newer one has a larger index. */
export interface RingItem {
  readonly index: number;
  readonly value: SharedValue;
}

/** One declared field of a plugin, by its kind: value and counter, map, set, list, ring. */
export type SharedField =
  | SharedValue
  | ReadonlyMap<number | string, SharedValue>
  | ReadonlySet<number | string>
  | readonly ListItem[]
  | readonly RingItem[];

export interface PluginView {
  readonly version: string;
  /** Of the code that this room runs: changes with a reload. */
  readonly codeHash: string;
  /** It failed too often and rests: its state stands still. */
  readonly suspended: boolean;
  /** Every declared field that this viewer may see. */
  readonly state: Readonly<Record<string, SharedField>>;
}

/** Whether the room's permissions let a viewer do something. */
export interface Permission {
  readonly allowed: boolean;
  /** Whose rule forbids it, and its reason for people. */
  readonly plugin?: string;
  readonly reason?: string;
}

export type RoomStatus = "connecting" | "joining" | "live" | "reconnecting" | "closed";

export interface Problem {
  readonly code: ErrorCodeName;
  readonly message: string;
  /** When the next attempt starts, on the clock of performance.now(); absent once closed. */
  readonly retryAtMs?: number;
}

export interface RoomView {
  readonly status: RoomStatus;
  readonly problem?: Problem;
  readonly room: string;
  /** Own viewer id. */
  readonly me?: number;
  readonly info: { readonly title: string; readonly listed: boolean };
  readonly media: MediaView;
  /** With own actions shown that the room has not confirmed yet. */
  readonly motion: Motion;
  readonly confirmedMotion: Motion;
  /** The room's roster in joining order: bounded, see viewerCount. */
  readonly viewers: readonly ViewerView[];
  readonly viewerCount: number;
  /** The plugins that the room runs, by name. */
  readonly plugins: Readonly<Record<string, PluginView>>;
  readonly distribution?: DriftDistributionView;
  readonly clock?: ClockView;
  /** Of the attached player; undefined without one. */
  readonly sync?: SyncStatus;
  readonly pendingCommands: number;
  /** States that did not match the engine's hash: must read zero. */
  readonly hashMismatches: number;
}

export interface RoomEvent {
  readonly kind: "played" | "paused" | "sought" | "rateChanged" | "loaded" | "mediaEnded";
  /** Who did it; 0 = the engine. */
  readonly viewer: number;
  readonly positionMs: number;
}

/** What a plugin tells, once. The engine itself speaks as "@engine". */
export interface PluginEvent {
  readonly plugin: string;
  readonly name: string;
  readonly tick: number;
  readonly data: SharedValue;
}

export interface LoadRequest {
  /** Guessed from the address when absent. */
  readonly kind?: MediaKindName;
  readonly url: string;
  readonly title?: string;
  readonly positionMs?: number;
  readonly play?: boolean;
}

export interface Room {
  /** A new object per change. */
  readonly view: RoomView;
  subscribe(listener: () => void): () => void;
  onEvent(listener: (event: RoomEvent) => void): () => void;

  // Commands: shown at once, settled when the room has answered. They never reject.
  play(): Promise<CommandResult>;
  pause(): Promise<CommandResult>;
  seek(positionMs: number): Promise<CommandResult>;
  /** 0.25 .. 2 */
  setRate(rate: number): Promise<CommandResult>;
  load(media: LoadRequest): Promise<CommandResult>;
  setName(name: string): Promise<CommandResult>;
  /** A command of a plugin; `data` of the answer is its result. */
  command(plugin: string, name: string, args?: CommandArgs): Promise<CommandResult>;
  /** Lossy and without an answer: dropped while not connected. */
  signal(plugin: string, name: string, args?: CommandArgs): void;
  onPluginEvent(listener: (event: PluginEvent) => void): () => void;
  /** By the replicated permissions ("playback.pause", "chat.say"); what plugins decide case by case is told by refusals. */
  may(permission: string, viewer?: number): Permission;

  /** While a slider is dragged: at most four seeks a second, and always the last. */
  scrub(positionMs: number): void;
  /** The slider was let go. */
  endScrub(): Promise<CommandResult>;

  /** Keeps a player in step; returns how to let go of it. One at a time. */
  attachPlayer(player: Player): () => void;
  /** Where the media should stand now. */
  positionMs(): number;
  /** From now until a tick that plugins name begins, negative afterwards; undefined while the engine's clock is unknown. */
  untilTickMs(tick: number): number | undefined;
  /** Tries to connect at once instead of waiting, or again after `closed`. */
  retry(): void;
  /** Leaves for good: the place is not kept. */
  leave(): void;
}
