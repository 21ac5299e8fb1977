// Two people and a link: the main job, in real browsers, on the shipped engine.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import {
  byId, film, look, openRoom, openViewer, startWithMedia, until, untilInStep, untilPaused, untilPlayerIs, untilPlaying,
} from './support.mjs';

describe('watching together', { timeout: 240_000 }, () => {
  let engine;
  let browser;
  let other;
  const open = [];
  const track = (viewer) => {
    open.push(viewer);
    return viewer;
  };
  const newRoom = async (request = {}) => (await engine.createRoom({ title: 'Film night', media: film, ...request })).link;
  const enter = async (link, from = browser) => track(await openRoom(from, engine, link));

  before(async () => {
    engine = await startWithMedia();
    [browser, other] = await Promise.all([launch(), launch()]);
  });
  afterEach(async () => {
    const pages = open.splice(0);
    for (const viewer of pages) {
      const seen = await look(viewer.page).catch(() => undefined);
      assert.deepEqual(viewer.errors, [], 'a page threw');
      if (seen) assert.equal(seen.hashMismatches, 0, 'a state did not match its hash');
    }
    await Promise.all(pages.map((viewer) => viewer.close()));
  });
  after(async () => {
    await Promise.all([browser?.close(), other?.close()]);
    await engine?.stop();
  });

  it('a room made on the landing page is entered by its link from another browser', async () => {
    const { page } = track(await openViewer(browser, engine.url));
    await byId(page, 'url-input').fill('/media/demo.mp4');
    await byId(page, 'title-input').fill('Our evening');
    await byId(page, 'create').click();
    await page.waitForURL(/\/r\/[\w-]+#j\./);
    await untilLive(page);
    const link = await byId(page, 'copy-link').getAttribute('data-link');
    assert.match(link, /\/r\/[\w-]+#j\./, 'the link carries the join token, not the owner\'s');
    const guest = track(await openViewer(other, link));
    await untilLive(guest.page);
    await until('both see two viewers', async () => [await look(page), await look(guest.page)], (seen) => seen.every((each) => each.viewerCount === 2));
    assert.equal(await byId(guest.page, 'room-title').textContent(), 'Our evening');
    const { me, viewers } = await look(page);
    assert.equal(viewers.find(({ id }) => id === me).owner, true, 'who made the room owns it');
    assert.equal((await look(guest.page)).viewers.filter(({ owner }) => owner).length, 1);
  });

  it('whoever plays, pauses or seeks does it for everyone, and they stay in step', async () => {
    const link = await newRoom();
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await byId(ann.page, 'play').click();
    await Promise.all([untilPlaying(ann.page), untilPlaying(ben.page)]);
    await untilInStep(ann, ben);

    await byId(ben.page, 'pause').click();
    const stood = await Promise.all([untilPaused(ann.page), untilPaused(ben.page)]);
    assert.ok(Math.abs(stood[0].media.positionMs - stood[1].media.positionMs) < 34, 'paused on the same frame');

    await ann.page.keyboard.press('l');
    await untilPlayerIs(ben.page, 'the other follows a seek while paused', (media, seen) => Math.abs(media.positionMs - stood[0].media.positionMs - 10_000) < 100 && !seen.playing);

    await byId(ben.page, 'play').click();
    await Promise.all([untilPlaying(ann.page), untilPlaying(ben.page)]);
    await byId(ben.page, 'seek').focus();
    await ben.page.keyboard.press('Home');
    await untilPlayerIs(ann.page, 'the other follows a seek while playing', (media) => media.positionMs < 3000 && !media.paused);
    await untilInStep(ann, ben);
  });

  it('dragging the slider sends a few seeks and always the last', async () => {
    const link = await newRoom();
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await untilPlayerIs(ann.page, 'the length is known', (media, seen) => seen.durationMs > 0);
    await ben.page.evaluate(() => {
      window.sought = [];
      window.playhead.room.onEvent(({ kind, positionMs }) => kind === 'sought' && window.sought.push(positionMs));
    });
    const box = await byId(ann.page, 'seek').boundingBox();
    const at = (share) => [box.x + box.width * share, box.y + box.height / 2];
    await ann.page.mouse.move(...at(0.1));
    await ann.page.mouse.down();
    for (let step = 1; step <= 40; step += 1) await ann.page.mouse.move(...at(0.1 + step * 0.02));
    await ann.page.mouse.up();
    const mine = (await look(ann.page)).roomMs;
    assert.ok(mine > 34_000, `the slider ended at 90 %, the room stands at ${mine}`);
    await untilPlayerIs(ben.page, 'the other stands where the drag ended', (media, seen) => Math.abs(seen.roomMs - mine) < 1 && Math.abs(media.positionMs - mine) < 50);
    const seeks = await ben.page.evaluate(() => window.sought.length);
    assert.ok(seeks >= 1 && seeks <= 10, `${seeks} seeks for 40 moves`);
  });

  it('the link is copied', async () => {
    const link = await newRoom();
    const { page } = await enter(link);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await byId(page, 'copy-link').click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), engine.url + link);
  });

  it('a speed holds for everyone', async () => {
    const link = await newRoom();
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await byId(ann.page, 'play').click();
    await untilPlaying(ben.page);
    await byId(ben.page, 'rate').click();
    await ben.page.getByRole('menuitemradio', { name: '1.5×' }).click();
    await Promise.all([ann, ben].map(({ page }) => untilPlayerIs(page, 'plays at 1.5', (media, seen) => seen.rate === 1.5 && Math.abs(media.rate - 1.5) < 0.2)));
    await untilInStep(ann, ben);
  });

  it('who comes later stands where the others are', async () => {
    const link = await newRoom();
    const ann = await enter(link);
    await byId(ann.page, 'play').click();
    await untilPlayerIs(ann.page, 'is under way', (media) => media.positionMs > 2000);
    const late = await enter(link, other);
    await untilPlaying(late.page);
    await untilInStep(ann, late);
  });

  it('a reloaded tab is the same viewer', async () => {
    const link = await newRoom();
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await until('both are there', () => look(ann.page), (seen) => seen.viewerCount === 2);
    const before = await look(ben.page);
    await ben.page.reload();
    await untilLive(ben.page);
    const now = await look(ben.page);
    assert.equal(now.me, before.me);
    await until('nobody was added', () => look(ann.page), (seen) => seen.viewerCount === 2 && seen.viewers.every(({ connected }) => connected));
  });

  it('a viewer who leaves is gone from the list', async () => {
    const link = await newRoom();
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await until('both are there', () => look(ann.page), (seen) => seen.viewerCount === 2);
    await ben.page.evaluate(() => window.playhead.room.leave());
    await until('one is left', () => look(ann.page), (seen) => seen.viewerCount === 1);
    assert.equal(await byId(ann.page, 'viewer').count(), 1);
  });

  it('names and titles made of markup are text to everyone', async () => {
    const markup = '<img src=x onerror=window.pwned=1>';
    const link = await newRoom({ title: `<script>window.pwned=1</script>${markup}` });
    const [ann, ben] = await Promise.all([enter(link), enter(link, other)]);
    await byId(ben.page, 'rename').click();
    await byId(ben.page, 'name-input').fill(markup.slice(0, 32));
    await byId(ben.page, 'save-name').click();
    await ann.page.getByTestId('viewer-name').filter({ hasText: '<img src=x' }).waitFor();
    for (const { page } of [ann, ben]) {
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.locator('img').count(), 0);
      assert.match(await byId(page, 'room-title').textContent(), /<img/);
    }
    await byId(ben.page, 'play').click();
    await byId(ann.page, 'toasts').getByText('<img src=x').waitFor();
  });

  it('a link that leads nowhere says so and what to do', async () => {
    const nowhere = track(await openViewer(browser, `${engine.url}/r/no-such-room#j.no-such-room.AAAAAAAAAAAAAAAAAAAAAA`));
    await nowhere.page.getByText('There is no such room.').waitFor();
    const { room } = await engine.createRoom({ title: 'Den', media: film });
    const wrong = track(await openViewer(browser, `${engine.url}/r/${room}#j.${room}.AAAAAAAAAAAAAAAAAAAAAA`));
    await wrong.page.getByText('This link no longer opens the room.').waitFor();
    const cut = track(await openViewer(browser, `${engine.url}/r/${room}`));
    await cut.page.getByText('This link is not complete.').waitFor();
  });

  it('a public room is found on the landing page and needs no token in its link', async () => {
    const { room } = await engine.createRoom({ title: 'Open house', listed: true, media: film });
    const { page } = track(await openViewer(browser, engine.url));
    await byId(page, 'public-rooms').getByText('Open house').click();
    await untilLive(page);
    const bare = track(await openViewer(other, `${engine.url}/r/${room}`));
    await untilLive(bare.page);
    await until('they meet', () => look(page), (seen) => seen.viewerCount === 2);
  });
});
