import { expect, test } from "vitest";
import {
  BURST_GAP_MS,
  BURST_SAMPLES_MAX,
  CLOSE_GAP_MS,
  CLOSE_PHASE_MS,
  OPENING_MS,
  pingSchedule,
  SMALL_ROOM_GAP_MS,
  WIDE_ROOM_GAP_MS,
} from "./ping-schedule.js";

const after = { samples: 100, goodSamples: 100, elapsedMs: CLOSE_PHASE_MS, viewers: 4 };

test("a connection starts with a burst", () => {
  expect(pingSchedule({ samples: 0, goodSamples: 0, elapsedMs: 0, viewers: 1 })).toBe(BURST_GAP_MS);
  expect(pingSchedule({ samples: 19, goodSamples: 19, elapsedMs: 900, viewers: 1 })).toBe(
    BURST_GAP_MS,
  );
  expect(pingSchedule({ samples: 20, goodSamples: 20, elapsedMs: 1000, viewers: 50 })).toBe(
    CLOSE_GAP_MS * 2.5,
  );
});

test("a small room keeps the burst's pace for its first seconds", () => {
  const opening = { samples: 60, goodSamples: 60, elapsedMs: OPENING_MS - 1, viewers: 4 };
  expect(pingSchedule(opening)).toBe(BURST_GAP_MS);
  expect(pingSchedule({ ...opening, elapsedMs: OPENING_MS })).toBe(CLOSE_GAP_MS);
});

test("the burst goes on while samples are slow, but not for ever", () => {
  const slow = { goodSamples: 3, elapsedMs: OPENING_MS, viewers: 1 };
  expect(pingSchedule({ ...slow, samples: 25 })).toBe(BURST_GAP_MS);
  expect(pingSchedule({ ...slow, samples: BURST_SAMPLES_MAX })).toBe(CLOSE_GAP_MS);
});

test("later the gap follows the size of the room", () => {
  expect(pingSchedule(after)).toBe(SMALL_ROOM_GAP_MS);
  expect(pingSchedule({ ...after, viewers: 200 })).toBe(SMALL_ROOM_GAP_MS * 10);
  expect(pingSchedule({ ...after, viewers: 100_000 })).toBe(WIDE_ROOM_GAP_MS);
  expect(pingSchedule({ ...after, elapsedMs: 5000, viewers: 100_000 })).toBe(WIDE_ROOM_GAP_MS);
});
