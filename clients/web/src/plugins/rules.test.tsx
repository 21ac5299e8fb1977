// The parts that say who may do what, whom the room waits for, and what it decides.
import type { RoomView } from "@playhead/sdk";
import { describe, expect, it } from "vitest";
import { FakeRoom, items, noRoles, plugin, viewer, withFilm } from "../../test/fake-room";
import { click, render, settle, type } from "../../test/render";
import { ViewerList } from "../components/viewer-list";
import hostControl from "./host_control";
import { Shown } from "./places";
import type { PluginUi } from "./plugin";
import presence, { comingsWords } from "./presence";
import ready, { whomWords } from "./ready";
import roles from "./roles";
import schedule, { leftWords, whenWords } from "./schedule";
import vote from "./vote";
import { motionWords } from "./vote/questions";

const uis: Readonly<Record<string, PluginUi>> = {
  host_control: hostControl,
  presence,
  ready,
  roles,
  schedule,
  vote,
};
const owner = { ...noRoles, owner: true, host: true };

function open(
  plugins: RoomView["plugins"],
  denied: Record<string, string> = {},
  more: Partial<RoomView> = {},
) {
  const room = new FakeRoom({
    media: withFilm(),
    viewers: [viewer(1, "Ann", { owner: true, roles: owner }), viewer(2, "Ben"), viewer(3, "Cem")],
    viewerCount: 3,
    plugins,
    ...more,
  });
  room.denied = denied;
  const told: string[] = [];
  const running = Object.entries(plugins).map(([name, state]) => ({
    name,
    plugin: state,
    ui: uis[name] ?? {},
  }));
  const place = { room, view: room.view, tell: (text: string) => void told.push(text), running };
  const Panel = vote.tab?.Panel;
  const shared = plugins.vote;
  const page = render(
    <>
      <Shown at="Banner" {...place} />
      <Shown at="News" {...place} />
      <Shown at="Section" {...place} />
      {Panel && shared && <Panel {...place} plugin={shared} shown />}
      <ViewerList {...place} onRename={() => {}} />
    </>,
  );
  const menuOf = (id: number) => {
    const button = page.page.querySelector<HTMLElement>(
      `[data-viewer="${id}"] [data-testid="viewer-menu"]`,
    );
    if (!button) throw new Error(`no menu for ${id}`);
    click(button);
    const entries = [...page.page.querySelectorAll<HTMLElement>("[data-action]")];
    return (action: string) => {
      const entry = entries.find(({ dataset }) => dataset.action === action);
      if (!entry) throw new Error(`no ${action} among ${entries.map((e) => e.dataset.action)}`);
      return entry;
    };
  };
  return { room, told, menuOf, ...page };
}

describe("host control", () => {
  const shared = plugin({ host: 1, cohosts: new Set([3]), mode: "host", handover: null });
  it("shows who holds the remote and lets the host pass it on", () => {
    const { room, get, menuOf } = open({ host_control: shared });
    expect(get("host-name").textContent).toBe("Ann");
    click(get("mode-vote"));
    click(menuOf(2)("hand-over"));
    expect(room.asked).toEqual([
      'host_control.set_mode {"mode":"vote"}',
      'host_control.hand_over {"viewer":2}',
    ]);
  });
  it("shows the others why they cannot", () => {
    const { room, get, menuOf } = open(
      { host_control: shared },
      { "host_control.manage": "only the host" },
    );
    expect(get("mode-vote")).toHaveProperty("disabled", true);
    const entry = menuOf(2)("hand-over");
    expect(entry.textContent).toContain("Only the host.");
    click(entry);
    expect(room.asked).toEqual([]);
  });
  it("counts down to the hand-over while the host has gone", async () => {
    const { get } = open({
      host_control: plugin({ host: null, handover: { from_name: "<b>", ends_tick: 1200 } }),
    });
    await settle();
    expect(get("handover").textContent).toBe(
      "<b> has gone. Somebody else gets the remote in 10 s.",
    );
  });
});

