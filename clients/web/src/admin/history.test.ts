import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatShare,
  formatShortTime,
  formatUptime,
} from "../lib/format";
import { historyMax, quantileOf, ratesOf, recentTicks, remember, rowRates } from "./history";
import { type Overview, overviewOf } from "./overview";

const at = (uptimeS: number, more: object = {}): Overview =>
  overviewOf({ engine: { uptime_s: uptimeS }, ...more });
const sends = (total: number) => ({ shards: [{ sends_total: total }] });
const sendsOf = ({ shards }: Overview) => shards[0]?.sends ?? 0;

describe("a history", () => {
  it("keeps two minutes, and forgets what another run of the engine did", () => {
    let history: Overview[] = [];
    for (let second = 1; second <= historyMax + 10; second += 1)
      history = remember(history, at(second));
    expect(history).toHaveLength(historyMax);
    expect(history.at(-1)?.uptimeS).toBe(historyMax + 10);
    expect(remember(history, at(0.5))).toHaveLength(1);
  });
  it("tells what a total grows by a second, never less than nothing", () => {
    const history = [at(10, sends(0)), at(12, sends(100)), at(13, sends(90)), at(13, sends(99))];
    expect(ratesOf(history, sendsOf)).toEqual([50, 0, 0]);
  });
  it("tells nothing of rows that were not there before", () => {
    const rooms = (...rows: [string, number][]) => ({
      rooms: rows.map(([room, plugin_ms_total]) => ({ room, plugin_ms_total })),
    });
    const history = [at(1, rooms(["a", 5])), at(2, rooms(["a", 7], ["b", 100]))];
    const rates = rowRates(
      history,
      (overview) => overview.rooms,
      ({ room }) => room,
      ({ pluginMs }) => pluginMs,
    );
    expect([...rates]).toEqual([["a", 2]]);
  });
  it("has the ticks that ran meanwhile", () => {
    const tick = (...counts: number[]) => ({ shards: [{ tick_ms: { le: [1, 2], counts } }] });
    expect(recentTicks([at(1, tick(5, 1, 0)), at(2, tick(9, 1, 3))]).counts).toEqual([4, 0, 3]);
    expect(recentTicks([at(1, tick(5, 1, 0))]).counts).toEqual([5, 1, 0]);
    expect(recentTicks([])).toEqual({ le: [], counts: [] });
  });
});

describe("a quantile", () => {
  it("is the bound below which so many lie", () => {
    const buckets = { le: [1, 10], counts: [50, 49, 1] };
    expect(quantileOf(buckets, 0.5)).toBe(1);
    expect(quantileOf(buckets, 0.99)).toBe(10);
    expect(quantileOf(buckets, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(quantileOf({ le: [1], counts: [0, 0] }, 0.5)).toBeNull();
  });
});

describe("numbers", () => {
  it("are as long as one reads at a glance", () => {
    expect([0, 999, 1234, 9999, 56_789, 999_600, 1_200_000].map(formatCount)).toEqual([
      "0",
      "999",
      "1,234",
      "9,999",
      "56.8 k",
      "1.00 M",
      "1.20 M",
    ]);
    expect([0, 532, 12_345, 4_560_000].map(formatBytes)).toEqual([
      "0 B",
      "532 B",
      "12.3 kB",
      "4.56 MB",
    ]);
    expect([0, 0.032, 1.024, 65.536, 4194.3].map(formatShortTime)).toEqual([
      "0 µs",
      "32 µs",
      "1.02 ms",
      "65.5 ms",
      "4.19 s",
    ]);
    expect([0, 0.004, 0.37, 1.5].map(formatShare)).toEqual(["0 %", "0.4 %", "37 %", "150 %"]);
    expect([45, 200, 18_120, 1_047_600].map(formatUptime)).toEqual([
      "45 s",
      "3 min 20 s",
      "5 h 2 min",
      "12 d 3 h",
    ]);
  });
});
