// The values of plugins (their state, arguments and events) as FlexBuffers in the canonical form of schemas/PROTOCOL.md:
// nil, booleans, integers, finite doubles, text, lists, and maps with text keys in byte order, each key once.
//   Why not the reader that npm's flatbuffers brings: it trusts its input (no bounds on depth or count, text measured by
//   searching for a zero, `__proto__` as a key changes the object) and costs twice as much: 4.9 kB gzipped to 2.3.
//   Source: FlatBuffers' flexbuffers.h. A value is stored behind everything it points to, so offsets count backwards.

import type { SharedValue } from "./api.js";
import type { ItemHash } from "./state-hash.js";

/** What a reader accepts; each is above the engine's own limit (PROTOCOL.md section 8). */
export const VALUE_BYTES_MAX = 64 * 1024;
export const VALUE_DEPTH_MAX = 16;
export const VALUE_NODES_MAX = 8192;

const NULL = 0;
const INT = 1;
const UINT = 2;
const FLOAT = 3;
const STRING = 5;
const INDIRECT_INT = 6;
const INDIRECT_UINT = 7;
const INDIRECT_FLOAT = 8;
const MAP = 9;
const VECTOR = 10;
const BOOL = 26;

/** Of the kinds of values in the state hash. */
const HASH_NIL = 0;
const HASH_BOOL = 1;
const HASH_INT = 2;
const HASH_DOUBLE = 3;
const HASH_TEXT = 4;
const HASH_LIST = 5;
const HASH_MAP = 6;

/** Up to here a whole double is an integer. */
const WHOLE_MAX = 2 ** 53;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const toUtf8 = new TextEncoder();

/** No engine and no app of ours makes such a value; the message says what is wrong with it. */
export class MalformedValue extends Error {
  override readonly name = "MalformedValue";
}

function fail(what: string): never {
  throw new MalformedValue(what);
}

/**
 * Reads one value; `hash` is fed its canonical form as it goes by: of integers beyond 2^53 the exact one, while they
 * come out rounded. Throws MalformedValue or, beyond an end, RangeError.
 */
export function readValue(bytes: Uint8Array, hash?: ItemHash): SharedValue {
  if (bytes.length < 3 || bytes.length > VALUE_BYTES_MAX) {
    fail(`a value of ${bytes.length} bytes`);
  }
  const reader = new Reader(bytes, hash);
  const width = reader.width(bytes[bytes.length - 1] ?? 0);
  return reader.value(bytes.length - 2 - width, width, bytes[bytes.length - 2] ?? 0, 1);
}

class Reader {
  private readonly view: DataView;
  private nodes = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly hash: ItemHash | undefined,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  width(width: number): number {
    return width === 1 || width === 2 || width === 4 || width === 8
      ? width
      : fail(`a width of ${width} bytes`);
  }

  /** `at` is the slot in the parent, `width` bytes wide; `packed` its type and the width of what it points to. */
  value(at: number, width: number, packed: number, depth: number): SharedValue {
    this.nodes += 1;
    if (depth > VALUE_DEPTH_MAX || this.nodes > VALUE_NODES_MAX)
      fail("a value with too many parts");
    const type = packed >> 2;
    const inner = 1 << (packed & 3);
    switch (type) {
      case NULL:
        this.hash?.u8(HASH_NIL);
        return null;
      case BOOL: {
        const value = this.unsigned(at, width) !== 0;
        this.hash?.u8(HASH_BOOL).bool(value);
        return value;
      }
      case INT:
      case UINT:
        return this.integer(at, width, type === UINT);
      case FLOAT:
        return this.float(at, width);
      case INDIRECT_INT:
      case INDIRECT_UINT:
        return this.integer(this.target(at, width), inner, type === INDIRECT_UINT);
      case INDIRECT_FLOAT:
        return this.float(this.target(at, width), inner);
      case STRING:
        return this.text(this.target(at, width), inner);
      case VECTOR:
        return this.list(this.target(at, width), inner, depth);
      case MAP:
        return this.map(this.target(at, width), inner, depth);
      default:
        return fail(`a value of type ${type}`);
    }
  }

  private target(at: number, width: number): number {
    const target = at - this.unsigned(at, width);
    return target >= 0 ? target : fail(`an offset beyond the start at ${at}`);
  }

  private unsigned(at: number, width: number): number {
    if (width === 1) return this.view.getUint8(at);
    if (width === 2) return this.view.getUint16(at, true);
    const low = this.view.getUint32(at, true);
    return width === 4 ? low : this.view.getUint32(at + 4, true) * 0x1_0000_0000 + low;
  }

