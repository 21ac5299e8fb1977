// A real mpv (without screen and sound card) and a real page in one room: they follow each other both ways, what the
// room does not allow is told in mpv, and an mpv that dies comes back.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { launch } from '../harness/browser.mjs';
import { freePort, monotonicMs, root } from '../harness/engine.mjs';
import { median } from '../harness/timeline.mjs';
import { end, joinWithMpv, openMpv, run } from './native-programs.mjs';
import {
  byId, film, look, mediaFolder, openRoom, say, startWithMedia, until, untilPaused, untilPlayerIs, untilPlaying,
} from './support.mjs';

// How far mpv is ahead of a page: both are asked at once, again and again. Unit: ms.
async function aheadMs(mpv, page, rounds = 20) {
  const apart = [];
  for (let round = 0; round < rounds; round += 1) {
    const askedMs = monotonicMs();
    const shown = page.evaluate(() => [performance.now(), window.playhead.media.currentTime * 1000]);
    const [player, [, pageMs]] = await Promise.all([mpv.player(), shown]);
    // Torn by a busy machine.
    if (monotonicMs() - askedMs < 20) apart.push(player.positionMs - pageMs);
  }
  return median(apart.length > 0 ? apart : [Number.NaN]);
}
const untilTogether = (mpv, page) =>
  until('mpv and the page are together', () => aheadMs(mpv, page), (ms) => Math.abs(ms) < 60, 15_000);

