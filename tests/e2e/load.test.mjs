// playhead-load against the shipped engine: a small crowd gets all it is to get, and what it says of that is true.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build, freePort, root, startEngine } from '../harness/engine.mjs';

const program = path.join(build, 'tools/load/playhead-load');
const media = { kind: 'file', url: '/media/demo.mp4' }; // nobody plays it

// Runs playhead-load to its end: { code, objects, errors }, an object for each line of its output.
function load(parameters, input = '') {
  return new Promise((resolve) => {
    const child = execFile(program, parameters, { timeout: 60_000 }, (error, out, errors) => {
      const objects = out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
      resolve({ code: error ? error.code : 0, objects, errors });
    });
    child.stdin.on('error', () => {}); // it may have ended before it was asked
    child.stdin.end(input);
  });
}

// The same whether one shard writes for all of them, or each second one's socket is on another.
const engines = [
  { name: 'one shard', shards: 1, relayed: 1000 },
  { name: 'two shards', shards: 2, relayed: 0 },
];
for (const { name, shards, relayed } of engines) {
  describe(`playhead-load, a room on ${name}`, { timeout: 180_000 }, () => {
    let engine;
    let folder;
    const room = async () => {
      const { link } = await engine.createRoom({ title: 'load', media });
      return `${engine.url}${link}`;
    };
    const metric = async (name) => Number((await engine.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);

    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'playhead-load-'));
      // No page is asked for, and no film is played.
      engine = await startEngine({
        web_root: folder, media_folder: folder, plugins_folder: path.join(root, 'plugins'), plugins: { chat: {}, reactions: {} },
        shards,
        ...(shards === 1 ? { enet: { listen: `127.0.0.1:${await freePort()}` } } : {}), // its shards' ports are in a row
        limits: { commands_per_s: 1000, command_burst: 1000, relayed_viewers_min: relayed }, // for bursts by one viewer
      });
    });
    after(async () => {
      await engine?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('has fifty viewers watch, act and hear each other for two seconds, and nothing gets lost', async () => {
      const picture = path.join(folder, 'load.svg');
      const { code, objects, errors } = await load([
        '--room', await room(), '--viewers', '50', '--processes', '2', '--seconds', '2', '--every-ms', '500',
        '--mix', 'watch=6,seek=1,pause=1,chat=1,react=1', '--server-pid', String(engine.child.pid), '--svg', picture,
      ]);
      assert.equal(code, 0, errors);
      const result = objects.at(-1);
      const said = JSON.stringify(result);
      assert.equal(result.viewers, 50);
      assert.equal(result.live, 50, said);
      assert.deepEqual([result.gaps, result.behind, result.lost], [0, 0, 0], said);
      assert.ok(result.commands >= 60 && result.applied > 0, said);
      // Each viewer has heard of changes again and again, soon, and every command that has an answer got one.
      assert.ok(result.updates >= 50 * 10, said);
      assert.ok(result.latency_samples >= 49 * 10 && result.latency_ms_p50 < 1000, said);
      assert.ok(result.reply_samples > 0, said);
      assert.ok(result.server_cpu_us_per_delivery > 0, said);
      assert.match(readFileSync(picture, 'utf8'), /^<svg[^]*<\/svg>\n$/);
      assert.match(errors, /50 of 50 live/);
      assert.equal(await metric('playhead_hash_mismatches_total'), 0);
      assert.equal(await metric('playhead_malformed_messages_total'), 0);
    });

    it('has players follow the room, and says how far off they are', async () => {
      const picture = path.join(folder, 'players.svg');
      const { code, objects, errors } = await load([
        '--room', await room(), '--viewers', '20', '--processes', '2', '--players', '9', '--seconds', '6', '--svg', picture,
      ]);
      assert.equal(code, 0, errors);
      const result = objects.at(-1);
      const said = JSON.stringify(result);
      assert.equal(result.players, 9, said);
      assert.ok(result.players_looked_at > 9 * 50, said); // it plays all the time
      assert.ok(result.players_following > 0.5 && result.drift_samples > 9 * 25, said);
      // Machines that test are busy; a clock that is not understood would be off by seconds.
      assert.ok(result.drift_ms_p50 < 50 && result.drift_ms_p50 <= result.drift_ms_p95, said);
      assert.match(errors, /players off by p50/);
      assert.match(readFileSync(picture, 'utf8'), /class="drift"/);
      assert.deepEqual([result.gaps, result.behind, result.lost, result.refused], [0, 0, 0, 0], said);
    });

    it('brings back who leaves, is cut off or stalls', async () => {
      const { code, objects, errors } = await load([
        '--room', await room(), '--viewers', '20', '--seconds', '2', '--every-ms', '700', '--mix', 'watch=4,seek=2,leave=1,reconnect=1,stall=1',
      ]);
      assert.equal(code, 0, errors);
      const result = objects.at(-1);
      const said = JSON.stringify(result);
      assert.ok(result.left > 0 && result.reconnected > 0 && result.stalled > 0, said);
      assert.deepEqual([result.gaps, result.behind, result.lost], [0, 0, 0], said);
      assert.ok((await metric('playhead_sessions_resumed_total')) > 0);
    });

    it('does what it is told line by line, and counts one delivery for each viewer', async () => {
      const lines = 'burst 3 1 0\nburst 2 10 0\nplay\nidle 2\n';
      const { code, objects, errors } = await load(['--room', await room(), '--viewers', '40', '--silent', '--commands'], lines);
      assert.equal(code, 0, errors);
      assert.deepEqual(objects.map(({ kind }) => kind), ['ready', 'burst', 'burst', 'play', 'idle', 'end']);
      const [, one, ten, , idle, end] = objects;
      assert.ok(one.deliveries >= 3 * 40 && one.deliveries <= 6 * 40, JSON.stringify(one));
      assert.equal(one.whole_ms.length, 3);
      assert.ok(ten.messages >= 2 * 40 * 11, JSON.stringify(ten)); // a state and ten events
      assert.ok(ten.deliveries <= 4 * 40, JSON.stringify(ten)); // but one delivery, or a beacon between
      assert.ok(idle.messages >= 40 && idle.messages <= 4 * 40, JSON.stringify(idle)); // a beacon a second
      assert.deepEqual([end.refused, end.gaps, end.lost], [0, 0, 0], JSON.stringify(end));
    });

    it('fills many rooms, whose viewers hear of nobody but those in theirs', async () => {
      const file = path.join(folder, 'rooms.txt');
      writeFileSync(file, `${[await room(), await room(), await room()].join('\n')}\n`);
      const { code, objects, errors } = await load(
        ['--rooms', file, '--viewers', '12', '--mix', 'seek=1,pause=1,chat=1,watch=1', '--every-ms', '500', '--commands'],
        'idle 1\nact 2\n',
      );
      assert.equal(code, 0, errors);
      const [, idle, act, end] = objects;
      assert.ok(idle.messages <= 12 * 30, JSON.stringify(idle)); // nobody acts unless told to
      const said = JSON.stringify(act);
      assert.ok(act.commands >= 9 * 3 && act.commands <= 9 * 5, said);
      // Three others are in each room; in one of all twelve viewers a command would be heard by eleven.
      assert.ok(act.latency_samples > act.commands && act.latency_samples <= 3 * act.commands, said);
      assert.deepEqual([end.gaps, end.behind, end.lost, end.refused], [0, 0, 0, 0], JSON.stringify(end));
    });

    it('cuts everybody off and counts how they are brought up to date when they are back', async () => {
      const resumed = await metric('playhead_sessions_resumed_total');
      const { code, objects, errors } = await load(
        ['--room', await room(), '--viewers', '30', '--processes', '2', '--at-once', '30', '--commands', '--silent'],
        'burst 1 1 0\nreconnect\nburst 1 1 0\n',
      );
      assert.equal(code, 0, errors);
      const [, , back, burst, end] = objects;
      const said = JSON.stringify(back);
      assert.deepEqual([back.viewers, back.back_samples, back.by_delta, back.by_snapshot, back.lost], [30, 30, 30, 0, 0], said);
      assert.ok(back.whole_ms >= back.back_ms_p50 && back.whole_ms < 5000, said);
      assert.equal((await metric('playhead_sessions_resumed_total')) - resumed, 30);
      assert.ok(burst.deliveries >= 30, JSON.stringify(burst)); // all of them hear again
      assert.deepEqual([end.gaps, end.lost, end.refused], [0, 0, 0], JSON.stringify(end));
    });

    if (shards === 1) {
      it('comes over ENet from more addresses than one, acts, is cut off, and nothing gets lost', async () => {
        const { code, objects, errors } = await load([
          '--room', await room(), '--transport', 'enet', '--viewers', '260', '--processes', '2', '--at-once', '16', '--seconds', '3', '--every-ms', '700',
          '--mix', 'watch=90,seek=1,pause=1,chat=1,react=1,leave=2,reconnect=2,stall=2', '--server-pid', String(engine.child.pid),
        ]);
        assert.equal(code, 0, errors);
        const result = objects.at(-1);
        const said = JSON.stringify(result);
        assert.equal(result.live, 260, said); // an address has 256 at most
        assert.deepEqual([result.gaps, result.behind, result.lost], [0, 0, 0], said);
        assert.ok(result.left > 0 && result.reconnected > 0 && result.stalled > 0 && result.by_delta > 0, said);
        assert.ok(result.updates >= 260 * 5 && result.latency_samples >= 259 * 3, said);
        assert.ok(result.reply_samples > 0 && result.server_cpu_us_per_delivery > 0, said);
        assert.equal(await metric('playhead_hash_mismatches_total'), 0);
        assert.equal(await metric('playhead_malformed_messages_total'), 0);
      });
    } else {
      it('says so where the engine has no ENet', async () => {
        const { code, errors } = await load(['--room', await room(), '--transport', 'enet', '--viewers', '2', '--join-seconds', '1']);
        assert.equal(code, 1);
        assert.match(errors, /the engine has no ENet/);
      });
    }

    it('says why nobody got in', async () => {
      const wrong = (await room()).replace(/[^.]+$/, 'AAAAAAAAAAAAAAAAAAAAAA');
      const { code, errors } = await load(['--room', wrong, '--viewers', '2', '--join-seconds', '1']);
      assert.equal(code, 1);
      assert.match(errors, /0 of 2 viewers came in within 1 s\..*token_wrong/);
      assert.equal((await load(['--room', 'nowhere'])).code, 2);
    });
  });
}

