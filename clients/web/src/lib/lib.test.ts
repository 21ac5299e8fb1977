import { describe, expect, it, vi } from "vitest";
import { viewer } from "../../test/fake-room";
import { ApiError, createRoom, getRoom, listRooms } from "./api";
import {
  formatAgo,
  formatDelay,
  formatDrift,
  formatDuration,
  formatRate,
  formatTime,
  spokenTime,
} from "./format";
import { parseRoomLink, roomPathOf, socketUrlOf } from "./link";
import { adviceOn } from "./problems";
import { recentRooms, recentRoomsMax, rememberRoom, rememberStart, takeStart } from "./storage";
import { ownSync, syncStateOf, viewerStatus } from "./sync-words";

describe("times", () => {
  it.each([
    [0, "0:00"],
    [999, "0:00"],
    [63_000, "1:03"],
    [3_723_000, "1:02:03"],
    [-5, "0:00"],
    [Number.NaN, "–:––"],
    [Number.POSITIVE_INFINITY, "–:––"],
  ])("%d ms is %s", (ms, text) => expect(formatTime(ms)).toBe(text));
  it("keeps the hours of a long film", () => expect(formatTime(5000, true)).toBe("0:00:05"));
  it("speaks them", () => {
    expect(spokenTime(3_661_000)).toBe("1 hour 1 minute 1 second");
    expect(spokenTime(120_000)).toBe("2 minutes");
    expect(spokenTime(0)).toBe("0 seconds");
    expect(spokenTime(Number.NaN)).toBe("unknown");
  });
  it.each([
    [0.4, "0 ms"],
    [-0.4, "0 ms"],
    [3, "+3 ms"],
    [-12.2, "−12 ms"],
    [-1234, "−1.2 s"],
    [12_345, "+12 s"],
  ])("a drift of %d ms is %s", (ms, text) => expect(formatDrift(ms)).toBe(text));
  it("shows fractions only where they matter", () => {
    expect(formatDuration(0.31)).toBe("0.3 ms");
    expect(formatDuration(23.4)).toBe("23 ms");
    expect(formatDuration(2345)).toBe("2.3 s");
    expect(formatDelay(3)).toBe("3 ms");
    expect(formatDelay(0)).toBe("<1 ms");
    expect(formatDelay(10)).toBe("10 ms");
    expect(formatRate(1)).toBe("1×");
    expect(formatRate(1.25)).toBe("1.25×");
    expect(formatAgo(0, 30_000)).toBe("just now");
    expect(formatAgo(0, 7_200_000)).toBe("2 hours ago");
  });
});

describe("room links", () => {
  const origin = "https://party.example";
  it("come apart into the room and its token", () => {
    expect(parseRoomLink("https://party.example/r/den#j.den.abc", origin)).toEqual({
      room: "den",
      joinToken: "j.den.abc",
    });
    expect(parseRoomLink("/r/den_2-x/", origin)).toEqual({ room: "den_2-x", joinToken: "" });
  });
  it.each([
    "https://evil.example/r/den#j.den.abc",
    "/r/",
    "/r/a/b",
    "/r/..%2f",
    "/x/den",
    "/r/<b>",
    `/r/${"x".repeat(65)}`,
    "https://[",
  ])("%s names no room", (link) => expect(parseRoomLink(link, origin)).toBeNull());
  it("go back together", () => {
    expect(roomPathOf({ room: "den", joinToken: "j.den.abc" })).toBe("/r/den#j.den.abc");
    expect(roomPathOf({ room: "den", joinToken: "" })).toBe("/r/den");
    expect(socketUrlOf("den", new URL("https://party.example/r/den"))).toBe(
      "wss://party.example/ws/den",
    );
    expect(socketUrlOf("den", new URL("http://127.0.0.1:8080/"))).toBe(
      "ws://127.0.0.1:8080/ws/den",
    );
  });
});

describe("what the browser remembers", () => {
  const room = (name: string, visitedAtMs = 1) => ({
    room: name,
    title: name,
    path: `/r/${name}#t`,
    visitedAtMs,
  });
  it("keeps the newest rooms first, each once, and not too many", () => {
    for (let index = 0; index < recentRoomsMax + 3; index += 1) rememberRoom(room(`r${index}`));
    rememberRoom(room("r5"));
    const names = recentRooms().map((recent) => recent.room);
    expect(names).toHaveLength(recentRoomsMax);
    expect(names[0]).toBe("r5");
    expect(new Set(names).size).toBe(names.length);
  });
  it.each([
    "not json",
    "{}",
    "[1,null,{}]",
    '[{"room":"x","title":"x","path":"javascript:alert(1)","visitedAtMs":1}]',
  ])("ignores what someone else wrote there: %s", (text) => {
    localStorage.setItem("playhead.recent", text);
    expect(recentRooms()).toEqual([]);
  });
  it("works without storage", () => {
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
      throw new Error("denied");
    });
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("denied");
    });
    rememberRoom(room("x"));
    expect(recentRooms()).toEqual([]);
    expect(takeStart("x")).toBe(0);
    vi.restoreAllMocks();
  });
  it("uses a start position once", () => {
    rememberStart("x", 90_000);
    expect(takeStart("x")).toBe(90_000);
    expect(takeStart("x")).toBe(0);
  });
});

