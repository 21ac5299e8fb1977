// The code of a plugin changes, lies and breaks down under a room that people are in.
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launch } from '../harness/browser.mjs';
import { root } from '../harness/engine.mjs';
import { byId, film, look, openRoom, say, startWithMedia, until, untilLines, untilPlaying } from './support.mjs';

describe('a plugin that changes under its room', { timeout: 120_000 }, () => {
  const token = 'a-token-for-the-operator-of-this-test';
  let engine;
  let browser;
  let folder;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'playhead-plugins-'));
    cpSync(path.join(root, 'plugins'), folder, { recursive: true });
    engine = await startWithMedia({ plugins_folder: folder, plugins: { chat: { per_s: 20, burst: 50 }, roles: {} }, admin_token: token });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const reload = async () => {
    const answer = await fetch(`${engine.url}/api/v1/admin/plugins/reload`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    return answer.json();
  };
  const chat = (page) => page.evaluate(() => {
    const { codeHash, suspended } = window.playhead.room.view.plugins.chat;
    return { codeHash, suspended };
  });

  it('keeps its lines through a reload; a fault is shown while it rests, and the room goes on', async () => {
    const { room, owner_token: owner } = await engine.createRoom({ title: 'Film night', media: film });
    const { page, errors, close } = await openRoom(browser, engine, `/r/${room}#${owner}`, { viewport: { width: 1280, height: 800 } });
    try {
      await say(page, 'before');
      await untilLines(page, ['before']);
      const { codeHash } = await chat(page);
      const code = path.join(folder, 'chat/init.lua');
      appendFileSync(code, '\nP:on("played", function() error("a fault of this test") end)\n');
      assert.equal((await reload()).ok, true);
      await until('other code runs', () => chat(page), (seen) => seen.codeHash !== codeHash && !seen.suspended);
      await untilLines(page, ['before']);
      await say(page, 'after');
      await untilLines(page, ['before', 'after']);

      // Code that does not even load is refused, and what runs stays.
      appendFileSync(code, '\nthis is not Lua\n');
      const refused = await reload();
      assert.equal(refused.error.code, 'reload_refused');
      assert.match(refused.error.message, /chat\/init\.lua/);
      await say(page, 'still here');
      await untilLines(page, ['before', 'after', 'still here']);

      for (let time = 0; time < 6; time += 1) {
        await page.evaluate(() => window.playhead.room.play());
        await page.evaluate(() => window.playhead.room.pause());
      }
      await until('it rests', () => chat(page), ({ suspended }) => suspended);
      await page.getByText('resting after a fault').waitFor();
      await byId(page, 'toasts').getByText('broke down').waitFor();
      assert.equal(await byId(page, 'chat-input').isDisabled(), true);
      await byId(page, 'play').click();
      await untilPlaying(page);
      assert.deepEqual(errors, []);
      assert.equal((await look(page)).hashMismatches, 0);
    } finally {
      await close();
    }
  });
});
