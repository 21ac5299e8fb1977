import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, render, settle, type } from "../../test/render";
import { AdminPage } from "./admin-page";

const ticks = { le: [1, 10, 100], counts: [90, 8, 2, 0] };
let uptimeS = 100;
const shard = (more: object = {}) => ({
  index: 0,
  rooms: 2,
  viewers: 12,
  sessions: 11,
  tick_load: 0.25,
  cpu_s: 10,
  tick_ms: ticks,
  ticks_total: 100,
  ticks_skipped_total: 3,
  fan_out_passes_total: 5,
  sends_total: 1000,
  sent_bytes_total: 50_000,
  slow_sessions: 1,
  slow_sessions_total: 4,
  slow_closed_total: 2,
  ...more,
});
const den = {
  room: "den",
  title: "<b>Den</b>",
  link: "/r/den#j.den.x",
  viewers: 2,
  playing: true,
  media_title: "Film",
  plugin_ms_total: 10,
  drift_ms: { reporting: 2, p50: 3, p95: 8 },
  slow_sessions: 0,
};
const hall = { ...den, room: "hall", title: "", link: "//evil.example", viewers: 10, drift_ms: {} };
const chat = { name: "chat", version: "1.0.0", hashes: ["c0ffee00"], rooms: 1, ms_total: 5 };
const overview = (more: object = {}) => ({
  engine: { version: "9.8.7", uptime_s: uptimeS, tick_us: 50_000, draining: false },
  shards: [shard()],
  rooms: [hall, den],
  plugins: [chat],
  drift_ms: { le: [1, 10], counts: [7, 2, 1] },
  ...more,
});

let answer: () => Response;
const asked: string[] = [];
const json = (status: number, body: unknown) => () =>
  new Response(JSON.stringify(body), { status });
const refused = (status: number, message: string) =>
  json(status, { error: { code: "x", message } });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  uptimeS = 100;
  asked.length = 0;
  answer = json(200, overview());
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    const { Authorization } = init.headers as Record<string, string>;
    asked.push(`${path} ${Authorization}`);
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const second = () => act(async () => vi.advanceTimersByTimeAsync(1000));

async function open() {
  sessionStorage.setItem("playhead.admin", "sesame");
  const page = render(<AdminPage />);
  await settle();
  await settle();
  return page;
}

describe("the token", () => {
  it("is asked for once, sent as a header, and kept in the tab alone", async () => {
    const { get, query } = render(<AdminPage />);
    expect(asked).toEqual([]);
    type(get("admin-token"), " sesame ");
    click(get("admin-open"));
    await settle();
    await settle();
    expect(asked).toEqual(["/api/v1/admin/overview Bearer sesame"]);
    expect(query("admin-token")).toBeNull();
    expect(sessionStorage.getItem("playhead.admin")).toBe("sesame");
    expect(JSON.stringify({ ...localStorage })).not.toContain("sesame");
  });
  it("that is wrong is said so, forgotten, and asked for again", async () => {
    answer = refused(403, "this is not the admin token");
    const { get } = await open();
    expect(get("admin-hint").textContent).toBe("this is not the admin token");
    expect(get("admin-hint").getAttribute("role")).toBe("alert");
    expect(sessionStorage.getItem("playhead.admin")).toBeNull();
    await second();
    expect(asked).toHaveLength(1);
    answer = json(200, overview());
    type(get("admin-token"), "sesame");
    click(get("admin-open"));
    await settle();
    await settle();
    expect(get("admin-rooms").textContent).toBe("2");
  });
  it("is not sent where nothing was typed", () => {
    const { get } = render(<AdminPage />);
    click(get("admin-open"));
    expect(asked).toEqual([]);
  });
});

describe("an engine that cannot be watched", () => {
  it("without an admin API says what to do", async () => {
    answer = refused(404, "this engine has no admin API");
    const { get } = await open();
    expect(get("admin-absent").textContent).toContain("admin_token");
    await second();
    expect(asked).toHaveLength(1);
  });
  it("that does not answer is asked again, its last numbers stay", async () => {
    const { get } = await open();
    answer = () => {
      throw new TypeError("Failed to fetch");
    };
    await second();
    expect(get("admin-state").dataset.state).toBe("unreachable");
    expect(get("admin-state").textContent).toContain("last numbers");
    expect(get("admin-viewers").textContent).toBe("12");
    answer = json(200, overview({ shards: [shard({ viewers: 13 })] }));
    await second();
    expect(get("admin-state").dataset.state).toBe("live");
    expect(get("admin-viewers").textContent).toBe("13");
  });
});

