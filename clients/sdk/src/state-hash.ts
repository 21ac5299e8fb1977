// The hash that tells whether our copy of a room is the engine's: 32 bits over canonical values, not over encodings,
// so that a client in any language can compute it. It is a sum over items, so that a change costs only its item.
// Specified in schemas/PROTOCOL.md; golden vectors in tests/vectors/wire.json.

import type { EntryKey, Media, RoomInfo, ViewerRow } from "./messages.js";
import type { Motion, Playhead } from "./sync/motion.js";

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;

const TAG_INFO = 1;
const TAG_MEDIA = 2;
const TAG_MOTION = 3;
const TAG_VIEWER_COUNT = 4;
const TAG_VIEWER = 5;
const TAG_SHARED = 6;

/** Of the keys of shared entries. */
const KEY_NONE = 0;
const KEY_INTEGER = 1;
const KEY_TEXT = 2;

const utf8 = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));

/** FNV-1a, fed byte by byte in the canonical order, finished with MurmurHash3's fmix32. */
export class ItemHash {
  private hash = FNV_OFFSET;

  constructor(tag: number) {
    this.u8(tag);
  }

  u8(value: number): this {
    this.hash = Math.imul(this.hash ^ (value & 0xff), FNV_PRIME);
    return this;
  }
  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  u16(value: number): this {
    return this.u8(value).u8(value >>> 8);
  }
  u32(value: number): this {
    return this.u16(value).u16(value >>> 16);
  }
  /** Of an integer that a double holds exactly. */
  i64(value: number): this {
    const high = Math.floor(value / 0x1_0000_0000);
    return this.u32(value - high * 0x1_0000_0000).u32(high);
  }
  f64(value: number): this {
    scratch.setFloat64(0, value, true);
    return this.u32(scratch.getUint32(0, true)).u32(scratch.getUint32(4, true));
  }
  bytes(bytes: Uint8Array): this {
    this.u32(bytes.length);
    for (const byte of bytes) this.u8(byte);
    return this;
  }
  text(value: string): this {
    return this.bytes(utf8.encode(value));
  }
  playhead(playhead: Playhead): this {
    return this.i64(playhead.anchorPositionUs)
      .u32(playhead.anchorTick)
      .u32(playhead.media)
      .u16(playhead.ratePermille)
      .bool(playhead.playing);
  }

  finish(): number {
    let hash = this.hash;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

export function hashInfo(info: RoomInfo): number {
  return new ItemHash(TAG_INFO).text(info.title).bool(info.listed).finish();
}

export function hashMedia(media: Media): number {
  return new ItemHash(TAG_MEDIA)
    .u32(media.instance)
    .u8(media.kind)
    .text(media.url)
    .text(media.title)
    .i64(media.durationUs)
    .finish();
}

export function hashMotion({ current, pending }: Motion): number {
  const item = new ItemHash(TAG_MOTION).playhead(current).bool(pending !== undefined);
  if (pending !== undefined) item.playhead(pending);
  return item.finish();
}

export function hashViewerCount(count: number): number {
  return new ItemHash(TAG_VIEWER_COUNT).u32(count).finish();
}

export function hashViewer(row: ViewerRow): number {
  return new ItemHash(TAG_VIEWER)
    .u32(row.id)
    .text(row.name)
    .u32(row.roles)
    .bool(row.connected)
    .finish();
}

/** The beginning of a shared entry's item; its value is fed by whoever reads it (readValue). */
export function beginSharedHash(plugin: string, field: string, key: EntryKey): ItemHash {
  const item = new ItemHash(TAG_SHARED).text(plugin).text(field);
  if (key === null) return item.u8(KEY_NONE);
  return typeof key === "number" ? item.u8(KEY_INTEGER).i64(key) : item.u8(KEY_TEXT).text(key);
}

/** Adds two hashes, or takes one away again (`a - b`), modulo 2^32. */
export function sumHashes(...hashes: readonly number[]): number {
  return hashes.reduce((sum, hash) => (sum + hash) >>> 0, 0);
}
