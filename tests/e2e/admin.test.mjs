// The page for whoever runs the engine: what it shows is so, and changes when the engine's rooms do.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch } from '../harness/browser.mjs';
import { root } from '../harness/engine.mjs';
import { byId, film, openRoom, openViewer, startWithMedia, until, untilPlaying } from './support.mjs';

describe('the admin page', { timeout: 120_000 }, () => {
  const token = 'a-token-for-the-operator-of-this-test';
  let engine;
  let browser;
  const open = [];
  const track = (viewer) => {
    open.push(viewer);
    return viewer;
  };
  const visit = async (contextOptions = {}) => (track(await openViewer(browser, `${engine.url}/admin`, contextOptions))).page;
  const enter = async (page, given) => {
    await byId(page, 'admin-token').fill(given);
    await byId(page, 'admin-token').press('Enter');
  };
  const text = (page, id) => byId(page, id).textContent();

  before(async () => {
    engine = await startWithMedia({ admin_token: token, plugins_folder: path.join(root, 'plugins'), plugins: { chat: {}, presence: {} } });
    browser = await launch();
  });
  afterEach(async () => {
    const pages = open.splice(0);
    for (const { errors } of pages) assert.deepEqual(errors, [], 'a page threw');
    await Promise.all(pages.map((viewer) => viewer.close()));
  });
  after(async () => {
    await browser?.close();
    await engine?.stop();
  });

  it('[H14] shows the room and who is in it, live, and does not ask for the token again', async () => {
    const { room, link } = await engine.createRoom({ title: 'Film <b>night</b>', media: film });
    const ann = track(await openRoom(browser, engine, link));
    const ben = track(await openRoom(browser, engine, link));
    await byId(ann.page, 'play').click();
    await Promise.all([untilPlaying(ann.page), untilPlaying(ben.page)]);

    const page = await visit();
    const complaints = [];
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    await enter(page, token);
    await until('two viewers in one room', async () => [await text(page, 'admin-rooms'), await text(page, 'admin-viewers')],
      ([rooms, viewers]) => rooms === '1' && viewers === '2');
    const row = page.locator(`[data-testid="admin-room"][data-key="${room}"]`);
    await until('the room plays', () => row.textContent(), (seen) => seen.includes('Film <b>night</b>') && seen.includes('playing'));
    assert.equal(await row.locator('a').getAttribute('href'), `/r/${room}`);
    await until('both report how far they are off', () => byId(page, 'admin-drift-histogram').getAttribute('aria-label'),
      (seen) => seen.startsWith('Drift of 2 viewers'));
    await until('something is sent', () => text(page, 'admin-sends'), (seen) => Number.parseFloat(seen) > 0);
    await until('plugins cost something', () => page.locator('[data-testid="admin-plugin"][data-key^="chat@"]').textContent(),
      (seen) => /chat@\d.*\/s/.test(seen));
    assert.match(await text(page, 'admin-engine'), /up for \d+ .*, 20 ticks a second/);

    await ben.page.evaluate(() => window.playhead.room.leave());
    await until('one is left', () => text(page, 'admin-viewers'), (seen) => seen === '1');
    await page.reload();
    await until('it is there at once', () => text(page, 'admin-viewers'), (seen) => seen === '1');
    assert.equal(await byId(page, 'admin-token').count(), 0);
    assert.deepEqual(complaints, []);
  });

  it('says that a token is wrong, and takes the right one then', async () => {
    const page = await visit();
    await enter(page, 'open-sesame-open-sesame');
    await page.getByText('this is not the admin token').waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
    await enter(page, token);
    await byId(page, 'admin-viewers').waitFor();
    // Another tab is another person, as far as anybody knows.
    const other = await visit();
    await byId(other, 'admin-token').waitFor();
  });

  it('keeps its last numbers when the engine is gone', async () => {
    const brief = await startWithMedia({ admin_token: token });
    try {
      const { page } = track(await openViewer(browser, `${brief.url}/admin`));
      await enter(page, token);
      await byId(page, 'admin-viewers').waitFor();
      await brief.stop();
      await page.getByText('These are its last numbers.').waitFor();
      assert.equal(await text(page, 'admin-viewers'), '0');
    } finally {
      await brief.stop();
    }
  });

  it('says where there is nothing to administer', async () => {
    const plain = await startWithMedia();
    try {
      const { page } = track(await openViewer(browser, `${plain.url}/admin`));
      await enter(page, token);
      await byId(page, 'admin-absent').waitFor();
    } finally {
      await plain.stop();
    }
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`fits a phone, ${colorScheme}, and can be used by keyboard`, async () => {
      await engine.createRoom({ title: `A very long title ${'of a room '.repeat(12)}`, media: film });
      const page = await visit({ viewport: { width: 360, height: 740 }, colorScheme });
      await enter(page, token);
      await byId(page, 'admin-room').first().waitFor();
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, 'nothing is wider than the screen');
      const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      assert.equal(background, colorScheme === 'light' ? 'rgb(246, 245, 242)' : 'rgb(19, 20, 23)');
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll('button, a, input, svg[role="img"], [role="meter"]')]
          .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length))
          .map((each) => each.outerHTML));
      assert.deepEqual(nameless, []);
      const header = page.getByRole('columnheader', { name: 'Viewers' });
      assert.equal(await header.getAttribute('aria-sort'), 'descending');
      await header.getByRole('button').focus();
      await page.keyboard.press('Space');
      assert.equal(await header.getAttribute('aria-sort'), 'ascending');
    });
  }
});
