import { describe, expect, it } from "vitest";
import { decodeClientMessage, encodeServerMessage } from "../test/engine-wire.js";
import { sharedRow } from "../test/fake-engine.js";
import { seeded } from "../test/fake-environment.js";
import { decodeServerFrame, FRAME_BYTES_MAX, MalformedFrame } from "./decode.js";
import { encodeClientMessage } from "./encode.js";
import { ErrorCode } from "./generated/playhead/wire/error-code.js";
import { MediaKind } from "./generated/playhead/wire/media-kind.js";
import {
  type ClientMessage,
  type Delta,
  ERROR_CODES,
  MEDIA_KINDS,
  type ServerMessage,
  type Snapshot,
} from "./messages.js";

const playhead = {
  media: 3,
  anchorPositionUs: 61_000_001,
  anchorTick: 4_000_000_000,
  ratePermille: 1250,
  playing: true,
};

const snapshot: Snapshot = {
  type: "snapshot",
  epoch: 9,
  version: 41,
  tick: 1200,
  stateHash: 0xdead_beef,
  fields: {
    info: { title: "Kino 🎬", listed: true },
    media: {
      instance: 3,
      kind: 2,
      url: "/media/a.m3u8",
      title: "\ufeffA",
      durationUs: 7_200_000_000,
    },
    motion: { current: { ...playhead, playing: false }, pending: playhead },
    viewerCount: 2,
    viewers: [
      { id: 1, name: "Ada", roles: 1, connected: true },
      { id: 4_294_967_295, name: "<b>", roles: 0, connected: false },
    ],
    removedViewers: [],
    shared: [
      { plugin: "chat", field: "log", key: 0, row: sharedRow("chat", "log", 0, { from: 1 }) },
      { plugin: "chat", field: "log", key: -7, row: sharedRow("chat", "log", -7, ["a", 1.5]) },
      { plugin: "vote", field: "by", key: "", row: sharedRow("vote", "by", "", true) },
      { plugin: "vote", field: "n", key: null, row: sharedRow("vote", "n", null, 3) },
    ],
  },
};

const messages: ServerMessage[] = [
  snapshot,
  {
    type: "welcome",
    protocol: 1,
    room: "demo",
    viewer: 7,
    roles: 5,
    resumeToken: "r.demo.x",
    resumed: true,
    clockId: "18446744073709551615",
    tickUs: 50_000,
    serverTimeUs: 123_456_789_012,
    reportIntervalMs: 1000,
    pingIntervalMs: 250,
    commandsPerS: 10,
    commandBurst: 20,
  },
  {
    type: "delta",
    epoch: 9,
    base: 41,
    version: 43,
    tick: 1201,
    stateHash: 1,
    sentAtUs: 60_050_123,
    fields: {
      viewerCount: 0,
      viewers: [],
      removedViewers: [1, 4_294_967_295],
      shared: [{ plugin: "chat", field: "log", key: 0 }],
    },
  },
  { type: "pong", t0Us: -5, t1Us: 10, t2Us: 11 },
  {
    type: "reply",
    sequence: 4,
    verdict: "refused",
    code: "out_of_range",
    message: "rate 9000: 250 to 2000",
    retryMs: 5,
    tick: 2,
    version: 3,
    plugin: "host_control",
    reason: "not_host",
    data: { host: 2 },
  },
  { type: "pluginEvent", plugin: "reactions", name: "burst", tick: 9, data: [{ x: 0.25 }] },
  { type: "event", kind: "sought", viewer: 2, tick: 8, positionUs: 5 },
  { type: "goodbye", code: "draining", message: "bye", resumable: true, retryMs: 2000 },
  {
    type: "beacon",
    serverTimeUs: 5,
    tick: 6,
    version: 7,
    stateHash: 8,
    fresh: true,
    telemetry: [
      { viewer: 1, driftUs: -1500, delayMs: 30, bufferMs: 65_535, flags: 3 },
      { viewer: 2, driftUs: 12, delayMs: 1, bufferMs: 0, flags: 0 },
    ],
    distribution: { reporting: 900, p50Us: 1, p95Us: 2, maxUs: 3, stalled: 4, away: 5 },
  },
];

describe("reading the engine's frames", () => {
  it.each(messages)("reads a $type as it was written", (message) => {
    expect(decodeServerFrame(encodeServerMessage(message))).toEqual(message);
  });

  it("knows the same error codes and media kinds, in the same order, as the schema", () => {
    const names = (of: Record<string, string | number>) =>
      Object.values(of).filter((value) => typeof value === "string");
    expect(ERROR_CODES).toEqual(names(ErrorCode));
    expect(MEDIA_KINDS).toEqual(names(MediaKind));
  });

  it("ignores a message of a kind it does not know", () => {
    expect(decodeServerFrame(encodeServerMessage({ type: "unknown" }))).toEqual({
      type: "unknown",
    });
  });
});

