// playhead-cli against the shipped engine: what a script sees of it is its exit codes and its JSON.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../harness/engine.mjs';
import { run } from './native-programs.mjs';
import { startWithMedia } from './support.mjs';

describe('playhead-cli', { timeout: 120_000 }, () => {
  let engine;
  let guest;
  let owner;
  // Runs a command in a room and returns what it printed as JSON.
  const cli = async (code, ...parameters) => {
    const result = await run('cli', [...parameters, '--json']);
    assert.equal(result.code, code, JSON.stringify({ parameters, ...result }));
    return result.out === '' ? undefined : JSON.parse(result.out.split('\n').at(-1));
  };

  before(async () => {
    engine = await startWithMedia({
      plugins_folder: path.join(root, 'plugins'),
      plugins: { roles: {}, host_control: { mode: 'anyone' }, chat: {}, queue: { start_when_idle: false } },
    });
    const created = await cli(0, '--server', engine.url, 'create', '/media/demo.mp4', '--title', 'Film night', '--listed');
    assert.equal(created.room.length > 0, true);
    guest = `${engine.url}/r/${created.room}#${created.join_token}`;
    owner = `${engine.url}/r/${created.room}#${created.owner_token}`;
  });
  after(() => engine?.stop());

  it('lists rooms and shows the state of one', async () => {
    const { rooms } = await cli(0, '--server', engine.url, 'rooms');
    assert.deepEqual(rooms.map(({ title }) => title), ['Film night']);
    const state = await cli(0, guest, 'state', '--name', 'Ann');
    assert.equal(state.status, 'live');
    assert.equal(state.media.url, '/media/demo.mp4');
    assert.equal(state.playing, false);
    assert.equal(state.viewers.find(({ id }) => id === state.me).name, 'Ann');
    assert.equal(state.hash_mismatches, 0);
    const words = await run('cli', [guest, 'state']);
    assert.match(words.out, /Film night, live over (websocket|enet)/);
  });

  it('plays, seeks, pauses and sets the speed, and the room stays so', async () => {
    assert.equal((await cli(0, guest, 'seek', '0:12.5')).verdict, 'applied');
    assert.equal((await cli(0, guest, 'state')).position_ms, 12_500);
    await cli(0, guest, 'play');
    await cli(0, guest, 'rate', '1.5');
    const playing = await cli(0, guest, 'state');
    assert.equal(playing.playing, true);
    assert.equal(playing.rate, 1.5);
    await cli(0, guest, 'pause');
    await cli(0, guest, 'seek', '60');
    await cli(0, guest, 'seek', '-10');
    assert.equal((await cli(0, guest, 'state')).position_ms, 50_000);
  });

  it('chats, and works the queue by its numbers', async () => {
    await cli(0, guest, 'chat', 'from a script');
    const { plugins } = await cli(0, guest, 'state');
    assert.equal(plugins.chat.state.log.at(-1).value.text, 'from a script');
    const added = await cli(0, guest, 'queue', 'add', 'https://films.example/b.mp4', '--title', 'B');
    const { items } = await cli(0, guest, 'queue', 'list');
    assert.deepEqual(items.map(({ item, value }) => [item, value.title]), [[added.data.item, 'B']]);
    assert.match((await run('cli', [guest, 'queue', 'list'])).out, new RegExp(`${added.data.item}  B`));
    await cli(0, owner, 'queue', 'remove', String(added.data.item));
    assert.deepEqual((await cli(0, guest, 'queue', 'list')).items, []);
  });

  it('watches for as long as it is told to', async () => {
    const watched = await run('cli', [guest, 'watch', '--for', '2.5', '--json']);
    assert.equal(watched.code, 0);
    const lines = watched.out.split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.length >= 2 && lines.length <= 4, `${lines.length} lines`);
    assert.ok(lines.every(({ status }) => status === 'live'));
  });

  it('says by its exit code what became of it', async () => {
    assert.equal((await cli(1, guest, 'queue', 'remove', '12345')).verdict, 'refused');
    const url = new URL(guest);
    const cases = [
      [[guest, 'dance'], 2, /no command 'dance'/],
      [[guest, 'seek', 'soon'], 2, /no position/],
      [[`${url.origin}/r/nowhere#j.nowhere.AAAA`, 'state'], 3, /./],
      [[`${url.origin}${url.pathname}#j.wrong`, 'state'], 3, /link/],
      [['http://127.0.0.1:9/r/demo#j.demo.AAAA', 'state', '--timeout', '2'], 3, /does not answer/],
      [['--server', 'http://127.0.0.1:9', 'rooms'], 3, /127\.0\.0\.1:9/],
      [['--server', engine.url, 'create', 'ftp://films.example/a.mp4'], 1, /./],
    ];
    for (const [parameters, code, pattern] of cases) {
      const result = await run('cli', parameters);
      assert.equal(result.code, code, JSON.stringify({ parameters, ...result }));
      assert.match(result.errors, pattern);
    }
  });
});
