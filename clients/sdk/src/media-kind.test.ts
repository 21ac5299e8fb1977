import { expect, it } from "vitest";
import { mediaKindOf } from "./media-kind.js";

it.each([
  ["/media/demo.mp4", "file"],
  ["/media/demo-hls/master.m3u8?x=1", "hls"],
  ["https://a.example/b/manifest.MPD", "dash"],
  ["https://www.youtube.com/watch?v=dQw4w9WgXcQ", "youtube"],
  ["https://youtu.be/dQw4w9WgXcQ", "youtube"],
  ["https://vimeo.com/1", "vimeo"],
  ["https://www.twitch.tv/videos/1", "twitch"],
  ["https://notyoutube.com/a.mp4", "file"],
  ["https://youtube.com.evil.example/a.mp4", "file"],
  ["http://[", "file"],
])("takes %s for %s", (url, kind) => {
  expect(mediaKindOf(url)).toBe(kind);
});
