import { describe, expect, it } from "vitest";
import { FakeRoom, plugin, withFilm } from "../../../test/fake-room";
import { render } from "../../../test/render";
import reactions from ".";
import { floatsMax, floatsOf } from "./floats";

const half = () => 0.5;

describe("what rises from a burst", () => {
  it("is one for each reaction, those with a place where it is", () => {
    const floats = floatsOf(
      { counts: { "👍": 3, "🔥": 1 }, places: [{ emoji: "👍", x: 0.25, y: 0.5 }] },
      10,
      half,
    );
    expect(floats.map(({ id, emoji, placed }) => [id, emoji, placed])).toEqual([
      [10, "👍", true],
      [11, "👍", false],
      [12, "👍", false],
      [13, "🔥", false],
    ]);
    expect(floats[0]).toMatchObject({ x: 0.25, y: 0.5 });
  });
  it("is bounded, however many react", () => {
    const counts = Object.fromEntries(Array.from("abcdefghijkl", (emoji) => [emoji, 10_000]));
    expect(floatsOf({ counts }, 0, half)).toHaveLength(floatsMax);
    expect(floatsOf({}, 0, half)).toEqual([]);
  });
});

describe("the bar", () => {
  const { Bar, Layer, Timeline } = reactions;
  const state = plugin({ choices: ["👍", "🔥"], moment_s: 30, moments: new Map([[1, 4]]) });
  const props = (room: FakeRoom) => ({ room, view: room.view, plugin: state, tell: () => {} });

  it("sends what the room lets choose", () => {
    const room = new FakeRoom({ media: withFilm() });
    const { page } = render(Bar && <Bar {...props(room)} />);
    const buttons = [...page.querySelectorAll<HTMLButtonElement>("[data-emoji]")];
    expect(buttons.map((button) => button.dataset.emoji)).toEqual(["👍", "🔥"]);
    buttons[1]?.click();
    expect(room.asked).toEqual(['reactions:react {"emoji":"🔥"}']);
  });
  it("stays, disabled and with the reason, for those who may not", () => {
    const room = new FakeRoom({ media: withFilm() });
    room.denied = { "reactions.react": "you are muted" };
    const { page } = render(Bar && <Bar {...props(room)} />);
    const button = page.querySelector<HTMLButtonElement>("[data-emoji]");
    expect(button?.getAttribute("aria-disabled")).toBe("true");
    expect(button?.title).toContain("You are muted.");
    button?.click();
    expect(room.asked).toEqual([]);
  });
  it("lets a burst of the loaded film rise, and no other's", () => {
    const room = new FakeRoom({ media: withFilm() });
    const { page } = render(Layer && <Layer {...props(room)} />);
    room.pluginHappens("reactions", "burst", { counts: { "👍": 2 }, media: 9, position_s: 1 });
    expect(page.querySelectorAll(".float")).toHaveLength(0);
    room.pluginHappens("reactions", "burst", { counts: { "👍": 2 }, media: 1, position_s: 1 });
    expect(page.querySelectorAll(".float")).toHaveLength(2);
  });
  it("shows on the film's line where people reacted", () => {
    const room = new FakeRoom({ media: withFilm(60_000) });
    const { page } = render(Timeline && <Timeline {...props(room)} />);
    const bars = [...page.querySelectorAll<HTMLElement>(".moment")];
    expect(bars).toHaveLength(1);
    expect(bars[0]?.style.left).toBe("50%");
  });
});
