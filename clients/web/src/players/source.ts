// What a pasted link is: which player shows it, its canonical address, and where in it to start.
// Pure: no network, so a link that looks right may still be dead; the player says so when it tries.

export type SourceKind = "file" | "hls" | "dash" | "youtube" | "vimeo" | "twitch";

export interface Source {
  kind: SourceKind;
  /** Canonical: absolute http(s), or a path of this server. Carries no start time. */
  url: string;
  startMs: number;
  /** A title worth showing, taken from the file name; empty when the link says nothing. */
  title: string;
  /** What to know before choosing it, in words; empty when there is nothing. */
  note: string;
}

export type Detection = { ok: true; source: Source } | { ok: false; reason: string };

export const kindNames: Record<SourceKind, string> = {
  file: "Video or audio file",
  hls: "HLS stream",
  dash: "DASH stream",
  youtube: "YouTube",
  vimeo: "Vimeo",
  twitch: "Twitch",
};

/** The engine's limit on a media address, in bytes of UTF-8. */
export const urlBytesMax = 2048;

const fileEndings = new Set(
  "mp4 m4v mov webm ogv mkv mp3 m4a aac ogg oga opus wav flac weba".split(" "),
);

const audioEnding = /\.(mp3|m4a|aac|ogg|oga|opus|wav|flac|weba)$/i;

