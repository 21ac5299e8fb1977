import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, render, settle, type } from "../../test/render";
import { LandingPage } from "./landing-page";

const answers = new Map<string, () => Response>();
const sent: unknown[] = [];
const json = (status: number, body: unknown) => () =>
  new Response(JSON.stringify(body), { status });

beforeEach(() => {
  sent.length = 0;
  answers.clear();
  answers.set("GET", json(200, { rooms: [] }));
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit = {}) => {
    if (init.body) sent.push(JSON.parse(String(init.body)));
    const answer = answers.get(init.method ?? "GET");
    if (!answer) throw new TypeError("Failed to fetch");
    return answer();
  });
});
afterEach(() => void vi.unstubAllGlobals());

describe("making a room", () => {
  it("sends what was understood, not what was typed", async () => {
    answers.set("POST", json(429, { error: { code: "rate_limited", message: "Slow down." } }));
    const { get } = render(<LandingPage />);
    await settle();
    type(get("url-input"), " https://youtu.be/dQw4w9WgXcQ?t=90 ");
    type(get("title-input"), " Film night ");
    click(get("listed"));
    click(get("create"));
    await settle();
    expect(sent).toEqual([
      {
        title: "Film night",
        listed: true,
        media: { kind: "youtube", url: "https://www.youtube.com/watch?v=dQw4w9WgXcQ", title: "" },
      },
    ]);
    expect(get("create-error").textContent).toBe("Slow down.");
    expect(get("create")).toHaveProperty("disabled", false);
  });
  it("says what is wrong with a link instead of sending it", async () => {
    const { get } = render(<LandingPage />);
    await settle();
    click(get("create"));
    expect(get("url-hint").textContent).toBe("Paste a link to a video.");
    type(get("url-input"), "ftp://a.example/x.mp4");
    click(get("create"));
    expect(get("url-hint").textContent).toMatch(/ftp/);
    expect(sent).toEqual([]);
  });
  it("does not scold who is still typing", async () => {
    const { get } = render(<LandingPage />);
    await settle();
    type(get("url-input"), "https:");
    expect(get("url-hint").textContent).toBe("");
  });
  it("takes a room's own link as a wish to go there", async () => {
    const { get } = render(<LandingPage />);
    await settle();
    type(get("url-input"), `${location.origin}/r/den#j.den.abc`);
    expect(get("create").textContent).toBe("Join this room");
  });
});

describe("the lists", () => {
  it("show public rooms, with markup in their titles as text", async () => {
    answers.set(
      "GET",
      json(200, {
        rooms: [
          { room: "x", title: "<b>x</b>", viewers: 2, media_title: "<i>y</i>", link: "/r/x#j" },
        ],
      }),
    );
    const { get, page } = render(<LandingPage />);
    await settle();
    expect(get("public-rooms").textContent).toBe("<b>x</b>2 viewers · <i>y</i>");
    expect(page.querySelectorAll("b, i")).toHaveLength(0);
  });
  it("say when the server does not answer", async () => {
    answers.delete("GET");
    const { page } = render(<LandingPage />);
    await settle();
    expect(page.textContent).toContain("The server does not answer.");
  });
  it("forget a room when asked to", async () => {
    localStorage.setItem(
      "playhead.recent",
      JSON.stringify([{ room: "x", title: "Old", path: "/r/x#j", visitedAtMs: 1 }]),
    );
    const { get, page } = render(<LandingPage />);
    await settle();
    expect(get("recent-rooms").textContent).toContain("Old");
    click(page.querySelector(".forget") as HTMLElement);
    expect(page.textContent).not.toContain("Old");
    expect(localStorage.getItem("playhead.recent")).toBe("[]");
  });
});
