import { describe, expect, it, vi } from "vitest";
import { applied, FakeRoom, liveView, viewer, withFilm } from "../../test/fake-room";
import { click, press, render, settle, type } from "../../test/render";
import { RoomScreen } from "./room-screen";
import { bufferedGradient } from "./seek-slider";

// Players are loaded on demand; here they would only wait for a network that is not there.
vi.mock("../players/load-player", () => ({ loadPlayer: () => new Promise(() => {}) }));

const link = "https://party.example/r/den#j.den.abc";
const playing = {
  current: { media: 1, positionMs: 0, anchorMs: 0, rate: 1, playing: true },
  playing: true,
  rate: 1,
} as const;

function open(view: ConstructorParameters<typeof FakeRoom>[0] = {}) {
  const room = new FakeRoom({ media: withFilm(), ...view });
  return { room, ...render(<RoomScreen room={room} link={link} />) };
}

describe("names, titles and messages made of markup do nothing", () => {
  const markup = '<img src=x onerror="window.pwned=1"><b>hi</b>';
  it("in the list of viewers, the room's title, the film's title and what happened", () => {
    const { room, page, get } = open({
      info: { title: markup, listed: false },
      media: { ...withFilm(), title: markup },
      viewers: [viewer(1, "Ann"), viewer(2, markup)],
      viewerCount: 2,
    });
    room.happen({ kind: "paused", viewer: 2, positionMs: 0 });
    expect(page.querySelectorAll("img, b")).toHaveLength(0);
    expect(get("room-title").textContent).toBe(markup);
    expect(get("media-title").textContent).toBe(markup);
    expect(get("toasts").textContent).toContain(`${markup} paused at 0:00`);
    expect(document.title).toContain(markup);
    const names = [...page.querySelectorAll('[data-testid="viewer-name"]')];
    expect(names.map((name) => name.textContent)).toEqual(["Ann", markup]);
  });
  it("keeps a name that runs right to left from turning its surroundings round", () => {
    const { page } = open({ viewers: [viewer(1, "אבג‮abc")] });
    expect(page.querySelector('[data-testid="viewer-name"]')?.tagName).toBe("BDI");
  });
});

describe("the controls", () => {
  it("play and pause for everyone", () => {
    const { room, get } = open();
    click(get("play"));
    room.change({ motion: playing });
    click(get("pause"));
    expect(room.asked).toEqual(["play", "pause"]);
  });
  it.each(["connecting", "joining", "reconnecting", "closed"] as const)(
    "do nothing while %s, and say so",
    (status) => {
      const { room, get } = open({ status });
      expect(get("play").getAttribute("aria-disabled")).toBe("true");
      expect(get("seek")).toHaveProperty("disabled", true);
      press("k");
      press("ArrowRight");
      expect(room.asked).toEqual([]);
      expect(get("status").dataset.status).toBe(status);
    },
  );
  it("do nothing without media, and offer to choose some", () => {
    const { room, get, query } = open({ media: liveView.media });
    expect(get("play").getAttribute("aria-disabled")).toBe("true");
    press("k");
    expect(room.asked).toEqual([]);
    click(get("choose"));
    expect(query("url-input")).not.toBeNull();
  });
  it("cannot seek where the length is unknown", () => {
    const { get } = open({ media: withFilm(0) });
    expect(get("seek")).toHaveProperty("disabled", true);
    expect(get("duration").textContent).toBe("–:––");
  });
  it("scrub while the slider is dragged, and end with its release", () => {
    const { room, get } = open();
    const slider = get("seek") as HTMLInputElement;
    type(slider, "20000");
    type(slider, "30000");
    slider.dispatchEvent(new Event("change", { bubbles: true }));
    expect(room.asked).toEqual(["scrub 20000", "scrub 30000", "endScrub"]);
  });
  it("stay where they are, and say why, for those who may not", () => {
    const { room, get } = open();
    room.denied = Object.fromEntries(
      ["play", "seek", "rate", "load"].map((what) => [`playback.${what}`, "only the host"]),
    );
    room.change({});
    expect(get("play").getAttribute("aria-disabled")).toBe("true");
    expect(get("play").title).toBe("Only the host.");
    expect(get("seek")).toHaveProperty("disabled", true);
    click(get("play"));
    press("k");
    press("ArrowRight");
    press(">");
    click(get("change-media"));
    expect(room.asked).toEqual([]);
    expect(get("toasts").textContent).toContain("Only the host.");
    room.denied = {};
    room.change({});
    click(get("play"));
    expect(room.asked).toEqual(["play"]);
  });
  it("say that a command was put to the vote", async () => {
    const { room, get } = open();
    room.answer = { ...applied, verdict: "refused", code: "denied", reason: "put_to_vote" };
    click(get("play"));
    await settle();
    expect(get("toasts").textContent).toBe("Put to the vote: the others are asked");
  });
  it("tell why a command was refused", async () => {
    const { room, get } = open();
    room.answer = { verdict: "refused", code: "rate_limited", message: "Too fast.", retryMs: 100 };
    click(get("play"));
    await settle();
    expect(get("toasts").textContent).toContain("Could not play: Too fast.");
  });
});