/** A file that has sound and no picture, as far as its name tells. */
export const isAudio = (url: string): boolean => audioEnding.test(url.replace(/[?#].*$/, ""));

const walledGardens: ReadonlyArray<readonly [RegExp, string]> = [
  [/(^|\.)netflix\.com$/, "Netflix"],
  [/(^|\.)disneyplus\.com$/, "Disney+"],
  [/(^|\.)(primevideo\.com|amazon\.[a-z.]+)$/, "Prime Video"],
  [/(^|\.)(hulu\.com)$/, "Hulu"],
  [/(^|\.)(max\.com|hbomax\.com)$/, "Max"],
  [/(^|\.)tv\.apple\.com$/, "Apple TV"],
  [/(^|\.)(facebook\.com|fb\.watch)$/, "Facebook"],
  [/(^|\.)instagram\.com$/, "Instagram"],
  [/(^|\.)tiktok\.com$/, "TikTok"],
  [/(^|\.)(x\.com|twitter\.com)$/, "X"],
  [/(^|\.)dailymotion\.com$/, "Dailymotion"],
];

const refuse = (reason: string): Detection => ({ ok: false, reason });

const accept = (
  kind: SourceKind,
  url: string,
  rest: Partial<Pick<Source, "startMs" | "title" | "note">> = {},
): Detection => ({ ok: true, source: { kind, url, startMs: 0, title: "", note: "", ...rest } });

/** "90", "90s", "1m30s", "1h2m3s", "1:02:03" → milliseconds; 0 when it is none of these. */
export function parseTimestampMs(text: string | null | undefined): number {
  if (!text) return 0;
  const value = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const clock = /^(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)$/.exec(value);
  const units = clock ?? /^(?=\d)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s?)?$/.exec(value);
  if (!units) return 0;
  const [, hours = "0", minutes = "0", seconds = "0"] = units;
  return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
}

function startOf(url: URL): number {
  const fragment = new URLSearchParams(url.hash.replace(/^#/, ""));
  for (const name of ["t", "start", "time_continue"]) {
    const startMs = parseTimestampMs(url.searchParams.get(name) ?? fragment.get(name));
    if (startMs > 0) return startMs;
  }
  return 0;
}

const youtubeId = /^[A-Za-z0-9_-]{11}$/;

function youtube(url: URL, host: string): Detection {
  const parts = url.pathname.split("/").filter(Boolean);
  const video = (id: string | null | undefined): Detection =>
    id && youtubeId.test(id)
      ? accept("youtube", `https://www.youtube.com/watch?v=${id}`, { startMs: startOf(url) })
      : refuse("This YouTube link is cut short: the video's id has 11 characters.");

  if (host === "youtu.be") {
    return parts[0] ? video(parts[0]) : refuse("This YouTube link names no video.");
  }
  const nested = url.searchParams.get("u") ?? url.searchParams.get("url");
  if (nested && ["attribution_link", "oembed", "redirect"].includes(parts[0] ?? "")) {
    try {
      const inner = new URL(nested, url.origin);
      if (isYoutube(plainHost(inner))) return youtube(inner, plainHost(inner));
    } catch {
      // Falls through to the refusal below: the nested address is not one.
    }
    return refuse(
      "This YouTube link leads somewhere else: open it and copy the address you end up at.",
    );
  }
  if (url.searchParams.get("v")) return video(url.searchParams.get("v"));
  switch (parts[0]) {
    case "watch":
    case "embed":
    case "shorts":
    case "live":
    case "v":
    case "e":
    case "vi":
      if (parts[1] === "videoseries") break;
      return parts[1] ? video(parts[1]) : refuse("This YouTube link names no video.");
    case "clip":
      return refuse(
        "A YouTube clip does not say which video it is from: paste the video's own link.",
      );
  }
  if (parts[0] === "playlist" || url.searchParams.has("list")) {
    return refuse("That is a YouTube playlist: open one of its videos and paste that link.");
  }
  if (parts[0]?.startsWith("@") || ["channel", "c", "user"].includes(parts[0] ?? "")) {
    return refuse("That is a YouTube channel: open one of its videos and paste that link.");
  }
  return refuse("This YouTube link names no video.");
}

function vimeo(url: URL, host: string): Detection {
  const parts = url.pathname.split("/").filter(Boolean);
  const at = parts.findIndex((part) => /^\d{5,}$/.test(part));
  if (parts[0] === "event" && at === 1) {
    return accept("vimeo", `https://vimeo.com/event/${parts[1]}`, {
      note: "A live event: everyone sees it live, so there is no common position.",
    });
  }
  // Album and showcase numbers come before the video's own, which follows the word "video(s)".
  const named = parts.findIndex((part) => part === "video" || part === "videos");
  const place = named >= 0 ? named + 1 : at;
  const id = parts[place];
  if (
    !id ||
    !/^\d{5,}$/.test(id) ||
    (named < 0 && ["album", "showcase"].includes(parts[0] ?? ""))
  ) {
    return refuse("This Vimeo link names no video: its address ends in the video's number.");
  }
  const next = parts[place + 1];
  const hash =
    url.searchParams.get("h") ?? (host === "vimeo.com" && next !== undefined ? next : null);
  const unlisted = hash && /^[0-9a-f]{6,20}$/i.test(hash) ? `/${hash}` : "";
  return accept("vimeo", `https://vimeo.com/${id}${unlisted}`, { startMs: startOf(url) });
}

function twitch(url: URL, host: string): Detection {
  const parts = url.pathname.split("/").filter(Boolean);
  if (host === "clips.twitch.tv" || parts[1] === "clip") {
    return refuse("Twitch lets nobody steer a clip from outside. Videos and channels work.");
  }
  const channelNote = "A live channel: everyone sees it live, so there is no common position.";
  if (host === "player.twitch.tv") {
    const video = /^v?(\d+)$/.exec(url.searchParams.get("video") ?? "");
    const channel = url.searchParams.get("channel");
    if (video) {
      return accept("twitch", `https://www.twitch.tv/videos/${video[1]}`, {
        startMs: startOf(url),
      });
    }
    if (channel) return accept("twitch", `https://www.twitch.tv/${channel}`, { note: channelNote });
  }
  const at = parts.findIndex((part) => part === "videos" || part === "video" || part === "v");
  const id = /^v?(\d+)$/.exec(parts[at + 1] ?? "");
  if (at >= 0 && at <= 1 && id) {
    return accept("twitch", `https://www.twitch.tv/videos/${id[1]}`, { startMs: startOf(url) });
  }
  const reserved = ["directory", "settings", "downloads", "p", "jobs", "search", "subscriptions"];
  const name = parts[0] ?? "";
  if (parts.length === 1 && /^[a-zA-Z0-9_]{3,25}$/.test(name) && !reserved.includes(name)) {
    return accept("twitch", `https://www.twitch.tv/${name.toLowerCase()}`, { note: channelNote });
  }
  return refuse("This Twitch link names neither a video nor a channel.");
}

const plainHost = (url: URL): string =>
  url.hostname.toLowerCase().replace(/^(www|m|music|gaming|go)\./, "");

const isYoutube = (host: string): boolean =>
  host === "youtube.com" || host === "youtu.be" || host === "youtube-nocookie.com";

function titleOf(path: string): string {
  const name = path.split("/").pop() ?? "";
  let text = name.replace(/\.[a-z0-9]{2,5}$/i, "");
  try {
    text = decodeURIComponent(text);
  } catch {
    // A stray % in a file name: shown as it is.
  }
  text = text.replace(/[._]+/g, " ").trim();
  return /^(master|index|manifest|playlist|stream|video)$/i.test(text) ? "" : text.slice(0, 100);
}

function byEnding(path: string, query: URLSearchParams, url: string): Detection {
  const ending = /\.([a-z0-9]{2,7})$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const title = titleOf(path);
  if (ending === "m3u8" || ending === "m3u") return accept("hls", url, { title });
  if (ending === "mpd") return accept("dash", url, { title });
  if (fileEndings.has(ending)) return accept("file", url, { title });
  if (ending === "torrent") return refuse("Torrents cannot be played in a browser.");
  // Packagers also put the format inside the last part, or in the query.
  const hints = `${path}?${[...query].map((pair) => pair.join("=")).join("&")}`.toLowerCase();
  if (/\.m3u8|format=(hls|m3u8)/.test(hints)) return accept("hls", url, { title });
  if (/\.mpd|format=(mpd|dash)/.test(hints)) return accept("dash", url, { title });
  return accept("file", url, {
    title,
    note: "The link does not end like a video file. It will be tried as one.",
  });
}

/** Decides what `text` is. `page` is the address of the page it would be played on. */
export function detectSource(text: string, page: string = location.href): Detection {
  const trimmed = text.trim();
  if (trimmed === "") return refuse("Paste a link to a video.");
  if (new TextEncoder().encode(trimmed).length > urlBytesMax) {
    return refuse(`This link is too long: at most ${urlBytesMax} bytes.`);
  }
  if (/\s/.test(trimmed)) return refuse("A link has no spaces in it.");
  if (trimmed.startsWith("//")) return refuse("Start the link with https:// .");

  if (trimmed.startsWith("/")) {
    const url = new URL(trimmed, page);
    return byEnding(url.pathname, url.searchParams, `${url.pathname}${url.search}`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d)/i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === "blob" || scheme === "data") {
    return refuse("That address exists only in the tab it came from: others could not open it.");
  }
  if (scheme === "file") {
    return refuse("A file on your own computer cannot be opened by the others.");
  }
  if (scheme && scheme !== "http" && scheme !== "https") {
    return refuse(`Only http and https links can be played, not ${scheme}: links.`);
  }
  if (!scheme && !/^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(trimmed)) {
    return refuse("That is not a link. It should start with https:// .");
  }
  let url: URL;
  try {
    url = new URL(scheme ? trimmed : `https://${trimmed}`);
  } catch {
    return refuse("That is not a link a browser could open.");
  }
  if (url.username || url.password) {
    return refuse("Links with a user name or password in them are refused by browsers.");
  }
  const host = plainHost(url);
  if (isYoutube(host)) return youtube(url, host);
  if (host === "vimeo.com" || host === "player.vimeo.com") return vimeo(url, host);
  if (host === "twitch.tv" || host.endsWith(".twitch.tv")) return twitch(url, host);
  const garden = walledGardens.find(([pattern]) => pattern.test(host));
  if (garden) return refuse(`${garden[1]} does not let other pages play its videos.`);

  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && new URL(page).protocol === "https:" && !loopback) {
    return refuse(
      "This page is on https, where browsers refuse http media. Try the link with https.",
    );
  }
  const startMs = parseTimestampMs(new URLSearchParams(url.hash.slice(1)).get("t")?.split(",")[0]);
  url.hash = "";
  const detection = byEnding(url.pathname, url.searchParams, url.href);
  return detection.ok ? { ok: true, source: { ...detection.source, startMs } } : detection;
}

/**
 * The address that a kind's player understands. Rooms hold what their viewers loaded: for the three iframes that may be
 * a bare id, or any shape of link. Null when it is neither.
 */
export function playableUrl(kind: SourceKind, url: string): string | null {
  switch (kind) {
    case "youtube":
      if (youtubeId.test(url)) return `https://www.youtube.com/watch?v=${url}`;
      break;
    case "vimeo":
      if (/^\d+$/.test(url)) return `https://vimeo.com/${url}`;
      break;
    case "twitch":
      if (/^v?\d+$/.test(url)) return `https://www.twitch.tv/videos/${url.replace("v", "")}`;
      if (/^\w{3,25}$/.test(url)) return `https://www.twitch.tv/${url}`;
      break;
    default:
      return url;
  }
  const found = detectSource(url);
  return found.ok && found.source.kind === kind ? found.source.url : null;
}