describe("the engine's answers", () => {
  const answer = (status: number, body: string) =>
    vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(new Response(body, { status }));
  it("are checked field by field", async () => {
    answer(
      200,
      '{"rooms":[{"room":"den","title":"Den","viewers":2,"media_title":"Film","link":"/r/den#j"},{"room":"bad","link":"https://evil.example/"},null,7]}',
    );
    expect(await listRooms()).toEqual([
      { room: "den", title: "Den", viewers: 2, mediaTitle: "Film", link: "/r/den#j" },
    ]);
  });
  it("carry the engine's own words when it refuses", async () => {
    answer(400, '{"error":{"code":"bad_url","message":"The address must start with http."}}');
    await expect(createRoom({ title: "x", listed: false })).rejects.toThrow(
      "The address must start with http.",
    );
  });
  it("become words even when there are none", async () => {
    answer(429, "<html>slow down</html>");
    await expect(createRoom({ title: "x", listed: false })).rejects.toThrow(/Wait a minute/);
    answer(404, "");
    await expect(getRoom("x")).rejects.toMatchObject({ status: 404 });
    vi.spyOn(globalThis, "fetch").mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(listRooms()).rejects.toBeInstanceOf(ApiError);
  });
  it("never lead out of the app", async () => {
    answer(201, '{"room":"x","link":"https://evil.example/","join_token":"j","owner_token":"o"}');
    await expect(createRoom({ title: "x", listed: false })).rejects.toThrow(/no sense/);
  });
});

describe("being in step, in words", () => {
  const sync = {
    phase: "following",
    errorMs: 2.4,
    rate: 1,
    stalled: false,
    blocked: false,
    inexact: false,
    bufferMs: 9000,
    durationMs: 60_000,
  } as const;
  it.each([
    [sync, "synced"],
    [{ ...sync, inexact: true }, "inexact"],
    [{ ...sync, phase: "correcting" }, "correcting"],
    [{ ...sync, stalled: true }, "stalled"],
    [{ ...sync, blocked: true, stalled: true }, "blocked"],
    [{ ...sync, phase: "held", errorMs: 0 }, "paused"],
    [{ ...sync, phase: "held", errorMs: 900 }, "correcting"],
    [{ ...sync, phase: "idle", durationMs: undefined }, "loading"],
    [{ ...sync, phase: "ended" }, "ended"],
    [undefined, "loading"],
    [{ ...sync, phase: "idle", durationMs: undefined, stalled: true }, "loading"],
  ] as const)("%o is %s", (status, state) => expect(syncStateOf(status, true)).toBe(state));
  it("without media there is nothing to be in step with", () =>
    expect(syncStateOf(sync, false)).toBe("idle"));
  it("says how far off, and why it is not exact", () => {
    expect(ownSync("synced", -2.4, undefined, "").label).toBe("In step ±2.4 ms");
    expect(ownSync("inexact", 80, undefined, "YouTube allows only coarse speeds.").detail).toMatch(
      /coarse/,
    );
  });
  it("tells the worst of a viewer's troubles first", () => {
    expect(viewerStatus(viewer(1, "A", { connected: false, stalled: true })).label).toBe(
      "reconnecting",
    );
    expect(viewerStatus(viewer(1, "A", { blocked: true, stalled: true })).label).toBe(
      "needs a tap",
    );
    expect(viewerStatus(viewer(1, "A", { stalled: true, away: true })).label).toBe("buffering");
    expect(viewerStatus(viewer(1, "A")).label).toBe("");
  });
});

describe("problems", () => {
  it.each([
    "token_wrong",
    "token_missing",
    "room_unknown",
    "room_full",
    "replaced",
    "draining",
    "slow",
    "idle",
    "unsupported_protocol",
    "internal",
    "malformed",
    "left",
  ] as const)("%s has words and something to do", (code) => {
    const advice = adviceOn(code, "");
    expect(advice.headline).toMatch(/\.$/);
    expect(advice.help).not.toBe("");
    expect(advice.action).toBeDefined();
  });
});
