// Real Chromium pages that watch a room, with instruments that do not ask the code under test anything:
// what the media element says, on a clock that all pages and this process share.
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const flags = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
];

export const launch = (extra = []) => chromium.launch({ executablePath, args: [...flags, ...extra] });

// Runs in the page before its own scripts. Counts what is written to media elements, samples them 40 times a second,
// and, when asked, makes this page's media clock run fast by `driftPpm`.
function instruments({ driftPpm, frames }) {
  const bench = { samples: [], rateWrites: [], seeks: [], firstDataMs: undefined, waits: [], frames: [] };
  window.bench = bench;
  const factor = 1 + driftPpm / 1e6;
  const media = HTMLMediaElement.prototype;
  const rate = Object.getOwnPropertyDescriptor(media, 'playbackRate');
  const position = Object.getOwnPropertyDescriptor(media, 'currentTime');
  Object.defineProperty(media, 'playbackRate', {
    ...rate,
    get() {
      return Math.round((rate.get.call(this) / factor) * 1e6) / 1e6;
    },
    set(value) {
      bench.rateWrites.push([performance.now(), value]);
      rate.set.call(this, value * factor);
    },
  });
  Object.defineProperty(media, 'currentTime', {
    ...position,
    set(value) {
      bench.seeks.push([performance.now(), value]);
      position.set.call(this, value);
    },
  });
  const play = media.play;
  media.play = function () {
    if (factor !== 1) rate.set.call(this, Math.round((rate.get.call(this) / factor) * 1e3) / 1e3 * factor);
    return play.call(this);
  };
  // Iframe players only look like media elements.
  const rateOf = (video) => (video instanceof HTMLMediaElement ? rate.get.call(video) / factor : video.playbackRate);
  const find = () => {
    for (const element of document.querySelectorAll('video, hls-video, dash-video, youtube-video')) {
      return element.nativeEl ?? element;
    }
    return null;
  };
  let known = null;
  const canvas = document.createElement('canvas');
  canvas.width = 16;
  canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  // The sixteen blocks along the lower edge of the demo title, most significant first.
  const frameNumber = (video) => {
    const height = video.videoHeight / 22.5;
    pen.drawImage(video, 0, video.videoHeight - height * 0.75, video.videoWidth, height * 0.5, 0, 0, 16, 1);
    const pixels = pen.getImageData(0, 0, 16, 1).data;
    let number = 0;
    for (let bit = 0; bit < 16; bit++) number = number * 2 + (pixels[bit * 4 + 1] > 128 ? 1 : 0);
    return number;
  };
  setInterval(async () => {
    const video = find();
    if (!video) return;
    if (video !== known) {
      known = video;
      for (const name of ['waiting', 'playing', 'stalled', 'seeked']) {
        video.addEventListener(name, () => bench.waits.push([performance.now(), name]));
      }
      const shown = (_now, frame) => {
        if (bench.wantFrames) bench.frames.push([frame.expectedDisplayTime, frame.mediaTime, frameNumber(video)]);
        video.requestVideoFrameCallback(shown);
      };
      if (frames) video.requestVideoFrameCallback(shown);
    }
    await null; // currentTime stands still within one task
    if (bench.firstDataMs === undefined && video.readyState >= 2) bench.firstDataMs = performance.now();
    bench.samples.push([performance.now(), video.currentTime, +video.paused, +video.seeking, video.readyState, rateOf(video)]);
    if (bench.samples.length > 60_000) bench.samples.splice(0, 10_000);
  }, 25);
}

// A page of its own browser context (its own storage, hence its own viewer).
// Returns { page, originMs, take(), evaluate(), close() }; originMs + performance.now() of the page is the true clock.
export async function openPage(browser, url, { driftPpm = 0, frames = false, contextOptions = {} } = {}) {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 }, bypassCSP: true, ...contextOptions });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript(instruments, { driftPpm, frames });
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const originMs = metrics.find((each) => each.name === 'NavigationStart').value * 1000;
  return {
    page,
    errors,
    originMs,
    // What the instruments have seen since `sinceMs`, on the true clock.
    async take(sinceMs = 0) {
      const seen = await page.evaluate((since) => ({
        samples: window.bench.samples.filter((each) => each[0] >= since),
        rateWrites: window.bench.rateWrites.filter((each) => each[0] >= since),
        seeks: window.bench.seeks.filter((each) => each[0] >= since),
        waits: window.bench.waits.filter((each) => each[0] >= since),
        frames: window.bench.frames.filter((each) => each[0] >= since),
        firstDataMs: window.bench.firstDataMs,
      }), sinceMs - originMs);
      const shift = (rows) => rows.map(([at, ...rest]) => [at + originMs, ...rest]);
      return {
        samples: shift(seen.samples), rateWrites: shift(seen.rateWrites), seeks: shift(seen.seeks), waits: shift(seen.waits),
        frames: shift(seen.frames), firstDataMs: seen.firstDataMs === undefined ? undefined : seen.firstDataMs + originMs,
      };
    },
    close: () => context.close(),
  };
}

// Waits until the page's room is live (window.playhead is the web app's door for diagnosis).
export const untilLive = (page, timeout = 20_000) =>
  page.waitForFunction(() => window.playhead?.room?.view.status === 'live', undefined, { timeout });
