// The golden vectors that the engine wrote: tests/vectors/WIRE.md says what each section means.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeClientMessage } from "../test/engine-wire.js";
import type { SharedValue } from "./api.js";
import { decodeServerFrame } from "./decode.js";
import { encodeClientMessage } from "./encode.js";
import {
  type ClientMessage,
  type Delta,
  type EntryKey,
  MEDIA_KINDS,
  type Media,
  PROTOCOL_VERSION,
  type RoomInfo,
  type Snapshot,
  type ViewerRow,
} from "./messages.js";
import { Replica } from "./replica.js";
import type { SharedState } from "./shared-tables.js";
import { readValue, writeValue } from "./shared-value.js";
import {
  beginSharedHash,
  hashInfo,
  hashMedia,
  hashMotion,
  hashViewer,
  hashViewerCount,
} from "./state-hash.js";
import { type Motion, type Playhead, positionMsAt } from "./sync/motion.js";

interface Values {
  readonly [key: string]: unknown;
}
interface SharedExample {
  readonly plugin: string;
  readonly field: string;
  readonly key: EntryKey;
  readonly value: SharedValue;
}
interface Vectors {
  readonly client_frames: readonly { name: string; hex: string; message: Values }[];
  readonly server_frames: readonly { name: string; hex: string; message: Values }[];
  readonly item_hashes: readonly { item: string; value: unknown; hash: number }[];
  readonly positions: readonly {
    playhead: Values;
    server_time_us: number;
    tick_us: number;
    position_us: number;
  }[];
  readonly values: readonly { name: string; hex: string; value: SharedValue; hash: number }[];
  readonly malformed_values: readonly { name: string; hex: string }[];
  readonly shared_entries: readonly { entry: SharedExample; hash: number }[];
  readonly history: readonly (Step & { what: string })[];
  readonly audiences: readonly (Step & { audience: string })[];
}
/** A frame, and the state that it leaves. */
interface Step {
  readonly hex: string;
  readonly version: number;
  readonly state_hash: number;
  readonly state: Values;
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../tests/vectors/wire.json", import.meta.url), "utf8"),
);

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const camel = (key: string) =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const RENAMED: Readonly<Record<string, string>> = { seq: "sequence" };

/** Values of plugins: their names are not ours to change. */
const PLAIN: ReadonlySet<string> = new Set(["args", "data"]);

/** Entries as they come, with whatever hash they have. */
function oursShared(entries: readonly SharedExample[]): unknown {
  return entries.map(({ value, ...entry }) =>
    value === null ? entry : { ...entry, row: { value, hash: expect.any(Number) } },
  );
}

/** The file's names to ours; what is absent there is left out here. */
function ours(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ours);
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    if (PLAIN.has(key)) result[key] = inner;
    else if (key !== "shared") result[RENAMED[key] ?? camel(key)] = ours(inner);
    else if ((inner as unknown[]).length > 0) result.shared = oursShared(inner as SharedExample[]);
  }
  // Media and Load say their kind by name; ours keep the wire's number.
  if ("url" in result) result.kind = MEDIA_KINDS.indexOf(result.kind as "none");
  return result;
}

function ourMessage(message: Values): unknown {
  const value = ours(message) as Record<string, unknown>;
  const wireType = message.type as string;
  value.type = wireType.charAt(0).toLowerCase() + wireType.slice(1);
  if (value.type === "pluginEvent") value.data = message.data;
  if (value.type === "signal") value.args = message.args;
  for (const name of ["plugin", "reason"]) if (value[name] === "") delete value[name];
  if (value.type === "hello") {
    delete value.protocolMin;
    delete value.protocolMax;
  }
  const action = value.action as Record<string, unknown> | undefined;
  if (action !== undefined) {
    const type = action.type as string;
    const { type: _, kind, ...rest } = action;
    const plugin = type === "PluginCommand";
    value.action = {
      kind: plugin ? "plugin" : type.charAt(0).toLowerCase() + type.slice(1),
      ...(plugin ? { args: null } : {}),
      ...(kind === undefined ? {} : { mediaKind: kind }),
      ...rest,
    };
  }
  return value;
}