describe("roles", () => {
  const shared = plugin({
    who: new Map([["chat.say", "member"]]),
    mutes: new Map(),
    bans: items({ viewer: 9, name: "Eve", by_name: "Ann", reason: "spam", until_tick: 73_000 }),
    log: [],
  });
  it("mute and ban for a time and with a reason", () => {
    const { room, get, menuOf } = open({ roles: shared });
    click(menuOf(2)("ban"));
    type(get("ask-reason"), " spam ");
    click(get("ask-do"));
    expect(room.asked).toEqual(['roles.ban {"viewer":2,"seconds":3600,"reason":"spam"}']);
  });
  it("offer no action against oneself but to step down", () => {
    const { menuOf } = open({ roles: shared });
    expect(() => menuOf(1)("kick")).toThrow(/revoke-owner/);
  });
  it("say who may do what, and lift bans", async () => {
    const { room, page } = open({ roles: shared, vote: plugin({}) });
    const select = page.querySelector<HTMLSelectElement>('[data-permission="vote.poll"]');
    expect(select?.value).toBe("anyone");
    expect(page.querySelector('[data-permission="chat.say"]')).toBeNull();
    const lift = [...page.querySelectorAll("button")].find((b) => b.textContent === "Lift");
    click(lift as HTMLElement);
    expect(room.asked).toContain('roles.unban {"ban":1}');
    await settle();
    expect(page.textContent).toContain("for 60 more min");
  });
});

describe("waiting and ready checks", () => {
  const whom = (name: string, reason: string) => ({ viewer: 2, name, reason, ends_tick: 1160 });
  it("names whom the room waits for, for how long, and lets go on", async () => {
    const { room, get } = open({
      ready: plugin({
        waiting: { whom: [whom("Ben", "stalled")], more: 0, resume: true, ends_tick: 1160 },
      }),
    });
    await settle();
    expect(get("waiting").textContent).toContain("Waiting for Ben (buffering) (8 s)");
    click(get("go-on"));
    expect(room.asked).toEqual(["play"]);
  });
  it("puts many into few words", () => {
    const many = ["A", "B", "C", "D"].map((name) => whom(name, "lost"));
    expect(whomWords({ whom: many, more: 2 })).toBe(
      "A (reconnecting), B (reconnecting), C (reconnecting) and 3 more",
    );
  });
  it("asks everyone, and shows who has said yes", () => {
    const check = { by: 2, by_name: "Ben", ends_tick: 1400, asked: 3, needed: 3 };
    const { room, get, page } = open({ ready: plugin({ check, ready: new Set([2]) }) });
    expect(get("ready-check").textContent).toContain("1 of 3");
    expect(page.querySelector('[data-viewer="2"]')?.textContent).toContain("ready");
    click(get("ready-yes"));
    expect(room.asked).toEqual(['ready.answer {"ready":true}']);
  });
});

