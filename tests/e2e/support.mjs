// What the browser tests share: media to watch, rooms to watch it in, and questions to pages.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { openPage, untilLive } from '../harness/browser.mjs';
import { root, startEngine } from '../harness/engine.mjs';

const run = promisify(execFile);

export const mediaFolder = path.join(root, 'var/e2e-media');
export const filmSeconds = 40;
export const film = { kind: 'file', url: '/media/demo.mp4', title: 'Demo' };
export const hls = { kind: 'hls', url: '/media/demo-hls/master.m3u8', title: 'Demo ladder' };
export const dash = { kind: 'dash', url: '/media/demo-dash/manifest.mpd', title: 'Demo manifest' };

const there = (file) => access(file).then(() => true, () => false);

// Made once and kept: the demo title, shorter, and the same again as DASH.
async function makeMedia() {
  await run(path.join(root, 'tools/demo-media'), ['--seconds', String(filmSeconds), '--out', mediaFolder]);
  const folder = path.join(mediaFolder, 'demo-dash');
  if (await there(path.join(folder, 'manifest.mpd'))) return;
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  await run('ffmpeg', [
    '-v', 'error', '-i', path.join(mediaFolder, 'demo.mp4'), '-c', 'copy',
    '-f', 'dash', '-seg_duration', '2', path.join(making, 'manifest.mpd'),
  ]);
  await rename(making, folder);
}

export async function startWithMedia(config = {}) {
  await makeMedia();
  return startEngine({ media_folder: mediaFolder, ...config });
}

// A viewer: a page of its own context. The harness's instruments come along; the page's content security policy holds.
export async function openViewer(browser, url, contextOptions = {}) {
  const viewer = await openPage(browser, url, { contextOptions: { bypassCSP: false, ...contextOptions } });
  viewer.page.setDefaultTimeout(15_000);
  return viewer;
}

export async function openRoom(browser, engine, link, contextOptions = {}) {
  const viewer = await openViewer(browser, engine.url + link, contextOptions);
  await untilLive(viewer.page);
  return viewer;
}

export const byId = (page, id) => page.getByTestId(id);

// The room as one page sees it, and what its player really does.
export const look = (page) =>
  page.evaluate(() => {
    const { room, media } = window.playhead;
    const { status, me, viewers, viewerCount, motion, media: shown, hashMismatches, sync } = room.view;
    return {
      status, me, viewers, viewerCount, playing: motion.playing, rate: motion.rate, roomMs: room.positionMs(),
      kind: shown.kind, url: shown.url, durationMs: shown.durationMs, hashMismatches, phase: sync?.phase, errorMs: sync?.errorMs,
      media: media && {
        positionMs: media.currentTime * 1000, paused: media.paused, rate: media.playbackRate, readyState: media.readyState,
      },
    };
  });

// Asks again until it holds; fails with what it last saw, and with what `explain` adds.
export async function until(what, ask, holds, timeoutMs = 10_000, explain = undefined) {
  const deadline = Date.now() + timeoutMs;
  let seen;
  do {
    seen = await ask();
    if (holds(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < deadline);
  assert.fail(`${what}: still not so after ${timeoutMs} ms, last seen ${JSON.stringify(seen)}${explain ? `; ${await explain()}` : ''}`);
}

// What a page complains of: its alerts and toasts, and how its connection stands.
export const complaints = async (page) =>
  `the page says ${JSON.stringify(await page.locator('[role="alert"], [data-testid="toasts"]').allTextContents())}, ${
    await page.evaluate(() => window.playhead.room.view.status)}`;

export const untilPlayerIs = (page, what, holds, timeoutMs) =>
  until(what, () => look(page), (seen) => seen.media !== null && holds(seen.media, seen), timeoutMs);

export const untilPlaying = (page, timeoutMs) =>
  untilPlayerIs(page, 'the player plays', (media, seen) => !media.paused && seen.playing && media.readyState >= 3, timeoutMs);

export const untilPaused = (page, timeoutMs) =>
  untilPlayerIs(page, 'the player stands', (media, seen) => media.paused && !seen.playing, timeoutMs);

// The chat of a room with plugins.
export const say = async (page, text) => {
  await byId(page, 'chat-input').fill(text);
  await byId(page, 'chat-input').press('Enter');
};
const lines = (page) => page.getByTestId('chat-text').allTextContents();
export const untilLines = (page, expected) => until('the lines are there', () => lines(page), (seen) => JSON.stringify(seen) === JSON.stringify(expected));

// How far apart two players are, on the clock that the harness shares with both: the median of their next second.
export async function apartMs(one, other) {
  const { monotonicMs } = await import('../harness/engine.mjs');
  const { median, skews } = await import('../harness/timeline.mjs');
  const fromMs = monotonicMs();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const toMs = monotonicMs();
  const [a, b] = await Promise.all([one.take(fromMs - 100), other.take(fromMs - 100)]);
  return median(skews([a.samples, b.samples], fromMs, toMs - 50));
}

// In step: the same or the adjacent frame of 30 a second, soon and then still.
export async function untilInStep(one, other, timeoutMs = 10_000) {
  await until('both are in step', () => apartMs(one, other), (ms) => ms <= 33, timeoutMs);
}

// Asks a page without counting as a gesture of its user, as everything that playwright itself evaluates does.
export async function quietly(page) {
  const session = await page.context().newCDPSession(page);
  return async (expression) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  };
}