describe("the engine's golden vectors", () => {
  it.each(vectors.server_frames)("$name is read as the engine meant it", ({ hex, message }) => {
    expect(decodeServerFrame(bytesOf(hex))).toEqual(ourMessage(message));
  });

  it.each(vectors.client_frames)("$name is written as the engine reads it", ({ hex, message }) => {
    const expected = ourMessage(message) as ClientMessage;
    expect(decodeClientMessage(bytesOf(hex))).toEqual(expected);
    expect(decodeClientMessage(encodeClientMessage(expected))).toEqual(expected);
    if (message.type === "Hello") expect(message.protocol_min).toBe(PROTOCOL_VERSION);
  });

  it("item hashes are the engine's", () => {
    const hashes: Readonly<Record<string, (value: unknown) => number>> = {
      info: (value) => hashInfo(value as RoomInfo),
      media: (value) => hashMedia(value as Media),
      motion: (value) => hashMotion(value as Motion),
      viewer_count: (value) => hashViewerCount(value as number),
      viewer_row: (value) => hashViewer(value as ViewerRow),
    };
    expect(vectors.item_hashes.length).toBeGreaterThan(0);
    for (const { item, value, hash } of vectors.item_hashes) {
      expect([item, value, hashes[item]?.(ours(value))]).toEqual([item, value, hash]);
    }
  });

  it("positions are the engine's, to the microsecond", () => {
    expect(vectors.positions.length).toBeGreaterThan(0);
    for (const { playhead, server_time_us, tick_us, position_us } of vectors.positions) {
      const positionUs =
        positionMsAt(ours(playhead) as Playhead, server_time_us / 1000, tick_us) * 1000;
      expect(Math.abs(positionUs - position_us)).toBeLessThan(1);
    }
  });

  it.each(vectors.values)("the value $name is the engine's, with its hash", (example) => {
    const { name, hex, value, hash } = example;
    const item = beginSharedHash("vectors", name, null);
    // JSON gives the largest integers rounded, as our reader does.
    expect(readValue(bytesOf(hex), item)).toEqual(value);
    expect(item.finish()).toBe(hash);
    expect(readValue(writeValue(value))).toEqual(value);
  });

  it.each(vectors.malformed_values)("the malformed value $name is refused", ({ hex }) => {
    expect(() => readValue(bytesOf(hex))).toThrow();
  });

  it("[P1] shared entries have the engine's hashes, whatever their key", () => {
    expect(vectors.shared_entries.length).toBeGreaterThan(0);
    for (const { entry, hash } of vectors.shared_entries) {
      const item = beginSharedHash(entry.plugin, entry.field, entry.key);
      readValue(writeValue(entry.value), item);
      expect([entry, item.finish()]).toEqual([entry, hash]);
    }
  });

  function follow(replica: Replica, what: string, { hex, version, state_hash, state }: Step): void {
    const message = decodeServerFrame(bytesOf(hex)) as Snapshot | Delta;
    expect([what, replica.apply(message)]).toEqual([what, "updated"]);
    expect(replica.version).toBe(version);
    expect(replica.stateHash).toBe(state_hash);
    const { viewers, shared, ...rest } = replica.state;
    const { removedViewers: _, shared: __, ...expected } = ours(state) as Record<string, unknown>;
    expect({ ...rest, viewers: [...viewers.values()].sort((a, b) => a.id - b.id) }).toEqual(
      expected,
    );
    expect(examplesOf(shared)).toEqual(new Set(state.shared as SharedExample[]));
  }

  it("a room's history leaves the engine's state after each step", () => {
    const replica = new Replica();
    expect(vectors.history.length).toBeGreaterThan(0);
    for (const step of vectors.history) follow(replica, step.what, step);
  });

  it("[P2] a snapshot holds what its audience sees, and its hash is over that", () => {
    expect(vectors.audiences.length).toBeGreaterThan(0);
    for (const step of vectors.audiences) follow(new Replica(), step.audience, step);
  });
});

function examplesOf(shared: SharedState): ReadonlySet<SharedExample> {
  return new Set(
    [...shared].flatMap(([plugin, fields]) =>
      [...fields].flatMap(([field, table]) =>
        [...table].map(([key, { value }]) => ({ plugin, field, key, value })),
      ),
    ),
  );
}
