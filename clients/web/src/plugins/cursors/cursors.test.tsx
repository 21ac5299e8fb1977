import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRoom, plugin, viewer } from "../../../test/fake-room";
import { render } from "../../../test/render";
import cursors from ".";

const { Layer } = cursors;

function open(on: boolean, denied: Record<string, string> = {}) {
  const room = new FakeRoom({ viewers: [viewer(1, "Ann"), viewer(2, "<i>Ben</i>")] });
  room.denied = denied;
  const state = plugin({ on, hz: 10 });
  const { page } = render(
    <div className="stage">
      {Layer && <Layer room={room} view={room.view} plugin={state} tell={() => {}} />}
    </div>,
  );
  const picture = page.querySelector(".cursors");
  if (picture)
    picture.getBoundingClientRect = () => ({ left: 0, top: 0, width: 200, height: 100 }) as DOMRect;
  const point = (clientX: number, clientY: number) => {
    const event = new MouseEvent("pointermove", { clientX, clientY, bubbles: true });
    page.querySelector(".stage")?.dispatchEvent(event);
  };
  return { room, page, point };
}

describe("cursors", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("tell the own pointer as often as the room wants, and always the last place", () => {
    const { room, point } = open(true);
    for (let step = 0; step <= 40; step += 1) {
      point(step, 50);
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(200);
    expect(room.asked.length).toBeGreaterThan(2);
    expect(room.asked.length).toBeLessThanOrEqual(6);
    expect(room.asked.at(-1)).toBe('cursors:point {"x":0.2,"y":0.5}');
  });
  it("tell nothing in a room that is too large, nor for those who may not", () => {
    for (const { room, point } of [open(false), open(true, { "cursors.point": "muted" })]) {
      point(10, 10);
      vi.advanceTimersByTime(500);
      expect(room.asked).toEqual([]);
    }
  });
  it("hide when the pointer leaves the picture", () => {
    const { room, point } = open(true);
    point(10, 10);
    vi.advanceTimersByTime(200);
    point(10, 500);
    expect(room.asked.at(-1)).toBe("cursors:hide {}");
  });
  it("are drawn for the others, with names as text, until they go", () => {
    const { room, page } = open(true);
    const at = (viewer: number) => ({ viewer, x: 0.5, y: 0.25 });
    room.pluginHappens("cursors", "moved", { cursors: [at(1), at(2), at(77)], gone: [] });
    const drawn = [...page.querySelectorAll<HTMLElement>(".cursor")];
    expect(drawn.map(({ textContent }) => textContent)).toEqual(["<i>Ben</i>"]);
    expect(page.querySelector("i")).toBeNull();
    room.pluginHappens("cursors", "moved", { cursors: [], gone: [2] });
    expect(page.querySelectorAll(".cursor")).toHaveLength(0);
    room.pluginHappens("cursors", "moved", { cursors: [at(2)], gone: [] });
    act(() => {
      vi.advanceTimersByTime(12_000);
    });
    expect(page.querySelectorAll(".cursor")).toHaveLength(0);
  });
});
