import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  applied,
  FakeRoom,
  items,
  liveView,
  plugin,
  viewer,
  withFilm,
} from "../../../test/fake-room";
import { click, press, render, settle } from "../../../test/render";
import { SidePanel } from "../side-panel";
import chat from ".";

const said = (from: number, name: string, text: string, more: object = {}) => ({
  from,
  name,
  text,
  tick: 900,
  media: 1,
  position_s: 12,
  ...more,
});

function typeInto(field: HTMLTextAreaElement, value: string): void {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(field, value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

interface Options {
  lines?: ReturnType<typeof said>[];
  limits?: object;
  denied?: Record<string, string>;
}

function open({ lines = [], limits = {}, denied = {} }: Options = {}) {
  const state = (all: typeof lines) =>
    plugin({
      log: items(...all) as never,
      limits: { length_max: 20, edit_s: 60, slow_s: 0, ...limits } as never,
    });
  const room = new FakeRoom({
    media: withFilm(),
    viewers: [viewer(1, "Ann"), viewer(2, "Ben")],
    plugins: { chat: state(lines) },
  });
  room.denied = denied;
  const told: string[] = [];
  const node = () => {
    const running = [{ name: "chat", plugin: room.view.plugins.chat as never, ui: chat }];
    return (
      <SidePanel room={room} view={room.view} tell={(text) => told.push(text)} running={running}>
        <p>viewers</p>
      </SidePanel>
    );
  };
  const page = render(node());
  const change = (all: typeof lines) => {
    room.change({ plugins: { chat: state(all) } });
    page.again(node());
  };
  const field = page.get("chat-input") as HTMLTextAreaElement;
  const write = async (text: string) => {
    const { act } = await import("react");
    act(() => typeInto(field, text));
  };
  return { ...page, room, told, field, write, change };
}

const commands = (room: FakeRoom) => room.asked.filter((asked) => asked.startsWith("chat."));

describe("the chat", () => {
  it("shows names and lines as text, whatever they are made of", () => {
    const markup = "<img src=x onerror=alert(1)>";
    const { page } = open({ lines: [said(2, markup, markup)] });
    expect(page.querySelector("img")).toBeNull();
    expect(page.querySelector('[data-testid="chat-text"]')?.textContent).toBe(markup);
  });

  it("sends a line with the place in the film, whom it mentions and what it answers", async () => {
    const { room, get, write } = open({ lines: [said(2, "Ben", "hi")] });
    room.position = 61_000;
    click(get("chat-reply"));
    await write("yes @Ben");
    press("Enter", get("chat-input"));
    await settle();
    expect(commands(room)).toEqual([
      'chat.say {"text":"yes @Ben","reply_to":1,"mentions":[2],"position_s":61}',
    ]);
    expect((get("chat-input") as HTMLTextAreaElement).value).toBe("");
  });

  it("keeps what was refused, with the reason and the time until it can be sent", async () => {
    const { room, get, write, field } = open();
    room.answer = {
      ...applied,
      verdict: "refused",
      code: "denied",
      message: "slow mode",
      reason: "slow",
      data: { retry_ms: 3000 },
    };
    await write("hello");
    press("Enter", field);
    await settle();
    expect(field.value).toBe("hello");
    expect(get("chat-hint").textContent).toBe("Slow mode. Again in 3.0 s.");
    expect(get("chat-send").getAttribute("aria-label")).toBe("Send, in 3 seconds");
    press("Enter", field);
    expect(commands(room)).toHaveLength(1);
  });

  it("refuses a line that is too long before it is sent, counted in characters", async () => {
    const { room, get, write, field } = open();
    await write("🎬".repeat(21));
    press("Enter", field);
    expect(commands(room)).toEqual([]);
    expect(get("chat-hint").textContent).toBe("21 of 20 characters");
    await write("🎬".repeat(20));
    press("Enter", field);
    await settle();
    expect(commands(room)).toHaveLength(1);
  });

  it("cannot be written in by those who may not, and says why", () => {
    const { field } = open({ denied: { "chat.say": "you are muted" } });
    expect(field.disabled).toBe(true);
    expect(field.placeholder).toBe("You are muted.");
  });

  it("lets change and take back one's own lines, and moderators take back any", () => {
    const lines = [said(1, "Ann", "mine"), said(2, "Ben", "yours")];
    const mine = open({ lines, denied: { "chat.moderate": "only moderators" } });
    expect(mine.page.querySelectorAll('[data-testid="chat-edit"]')).toHaveLength(1);
    expect(mine.page.querySelectorAll('[data-testid="chat-delete"]')).toHaveLength(1);
    click(mine.get("chat-delete"));
    expect(commands(mine.room)).toEqual(['chat.delete {"line":1}']);
  });

  it("changes the last own line on arrow up, within the time for it", async () => {
    const { room, field, write } = open({ lines: [said(1, "Ann", "helo"), said(2, "Ben", "?")] });
    press("ArrowUp", field);
    expect(field.value).toBe("helo");
    await write("hello");
    press("Enter", field);
    await settle();
    expect(commands(room)).toEqual(['chat.edit {"line":1,"text":"hello"}']);
  });

  it("does not change an own line that is too old for it", () => {
    const { field } = open({ lines: [said(1, "Ann", "helo", { tick: -9000 })] });
    press("ArrowUp", field);
    expect(field.value).toBe("");
  });

  it("turns times into ways there, for those who may seek", () => {
    const { room, page, told } = open({ lines: [said(2, "Ben", "look at 0:30")] });
    const times = () => [...page.querySelectorAll<HTMLElement>(".chat-time")];
    expect(times().map(({ textContent }) => textContent)).toEqual(["0:12", "0:30"]);
    click(times()[1] as HTMLElement);
    expect(room.asked).toContain("seek 30000");
    const guest = open({
      lines: [said(2, "Ben", "look at 0:30")],
      denied: { "playback.seek": "only the host" },
    });
    click(guest.page.querySelector<HTMLElement>(".chat-time") as HTMLElement);
    expect(guest.room.asked).toEqual([]);
    expect(guest.told).toEqual(["Only the host."]);
    expect(told).toEqual([]);
  });

  it("offers whom to mention, and takes the choice with the keys", async () => {
    const { field, write, page } = open();
    await write("@b");
    expect(page.querySelector('[role="option"]')?.textContent).toBe("Ben");
    press("Tab", field);
    expect(field.value).toBe("@Ben ");
  });

  it("counts what came while another tab was in front", () => {
    const one = said(2, "Ben", "one");
    const { get, query, change } = open({ lines: [one] });
    click(get("tab-people"));
    change([one, said(2, "Ben", "two"), said(1, "Ann", "own"), said(2, "Ben", "three")]);
    expect(get("chat-unread").textContent).toContain("2");
    click(get("tab-chat"));
    expect(query("chat-unread")).toBeNull();
  });

  it("says so while the plugin rests", () => {
    const room = new FakeRoom({ plugins: { chat: plugin({}, { suspended: true }) } });
    const running = [{ name: "chat", plugin: room.view.plugins.chat as never, ui: chat }];
    const { page } = render(
      <SidePanel room={room} view={liveView} tell={() => {}} running={running}>
        <p />
      </SidePanel>,
    );
    expect(page.textContent).toContain("resting after a fault");
  });
});

describe("who is typing", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is told while somebody else does, and forgotten after a while", async () => {
    const { act } = await import("react");
    const { room, get } = open();
    room.pluginHappens("chat", "typing", { viewers: [1, 2], more: 0 });
    expect(get("chat-typing").textContent).toBe("Ben is typing…");
    act(() => {
      vi.advanceTimersByTime(6000);
    });
    expect(get("chat-typing").textContent).toBe("");
  });

  it("is said seldom, and taken back when the line is gone", async () => {
    const { room, write } = open();
    for (const text of ["h", "he", "hel", ""]) await write(text);
    const signals = room.asked.filter((asked) => asked.startsWith("chat:"));
    expect(signals).toEqual(['chat:typing {"on":true}', 'chat:typing {"on":false}']);
  });
});
