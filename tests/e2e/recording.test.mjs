// What happens in the shipped engine is recorded and, by the shipped program, replayed: also when the engine was killed, and
// when names and chat are left out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { build, startEngine } from '../harness/engine.mjs';
import { observe } from '../harness/observer.mjs';
import { until } from './support.mjs';

const token = 'a-token-for-the-operator-of-this-test';
const film = { kind: 'file', url: '/media/demo.mp4', title: 'Demo' };

// Resolves with the exit code and what was printed.
const replay = (...parameters) =>
  new Promise((resolve) => {
    execFile(path.join(build, 'tools/replay/playhead-replay'), parameters, { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });

describe('a recorded room', { timeout: 120_000 }, () => {
  let folder;
  let engine;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'playhead-recordings-'))));
  afterEach(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (record) => {
    const limits = { commands_per_s: 1000, command_burst: 1000 };
    engine = await startEngine({ shards: 1, admin_token: token, record: { folder, ...record }, limits }, { preset: 'demo' });
  };
  const order = async (room, what, body) => {
    const answer = await fetch(`${engine.url}/api/v1/admin/rooms/${room}/recording/${what}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}` }, ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, ...(await answer.json()) };
  };
  const files = (room) => readdirSync(folder).filter((name) => name.startsWith(`${room}.`)).sort().map((name) => path.join(folder, name));

  // Two people and what they do for some seconds.
  const live = async (room, seconds) => {
    const [ann, bob] = [await observe(engine, room), await observe(engine, room)];
    await ann.viewer.setName('Ann Example');
    for (const endMs = Date.now() + seconds * 1000; Date.now() < endMs; ) {
      await ann.viewer.play();
      await bob.viewer.command('chat', 'say', { text: 'a secret of ours' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await bob.viewer.command('reactions', 'react', { emoji: '👍' });
      await ann.viewer.seek(Math.random() * 20_000);
      await ann.viewer.pause();
    }
    return [ann, bob];
  };

  it('is the same again to the last tick that anybody was told of, after kill -9', async () => {
    await start({});
    const room = await engine.createRoom({ title: 'Film night', media: film });
    const viewers = await live(room, 4);
    assert.equal((await viewers[1].viewer.setName('The last word')).verdict, 'applied');
    engine.child.kill('SIGKILL');
    for (const { viewer } of viewers) viewer.leave();
    const [file, ...others] = files(room.room);
    assert.deepEqual(others, []);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const picture = path.join(folder, 'picture.svg');
    const again = await replay('--print', '--svg', picture, file);
    assert.equal(again.code, 0, again.out.slice(-2000) + again.err);
    assert.match(again.out, /all as recorded/);
    assert.match(again.out, /it breaks off there/);
    assert.match(again.out, /Ann Example/);
    assert.match(again.out, /a secret of ours/);
    assert.match(again.out, /The last word/); // it was answered
    assert.match(readFileSync(picture, 'utf8'), /^<svg[^]*class="playing"[^]*class="done"[^]*<\/svg>\n$/);

    const heard = await replay('--viewer', '1', file);
    assert.match(heard.out, /applied \(viewer 1, sequence 1\)/);
    assert.doesNotMatch(heard.out, /applied \(viewer 2/);
    assert.match((await replay('--viewer', '99', file)).out, /viewer 99 was never there/);

    // Without its last bytes it is a recording, too; with other bytes in a plugin's text it is none.
    const bytes = readFileSync(file);
    const torn = path.join(folder, 'torn.playrec');
    writeFileSync(torn, bytes.subarray(0, bytes.length - 10));
    assert.match((await replay(torn)).out, /all as recorded[^]*it breaks off there, within a record/);
    const bent = path.join(folder, 'bent.playrec');
    writeFileSync(bent, Buffer.from(bytes.toString('latin1').replace('local P = ...', 'local Q = ...'), 'latin1'));
    const refused = await replay(bent);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /its text has the hash \w+, and it was recorded as \w+/);
  });

  it('is recorded when it is asked for, without names and chat, and until that is asked for', async () => {
    await start({ all: false, names_and_chat: false }); // whatever is asked for
    const room = await engine.createRoom({ title: 'Film night', media: film });
    const [ann, bob] = await live(room, 2);
    assert.deepEqual(files(room.room), []);
    assert.equal((await engine.api('GET', `/api/v1/rooms/${room.room}`)).recorded, false);
    const begun = await order(room.room, 'start', { names_and_chat: true });
    assert.equal(begun.status, 201, JSON.stringify(begun));
    assert.equal((await engine.api('GET', `/api/v1/rooms/${room.room}`)).recorded, true);
    const twice = await order(room.room, 'start');
    assert.equal(twice.status, 409);
    assert.equal(twice.error.code, 'recording_refused');
    for (let i = 0; i < 10; i += 1) {
      await bob.viewer.command('chat', 'say', { text: 'a secret of ours' });
      await ann.viewer.play();
      await ann.viewer.seek(i * 1000);
    }
    assert.equal((await order(room.room, 'stop')).status, 200);
    assert.equal((await order(room.room, 'stop')).status, 409);
    assert.equal((await order('nowhere', 'start')).status, 404);
    assert.equal((await order(room.room, 'start', { names: 1 })).status, 400);
    const masked = await order(room.room, 'start', { names_and_chat: false });
    assert.equal(masked.status, 201);
    assert.equal((await order(room.room, 'stop')).status, 200);
    const file = path.join(folder, begun.file);
    await until('it is written', () => replay(file), ({ out }) => /it ends because it was asked for/.test(out));
    const again = await replay('--print', file);
    assert.equal(again.code, 0, again.out.slice(-2000) + again.err);
    assert.match(again.out, /names and chat are left out/);
    for (const word of ['secret', 'Example']) {
      assert.doesNotMatch(again.out, new RegExp(word));
      assert.doesNotMatch(readFileSync(file, 'latin1'), new RegExp(word));
    }
    ann.viewer.leave();
    bob.viewer.leave();
  });

  it('goes on in another file when it becomes long, and the oldest files go when there is no room for more', async () => {
    await start({ part_mib: 1, folder_mib: 3 });
    const room = await engine.createRoom({ title: 'Film night', media: film });
    const viewers = await live(room, 1);
    const parts = () => files(room.room).map((file) => Number(/part(\d+)/.exec(file)[1])).sort((a, b) => a - b);
    await until('there are four parts and the first is gone', async () => {
      await Promise.all(Array.from({ length: 60 }, (_, i) => viewers[i % 2].viewer.load({ url: `/media/${'y'.repeat(1900)}${i}.mp4` })));
      return parts();
    }, (seen) => seen.at(-1) >= 4 && seen[0] > 1, 60_000);
    for (const { viewer } of viewers) viewer.leave();
    const written = files(room.room);
    for (const file of written.slice(0, -1)) {
      const again = await replay(file);
      assert.equal(again.code, 0, again.out.slice(-2000) + again.err);
      assert.match(again.out, /it goes on in another part/);
    }
  });
});
