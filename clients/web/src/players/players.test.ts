import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mediaErrorReason, streamFailureReason, youtubeErrorReason } from "./failures";
import { eventWithin, patch, patchReadyState, started } from "./foreign";
import { loadPlayer } from "./load-player";
import { type RenditionMedia, renditionMenu } from "./renditions";
import type { MediaLike } from "./shown-player";
import { playableUrl } from "./source";

/** An iframe's element: says little, and some of it late. */
class SilentElement extends EventTarget {
  ownReadyState = 0;
  paused = true;
  get readyState(): number {
    return this.ownReadyState;
  }
  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
  emit(name: string): void {
    this.dispatchEvent(new Event(name));
  }
}

const silent = () => {
  const element = new SilentElement();
  return { element, media: element as unknown as MediaLike };
};

describe("players in iframes", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("that never begin count as refused, and are told to stop trying", async () => {
    const { element, media } = silent();
    element.paused = false;
    const begun = started(media, ["playing"], 1000);
    const outcome = expect(begun).rejects.toMatchObject({ name: "NotAllowedError" });
    vi.advanceTimersByTime(1000);
    await outcome;
    expect(element.paused).toBe(true);
  });
  it("that begin, or are stopped first, are not", async () => {
    const { element, media } = silent();
    const begun = started(media, ["playing", "waiting"], 1000);
    element.emit("waiting");
    await expect(begun).resolves.toBeUndefined();
    const stopped = started(media, ["playing"], 1000);
    element.pause();
    await expect(stopped).resolves.toBeUndefined();
    vi.advanceTimersByTime(5000);
  });
  it("are ready as soon as they have metadata, until they run dry", () => {
    const { element, media } = silent();
    patchReadyState(media);
    expect(media.readyState).toBe(0);
    element.ownReadyState = 1;
    expect(media.readyState).toBe(4);
    element.emit("waiting");
    expect(media.readyState).toBe(2);
    element.emit("playing");
    expect(media.readyState).toBe(4);
  });
  it("can have a rate that reads what it does rather than what was written", () => {
    const { element } = silent();
    patch(element, "playbackRate", { get: () => 1, set: () => undefined });
    const lying = element as unknown as { playbackRate: number };
    lying.playbackRate = 1.5;
    expect(lying.playbackRate).toBe(1);
  });
  it("that do not answer at all are given up", async () => {
    const { element } = silent();
    const outcome = expect(eventWithin(element, "loadedmetadata", 20_000)).rejects.toThrow(/20000/);
    vi.advanceTimersByTime(20_000);
    await outcome;
  });
});

describe("the quality menu", () => {
  const renditions = Object.assign(new EventTarget(), {
    list: [
      { id: "0", height: 180, bitrate: 300_000 },
      { id: "1", height: 360, bitrate: 700_000 },
      { id: "2", height: 360, bitrate: 1_200_000 },
      { id: "3", bitrate: 2_000_000 },
    ],
    selectedIndex: -1,
    [Symbol.iterator]() {
      return this.list[Symbol.iterator]();
    },
  });
  const menu = renditionMenu({ videoRenditions: renditions } as unknown as RenditionMedia);
  it("lists the best first and tells twins apart", () => {
    expect(menu.options().map(({ label }) => label)).toEqual([
      "360p, 0.7 Mbit/s",
      "360p, 1.2 Mbit/s",
      "180p",
      "2.0 Mbit/s",
    ]);
  });
  it("chooses by what it listed, and back to automatic", () => {
    expect(menu.selected()).toBe("auto");
    menu.select(menu.options()[2]?.id ?? "");
    expect(renditions.selectedIndex).toBe(0);
    expect(menu.selected()).toBe("0");
    menu.select("auto");
    expect(renditions.selectedIndex).toBe(-1);
  });
  it("is empty where there is nothing to choose", () => {
    expect(renditionMenu({} as unknown as RenditionMedia).options()).toEqual([]);
  });
});

describe("what a room may hold as an address", () => {
  it.each([
    ["youtube", "dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
    ["youtube", "https://youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
    ["youtube", "https://evil.example/?u=youtube.com/embed/dQw4w9WgXcQ", null],
    ["youtube", '"><script>', null],
    ["vimeo", "76979871", "https://vimeo.com/76979871"],
    ["vimeo", "https://evil.example/vimeo.com/76979871", null],
    ["twitch", "v1234567890", "https://www.twitch.tv/videos/1234567890"],
    ["twitch", "someone", "https://www.twitch.tv/someone"],
    ["twitch", "https://evil.example/", null],
    ["file", "/media/a.mp4", "/media/a.mp4"],
  ] as const)("%s %s becomes %s", (kind, url, playable) => {
    expect(playableUrl(kind, url)).toBe(playable);
  });
  it("and what makes no sense is told in words", async () => {
    const hooks = { mount: vi.fn(), onFailure: vi.fn(), onNotice: vi.fn() };
    await expect(loadPlayer({ kind: "youtube", url: "nonsense" }, hooks)).rejects.toThrow(
      "The room's address names nothing on YouTube.",
    );
    expect(hooks.mount).not.toHaveBeenCalled();
  });
});

describe("reasons", () => {
  it("name the server and what it did", () => {
    expect(mediaErrorReason({ code: 4, message: "" }, "https://a.example/x.mp4")).toMatch(
      /^a\.example did not/,
    );
    expect(mediaErrorReason(null, "x")).toMatch(/without saying why/);
    expect(streamFailureReason("playlist", "https://a.example/m.m3u8", 404)).toBe(
      "a.example has no such playlist (404).",
    );
    expect(streamFailureReason("manifest", "https://a.example/m.mpd", 403)).toMatch(/login/);
    expect(streamFailureReason("stream", "https://a.example/m.mpd", 500)).toMatch(/500/);
    expect(streamFailureReason("stream", "https://a.example/m.mpd", undefined)).toMatch(/CORS/);
    expect(youtubeErrorReason(150)).toMatch(/does not allow/);
    expect(youtubeErrorReason(7)).toMatch(/code 7/);
  });
});
