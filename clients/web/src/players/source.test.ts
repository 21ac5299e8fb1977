import { describe, expect, it } from "vitest";
import { detectSource, parseTimestampMs, urlBytesMax } from "./source";

const page = "https://party.example/";
const found = (text: string, from = page) => {
  const detection = detectSource(text, from);
  if (!detection.ok) throw new Error(`refused: ${detection.reason}`);
  return detection.source;
};
const refused = (text: string, from = page) => {
  const detection = detectSource(text, from);
  if (detection.ok) throw new Error(`accepted as ${detection.source.kind} ${detection.source.url}`);
  return detection.reason;
};

describe("a YouTube link in any of its shapes is the same video", () => {
  const id = "dQw4w9WgXcQ";
  it.each([
    `https://www.youtube.com/watch?v=${id}`,
    `http://youtube.com/watch?v=${id}`,
    `https://m.youtube.com/watch?v=${id}&feature=share`,
    `https://music.youtube.com/watch?v=${id}&list=RDAMVM${id}`,
    `https://www.youtube.com/watch?list=PLx&index=3&v=${id}`,
    `https://youtu.be/${id}`,
    `https://youtu.be/${id}?si=AbCdEf`,
    `youtu.be/${id}`,
    `www.youtube.com/watch?v=${id}`,
    `https://www.youtube.com/shorts/${id}`,
    `https://youtube.com/shorts/${id}?feature=share`,
    `https://www.youtube.com/live/${id}?si=x`,
    `https://www.youtube.com/embed/${id}?autoplay=1`,
    `https://www.youtube-nocookie.com/embed/${id}`,
    `https://www.youtube.com/v/${id}`,
    `https://www.youtube.com/e/${id}`,
    `https://www.youtube.com/watch/${id}`,
    `https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D${id}%26feature%3Dshare`,
    `https://www.youtube.com/oembed?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D${id}&format=json`,
    `  https://www.youtube.com/watch?v=${id}  `,
  ])("%s", (link) => {
    expect(found(link)).toMatchObject({
      kind: "youtube",
      url: `https://www.youtube.com/watch?v=${id}`,
      startMs: 0,
    });
  });

  it.each([
    [`https://youtu.be/${id}?t=90`, 90_000],
    [`https://youtu.be/${id}?t=90s`, 90_000],
    [`https://www.youtube.com/watch?v=${id}&t=1m30s`, 90_000],
    [`https://www.youtube.com/watch?v=${id}&t=1h2m3s`, 3_723_000],
    [`https://www.youtube.com/watch?v=${id}#t=2m`, 120_000],
    [`https://www.youtube.com/embed/${id}?start=45`, 45_000],
    [`https://www.youtube.com/watch?v=${id}&time_continue=7`, 7000],
    [`https://www.youtube.com/watch?v=${id}&t=soon`, 0],
    [`https://www.youtube.com/watch?v=${id}&t=-5`, 0],
  ])("%s starts at %i ms", (link, startMs) => {
    expect(found(link).startMs).toBe(startMs);
  });

  it.each([
    ["https://www.youtube.com/watch?v=short", /11 characters/],
    ["https://youtu.be/", /no video/],
    ["https://www.youtube.com/", /no video/],
    ["https://www.youtube.com/playlist?list=PLabc", /playlist/],
    ["https://www.youtube.com/embed/videoseries?list=PLabc", /playlist/],
    ["https://www.youtube.com/@someone", /channel/],
    ["https://www.youtube.com/channel/UCabc", /channel/],
    ["https://www.youtube.com/clip/UgkxAbc", /clip/],
    ["https://www.youtube.com/attribution_link?u=https://evil.example/", /somewhere else/],
  ])("%s is refused with what to do", (link, reason) => {
    expect(refused(link)).toMatch(reason);
  });

  it("does not take another site's address for YouTube because of its name", () => {
    expect(found("https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ").kind).toBe("file");
    expect(found("https://notyoutube.com/watch?v=dQw4w9WgXcQ").kind).toBe("file");
  });
});

describe("Vimeo", () => {
  it.each([
    ["https://vimeo.com/76979871", "https://vimeo.com/76979871"],
    ["https://www.vimeo.com/76979871?share=copy", "https://vimeo.com/76979871"],
    ["https://vimeo.com/76979871/8272103f6e", "https://vimeo.com/76979871/8272103f6e"],
    [
      "https://player.vimeo.com/video/76979871?h=8272103f6e",
      "https://vimeo.com/76979871/8272103f6e",
    ],
    ["https://player.vimeo.com/video/76979871", "https://vimeo.com/76979871"],
    ["https://vimeo.com/channels/staffpicks/76979871", "https://vimeo.com/76979871"],
    ["https://vimeo.com/groups/shortfilms/videos/76979871", "https://vimeo.com/76979871"],
    ["https://vimeo.com/showcase/1234567/video/76979871", "https://vimeo.com/76979871"],
    ["https://vimeo.com/ondemand/thing/76979871", "https://vimeo.com/76979871"],
    ["https://vimeo.com/event/4567890", "https://vimeo.com/event/4567890"],
  ])("%s", (link, url) => {
    expect(found(link)).toMatchObject({ kind: "vimeo", url });
  });
  it("keeps the start time", () => {
    expect(found("https://vimeo.com/76979871#t=1m5s").startMs).toBe(65_000);
  });
  it.each([
    "https://vimeo.com/",
    "https://vimeo.com/someone",
    "https://vimeo.com/showcase/1234567",
  ])("%s names no video", (link) => expect(refused(link)).toMatch(/no video/));
});

