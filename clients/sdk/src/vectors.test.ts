// The golden vectors that the engine wrote: tests/vectors/WIRE.md says what each section means.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeClientMessage } from "../test/engine-wire.js";
import { decodeServerFrame } from "./decode.js";
import { encodeClientMessage } from "./encode.js";
import {
  type ClientMessage,
  type Delta,
  MEDIA_KINDS,
  type Media,
  PROTOCOL_VERSION,
  type RoomInfo,
  type Snapshot,
  type ViewerRow,
} from "./messages.js";
import { Replica } from "./replica.js";
import { hashInfo, hashMedia, hashMotion, hashViewer, hashViewerCount } from "./state-hash.js";
import { type Motion, type Playhead, positionMsAt } from "./sync/motion.js";

interface Values {
  readonly [key: string]: unknown;
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
  readonly history: readonly {
    what: string;
    hex: string;
    version: number;
    state_hash: number;
    state: Values;
  }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../tests/vectors/wire.json", import.meta.url), "utf8"),
);

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const camel = (key: string) =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const RENAMED: Readonly<Record<string, string>> = { seq: "sequence" };

/** The file's names to ours; what is absent there is left out here. */
function ours(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ours);
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    result[RENAMED[key] ?? camel(key)] = ours(inner);
  }
  // Media and Load say their kind by name; ours keep the wire's number.
  if ("url" in result) result.kind = MEDIA_KINDS.indexOf(result.kind as "none");
  return result;
}

function ourMessage(message: Values): unknown {
  const value = ours(message) as Record<string, unknown>;
  value.type = (message.type as string).toLowerCase();
  if (value.type === "hello") {
    delete value.protocolMin;
    delete value.protocolMax;
  }
  const action = value.action as Record<string, unknown> | undefined;
  if (action !== undefined) {
    const type = action.type as string;
    const { type: _, kind, ...rest } = action;
    value.action = {
      kind: type.charAt(0).toLowerCase() + type.slice(1),
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

  it("a room's history leaves the engine's state after each step", () => {
    const replica = new Replica();
    expect(vectors.history.length).toBeGreaterThan(0);
    for (const { what, hex, version, state_hash, state } of vectors.history) {
      const message = decodeServerFrame(bytesOf(hex)) as Snapshot | Delta;
      expect([what, replica.apply(message)]).toEqual([what, "updated"]);
      expect(replica.version).toBe(version);
      expect(replica.stateHash).toBe(state_hash);
      const { viewers, ...rest } = replica.state;
      expect({ ...rest, viewers: [...viewers.values()].sort((a, b) => a.id - b.id) }).toEqual(
        (({ removedViewers: _, ...expected }) => expected)(ours(state) as Record<string, unknown>),
      );
    }
  });
});
