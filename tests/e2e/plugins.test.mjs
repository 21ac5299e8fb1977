// A room with rules: what its plugins share and decide, as two people in two browsers see it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import { root } from '../harness/engine.mjs';
import {
  byId, complaints, film, look, openRoom, say, startWithMedia, until, untilLines, untilPaused, untilPlayerIs, untilPlaying,
} from './support.mjs';

const plugins = {
  roles: {},
  host_control: { mode: 'host', grace_s: 2 },
  chat: { per_s: 5, burst: 20 },
  reactions: {},
  cursors: { hz: 20 },
  queue: { gap_s: 1 },
  ready: {},
  vote: { motion_s: 20, share: 0.6 },
  presence: { gather_s: 0.2, away_after_s: 1 },
  schedule: {},
};

const shared = (page, plugin) => page.evaluate((name) => window.playhead.room.view.plugins[name]?.state, plugin);
// What cannot be used stays where it is and says why when it is pressed all the same.
const pressAnyway = (page, id) => byId(page, id).first().click({ force: true });

describe('a room with plugins', { timeout: 300_000 }, () => {
  let engine;
  let browser;
  let other;
  const open = [];
  const enter = async (link, from = browser, options = { viewport: { width: 1280, height: 800 } }) => {
    const viewer = await openRoom(from, engine, link, options);
    open.push(viewer);
    await until('its plugins are shown', () => viewer.page.getByRole('tab').count(), (count) => count >= 4);
    return viewer;
  };
  // The host comes by the owner's link, the guest by the room's.
  const two = async (request = {}) => {
    const { room, link, owner_token: token } = await engine.createRoom({ title: 'Film night', media: film, ...request });
    const host = await enter(`/r/${room}#${token}`);
    const guest = await enter(link, other);
    await until('the host has the remote', () => shared(guest.page, 'host_control'), (state) => state?.host !== null);
    return { host, guest, link };
  };

  before(async () => {
    engine = await startWithMedia({ plugins_folder: path.join(root, 'plugins'), plugins });
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

  it('only the host can seek, play and pause; the other sees why', async () => {
    const { host, guest } = await two();
    for (const id of ['play', 'change-media']) {
      assert.equal(await byId(guest.page, id).getAttribute('aria-disabled'), 'true');
      assert.match(await byId(guest.page, id).getAttribute('title'), /only the host/i);
    }
    assert.equal(await byId(guest.page, 'seek').isDisabled(), true);
    assert.equal(await byId(host.page, 'play').getAttribute('aria-disabled'), 'false');
    await pressAnyway(guest.page, 'play');
    await byId(guest.page, 'toasts').getByText(/only the host/i).waitFor();

    await byId(host.page, 'play').click();
    await Promise.all([untilPlaying(host.page), untilPlaying(guest.page)]);
    // The page would not send it; the engine refuses it all the same, and nothing of it stays.
    const refused = await guest.page.evaluate(() => window.playhead.room.pause());
    assert.equal(refused.verdict, 'refused');
    assert.equal(refused.code, 'denied');
    assert.equal(refused.plugin, 'host_control');
    assert.match(refused.message, /only the host/i);
    assert.equal((await look(guest.page)).playing, true, 'the refused pause was rolled back');
    assert.equal((await look(host.page)).playing, true);

    // The remote is handed over: now it is the other way round.
    const guestId = (await look(guest.page)).me;
    await byId(host.page, 'tab-people').click();
    await host.page.locator(`[data-viewer="${guestId}"]`).getByTestId('viewer-menu').click();
    await host.page.locator('[data-action="hand-over"]').click();
    await until('the guest may', () => byId(guest.page, 'pause').getAttribute('aria-disabled'), (value) => value === 'false');
    await byId(guest.page, 'pause').click();
    await Promise.all([untilPaused(host.page), untilPaused(guest.page)]);
  });

  it('lines arrive, are answered, changed and taken back, and are there after a reload and for late joiners', async () => {
    const { host, guest, link } = await two();
    await say(host.page, 'Hello <b>all</b>');
    await untilLines(guest.page, ['Hello <b>all</b>']);
    assert.equal(await guest.page.locator('.chat-text b').count(), 0, 'what is said is text');
    await guest.page.getByTestId('chat-line').first().hover();
    await byId(guest.page, 'chat-reply').first().click();
    await say(guest.page, 'at 0:10');
    await untilLines(host.page, ['Hello <b>all</b>', 'at 0:10']);
    await host.page.locator('.chat-answered').waitFor();

    // The host's click on a time takes everyone there; the guest's tells why not.
    await host.page.getByTestId('chat-text').last().getByRole('button', { name: '0:10' }).click();
    await untilPlayerIs(guest.page, 'stands at 0:10', (media, seen) => Math.abs(seen.roomMs - 10_000) < 100);
    await byId(guest.page, 'chat-input').focus();
    await guest.page.keyboard.press('ArrowUp');
    await say(guest.page, 'at 0:20');
    await untilLines(host.page, ['Hello <b>all</b>', 'at 0:20']);

    await host.page.getByTestId('chat-line').last().hover();
    await byId(host.page, 'chat-delete').last().click();
    await untilLines(guest.page, ['Hello <b>all</b>']);
    await guest.page.reload();
    await untilLive(guest.page);
    await untilLines(guest.page, ['Hello <b>all</b>']);
    const late = await enter(link, other);
    await untilLines(late.page, ['Hello <b>all</b>']);
  });

  it('who types is seen, and what came meanwhile is counted', async () => {
    const { host, guest } = await two();
    await byId(guest.page, 'chat-input').pressSequentially('hm');
    await byId(host.page, 'chat-typing').getByText('is typing').waitFor();
    await byId(host.page, 'tab-queue').click();
    await byId(guest.page, 'chat-input').press('Enter');
    await byId(host.page, 'chat-unread').getByText('1').waitFor();
    await byId(host.page, 'tab-chat').click();
    await untilLines(host.page, ['hm']);
    assert.equal(await byId(host.page, 'chat-unread').count(), 0);
  });

  it('a reaction rises over both films, at its place', async () => {
    const { host, guest } = await two();
    await byId(host.page, 'reactions').getByRole('button').nth(1).click();
    await Promise.all([host, guest].map(({ page }) => page.locator('.float').first().waitFor({ state: 'attached' })));
    const from = await byId(guest.page, 'reactions').getByRole('button').first().boundingBox();
    const picture = await byId(guest.page, 'picture').boundingBox();
    await guest.page.mouse.move(from.x + 10, from.y + 10);
    await guest.page.mouse.down();
    await guest.page.mouse.move(picture.x + picture.width * 0.25, picture.y + picture.height * 0.5, { steps: 5 });
    await guest.page.mouse.up();
    const placed = host.page.locator('.float-placed');
    await placed.waitFor({ state: 'attached' });
    assert.match(await placed.getAttribute('style'), /left: 25(\.\d+)?%; top: (49|50)(\.\d+)?%/);
  });

  it('a pointer over the film is seen by the other, where it is', async () => {
    const { host, guest } = await two();
    const picture = await byId(host.page, 'picture').boundingBox();
    await host.page.mouse.move(picture.x + 20, picture.y + 20);
    await host.page.mouse.move(picture.x + picture.width / 2, picture.y + picture.height / 4, { steps: 4 });
    const cursor = guest.page.locator('.cursor');
    await cursor.waitFor({ state: 'attached' });
    await until('it stands where the pointer is', () => cursor.getAttribute('style'), (style) => /--x: 0\.5\b.*--y: 0\.2/.test(style));
    assert.equal(await host.page.locator('.cursor').count(), 0, 'not one\'s own');
    await host.page.mouse.move(picture.x + picture.width / 2, picture.y + picture.height + 150);
    await until('it is gone', () => cursor.count(), (count) => count === 0);
  });

  it('the queue is reordered by dragging and by keys, and goes on by itself at the end', async () => {
    const { host, guest, link } = await two();
    for (const { page } of [host, guest]) await byId(page, 'tab-queue').click();
    await byId(host.page, 'play').click();
    await untilPlaying(host.page);
    for (const name of ['one', 'two', 'three']) {
      await byId(guest.page, 'queue-url').fill(`/media/demo.mp4?${name}`);
      await byId(guest.page, 'queue-url').press('Enter');
      await until('it was taken', () => byId(guest.page, 'queue-url').inputValue(), (value) => value === '', 10_000, () => complaints(guest.page));
    }
    await until('three wait', () => byId(host.page, 'queue-item').count(), (count) => count === 3);
    const order = async (page) => (await shared(page, 'queue')).items.map(({ id }) => id);
    const [one, two_, three] = await order(host.page);

    const grip = (id) => host.page.locator(`[data-item="${id}"] .queue-grip`).boundingBox();
    const [from, to] = [await grip(three), await grip(one)];
    await host.page.mouse.move(from.x + 8, from.y + 8);
    await host.page.mouse.down();
    await host.page.mouse.move(to.x + 8, to.y - 4, { steps: 8 });
    await host.page.mouse.up();
    await until('the third is first for everyone', () => order(guest.page), (ids) => ids.join() === [three, one, two_].join());
    await host.page.locator(`[data-item="${three}"] .queue-grip`).press('ArrowDown');
    await until('it went down one', () => order(guest.page), (ids) => ids.join() === [one, three, two_].join());

    await guest.page.locator(`[data-item="${one}"] .queue-grip`).press('ArrowDown');
    assert.match(await guest.page.locator(`[data-item="${one}"] .queue-grip`).getAttribute('title'), /only the host/i);
    assert.deepEqual(await order(guest.page), [one, three, two_], 'guests do not reorder');
    await guest.page.locator(`[data-item="${two_}"]`).getByTestId('queue-remove').click();
    await until('one\'s own can be removed', () => order(host.page), (ids) => ids.length === 2);
    const late = await enter(link, other);
    assert.deepEqual(await order(late.page), [one, three]);

    const before = (await look(host.page)).url;
    await host.page.evaluate(() => window.playhead.room.seek(39_000));
    await until('the next one plays', () => look(guest.page), ({ url, playing }) => url !== before && playing, 20_000);
    assert.deepEqual(await order(guest.page), [three]);
  });

  it('what the vote decides happens, and each sees it grow', async () => {
    const { host, guest } = await two();
    await byId(host.page, 'tab-room').click();
    await byId(host.page, 'mode-vote').click();
    await until('anyone may ask', () => byId(guest.page, 'play').getAttribute('aria-disabled'), (value) => value === 'false');
    await byId(guest.page, 'play').click();
    await byId(guest.page, 'toasts').getByText('Put to the vote').waitFor();
    const motion = byId(host.page, 'motion-banner');
    await motion.getByText('Go on playing?').waitFor();
    assert.equal((await look(host.page)).playing, false, 'nothing happens before enough have said yes');
    await motion.getByTestId('vote-yes').click();
    await Promise.all([untilPlaying(host.page), untilPlaying(guest.page)]);
  });

  it('a poll shows its results as they come, also after a reload', async () => {
    const { host, guest } = await two();
    for (const { page } of [host, guest]) await byId(page, 'tab-vote').click();
    await byId(host.page, 'ask-question').fill('Pizza?');
    await byId(host.page, 'ask-as-poll').check();
    await byId(host.page, 'ask-option').nth(0).fill('Yes');
    await byId(host.page, 'ask-option').nth(1).fill('No');
    await byId(host.page, 'ask-start').click();
    const option = (page, at) => byId(page, 'poll-option').nth(at);
    await option(guest.page, 0).click();
    await until('one vote of one', () => option(host.page, 0).textContent(), (text) => /1 100 %/.test(text));
    await option(host.page, 1).click();
    await until('half and half', () => option(guest.page, 1).textContent(), (text) => /1 50 %/.test(text));
    await guest.page.reload();
    await untilLive(guest.page);
    await byId(guest.page, 'tab-vote').click();
    await until('the own choice is known', () => option(guest.page, 0).getAttribute('aria-pressed'), (pressed) => pressed === 'true');
  });

  it('a ready check starts the film once everyone has said yes', async () => {
    const { host, guest } = await two();
    await byId(host.page, 'tab-people').click();
    await byId(host.page, 'ready-start').click();
    // Who asks is ready.
    await byId(guest.page, 'ready-yes').click();
    await Promise.all([untilPlaying(host.page), untilPlaying(guest.page)]);
    assert.equal(await byId(host.page, 'ready-check').count(), 0);
  });

  it('the room waits for a viewer without data, says for whom, and goes on when somebody wants to', async () => {
    const { host, guest } = await two();
    let letThrough;
    const held = new Promise((resolve) => {
      letThrough = resolve;
    });
    await guest.page.route('**/media/*slow*', async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await host.page.evaluate(() => window.playhead.room.load({ kind: 'file', url: '/media/demo.mp4?slow', title: 'Slow', play: true }));
    await byId(host.page, 'waiting').getByText(/Waiting for Guest 2 \(buffering\) \(\d+ s\)/).waitFor();
    assert.equal((await look(host.page)).playing, false, 'the others stand still meanwhile');
    await guest.page.getByText('Do not wait for me').waitFor();
    await byId(host.page, 'go-on').click();
    await untilPlaying(host.page);
    await until('nobody is waited for', () => byId(host.page, 'waiting').count(), (count) => count === 0);
    letThrough();
    await untilPlaying(guest.page);
  });

  it('a film set for a time is counted down to, and starts by itself', async () => {
    const { host, guest } = await two();
    const { verdict } = await host.page.evaluate(() => window.playhead.room.command('schedule', 'set', { in_s: 4 }));
    assert.equal(verdict, 'applied');
    await byId(guest.page, 'countdown').getByText(/starts at .* · 0:0\d/).waitFor();
    assert.match(await byId(guest.page, 'start-now').getAttribute('title'), /only the host/i);
    await Promise.all([untilPlaying(host.page), untilPlaying(guest.page)]);
    assert.equal(await byId(guest.page, 'countdown').count(), 0);
  });

  it('who is right back is shown as such, and who came is told', async () => {
    const { host, guest } = await two();
    await byId(host.page, 'toasts').getByText(/Guest 2 joined/).waitFor();
    await byId(guest.page, 'tab-people').click();
    await byId(guest.page, 'right-back').click();
    await byId(host.page, 'tab-people').click();
    await host.page.getByTestId('away').getByText('right back').waitFor();
    await byId(guest.page, 'right-back').click();
    await until('is back', () => byId(host.page, 'away').count(), (count) => count === 0);
  });

  it('a muted viewer cannot write and sees it; a kicked one is told why', async () => {
    const { host, guest } = await two();
    const guestId = (await look(guest.page)).me;
    await byId(host.page, 'tab-people').click();
    const act = async (action) => {
      await host.page.locator(`[data-viewer="${guestId}"]`).getByTestId('viewer-menu').click();
      await host.page.locator(`[data-action="${action}"]`).click();
    };
    await act('mute');
    await byId(host.page, 'ask-do').click();
    await until('the field is closed', () => byId(guest.page, 'chat-input').isDisabled(), (disabled) => disabled);
    assert.match(await byId(guest.page, 'chat-input').getAttribute('placeholder'), /muted/i);
    await act('kick');
    await byId(host.page, 'ask-reason').fill('spoilers');
    await byId(host.page, 'ask-do').click();
    await byId(guest.page, 'refused').getByText('You were shown the door.').waitFor();
    assert.match(await byId(guest.page, 'refused').textContent(), /spoilers/);
    await until('the guest is gone', () => look(host.page), (seen) => seen.viewerCount === 1);
  });

  it('a ban holds in a new tab of the same browser, and can be lifted', async () => {
    const { host, guest, link } = await two();
    const guestId = (await look(guest.page)).me;
    await byId(host.page, 'tab-people').click();
    await host.page.locator(`[data-viewer="${guestId}"]`).getByTestId('viewer-menu').click();
    await host.page.locator('[data-action="ban"]').click();
    await byId(host.page, 'ask-time').selectOption({ label: '1 day' });
    await byId(host.page, 'ask-do').click();
    await byId(guest.page, 'refused').getByText('You are banned from this room.').waitFor();
    const again = await guest.page.context().newPage();
    await again.goto(engine.url + link);
    await byId(again, 'refused').getByText('You are banned from this room.').waitFor();

    await byId(host.page, 'tab-room').click();
    await byId(host.page, 'bans').getByText('Banned: 1').click();
    await byId(host.page, 'bans').getByRole('button', { name: 'Lift' }).click();
    await until('nobody is banned', () => byId(host.page, 'bans').count(), (count) => count === 0);
    await again.goto(`${engine.url}/`);
    await again.goto(engine.url + link);
    await untilLive(again);
  });

  it('on a telephone everything is in reach and nothing hangs over the edge', async () => {
    const { room, owner_token: token } = await engine.createRoom({ title: 'Pocket', media: film });
    const { page } = await enter(`/r/${room}#${token}`, browser, { viewport: { width: 360, height: 740 } });
    for (const tab of ['chat', 'queue', 'vote', 'people', 'room']) {
      await byId(page, `tab-${tab}`).click();
      const [wide, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window_, `${tab}: ${wide} pixels in a window of ${window_}`);
    }
  });

  it('every control has a name, and the keyboard reaches the tabs and what is in them', async () => {
    const { host } = await two();
    for (const tab of ['queue', 'vote', 'people', 'room', 'chat']) {
      await byId(host.page, `tab-${tab}`).click();
      const nameless = await host.page.evaluate(() =>
        [...document.querySelectorAll('button, a, input, select, textarea, meter')]
          .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length || each.closest('label')))
          .map((each) => each.outerHTML));
      assert.deepEqual(nameless, [], tab);
    }
    await byId(host.page, 'tab-chat').focus();
    await host.page.keyboard.press('ArrowRight');
    assert.equal(await byId(host.page, 'tab-queue').getAttribute('aria-selected'), 'true');
    await host.page.keyboard.press('Tab');
    assert.equal(await host.page.evaluate(() => document.activeElement?.closest('[role=tabpanel]') !== null), true);
  });
});