describe('playhead-load with an engine of its own', { timeout: 60_000 }, () => {
  it('tells what the simulation alone costs, players among its viewers', async () => {
    const { code, objects, errors } = await load([
      '--transport', 'loopback', '--viewers', '500', '--players', '5', '--seconds', '3', '--every-ms', '1000',
      '--mix', 'watch=95,seek=1,leave=2,reconnect=1,stall=1',
    ]);
    assert.equal(code, 0, errors);
    const result = objects.at(-1);
    const said = JSON.stringify(result);
    assert.equal(result.live, 500, said);
    assert.deepEqual([result.gaps, result.behind, result.lost], [0, 0, 0], said);
    assert.ok(result.left > 0 && result.reconnected > 0 && result.stalled > 0 && result.by_delta > 0, said);
    assert.ok(result.updates > 500 && result.latency_samples > 500 && result.drift_samples > 0, said);
    assert.ok(result.server_cpu_us_per_delivery > 0, said);
  });

  it('does what it is told', async () => {
    const { code, objects, errors } = await load(['--transport', 'loopback', '--viewers', '100', '--silent', '--commands'], 'burst 3 1 0\nreconnect\n');
    assert.equal(code, 0, errors);
    const [, burst, back, end] = objects;
    assert.ok(burst.deliveries >= 300 && burst.server_cpu_us_per_delivery > 0, JSON.stringify(burst));
    assert.equal(back.by_delta, 100, JSON.stringify(back));
    assert.deepEqual([end.gaps, end.lost], [0, 0], JSON.stringify(end));
  });
});
