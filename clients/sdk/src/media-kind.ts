import type { MediaKindName } from "./api.js";

const HOSTS: readonly (readonly [RegExp, MediaKindName])[] = [
  [/(^|\.)(youtube\.com|youtu\.be|youtube-nocookie\.com)$/, "youtube"],
  [/(^|\.)vimeo\.com$/, "vimeo"],
  [/(^|\.)twitch\.tv$/, "twitch"],
];

/** The kind of media an address most likely means. Paths (`/media/x.mp4`) are the engine's own media. */
export function mediaKindOf(url: string): MediaKindName {
  let parsed: URL;
  try {
    parsed = new URL(url, "http://media.invalid");
  } catch {
    return "file";
  }
  const host = HOSTS.find(([pattern]) => pattern.test(parsed.hostname));
  if (host !== undefined) return host[1];
  const path = parsed.pathname.toLowerCase();
  if (path.endsWith(".m3u8")) return "hls";
  if (path.endsWith(".mpd")) return "dash";
  return "file";
}