describe("Twitch", () => {
  it.each([
    ["https://www.twitch.tv/videos/1234567890", "https://www.twitch.tv/videos/1234567890"],
    ["https://m.twitch.tv/videos/1234567890?t=1h2m3s", "https://www.twitch.tv/videos/1234567890"],
    ["https://www.twitch.tv/someone/v/1234567890", "https://www.twitch.tv/videos/1234567890"],
    ["https://www.twitch.tv/someone/video/1234567890", "https://www.twitch.tv/videos/1234567890"],
    [
      "https://player.twitch.tv/?video=v1234567890&parent=x",
      "https://www.twitch.tv/videos/1234567890",
    ],
    ["https://player.twitch.tv/?channel=someone&parent=x", "https://www.twitch.tv/someone"],
    ["twitch.tv/Some_One", "https://www.twitch.tv/some_one"],
  ])("%s", (link, url) => {
    expect(found(link)).toMatchObject({ kind: "twitch", url });
  });
  it("says what a live channel means", () => {
    expect(found("https://www.twitch.tv/someone").note).toMatch(/live/i);
    expect(found("https://www.twitch.tv/videos/123?t=1h2m3s")).toMatchObject({
      startMs: 3_723_000,
      note: "",
    });
  });
  it.each(["https://clips.twitch.tv/FunnyClip", "https://www.twitch.tv/someone/clip/FunnyClip"])(
    "%s: clips cannot be steered",
    (link) => expect(refused(link)).toMatch(/clip/),
  );
  it("refuses pages of Twitch's own", () => {
    expect(refused("https://www.twitch.tv/directory")).toMatch(/neither/);
  });
});

describe("files and streams are told apart by their ending", () => {
  it.each([
    ["https://a.example/film.mp4", "file"],
    ["https://a.example/film.MP4?token=1", "file"],
    ["https://a.example/film.webm", "file"],
    ["https://a.example/song.mp3", "file"],
    ["https://a.example/song.opus", "file"],
    ["https://a.example/live/master.m3u8", "hls"],
    ["https://a.example/master.m3u8?sig=a.mp4", "hls"],
    ["https://a.example/x.ism/manifest(format=m3u8-aapl)", "hls"],
    ["https://a.example/play?format=hls", "hls"],
    ["https://a.example/manifest.mpd", "dash"],
    ["a.example/film.mp4", "file"],
    ["a.example:8080/film.mp4", "file"],
    ["http://127.0.0.1:9000/film.mp4", "file"],
    ["/media/demo.mp4", "file"],
    ["/media/demo-hls/master.m3u8", "hls"],
  ])("%s is %s", (link, kind) => {
    expect(found(link).kind).toBe(kind);
  });
  it("keeps a path of this server as a path, so that every viewer's server name works", () => {
    expect(found("/media/a%20b.mp4?x=1").url).toBe("/media/a%20b.mp4?x=1");
  });
  it("says when it is only a guess", () => {
    expect(found("https://a.example/watch/42")).toMatchObject({ kind: "file" });
    expect(found("https://a.example/watch/42").note).toMatch(/tried/);
  });
  it("makes a title of the file's name", () => {
    expect(found("https://a.example/Big%20Buck_Bunny.1080p.mp4").title).toBe(
      "Big Buck Bunny 1080p",
    );
    expect(found("https://a.example/x/master.m3u8").title).toBe("");
    expect(found("https://a.example/%E0%A4%A.mp4").title).toBe("%E0%A4%A");
  });
  it("takes a media fragment's start", () => {
    expect(found("https://a.example/film.mp4#t=30,40")).toMatchObject({
      startMs: 30_000,
      url: "https://a.example/film.mp4",
    });
  });
});

describe("what cannot be played is refused with the reason", () => {
  it.each([
    ["", /Paste/],
    ["   ", /Paste/],
    ["hello", /not a link/],
    ["two words.mp4", /no spaces/],
    ["javascript:alert(1)", /javascript:/],
    ["data:video/mp4;base64,AAAA", /only in the tab/],
    ["blob:https://a.example/1234", /only in the tab/],
    ["file:///home/me/film.mp4", /your own computer/],
    ["ftp://a.example/film.mp4", /ftp:/],
    ["magnet:?xt=urn:btih:abc", /magnet:/],
    ["//a.example/film.mp4", /https/],
    ["https://", /not a link/],
    ["https://me:secret@a.example/film.mp4", /password/],
    ["https://a.example/film.torrent", /Torrents/],
    ["https://www.netflix.com/watch/1", /Netflix/],
    ["https://www.tiktok.com/@a/video/1", /TikTok/],
    [`https://a.example/${"x".repeat(urlBytesMax)}.mp4`, /too long/],
  ])("%s", (link, reason) => {
    expect(refused(link)).toMatch(reason);
  });
  it("http media on an https page, which browsers block, except from this computer", () => {
    expect(refused("http://a.example/film.mp4")).toMatch(/https/);
    expect(found("http://a.example/film.mp4", "http://party.example/").kind).toBe("file");
    expect(found("http://localhost:1/film.mp4").kind).toBe("file");
  });
});

describe("timestamps", () => {
  it.each([
    ["90", 90_000],
    ["90s", 90_000],
    ["1.5", 1500],
    ["1m", 60_000],
    ["1h", 3_600_000],
    ["1h1s", 3_601_000],
    ["1:30", 90_000],
    ["1:02:03", 3_723_000],
    ["", 0],
    [null, 0],
    ["x", 0],
    ["1x", 0],
    ["h", 0],
    ["-3", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseTimestampMs(text)).toBe(ms);
  });
});
