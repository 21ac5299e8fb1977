// Starting under bad circumstances: the exit code says whose fault it is, the sentence says what to do. And what the
// engine writes down never holds what lets somebody in.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../harness/engine.mjs';
import { helloOf, join, RawViewer, sleep, startBesieged, until } from './client.mjs';

const binary = path.join(process.env.PLAYHEAD_BUILD ?? path.join(root, 'build/release'), 'engine/app/playhead');

describe('starting', { timeout: 60_000 }, () => {
  let folder;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'playhead-start-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...arguments_) => {
    const { status, stdout, stderr } = spawnSync(binary, arguments_, { encoding: 'utf8', timeout: 20_000, cwd: folder });
    return { status, stdout, stderr };
  };
  const script = (text) => {
    const file = path.join(folder, 'config.lua');
    writeFileSync(file, text);
    return file;
  };

  it('says how it is used, and which version it is', () => {
    assert.deepEqual([run('--help').status, run('--version').status], [0, 0]);
    assert.match(run('--help').stdout, /usage: playhead CONFIG/);
    assert.match(run('--version').stdout, /^playhead \d+\.\d+\.\d+\n$/);
  });

  it('a wrong command line is 2, and shows the right one', () => {
    for (const wrong of [[], ['--nonsense'], ['a.lua', 'b.lua'], ['a.lua', '--listen'], ['a.lua', '--listen', 'x']]) {
      const { status, stderr } = run(...wrong);
      assert.equal(status, 2, wrong.join(' '));
      assert.match(stderr, /usage: playhead CONFIG/);
    }
  });

  it('a script that is missing, loops, fails or returns nonsense is 2, and named', () => {
    assert.equal(run('nowhere.lua').status, 2);
    for (const text of [
      'while true do end', 'error("broken")', 'return 7', 'return nil', 'return function() end', 'return {', 'x = = y',
      'return { listen = 8080 }', 'return { tick_rate_hz = 1e9 }', 'return { rooms = { { id = "a b" } } }',
      'return { rooms = { { id = "a" }, { id = "a" } } }',
      'return string.rep("x", 1e9)', 'local t = {} for i = 1, 1e9 do t[i] = i end return t', 'return io.open("/etc/passwd")',
      'os.execute("true") return {}', 'local function f() return f() end return f()', '\x1bLua',
    ]) {
      const { status, stderr } = run(script(text));
      assert.equal(status, 2, `${text}: ${stderr}`);
      assert.match(stderr, /config\.lua/, text);
    }
  });

  it('an unknown key is answered with the nearest known one', () => {
    const { status, stderr } = run('--check', script('return { limits = { viewer_grce_s = 5 } }'));
    assert.equal(status, 2);
    assert.match(stderr, /viewer_grce_s.*viewer_grace_s/);
  });

  it('--check prints what a script comes to, which is a script that comes to the same', () => {
    const first = run('--check', script('return { listen = "127.0.0.1:0", limits = { rooms_max = 5 } }'));
    assert.equal(first.status, 0);
    assert.match(first.stdout, /rooms_max = 5/);
    assert.equal(run('--check', script(first.stdout)).stdout, first.stdout);
  });

  it('a port that is taken is 1, and so is a folder that is missing', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await until(() => other.listening, 'another program listens');
    const taken = run(script(`return { listen = "127.0.0.1:${other.address().port}" }`));
    other.close();
    assert.equal(taken.status, 1);
    assert.match(taken.stderr, /another program has this port.*--listen/);
    const missing = run(script('return { listen = "127.0.0.1:0", web_root = "nowhere" }'));
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /web_root.*nowhere.*build the web app/);
    const foreign = run(script('return { listen = "192.0.2.1:0" }'));
    assert.equal(foreign.status, 1);
    assert.match(foreign.stderr, /give an address of this machine/);
  });
});

describe('what is written down', { timeout: 60_000 }, () => {
  it('no log, at any level, holds a token', async () => {
    const engine = await startBesieged({ log_level: 'trace' });
    let log = '';
    engine.child.stderr.on('data', (chunk) => (log += chunk));
    const room = await engine.createRoom({ title: 'secret' });
    const viewer = await join(engine, { room: room.room, token: room.owner_token });
    const { resumeToken } = viewer.find('welcome');
    const refused = new RawViewer(engine, 'target');
    await refused.untilUpgraded();
    refused.say(helloOf({ room: 'target', token: room.join_token }));
    await refused.untilClosed();
    viewer.destroy();
    await sleep(300);
    await engine.stop();
    assert.match(log, /room_created|session/, 'there is a log at all');
    for (const token of [room.join_token, room.owner_token, resumeToken]) {
      assert.ok(!log.includes(token.split('.')[2]), `${token.slice(0, 2)} token in the log`);
    }
  });
});
