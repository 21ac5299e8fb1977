// Every kind of source keeps step, or says why it cannot.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import {
  byId, dash, film, hls, look, openRoom, openViewer, startWithMedia, until, untilInStep, untilPlayerIs, untilPlaying,
} from './support.mjs';
import { serveTwitch, serveVimeo } from './iframe-stand-ins.mjs';
import { serveYoutube } from './youtube-stand-in.mjs';

describe('sources', { timeout: 240_000 }, () => {
  let engine;
  let browser;
  let other;
  const open = [];
  const track = (viewer) => {
    open.push(viewer);
    return viewer;
  };
  const enterBoth = async (media) => {
    const { link } = await engine.createRoom({ title: media.title, media });
    return Promise.all([browser, other].map(async (from) => track(await openRoom(from, engine, link))));
  };

  before(async () => {
    engine = await startWithMedia();
    [browser, other] = await Promise.all([launch(), launch()]);
  });
  afterEach(async () => {
    const pages = open.splice(0);
    for (const { errors } of pages) assert.deepEqual(errors, [], 'a page threw');
    await Promise.all(pages.map((viewer) => viewer.close()));
  });
  after(async () => {
    await Promise.all([browser?.close(), other?.close()]);
    await engine?.stop();
  });

  for (const media of [hls, dash]) {
    it(`${media.kind} plays in step, through a seek, with its renditions to choose from`, async () => {
      const [ann, ben] = await enterBoth(media);
      await untilPlayerIs(ann.page, 'metadata is there', (player) => player.readyState >= 1);
      await byId(ann.page, 'play').click();
      await Promise.all([untilPlaying(ann.page), untilPlaying(ben.page)]);
      await untilInStep(ann, ben);
      await ben.page.keyboard.press('5');
      await untilPlayerIs(ann.page, 'follows the seek', (player) => player.positionMs > 19_000);
      await Promise.all([untilPlaying(ann.page), untilPlaying(ben.page)]);
      await untilInStep(ann, ben, 15_000);
      if (media.kind === 'hls') {
        await byId(ann.page, 'quality').click();
        const names = await ann.page.getByRole('menuitemradio').allTextContents();
        assert.ok(names.includes('Automatic') && names.includes('180p'), `the ladder: ${names}`);
        await ann.page.getByRole('menuitemradio', { name: '180p' }).click();
      }
    });
  }

  it('captions beside a file are offered and shown', async () => {
    const { link } = await engine.createRoom({ title: 'Captions', media: film });
    const { page } = track(await openRoom(browser, engine, link));
    await byId(page, 'captions').click();
    await page.getByRole('menuitemradio').nth(1).click();
    await until('the captions show', () => page.evaluate(() => [...window.playhead.media.textTracks].map(({ mode }) => mode)), (modes) => modes.includes('showing'));
  });

  it('a dead link says why, and the room lives on', async () => {
    const [ann] = await enterBoth({ kind: 'file', url: '/media/no-such-film.mp4', title: 'Gone' });
    await byId(ann.page, 'failure').waitFor();
    assert.match(await byId(ann.page, 'failure').textContent(), /did not answer with something this browser can play/);
    await byId(ann.page, 'change-media').click();
    await byId(ann.page, 'url-input').fill('/media/demo.mp4');
    await byId(ann.page, 'load').click();
    await untilPlayerIs(ann.page, 'the new one loads', (player) => player.readyState >= 1);
    assert.equal(await byId(ann.page, 'failure').count(), 0);
  });

  it('a playlist that is missing says so', async () => {
    const [ann] = await enterBoth({ kind: 'hls', url: '/media/none/master.m3u8', title: 'Gone' });
    await byId(ann.page, 'failure').getByText(/has no such playlist \(404\)/).waitFor();
    const [ben] = await enterBoth({ kind: 'dash', url: '/media/none/manifest.mpd', title: 'Gone' });
    await byId(ben.page, 'failure').getByText(/has no such manifest \(404\)/).waitFor();
  });

  it('a source that fails for one viewer moves nobody else', async () => {
    const { link } = await engine.createRoom({ title: 'Half', media: film });
    const ann = track(await openRoom(browser, engine, link));
    const ben = track(await openViewer(other, 'about:blank'));
    await ben.page.route('**/media/demo.mp4', (route) => route.abort());
    await ben.page.goto(engine.url + link);
    await byId(ben.page, 'failure').waitFor();
    await byId(ann.page, 'play').click();
    const begun = await untilPlaying(ann.page);
    await untilPlayerIs(ann.page, 'plays on', (player) => player.positionMs > begun.media.positionMs + 1500);
    assert.equal((await look(ben.page)).status, 'live');
  });

  it('YouTube follows the room by seeks, with coarse speeds and late answers, and the badge says so', async () => {
    const media = { kind: 'youtube', url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ', title: 'Tube' };
    const { link } = await engine.createRoom({ title: 'Tube', media });
    const viewers = await Promise.all(
      [browser, other].map(async (from) => {
        const viewer = track(await openViewer(from, 'about:blank'));
        await serveYoutube(viewer.page, engine.url);
        await viewer.page.goto(engine.url + link);
        await untilLive(viewer.page);
        await untilPlayerIs(viewer.page, 'the player is ready', (player) => player.readyState >= 1);
        return viewer;
      }),
    );
    const [ann, ben] = viewers;
    await byId(ann.page, 'play').click();
    for (const { page } of viewers) await untilPlayerIs(page, 'plays', (player) => !player.paused && player.positionMs > 500);
    await byId(ben.page, 'seek').focus();
    await ben.page.keyboard.press('PageUp'); // a minute on, hence the end
    await ben.page.keyboard.press('5');
    for (const { page } of viewers) {
      await untilPlayerIs(page, 'comes near the room', (player, seen) => Math.abs(player.positionMs - seen.roomMs) < 400, 15_000);
    }
    await byId(ann.page, 'rate').click();
    await ann.page.getByRole('menuitemradio', { name: '1.25×' }).click();
    for (const { page } of viewers) await untilPlayerIs(page, 'takes a speed it knows', (player) => player.rate === 1.25);
    await until('the badge says that it is not exact', () => byId(ann.page, 'sync-badge').getAttribute('title'), (title) => /coarse speeds|out of data|same instant/.test(title ?? ''));
    const written = await ann.page.evaluate(() => window.youtubeRates);
    assert.deepEqual(written.filter((rate) => ![0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2].includes(rate)), [], 'no speed was asked for that YouTube does not have');
    await byId(ben.page, 'pause').click();
    for (const { page } of viewers) await untilPlayerIs(page, 'stands', (player) => player.paused);
  });

  it('an advertisement keeps one viewer away: the others see it, go on, and are joined again after it', async () => {
    const media = { kind: 'youtube', url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ', title: 'Tube' };
    const { link } = await engine.createRoom({ title: 'Tube', media });
    const [ann, ben] = await Promise.all(
      [browser, other].map(async (from) => {
        const viewer = track(await openViewer(from, 'about:blank'));
        await serveYoutube(viewer.page, engine.url);
        await viewer.page.goto(engine.url + link);
        await untilLive(viewer.page);
        await untilPlayerIs(viewer.page, 'the player is ready', (player) => player.readyState >= 1);
        return viewer;
      }),
    );
    await byId(ann.page, 'play').click();
    for (const { page } of [ann, ben]) await untilPlayerIs(page, 'plays', (player) => !player.paused && player.positionMs > 1000);
    const before = await look(ann.page);
    await ben.page.evaluate(() => window.youtubePlayer.advertise(6000));
    await until('the others see who is kept away', () => ann.page.getByText('buffering').count(), (count) => count > 0);
    await until('their own badge says so', () => byId(ben.page, 'sync-badge').getAttribute('data-state'), (state) => state === 'stalled', 3500);
    const meanwhile = await look(ann.page);
    assert.ok(meanwhile.playing && meanwhile.media.positionMs > before.media.positionMs, 'the room goes on');
    await untilPlayerIs(ben.page, 'catches up', (player, seen) => Math.abs(player.positionMs - seen.roomMs) < 400, 15_000);
    assert.equal((await look(ann.page)).playing, true);
  });

  for (const [name, media, serveIt, nearMs] of [
    ['Vimeo', { kind: 'vimeo', url: 'https://vimeo.com/76979871', title: 'Vim' }, serveVimeo, 700],
    ['Twitch', { kind: 'twitch', url: 'https://www.twitch.tv/videos/1234567890', title: 'Twi' }, serveTwitch, 1600],
  ]) {
    it(`${name} plays, seeks and pauses with the room, as near as its clock allows`, async () => {
      const { link } = await engine.createRoom({ title: name, media });
      const viewer = track(await openViewer(browser, 'about:blank'));
      await serveIt(viewer.page, engine.url);
      await viewer.page.goto(engine.url + link);
      await untilLive(viewer.page);
      const { page } = viewer;
      await untilPlayerIs(page, 'the player is ready', (player) => player.readyState >= 1);
      await byId(page, 'play').click();
      await untilPlayerIs(page, 'plays', (player) => !player.paused && player.positionMs > 500);
      await page.keyboard.press('5');
      await untilPlayerIs(page, 'comes near the room', (player, seen) => player.positionMs > 18_000 && Math.abs(player.positionMs - seen.roomMs) < nearMs, 15_000);
      assert.equal((await look(page)).playing, true, 'nothing that the iframe did was taken for a wish of its user');
      assert.equal(await byId(page, 'rate').getAttribute('aria-disabled'), String(name === 'Twitch'));
      await byId(page, 'pause').click();
      await untilPlayerIs(page, 'stands', (player, seen) => player.paused && !seen.playing);
    });
  }

  it('YouTube out of reach is told in words', async () => {
    const media = { kind: 'youtube', url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ', title: 'Tube' };
    const { link } = await engine.createRoom({ title: 'Tube', media });
    const { page } = track(await openViewer(browser, 'about:blank'));
    await page.route('https://www.youtube.com/**', (route) => route.abort());
    await page.goto(engine.url + link);
    await byId(page, 'failure').getByText(/youtube\.com is unreachable/).waitFor();
  });
});
