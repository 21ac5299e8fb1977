// The page around the picture: browsers that want a tap first, small screens, colours, keys, names for everything.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import { byId, film, look, openRoom, openViewer, quietly, startWithMedia, until, untilInStep, untilPlayerIs, untilPlaying } from './support.mjs';

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

describe('the page', { timeout: 180_000 }, () => {
  let engine;
  let browser;
  let strict;
  const open = [];
  const track = (viewer) => {
    open.push(viewer);
    return viewer;
  };
  const newRoom = async (request = {}) => (await engine.createRoom({ title: 'Film night', media: film, ...request })).link;

  // A page that nobody has touched yet, in a browser that minds.
  const untilBlocked = async (link) => {
    const viewer = await openViewer(strict, engine.url + link);
    const ask = await quietly(viewer.page);
    await until('a tap is asked for', () => ask(`document.querySelector('[data-testid="blocked"]') !== null`), Boolean);
    return viewer;
  };

  before(async () => {
    engine = await startWithMedia();
    [browser, strict] = await Promise.all([launch(), launch(['--autoplay-policy=document-user-activation-required'])]);
  });
  afterEach(async () => {
    const pages = open.splice(0);
    for (const { errors } of pages) assert.deepEqual(errors, [], 'a page threw');
    await Promise.all(pages.map((viewer) => viewer.close()));
  });
  after(async () => {
    await Promise.all([browser?.close(), strict?.close()]);
    await engine?.stop();
  });

  it('a browser that forbids playing asks for a tap, tells the others, and joins by it', async () => {
    const link = await newRoom();
    const ann = track(await openRoom(browser, engine, link));
    await byId(ann.page, 'play').click();
    await untilPlaying(ann.page);
    const ben = track(await untilBlocked(link));
    await until('the others see it', () => ann.page.getByText('needs a tap').count(), (count) => count > 0);
    assert.equal((await look(ann.page)).playing, true, 'nobody waits');
    await byId(ben.page, 'unblock').click();
    await untilPlaying(ben.page);
    assert.equal(await byId(ben.page, 'blocked').count(), 0);
    await untilInStep(ann, ben);
  });

  it('a start without sound needs no more than its button', async () => {
    const link = await newRoom();
    const ann = track(await openRoom(browser, engine, link));
    await byId(ann.page, 'play').click();
    await untilPlaying(ann.page);
    const ben = track(await untilBlocked(link));
    await byId(ben.page, 'unblock-muted').click();
    await untilPlaying(ben.page);
    assert.equal(await ben.page.evaluate(() => window.playhead.media.muted), true);
    await byId(ben.page, 'unmute').click();
    assert.equal(await ben.page.evaluate(() => window.playhead.media.muted), false);
    await untilPlaying(ben.page);
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`fits a phone, ${colorScheme}`, async () => {
      const link = await newRoom({ title: 'A room with a name that is longer than any phone is wide, by far', listed: true });
      const room = track(await openRoom(browser, engine, link, { ...phone, colorScheme }));
      await untilPlayerIs(room.page, 'metadata is there', (player) => player.readyState >= 1);
      const landing = track(await openViewer(browser, engine.url, { ...phone, colorScheme }));
      await byId(landing.page, 'public-rooms').getByRole('link').first().waitFor();
      for (const { page } of [room, landing]) {
        const { wide, room: width } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }));
        assert.ok(wide <= width, `${wide} px wide on a screen of ${width}`);
      }
      for (const id of ['play', 'seek', 'copy-link', 'sync-badge', 'fullscreen']) {
        const box = await byId(room.page, id).boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= 360, `${id} is on the screen`);
      }
      const background = await room.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      assert.equal(background, colorScheme === 'light' ? 'rgb(246, 245, 242)' : 'rgb(19, 20, 23)');
    });
  }

  it('a chosen theme outlives the page', async () => {
    const { page } = track(await openViewer(browser, engine.url, { colorScheme: 'light' }));
    await byId(page, 'theme').click();
    await byId(page, 'theme').click();
    await page.reload();
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
  });

  it('every control has a name and can be reached by keyboard', async () => {
    const { page } = track(await openRoom(browser, engine, await newRoom()));
    await untilPlayerIs(page, 'the length is known to the room', (player, seen) => player.readyState >= 1 && seen.durationMs > 0);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a, input')]
        .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length))
        .map((each) => each.outerHTML));
    assert.deepEqual(nameless, []);
    const reached = new Set();
    for (let step = 0; step < 25; step += 1) {
      await page.keyboard.press('Tab');
      const seen = await page.evaluate(() => {
        const at = document.activeElement;
        return { id: at?.dataset?.testid ?? '', ring: at ? getComputedStyle(at).outlineStyle : 'none' };
      });
      if (seen.id) {
        reached.add(seen.id);
        assert.notEqual(seen.ring, 'none', `${seen.id} shows that it has the focus`);
      }
    }
    for (const id of ['copy-link', 'change-media', 'theme', 'seek', 'play', 'rate', 'mute', 'volume', 'fullscreen', 'rename']) {
      assert.ok(reached.has(id), `${id} is reached by Tab`);
    }
  });

  it('what a bad link is said to be wrong with is next to it, and nothing is made', async () => {
    const { page } = track(await openViewer(browser, engine.url));
    await byId(page, 'url-input').fill('javascript:alert(1)');
    await byId(page, 'create').click();
    await page.getByText('Only http and https links can be played').waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
  });

  it('nothing on the page breaks its content security policy', async () => {
    const { page } = track(await openViewer(browser, 'about:blank'));
    const complaints = [];
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(engine.url + (await newRoom()));
    await untilLive(page);
    await untilPlayerIs(page, 'metadata is there', (player) => player.readyState >= 1);
    assert.deepEqual(complaints, []);
  });
});
