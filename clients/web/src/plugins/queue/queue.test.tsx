import { describe, expect, it } from "vitest";
import { applied, FakeRoom, items, plugin, viewer, withFilm } from "../../../test/fake-room";
import { click, press, render, settle, type } from "../../../test/render";
import queue from ".";
import { landingOf, moved, queueItems } from "./items";

const film = (title: string, by: number, more: object = {}) => ({
  kind: "file",
  url: `/media/${title}.mp4`,
  title,
  by,
  by_name: "Ann",
  tick: 1,
  ...more,
});

const state = (order = "manual") =>
  plugin({
    items: items(film("A", 1), film("B", 2), film("C", 2)),
    votes: new Map([[2, [1, 2]]]),
    options: { advance: true, gap_s: 5, loop: "off", order },
    current: null,
  });

function open(shared = state(), denied: Record<string, string> = {}) {
  const room = new FakeRoom({
    media: withFilm(),
    viewers: [viewer(1, "Ann"), viewer(2, "Ben")],
    plugins: { queue: shared },
  });
  room.denied = denied;
  const told: string[] = [];
  const Panel = queue.tab?.Panel;
  const { page, get } = render(
    Panel && (
      <Panel room={room} view={room.view} plugin={shared} tell={(text) => told.push(text)} shown />
    ),
  );
  const titles = () =>
    [...page.querySelectorAll(".queue-title")].map(({ textContent }) => textContent);
  const all = (testId: string) => [
    ...page.querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`),
  ];
  return { room, told, page, get, titles, all };
}

describe("the order of a queue", () => {
  const abc = [{ id: 1 }, { id: 2 }, { id: 3 }];
  it.each([
    [1, 2, [2, 3, 1]],
    [3, 0, [3, 1, 2]],
    [2, 1, [1, 2, 3]],
    [9, 0, [1, 2, 3]],
    [1, 99, [2, 3, 1]],
  ])("with item %i at %i is %j", (id, to, ids) => {
    expect(moved(abc, id, to).map((item) => item.id)).toEqual(ids);
  });
  it("is changed where a row is let go: before the first row whose middle lies below", () => {
    const rows = abc.map(({ id }) => ({ id, middle: id * 10 }));
    expect([5, 15, 25, 35].map((y) => landingOf(y, rows, 1))).toEqual([0, 0, 1, 2]);
    expect(landingOf(5, rows, 3)).toBe(0);
  });
  it("names what has no title by its file, or by the site it is on", () => {
    const shared = plugin({
      items: items(film("", 1, { url: "/media/x%20y.mp4" }), film("", 1, { kind: "youtube" })),
    });
    const titles = queueItems(shared.state).map(({ title }) => title);
    expect(titles).toEqual(["x y.mp4", "A video on YouTube"]);
  });
});

describe("the queue", () => {
  it("adds what is a link, and says what is not", async () => {
    const { room, get, page } = open();
    type(get("queue-url"), "nonsense");
    click(get("queue-add"));
    expect(page.querySelector('[role="alert"]')?.textContent).toMatch(/not a link/);
    type(get("queue-url"), "https://a.example/film.mp4");
    click(get("queue-add"));
    await settle();
    expect(room.asked).toEqual([
      'queue.add {"url":"https://a.example/film.mp4","kind":"file","title":"film"}',
    ]);
  });

  it("moves a row with the arrow keys, shown at once, said aloud, and back when refused", async () => {
    const { room, all, titles, page } = open();
    room.answer = { ...applied, verdict: "refused", code: "denied", message: "no" };
    press("ArrowDown", all("queue-grip")[0]);
    expect(titles()).toEqual(["B", "A", "C"]);
    expect(page.querySelector('[aria-live="assertive"]')?.textContent).toBe("A: now 2 of 3");
    await settle();
    expect(room.asked).toEqual(['queue.move {"item":1,"position":2}']);
    expect(titles()).toEqual(["A", "B", "C"]);
  });

  it("does not leave its ends", () => {
    const { room, all } = open();
    press("ArrowUp", all("queue-grip")[0]);
    press("ArrowDown", all("queue-grip")[2]);
    expect(room.asked).toEqual([]);
  });

  it("shows those who may not edit why, and lets them remove their own", () => {
    const { room, all, told } = open(state(), { "queue.edit": "only the host" });
    press("ArrowDown", all("queue-grip")[0]);
    click(all("queue-remove")[1] as HTMLElement);
    expect(room.asked).toEqual([]);
    expect(told).toEqual(["Only the host."]);
    click(all("queue-remove")[0] as HTMLElement);
    expect(room.asked).toEqual(['queue.remove {"item":1}']);
  });

  it("is ordered by votes where the room says so, and by nobody's hand then", () => {
    const { room, all } = open(state("votes"));
    press("ArrowDown", all("queue-grip")[0]);
    expect(room.asked).toEqual([]);
    expect(all("queue-grip")[0]?.title).toBe("The votes order this queue.");
    expect(all("queue-vote").map((button) => button.getAttribute("aria-pressed"))).toEqual([
      "false",
      "true",
      "false",
    ]);
    click(all("queue-vote")[1] as HTMLElement);
    expect(room.asked).toEqual(['queue.vote {"item":2,"on":false}']);
  });

  it("plays an item now", () => {
    const { room, all } = open();
    click(all("queue-play")[2] as HTMLElement);
    expect(room.asked).toEqual(['queue.play {"item":3}']);
  });
});