describe("refusing what no honest engine sends", () => {
  const refused = (bytes: Uint8Array) =>
    expect(() => decodeServerFrame(bytes)).toThrow(MalformedFrame);
  const bent = (change: Partial<Snapshot["fields"]>): Uint8Array =>
    encodeServerMessage({ ...snapshot, fields: { ...snapshot.fields, ...change } });
  const motionOf = (change: Partial<typeof playhead>) => ({ current: { ...playhead, ...change } });

  it("refuses an empty frame and one beyond the limit", () => {
    refused(new Uint8Array(0));
    refused(new Uint8Array(FRAME_BYTES_MAX + 1));
  });

  it("refuses rates, positions and durations beyond their limits", () => {
    refused(bent({ motion: motionOf({ ratePermille: 0 }) }));
    refused(bent({ motion: motionOf({ ratePermille: 2001 }) }));
    refused(bent({ motion: motionOf({ anchorPositionUs: -1 }) }));
    refused(bent({ motion: motionOf({ anchorPositionUs: 2 ** 60 }) }));
    refused(bent({ media: { instance: 1, kind: 1, url: "", title: "", durationUs: -1 } }));
  });

  it("refuses a delta that leads backwards, a viewer 0 and a list without end", () => {
    const delta = messages[2] as Delta;
    refused(encodeServerMessage({ ...delta, base: 44 }));
    refused(bent({ viewers: [{ id: 0, name: "", roles: 0, connected: true }] }));
    refused(
      bent({
        viewers: Array.from({ length: 1025 }, (_, i) => ({
          id: i + 1,
          name: "",
          roles: 0,
          connected: true,
        })),
      }),
    );
    refused(
      encodeServerMessage({ ...snapshot, fields: { ...snapshot.fields, removedViewers: [1] } }),
    );
  });

  it("refuses a snapshot that removes a shared entry", () => {
    refused(bent({ shared: [{ plugin: "chat", field: "log", key: 1 }] }));
  });

  it("refuses an unknown verdict, a tick without length and another protocol", () => {
    const welcome = messages[1] as ServerMessage & { type: "welcome" };
    refused(encodeServerMessage({ ...welcome, tickUs: 0 }));
    refused(encodeServerMessage({ ...welcome, protocol: 2 }));
    refused(encodeServerMessage({ ...welcome, viewer: 0 }));
  });

  it("refuses text that is not UTF-8 or too long", () => {
    refused(bent({ info: { title: "x".repeat(4097), listed: true } }));
    const bytes = encodeServerMessage(snapshot);
    const at = bytes.findIndex((byte, i) => byte === 0xf0 && bytes[i + 1] === 0x9f);
    bytes[at] = 0xff;
    refused(bytes);
  });

  it("reads or refuses every truncation, and never anything else", () => {
    for (const message of messages) {
      const bytes = encodeServerMessage(message);
      for (let length = 0; length < bytes.length; length += 1)
        readOrRefuse(bytes.subarray(0, length));
    }
  });

  it("reads or refuses frames with bytes changed by chance, and random ones", () => {
    const random = seeded(20);
    for (let round = 0; round < 20_000; round += 1) {
      const message = messages[Math.floor(random() * messages.length)] as ServerMessage;
      const bytes = encodeServerMessage(message);
      const flips = 1 + Math.floor(random() * 4);
      for (let i = 0; i < flips; i += 1)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      readOrRefuse(bytes);
      if (round % 10 === 0) readOrRefuse(bytes.map(() => Math.floor(random() * 256)));
    }
  });

  function readOrRefuse(bytes: Uint8Array): void {
    try {
      decodeServerFrame(bytes);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
    }
  }
});

describe("writing the client's frames", () => {
  const command = (action: ClientMessage & { type: "command" }): ClientMessage => action;
  const base = {
    type: "command",
    sequence: 4_294_967_295,
    media: 2,
    issuedAtUs: 9_007_199_254_740_991,
    issuedLogical: 65_535,
    positionUs: -1,
  } as const;
  const all: ClientMessage[] = [
    {
      type: "hello",
      room: "demo",
      joinToken: "j",
      resumeToken: "r",
      name: "Zoë",
      haveEpoch: 1,
      haveVersion: 2,
      client: "test",
      device: "00ff",
    },
    command({ ...base, action: { kind: "play" } }),
    command({ ...base, action: { kind: "pause" } }),
    command({ ...base, positionUs: 0, action: { kind: "seek", positionUs: 1 } }),
    command({ ...base, action: { kind: "setRate", ratePermille: 250 } }),
    command({
      ...base,
      action: { kind: "load", mediaKind: 4, url: "u", title: "t", positionUs: 1, play: true },
    }),
    command({ ...base, action: { kind: "setName", name: "n" } }),
    command({
      ...base,
      action: { kind: "plugin", plugin: "chat", name: "say", args: { text: "Hé", reply_to: 3 } },
    }),
    { type: "signal", plugin: "cursors", name: "move", args: { x: 0.5, y: 0 } },
    { type: "ping", t0Us: 17 },
    {
      type: "report",
      version: 1,
      media: 2,
      driftUs: -3,
      delayUs: 4,
      clockErrorUs: 5,
      bufferMs: 6,
      durationUs: 7,
      flags: 15,
    },
    { type: "resync", version: 1, stateHash: 4_294_967_295, mismatch: true },
    { type: "bye" },
  ];
  it.each(all)("writes $type so that it reads the same", (message) => {
    expect(decodeClientMessage(encodeClientMessage(message))).toEqual(message);
  });
});