  private integer(at: number, width: number, unsigned: boolean): number {
    const { view } = this;
    const value = unsigned
      ? this.unsigned(at, width)
      : width === 1
        ? view.getInt8(at)
        : width === 2
          ? view.getInt16(at, true)
          : width === 4
            ? view.getInt32(at, true)
            : Number(view.getBigInt64(at, true));
    if (this.hash !== undefined) {
      this.hash.u8(HASH_INT);
      if (width === 8) this.hash.u32(view.getUint32(at, true)).u32(view.getUint32(at + 4, true));
      else this.hash.i64(value);
    }
    return value;
  }

  private float(at: number, width: number): number {
    const value =
      width === 8
        ? this.view.getFloat64(at, true)
        : width === 4
          ? this.view.getFloat32(at, true)
          : fail(`a number of ${width} bytes`);
    if (!Number.isFinite(value)) fail(`a number that is ${value}`);
    // 1 and 1.0 are one value, and so are 0 and -0. [V1]
    if (Number.isInteger(value) && Math.abs(value) <= WHOLE_MAX) {
      this.hash?.u8(HASH_INT).i64(value);
      return value + 0;
    }
    this.hash?.u8(HASH_DOUBLE).f64(value);
    return value;
  }

  private text(at: number, width: number): string {
    const length = this.unsigned(at - width, width);
    if (at + length > this.bytes.length) fail(`a text of ${length} bytes`);
    const bytes = this.bytes.subarray(at, at + length);
    this.hash?.u8(HASH_TEXT).bytes(bytes);
    return utf8.decode(bytes);
  }

  private count(at: number, width: number): number {
    const count = this.unsigned(at - width, width);
    return count <= VALUE_NODES_MAX ? count : fail(`${count} parts`);
  }

  private list(at: number, width: number, depth: number): SharedValue {
    const count = this.count(at, width);
    this.hash?.u8(HASH_LIST).u32(count);
    const list: SharedValue[] = [];
    for (let i = 0; i < count; i += 1) list.push(this.element(at, width, count, i, depth));
    return list;
  }

  private map(at: number, width: number, depth: number): SharedValue {
    const count = this.count(at, width);
    const keys = this.target(at - 3 * width, width);
    const keyWidth = this.width(this.unsigned(at - 2 * width, width));
    if (this.count(keys, keyWidth) !== count) fail("a map with more or fewer keys than values");
    this.hash?.u8(HASH_MAP).u32(count);
    const entries: [string, SharedValue][] = [];
    let before: Uint8Array | undefined;
    for (let i = 0; i < count; i += 1) {
      const key = this.key(this.target(keys + i * keyWidth, keyWidth));
      if (before !== undefined && compareBytes(before, key) >= 0) fail("a map's keys out of order");
      before = key;
      this.hash?.bytes(key);
      entries.push([utf8.decode(key), this.element(at, width, count, i, depth)]);
    }
    // As own properties, whatever a key is called.
    return Object.fromEntries(entries);
  }

  private element(at: number, width: number, count: number, i: number, depth: number): SharedValue {
    const packed = this.view.getUint8(at + count * width + i);
    return this.value(at + i * width, width, packed, depth + 1);
  }

  private key(at: number): Uint8Array {
    const end = this.bytes.indexOf(0, at);
    return end < 0 ? fail("a key without an end") : this.bytes.subarray(at, end);
  }
}

/** The order of keys: by byte, a prefix before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Writes one value in canonical form. Whole numbers become integers, `undefined` members of objects are left out.
 * Throws MalformedValue for what has no canonical form: NaN, infinities, lone surrogates, a zero in a key, cycles.
 */
export function writeValue(value: SharedValue): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  const root = writer.store(value, 1);
  return writer.finish(root);
}

/** A value that is ready to stand in a slot: inline bits, or the place of what has been written already. */
interface Stored {
  readonly type: number;
  /** log2 of the width of what is pointed to; of the slot itself for inline values. */
  readonly log: number;
  readonly at?: number;
  readonly integer?: number;
  readonly float?: number;
}

class Writer {
  private bytes = new Uint8Array(128);
  private view = new DataView(this.bytes.buffer);
  private size = 0;
  private nodes = 0;

  store(value: SharedValue, depth: number): Stored {
    this.nodes += 1;
    if (depth > VALUE_DEPTH_MAX || this.nodes > VALUE_NODES_MAX)
      fail("a value with too many parts");
    if (value === null || value === undefined) return { type: NULL, log: 0, integer: 0 };
    switch (typeof value) {
      case "boolean":
        return { type: BOOL, log: 0, integer: value ? 1 : 0 };
      case "number":
        return number(value);
      case "string":
        return this.text(value);
      case "object":
        return Array.isArray(value)
          ? this.vector(
              VECTOR,
              value.map((item: SharedValue) => this.store(item, depth + 1)),
            )
          : this.map(value as { readonly [key: string]: SharedValue }, depth);
      default:
        return fail(`a ${typeof value} is no value`);
    }
  }