describe("votes", () => {
  const motion = {
    action: "skip",
    question: "",
    by: 2,
    by_name: "Ben",
    yes: 1,
    no: 0,
    needed: 2,
    ends_tick: 1400,
  };
  const poll = {
    question: "Next?",
    options: ["A", "B"],
    counts: [1, 3],
    by: 1,
    by_name: "Ann",
    open: true,
  };
  const shared = plugin({ motions: new Map([[7, motion]]), polls: new Map([[8, poll]]) });
  it("are cast where everyone sees them, and in the tab", async () => {
    const { room, get, page } = open({ vote: shared });
    expect(get("motion-banner").textContent).toContain("Skip this one?");
    click(get("vote-yes"));
    await settle();
    expect(room.asked).toContain('vote.cast {"motion":7,"yes":true}');
    expect(get("vote-yes").getAttribute("aria-pressed")).toBe("true");
    expect(
      [...page.querySelectorAll('[data-testid="poll-option"]')].map((o) => o.textContent),
    ).toEqual(["A1 25 %", "B3 75 %"]);
  });
  it("are remembered over a reload of the page", async () => {
    const room = new FakeRoom();
    room.answer = { ...room.answer, data: { choices: { 8: 2 } } };
    const Panel = vote.tab?.Panel;
    const { page } = render(
      Panel && <Panel room={room} view={room.view} plugin={shared} tell={() => {}} shown />,
    );
    await settle();
    const pressed = page.querySelectorAll('[data-testid="poll-option"][aria-pressed="true"]');
    expect(pressed).toHaveLength(1);
    expect(pressed[0]?.textContent).toContain("B");
  });
  it("start a poll with the answers that were filled in", async () => {
    const { room, get, page } = open({ vote: plugin({}) });
    type(get("ask-question"), "Pizza?");
    click(get("ask-as-poll"));
    const fields = () => [...page.querySelectorAll<HTMLInputElement>('[data-testid="ask-option"]')];
    type(fields()[0] as HTMLElement, "Yes");
    type(fields()[1] as HTMLElement, "No");
    expect(fields()).toHaveLength(3);
    click(get("ask-start"));
    await settle();
    expect(room.asked).toContain('vote.poll {"question":"Pizza?","options":["Yes","No"]}');
  });
  it.each([
    [{ action: "seek", position_s: 83 }, "Go to 1:23?"],
    [{ action: "rate", rate: 1.5 }, "Set the speed to 1.5×?"],
    [{ action: "load", url: "/a.mp4" }, "Watch “/a.mp4”?"],
    [{ action: "ask", question: "Pizza?" }, "Pizza?"],
  ])("put %j as %s", (fields, words) => {
    expect(motionWords(fields)).toBe(words);
  });
});

describe("presence", () => {
  it("tells who came and went together, but not oneself", () => {
    const { room, told } = open({ presence: plugin({}) });
    const person = (id: number, name: string) => ({ viewer: id, name });
    room.pluginHappens("presence", "came_and_went", {
      joined: [person(1, "Ann"), person(4, "Dee"), person(5, "Eli")],
      joined_more: 0,
      left: [person(6, "Flo")],
      left_more: 2,
    });
    expect(told).toEqual(["Dee and Eli joined; Flo and 2 more left"]);
    expect(comingsWords([], 0, "joined", 1)).toBe("");
  });
  it("shows who is away, and pages through a large room", async () => {
    const { room, get, page } = open(
      {
        presence: plugin({
          away: new Map([[2, { by_hand: true }]]),
          counts: { active: 2, away: 1 },
        }),
      },
      {},
      { viewerCount: 500 },
    );
    expect(page.querySelector('[data-viewer="2"] [data-testid="away"]')?.textContent).toBe(
      "right back",
    );
    room.answer = {
      ...room.answer,
      data: { viewers: [{ id: 7, name: "Gus" }], total: 500, next: 7 },
    };
    click(get("show-roster"));
    await settle();
    room.answer = { ...room.answer, data: { viewers: [{ id: 8, name: "Hal" }], total: 500 } };
    click(get("roster-more"));
    await settle();
    expect(room.asked).toEqual([
      'presence.page {"limit":100}',
      'presence.page {"after":7,"limit":100}',
    ]);
    expect(get("roster").textContent).toBe("GusHal");
  });
});

describe("a scheduled start", () => {
  it("counts down for everyone, and is set by those who may", async () => {
    const start = { at_unix_s: 1_800_000_000, starts_tick: 2200, locked: true, by_name: "Ann" };
    const { get, room, told } = open(
      { schedule: plugin({ start }) },
      { "schedule.set": "only the host" },
    );
    await settle();
    expect(get("countdown").textContent).toContain("1:00");
    click(get("start-now"));
    expect(room.asked).toEqual([]);
    expect(told).toEqual(["Only the host."]);
  });
  it("is put into words with the day where it is another", () => {
    const noon = new Date(2030, 0, 2, 12, 0).getTime();
    expect(whenWords(noon, noon - 3_600_000)).toMatch(/^at /);
    expect(whenWords(noon + 86_400_000, noon)).toMatch(/^on .* at /);
    expect([9, 3723, 200_000].map(leftWords)).toEqual(["0:09", "1:02:03", "2 days"]);
  });
});