describe('mpv in a room', { timeout: 240_000 }, () => {
  let engine;
  let browser;
  const open = [];
  const enter = async (link) => {
    const viewer = await openRoom(browser, engine, link);
    open.push(() => viewer.close());
    return viewer.page;
  };
  const join = async (link, ...options) => {
    const viewer = await joinWithMpv(engine.url + link, options);
    open.push(() => viewer.leave());
    return viewer;
  };

  before(async () => {
    engine = await startWithMedia({
      enet: { listen: `127.0.0.1:${await freePort()}` },
      plugins_folder: path.join(root, 'plugins'),
      plugins: { roles: {}, host_control: { mode: 'anyone' }, chat: {}, queue: { gap_s: 0 }, presence: { gather_s: 0.2 } },
    });
    browser = await launch();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });
  after(async () => {
    await browser?.close();
    await engine?.stop();
  });

  for (const transport of ['websocket', 'enet']) {
    it(`a page and mpv follow each other over ${transport}: play, pause, seek, speed`, async (t) => {
      const { link } = await engine.createRoom({ title: 'Film night', media: film });
      const page = await enter(link);
      const mpv = await join(link, '--transport', transport, '--name', 'Ann');
      assert.equal(mpv.state().transport, transport);
      await until('the page sees Ann', () => look(page), (seen) => seen.viewers.some(({ name }) => name === 'Ann'));

      await byId(page, 'play').click();
      await Promise.all([untilPlaying(page), mpv.untilPlayer('plays', ({ paused }) => !paused)]);
      t.diagnostic(`mpv ahead of the page ${(await untilTogether(mpv, page)).toFixed(1)} ms after the page's play`);

      await mpv.press('SPACE');
      await Promise.all([untilPaused(page), mpv.untilPlayer('is paused', ({ paused }) => paused)]);
      const stands = (await look(page)).roomMs;
      await untilPlayerIs(page, 'stands where mpv was paused', (media) => Math.abs(media.positionMs - stands) < 40);
      await mpv.untilPlayer('stands there too', ({ positionMs }) => Math.abs(positionMs - stands) < 60);

      await mpv.press('SPACE');
      await Promise.all([untilPlaying(page), mpv.untilPlayer('plays', ({ paused }) => !paused)]);
      await mpv.ask('seek', 20, 'absolute+exact');
      await untilPlayerIs(page, 'has followed to 20 s', (media, seen) => seen.roomMs > 19_900 && media.positionMs > 19_900);
      t.diagnostic(`mpv ahead of the page ${(await untilTogether(mpv, page)).toFixed(1)} ms after mpv's seek`);

      await page.evaluate(() => window.playhead.room.seek(5_000));
      await mpv.untilPlayer('has followed to 5 s', ({ positionMs }) => positionMs > 4_900 && positionMs < 9_000);
      await mpv.press(']');
      await until('the room plays at 1.1', () => look(page), (seen) => Math.abs(seen.rate - 1.1) < 1e-6);
      await untilPlayerIs(page, 'plays faster, too', (media) => Math.abs(media.rate - 1.1) < 0.05);
      await mpv.press('BS');
      await until('the room plays at 1', () => look(page), (seen) => seen.rate === 1);
      await untilTogether(mpv, page);
      assert.equal((await look(page)).hashMismatches, 0);
      assert.equal(mpv.state().hash_mismatches, 0);
      // Nothing but what was pressed has become a command.
      assert.deepEqual(mpv.answers().map(({ to }) => to), ['pause', 'play', 'seek', 'rate', 'rate']);
    });
  }

  it('what only the host may do is refused on mpv\'s screen with the reason, and mpv goes on as the room does', async () => {
    const { room, link, owner_token: token } = await engine.createRoom({ title: 'Film night', media: film });
    const page = await enter(`/r/${room}#${token}`);
    const mpv = await join(link, '--name', 'Guest');
    await page.evaluate(() => window.playhead.room.command('host_control', 'set_mode', { mode: 'host' }));
    await byId(page, 'play').click();
    await Promise.all([untilPlaying(page), mpv.untilPlayer('plays', ({ paused }) => !paused)]);
    await untilTogether(mpv, page);

    await mpv.press('SPACE');
    await mpv.untilSaid(/only the host/i);
    await mpv.untilPlayer('plays on', ({ paused }) => !paused);
    assert.equal((await look(page)).playing, true);
    await mpv.ask('seek', 30, 'absolute+exact');
    await mpv.untilPlayer('is put back', ({ paused, positionMs }) => !paused && positionMs < 29_000);
    await mpv.press(']');
    await until('the speed is put back', mpv.player, ({ speed }) => Math.abs(speed - 1) < 0.06);
    await untilTogether(mpv, page);
    assert.ok(mpv.answers().every(({ verdict }) => verdict === 'refused'));

    await say(page, 'hello ${path} \\N {\\b1}mpv');
    await mpv.untilSaid(/: hello \$\{path\} \\N \{\\b1\}mpv/);
    const other = await enter(link);
    const { viewers, me } = await look(other);
    // Who comes and goes before that is told is not told of at all.
    await mpv.untilSaid(new RegExp(`${viewers.find(({ id }) => id === me).name} joined`));
    await other.evaluate(() => window.playhead.room.leave());
    await mpv.untilSaid(/left/);
  });

  it('the next of the queue follows on mpv\'s key and at the end of the film', async () => {
    const { link } = await engine.createRoom({ title: 'Film night', media: film });
    const page = await enter(link);
    const mpv = await join(link);
    for (const title of ['Second', 'Third']) {
      await page.evaluate((name) => window.playhead.room.command('queue', 'add', { url: '/media/demo.mp4', title: name }), title);
    }
    await page.evaluate(() => window.playhead.room.play());
    await mpv.untilPlayer('plays', ({ paused }) => !paused);
    const titleIs = (title) => until(`mpv shows ${title}`, () => mpv.mpv.get('force-media-title'), (seen) => seen === title, 15_000);
    if ((await mpv.mpv.get('force-media-title')) === 'Demo') await mpv.press('>');
    await titleIs('Second');
    await mpv.untilPlayer('plays it', ({ paused, positionMs }) => !paused && positionMs < 20_000);
    await page.evaluate(() => window.playhead.room.seek(38_500));
    await titleIs('Third');
    await mpv.untilPlayer('plays it', ({ paused, positionMs }) => !paused && positionMs < 20_000);
    assert.equal(mpv.state().hash_mismatches, 0);
  });

  it('an mpv that is killed is said to be gone, started again and in step; one that is quit leaves the room', async () => {
    const { link } = await engine.createRoom({ title: 'Film night', media: film });
    const page = await enter(link);
    const mpv = await join(link);
    await page.evaluate(() => window.playhead.room.play());
    await mpv.untilPlayer('plays', ({ paused }) => !paused);
    const { pid } = mpv.state().mpv;
    process.kill(pid, 'SIGKILL');
    await until('it is said', () => mpv.news(), (news) => news.some((text) => /mpv is gone.*trying again/.test(text)));
    await mpv.ready(pid);
    await mpv.untilPlayer('plays again', ({ paused }) => !paused);
    await untilTogether(mpv, page);

    await mpv.press('q');
    assert.equal(await until('it has ended', () => mpv.child.exitCode, (code) => code !== null), 0);
    await until('the page is alone', () => look(page), (seen) => seen.viewerCount === 1);
  });

  it('an mpv that stands still for a second comes back into step without moving the others', async () => {
    const { link } = await engine.createRoom({ title: 'Film night', media: film });
    const page = await enter(link);
    const mpv = await join(link);
    await page.evaluate(() => window.playhead.room.play());
    await mpv.untilPlayer('plays', ({ paused }) => !paused);
    await untilTogether(mpv, page);
    const { pid } = mpv.state().mpv;
    const seeks = await page.evaluate(() => window.bench.seeks.length);
    process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    process.kill(pid, 'SIGCONT');
    await untilTogether(mpv, page);
    assert.equal((await look(page)).playing, true);
    assert.equal(await page.evaluate(() => window.bench.seeks.length), seeks, 'the page was moved');
    assert.deepEqual(mpv.answers(), [], 'the stall was taken for an act of the person');
  });

  it('a running mpv is attached to with its own copy of the film, and lives on', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-mpv-test-'));
    const socket = path.join(folder, 'mpv');
    const own = spawn('mpv', [`--input-ipc-server=${socket}`, '--no-config', '--vo=null', '--ao=null', '--pause', path.join(mediaFolder, 'demo.mp4')], { stdio: 'ignore' });
    try {
      await until('mpv listens', () => openMpv(socket).then((mpv) => mpv.close() ?? true, () => false), (there) => there);
      const { link } = await engine.createRoom({ title: 'Film night', media: film });
      const page = await enter(link);
      const bridge = spawnAttached(engine.url + link, socket);
      open.push(() => end(bridge.child));
      const mpv = await openMpv(socket);
      await until('it has joined', () => look(page), (seen) => seen.viewerCount === 2);
      await until('it plays its own copy', () => bridge.out(), (out) => /own copy/.test(out));
      await page.evaluate(() => window.playhead.room.play());
      await until('mpv plays', () => mpv.get('pause'), (paused) => paused === false);
      assert.equal(await end(bridge.child), 0);
      await until('the page is alone', () => look(page), (seen) => seen.viewerCount === 1);
      assert.ok((await mpv.get('path')).endsWith('demo.mp4'), 'mpv lives on');
      mpv.close();
    } finally {
      await end(own);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('another file than the room\'s is told by its size, and does not tell the room how long it is', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-mpv-test-'));
    try {
      const cut = path.join(folder, 'cut.mkv');
      await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', path.join(mediaFolder, 'demo.mp4'), '-t', '30', '-c', 'copy', cut]);
      const { link } = await engine.createRoom({ title: 'Film night', media: film });
      const mpv = await join(link, cut);
      await mpv.untilSaid(/another file than the room's/);
      await run('cli', [engine.url + link, 'play']);
      await mpv.untilPlayer('plays', ({ paused }) => !paused);
      const page = await enter(link);
      await until('the room is as long as its own film', () => look(page), ({ durationMs }) => Math.abs(durationMs - 40_000) < 500);
      await mpv.untilSaid(/lasts 0:(29|30), the room's 0:(39|40)/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('what cannot be is refused at once, in words', async () => {
    const { link } = await engine.createRoom({ title: 'Film night', media: film });
    const address = engine.url + link;
    const cases = [
      [[], 2, /which LINK/],
      [['http://127.0.0.1:1/'], 2, /link/i],
      [[address, 'no-such-film.mkv'], 2, /no file/],
      [[address, '--mpv', 'no-such-mpv'], 1, /no program 'no-such-mpv'/],
      [[address, '--ipc-socket', '/nowhere'], 1, /no mpv listens/],
      [[`${engine.url}/r/nowhere#j.nowhere.AAAA`, '--headless'], 1, /./],
    ];
    for (const [parameters, code, pattern] of cases) {
      const result = await run('mpv', parameters);
      assert.equal(result.code, code, JSON.stringify({ parameters, ...result }));
      assert.match(result.errors + result.out, pattern);
    }
  });
});

function spawnAttached(link, socket) {
  const program = path.join(process.env.PLAYHEAD_BUILD ?? path.join(root, 'build/release'), 'clients/native/mpv/playhead-mpv');
  const child = spawn(program, [link, '--ipc-socket', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  return { child, out: () => out };
}