  finish(root: Stored): Uint8Array<ArrayBuffer> {
    const log = this.slotLog(root, 0);
    this.align(log);
    this.slot(root, log);
    this.unsigned((root.type << 2) | (root.at === undefined ? log : root.log), 0);
    this.unsigned(1 << log, 0);
    if (this.size > VALUE_BYTES_MAX) fail(`a value of ${this.size} bytes`);
    return this.bytes.slice(0, this.size);
  }

  private text(text: string): Stored {
    const bytes = toUtf8.encode(text);
    // The encoder makes U+FFFD of half a character: what the engine would read is not what was written.
    if (utf8.decode(bytes) !== text) fail("a text with half a character");
    const log = unsignedLog(bytes.length);
    this.align(log);
    this.unsigned(bytes.length, log);
    return { type: STRING, log, at: this.append(bytes) };
  }

  private map(value: { readonly [key: string]: SharedValue | undefined }, depth: number): Stored {
    const entries = Object.entries(value)
      .filter((entry): entry is [string, SharedValue] => entry[1] !== undefined)
      .map(([key, inner]) => [toUtf8.encode(key), inner] as const)
      .sort((a, b) => compareBytes(a[0], b[0]));
    const keys = entries.map(([key]): Stored => {
      if (key.includes(0)) fail("a key with a zero byte");
      return { type: 4, log: 0, at: this.append(key) };
    });
    const keyVector = this.vector(VECTOR_KEY, keys);
    const values = entries.map(([, inner]) => this.store(inner, depth + 1));
    return this.vector(MAP, values, keyVector);
  }

  /** Before the items stand their number and, for a map, where its keys are and how wide their slots. */
  private vector(type: number, items: readonly Stored[], keys?: Stored): Stored {
    const prefix = keys === undefined ? 1 : 3;
    let log = unsignedLog(items.length);
    if (keys !== undefined) log = Math.max(log, this.slotLog(keys, 0));
    for (const [i, item] of items.entries()) log = Math.max(log, this.slotLog(item, i + prefix));
    this.align(log);
    if (keys !== undefined) {
      this.slot(keys, log);
      this.unsigned(1 << keys.log, log);
    }
    this.unsigned(items.length, log);
    const at = this.size;
    for (const item of items) this.slot(item, log);
    if (type !== VECTOR_KEY) {
      for (const item of items) {
        this.unsigned((item.type << 2) | (item.at === undefined ? log : item.log), 0);
      }
    }
    return { type, log, at };
  }

  /** How wide slots must be (log2) for `stored` to fit into slot `index` of a vector that starts here. */
  private slotLog(stored: Stored, index: number): number {
    if (stored.at === undefined) return stored.log;
    for (let log = 0; log < 3; log += 1) {
      const slotAt = aligned(this.size, log) + (index << log);
      if (unsignedLog(slotAt - stored.at) <= log) return log;
    }
    return 3;
  }

  private slot(stored: Stored, log: number): void {
    if (stored.at !== undefined) this.unsigned(this.size - stored.at, log);
    else if (stored.float !== undefined) {
      // Growing may put another buffer in the view's place.
      const at = this.grow(8);
      this.view.setFloat64(at, stored.float, true);
    } else this.signed(stored.integer ?? 0, log);
  }

  private signed(value: number, log: number): void {
    const at = this.grow(1 << log);
    if (log === 0) this.view.setInt8(at, value);
    else if (log === 1) this.view.setInt16(at, value, true);
    else if (log === 2) this.view.setInt32(at, value, true);
    else this.view.setBigInt64(at, BigInt(value), true);
  }

  private unsigned(value: number, log: number): void {
    // Nothing unsigned here reaches 2^32: sizes, offsets and types.
    const at = this.grow(1 << log);
    for (let i = 0; i < 1 << log && i < 4; i += 1) this.bytes[at + i] = (value >>> (8 * i)) & 0xff;
  }

  private align(log: number): void {
    this.grow(aligned(this.size, log) - this.size);
  }

  /** With a zero behind it, which text and keys end with. */
  private append(bytes: Uint8Array): number {
    const at = this.grow(bytes.length + 1);
    this.bytes.set(bytes, at);
    return at;
  }

  private grow(count: number): number {
    const at = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.size, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Of keys: slots without types behind them. */
const VECTOR_KEY = 14;

function number(value: number): Stored {
  if (!Number.isFinite(value)) fail(`${value} is no value`);
  if (!Number.isSafeInteger(value)) return { type: FLOAT, log: 3, float: value };
  const log =
    value >= -0x80 && value < 0x80
      ? 0
      : value >= -0x8000 && value < 0x8000
        ? 1
        : value >= -0x8000_0000 && value < 0x8000_0000
          ? 2
          : 3;
  // Adding zero makes 0 of -0.
  return { type: INT, log, integer: value + 0 };
}

function unsignedLog(value: number): number {
  return value < 0x100 ? 0 : value < 0x1_0000 ? 1 : 2;
}

function aligned(at: number, log: number): number {
  return at + (-at & ((1 << log) - 1));
}