describe("keys", () => {
  it.each([
    [" ", "play"],
    ["k", "play"],
    ["K", "play"],
    ["j", "seek 20000"],
    ["l", "seek 40000"],
    ["ArrowLeft", "seek 25000"],
    ["ArrowRight", "seek 35000"],
    ["5", "seek 30000"],
    [">", "rate 1.25"],
    ["<", "rate 0.75"],
  ])("%s asks for: %s", (key, command) => {
    const { room } = open();
    room.position = 30_000;
    expect(press(key).defaultPrevented).toBe(true);
    expect(room.asked).toEqual([command]);
  });
  it("stay within the film", () => {
    const { room } = open();
    room.position = 58_000;
    press("l");
    room.position = 2000;
    press("j");
    expect(room.asked).toEqual(["seek 60000", "seek 0"]);
  });
  it("belong to the field one types in", () => {
    const { room, get } = open();
    click(get("change-media"));
    press("k", get("url-input"));
    press(" ", get("url-input"));
    expect(room.asked).toEqual([]);
  });
  it("leave the browser's own shortcuts alone", () => {
    const { room } = open();
    press("l", document.body, { ctrlKey: true });
    press("k", document.body, { metaKey: true });
    expect(room.asked).toEqual([]);
  });
  it("do not repeat a switch that is held down", () => {
    const { room } = open();
    press("k", document.body, { repeat: true });
    press("l", document.body, { repeat: true });
    expect(room.asked).toEqual(["seek 10000"]);
  });
  it("? shows them all", () => {
    const { page } = open();
    press("?");
    expect(page.querySelector("dialog")?.textContent).toContain("Play or pause, for everyone");
  });
  it("move the focused slider by seconds, not by its hundredths", () => {
    const { room, get } = open();
    room.position = 10_000;
    press("ArrowRight", get("seek"));
    press("End", get("seek"));
    expect(room.asked).toEqual(["seek 15000", "seek 60000"]);
  });
});

describe("the viewers", () => {
  it("are listed with oneself first, and what keeps each away in words", () => {
    const { page } = open({
      me: 2,
      viewers: [
        viewer(1, "Ann", { owner: true, driftMs: -3.2, delayMs: 41 }),
        viewer(2, "Ben"),
        viewer(3, "Cem", { stalled: true }),
        viewer(4, "Dee", { connected: false }),
      ],
      viewerCount: 6,
    });
    const rows = [...page.querySelectorAll<HTMLElement>('[data-testid="viewer"]')];
    expect(rows.map((row) => row.dataset.viewer)).toEqual(["2", "1", "3", "4"]);
    expect(rows[0]?.textContent).toContain("you");
    expect(rows[1]?.textContent).toContain("owner");
    expect(rows[1]?.textContent).toContain("−3 ms");
    expect(rows[1]?.textContent).toContain("41 ms");
    expect(rows[2]?.textContent).toContain("buffering");
    expect(rows[3]?.textContent).toContain("reconnecting");
    expect(page.textContent).toContain("and 2 more viewers");
  });
  it("are greeted in small rooms, except oneself and those who were there", () => {
    const { room, get } = open();
    room.change({ viewers: [viewer(1, "Ann")] });
    room.change({ viewers: [viewer(1, "Ann"), viewer(2, "Ben")] });
    expect(get("toasts").textContent).toBe("Ben joined");
    room.change({ status: "reconnecting" });
    room.change({ status: "live", viewers: [viewer(1, "Ann"), viewer(3, "Cem")] });
    expect(get("toasts").textContent).toBe("Ben joined");
  });
  it("who moderate are told when a plugin breaks down and when it is back", () => {
    const { room, get } = open();
    room.pluginHappens("@engine", "suspended", { plugin: "chat" });
    room.pluginHappens("@engine", "resumed", { plugin: "chat" });
    room.pluginHappens("chat", "suspended", { plugin: "liar" });
    expect(get("toasts").textContent).toContain("“chat” broke down");
    expect(get("toasts").textContent).toContain("“chat” is back");
    expect(get("toasts").textContent).not.toContain("liar");
  });
  it("can rename themselves", async () => {
    const { room, get } = open();
    click(get("rename"));
    type(get("name-input"), "  Zoë ");
    click(get("save-name"));
    await settle();
    expect(room.asked).toEqual(["name Zoë"]);
    expect(localStorage.getItem("playhead.name")).toBe("Zoë");
  });
});