describe("the numbers", () => {
  it("are those of all shards", async () => {
    answer = json(200, overview({ shards: [shard(), shard({ index: 1, slow_sessions: 0 })] }));
    const { get, page } = await open();
    expect(get("admin-engine").textContent).toContain("Playhead 9.8.7, up for 1 min 40 s");
    expect(get("admin-rooms").textContent).toBe("4");
    expect(get("admin-viewers").textContent).toBe("24");
    expect(get("admin-skipped").textContent).toBe("6");
    expect(get("admin-slow").textContent).toBe("1");
    expect(get("admin-drift").textContent).toBe("off the scale");
    expect(get("admin-tick").textContent).toBe("≤ 100 ms");
    expect(page.querySelectorAll('[data-testid="admin-shard"]')).toHaveLength(2);
    const meters = [...page.querySelectorAll('[role="meter"]')];
    expect(meters[0]?.getAttribute("aria-valuenow")).toBe("25");
  });
  it("of a second are what totals grew by, on the engine's clock", async () => {
    const { get } = await open();
    expect(get("admin-sends").textContent).toBe("–");
    uptimeS = 102;
    answer = json(
      200,
      overview({ shards: [shard({ sends_total: 1500, sent_bytes_total: 54_000, cpu_s: 11 })] }),
    );
    await second();
    expect(get("admin-sends").textContent).toBe("250/s");
    expect(get("admin-bytes").textContent).toBe("2.00 kB/s");
    expect(get("admin-shard").textContent).toContain("50 %");
  });
  it("begin anew with an engine that was started again", async () => {
    const { get } = await open();
    uptimeS = 1;
    answer = json(200, overview({ shards: [shard({ sends_total: 5 })] }));
    await second();
    expect(get("admin-sends").textContent).toBe("–");
  });
  it("are drawn: every bucket a bar, with words for who does not see it", async () => {
    const { get } = await open();
    const drift = get("admin-drift-histogram");
    expect(drift.getAttribute("aria-label")).toBe(
      "Drift of 10 viewers: half ≤ 1 ms, 95 of 100 off the scale",
    );
    const bars = [...drift.querySelectorAll("[data-count]")];
    expect(bars.map((bar) => bar.getAttribute("data-count"))).toEqual(["7", "2", "1"]);
    expect(drift.querySelector("title")?.textContent).toBe("up to 1 ms: 7 viewers");
    expect(get("admin-tick-histogram").querySelectorAll(".bar-bad")).toHaveLength(1);
  });
  it("of an answer that makes no sense are nothing, and nothing breaks", async () => {
    answer = json(200, { shards: "x", rooms: [null, 7], plugins: [{}], drift_ms: [] });
    const { get, page } = await open();
    expect(get("admin-viewers").textContent).toBe("0");
    expect(page.textContent).toContain("There are no rooms.");
  });
});

describe("the rooms", () => {
  const keys = (page: HTMLElement) =>
    [...page.querySelectorAll<HTMLElement>('[data-testid="admin-room"]')].map(
      ({ dataset }) => dataset.key,
    );
  const header = (page: HTMLElement, name: string) =>
    [...page.querySelectorAll<HTMLElement>("th")].find(({ textContent }) =>
      textContent?.startsWith(name),
    ) as HTMLElement;

  it("are links to rooms of this engine, their titles text", async () => {
    const { page } = await open();
    expect(page.querySelectorAll("td b")).toHaveLength(0);
    const links = [...page.querySelectorAll("td a")];
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["/r/hall", "/r/den#j.den.x"]);
    expect(links[1]?.textContent).toBe("<b>Den</b>");
  });
  it("are sorted by what one asks for, the fullest first until then", async () => {
    const { page } = await open();
    expect(keys(page)).toEqual(["hall", "den"]);
    expect(header(page, "Viewers").getAttribute("aria-sort")).toBe("descending");
    click(header(page, "Viewers").querySelector("button") as HTMLElement);
    expect(keys(page)).toEqual(["den", "hall"]);
    expect(header(page, "Viewers").getAttribute("aria-sort")).toBe("ascending");
    click(header(page, "Drift p95").querySelector("button") as HTMLElement);
    expect(keys(page)).toEqual(["den", "hall"]);
    click(header(page, "Room").querySelector("button") as HTMLElement);
    expect(header(page, "Room").getAttribute("aria-sort")).toBe("ascending");
  });
  it("and plugins show what they take of a second", async () => {
    const { page } = await open();
    uptimeS = 101;
    answer = json(
      200,
      overview({ rooms: [{ ...den, plugin_ms_total: 12 }], plugins: [{ ...chat, ms_total: 5.5 }] }),
    );
    await second();
    expect(page.querySelector('[data-key="den"]')?.textContent).toContain("2 ms/s");
    expect(page.querySelector('[data-key="chat@1.0.0"]')?.textContent).toContain("500 µs/s");
  });
});