describe("changing the video", () => {
  it("refuses a bad link with the reason before anything is sent", () => {
    const { room, get } = open();
    click(get("change-media"));
    type(get("url-input"), "javascript:alert(1)");
    click(get("load"));
    expect(get("url-hint").textContent).toMatch(/javascript: links/);
    expect(get("url-input").getAttribute("aria-invalid")).toBe("true");
    expect(room.asked).toEqual([]);
  });
  it("sends the canonical address and the place the link points to", async () => {
    const { room, get, query } = open();
    click(get("change-media"));
    type(get("url-input"), "https://youtu.be/dQw4w9WgXcQ?t=90");
    expect(get("url-hint").textContent).toBe("YouTube, from 1:30");
    click(get("load"));
    await settle();
    expect(room.asked).toEqual(["load youtube https://www.youtube.com/watch?v=dQw4w9WgXcQ 90000"]);
    expect(query("url-input")).toBeNull();
  });
  it("keeps the sheet open with the engine's reason when it refuses", async () => {
    const { room, get } = open();
    room.answer = {
      verdict: "refused",
      code: "out_of_range",
      message: "The address is too long.",
      retryMs: 0,
    };
    click(get("change-media"));
    type(get("url-input"), "https://a.example/film.mp4");
    click(get("load"));
    await settle();
    expect(get("load").closest("form")?.textContent).toContain("The address is too long.");
  });
});

describe("the connection", () => {
  it("counts down to the next attempt and can be hurried", () => {
    const { room, get, page } = open({
      status: "reconnecting",
      problem: { code: "unreachable", message: "", retryAtMs: performance.now() + 4500 },
    });
    expect(get("status").textContent).toContain("Trying again in 5 s.");
    const button = page.querySelector<HTMLButtonElement>(".banner button");
    if (button) click(button);
    expect(room.asked).toEqual(["retry"]);
  });
  it("tells why it was closed and what to do", () => {
    const { get } = open({ status: "closed", problem: { code: "token_wrong", message: "" } });
    expect(get("status").getAttribute("role")).toBe("alert");
    expect(get("status").textContent).toMatch(/Ask for a new link/);
    expect(get("sync-badge").dataset.state).toBe("offline");
  });
  it("hands out the link it was given", () => {
    const { get } = open();
    expect(get("copy-link").dataset.link).toBe(link);
  });
});

describe("buffered parts", () => {
  const ranges = (...pairs: Array<readonly [number, number]>) => ({
    length: pairs.length,
    start: (index: number) => pairs[index]?.[0] ?? 0,
    end: (index: number) => pairs[index]?.[1] ?? 0,
  });
  it("are drawn where they are", () => {
    expect(bufferedGradient(ranges([0, 15], [30, 60]), 60_000)).toBe(
      "linear-gradient(to right, transparent 0.00%, var(--buffered) 0.00%, var(--buffered) 25.00%, transparent 25.00%, " +
        "transparent 50.00%, var(--buffered) 50.00%, var(--buffered) 100.00%, transparent 100.00%)",
    );
    expect(bufferedGradient(ranges(), 60_000)).toBe("none");
    expect(bufferedGradient(ranges([0, 0]), 60_000)).toBe("none");
  });
});
