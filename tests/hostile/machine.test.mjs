// The machine's bad days: no descriptors, no memory, a log that nobody takes, a process that is stopped for a while, told to
// end in the middle of everything, or killed. What a well-behaved viewer sees of it is what counts.
//
// A clock that is set is not among them. The engine's time is CLOCK_MONOTONIC (session/clock.cpp), which nobody can set;
// the wall clock is only shown (the Date field, the log, "expires in" of a certificate) or handed to plugins as an input.
// What depends on that input is tested where a clock can be set without setting the machine's: tests/plugin, tests/session.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { build, freePort, sanitizer, startEngine } from '../harness/engine.mjs';
import { observe } from '../harness/observer.mjs';
import { encodeClientMessage, frame, guard, handshakeOf, helloOf, join, opcode, RawConnection, RawViewer, rawStatus, sleep, startBesieged, until } from './client.mjs';
import { assertKept, inWords, startWitness } from './witness.mjs';

const MiB = 1024 * 1024;
const health = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

const exitOf = (child) => new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // utime, stime
};

// Starts an engine and a witness next door, runs `work`, and ends both.
async function besieged(config, options, work) {
  const limits = { header_timeout_s: 10, body_timeout_s: 10, hello_timeout_s: 10, ...config.limits }; // none of them is the point here
  const engine = await startBesieged({ shards: 1, ...config, limits }, options);
  let witness;
  try {
    witness = await startWitness(engine);
    await work(engine, witness);
  } finally {
    await witness?.stop();
    await engine.stop();
  }
}

const refusedViewer = async (engine) => {
  const viewer = new RawViewer(engine, 'target');
  await viewer.untilUpgraded();
  viewer.say(helloOf({ room: 'target', token: 'j.target.wrong' }));
  await viewer.untilClosed();
};

// The sanitizer of undefined behaviour looks at what an object is through a pipe, and takes what it cannot look at for none.
describe('out of descriptors', { timeout: 120_000, skip: sanitizer === 'address' && 'its sanitizer needs descriptors' }, () => {
  it('the engine waits without spinning, and goes on when there are some again', async (test) => {
    await besieged({ limits: { header_timeout_s: 30, idle_timeout_s: 30 } }, {}, async (engine, witness) => {
      const undisturbed = await guard(engine);
      const seen = await witness.during(async () => {
        const limit = engine.descriptors() + 20;
        execFileSync('prlimit', ['--pid', String(engine.child.pid), `--nofile=${limit}:`]);
        const crowd = Array.from({ length: 60 }, () => new RawConnection(engine).send('GET / HT'));
        await until(() => engine.descriptors() >= limit, 'all descriptors are in use');
        const before = cpuSeconds(engine.child.pid);
        await sleep(3000);
        const used = (cpuSeconds(engine.child.pid) - before) / 3;
        test.diagnostic(`without descriptors: ${(100 * used).toFixed(1)} % of a processor`);
        assert.ok(used < 0.2, `${used} of a processor`);
        for (const connection of crowd) connection.destroy();
        await until(async () => (await rawStatus(engine, health)) === 200, 'it goes on');
      });
      assert.ok((await engine.figures()).playhead_http_accept_pauses_total > 0);
      test.diagnostic(inWords(seen));
      assertKept(seen);
      await undisturbed();
    });
  });
});

describe('out of memory', { timeout: 240_000, skip: sanitizer !== '' && 'memory is the sanitizer\'s then' }, () => {
  // Of what the engine may write to (RLIMIT_DATA); what it has now, and so much more.
  const allow = (engine, bytes) => {
    const data = Number(readFileSync(`/proc/${engine.child.pid}/status`, 'utf8').match(/VmData:\s+(\d+) kB/)[1]) * 1024;
    execFileSync('prlimit', ['--pid', String(engine.child.pid), `--data=${data + bytes}:`]);
    return () => Number(readFileSync(`/proc/${engine.child.pid}/status`, 'utf8').match(/VmData:\s+(\d+) kB/)[1]) * 1024 - data;
  };
  const halfMessage = frame(Buffer.alloc(16 * 1024 - 1), { final: false });

  it('does not happen where there is as much as the limits add up to', async (test) => {
    const limits = { http_connections_max: 300, viewers_per_room_max: 200, rooms_max: 500, empty_room_expiry_s: 2, commands_per_s: 1000, command_burst: 1000 };
    await besieged({ limits }, {}, async (engine, witness) => {
      const undisturbed = await guard(engine);
      // A header and a body and what reads them; a message and what was not read; a room.
      const grown = allow(engine, 300 * 32 * 1024 + 200 * 64 * 1024 + 500 * 8 * 1024);
      const token = await engine.token('target');
      let most = 0;
      const seen = await witness.during(async () => {
        const crowd = [];
        for (let n = 0; n < 12; n++) {
          crowd.push(...(await Promise.all(Array.from({ length: 25 }, async () => {
            const viewer = await new RawViewer(engine, 'target').untilUpgraded();
            viewer.say(helloOf({ room: 'target', token, name: 'n'.repeat(100) }));
            return viewer;
          }))));
        }
        await until(() => crowd.filter((viewer) => viewer.closed).length >= 100, 'the room is full');
        const inside = crowd.filter((viewer) => !viewer.closed);
        for (const viewer of inside.slice(0, 100)) viewer.send(halfMessage);
        for (const viewer of inside.slice(100)) viewer.socket.pause();
        await Promise.allSettled(Array.from({ length: 600 }, () => engine.createRoom({ title: 't'.repeat(200) })));
        const headers = Array.from({ length: 600 }, (_, n) => new RawConnection(engine).send(n % 2 === 0
          ? `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(15_000)}`
          : `POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(15_000)}\r\nContent-Length: 8000\r\n\r\n${'y'.repeat(7999)}`));
        for (let n = 0; n < 40; n++) {
          const command = { type: 'command', sequence: n + 1, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1 };
          inside[0].say({ ...command, action: { kind: 'load', mediaKind: 1, url: `/media/${n}${'x'.repeat(1900)}`, title: 'T', positionUs: 0, play: false } });
          most = Math.max(most, grown());
          await sleep(50);
        }
        for (const each of [...crowd, ...headers]) each.destroy();
      });
      test.diagnostic(`${(most / MiB).toFixed(1)} MiB at most; ${inWords(seen)}`);
      assertKept(seen);
      await undisturbed();
    });
  });

  it('is the end at once, with a sentence, where there is less', async (test) => {
    const engine = await startBesieged({ limits: { silence_timeout_s: 60, header_timeout_s: 60, hello_timeout_s: 60 } });
    let said = '';
    engine.child.stderr.on('data', (chunk) => (said += chunk));
    const token = await engine.token('target');
    const ended = exitOf(engine.child);
    allow(engine, 4 * MiB);
    const crowd = [];
    const since = performance.now();
    while (engine.child.exitCode === null && engine.child.signalCode === null) {
      crowd.push(new RawViewer(engine, 'target').send(Buffer.concat([frame(encodeClientMessage(helloOf({ room: 'target', token }))), halfMessage])));
      await sleep(2);
      assert.ok(performance.now() - since < 60_000, `${crowd.length} viewers, and it goes on`);
    }
    assert.equal(await ended, 1, said);
    assert.match(said, /out of memory; give it more, or lower the limits/);
    test.diagnostic(`with 4 MiB more it had room for ${crowd.length} viewers`);
    for (const each of crowd) each.destroy();
    await engine.stop();
  });
});

describe('a disk that takes no more of a recording', { timeout: 120_000 }, () => {
  it('ends the recording, and no tick; that is counted and logged, and what is there can be replayed', async (test) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-recordings-'));
    try {
      // No file of the engine's may grow beyond this.
      await besieged({ record: folder, limits: { commands_per_s: 1000, command_burst: 1000 } }, { under: ['prlimit', '--fsize=20000'] }, async (engine, witness) => {
        let log = '';
        engine.child.stderr.on('data', (chunk) => (log += chunk));
        const lost = async () => (await engine.figures()).playhead_recordings_lost_total;
        const seen = await witness.during(() => until(async () => (await lost()) > 0, 'a recording is lost', 60_000));
        test.diagnostic(inWords(seen));
        assertKept(seen);
        assert.match(log, /recording_lost file=neighbour\..*why="File too large"/);
      });
      const [file] = readdirSync(folder).filter((name) => name.startsWith('neighbour.'));
      const said = execFileSync(path.join(build, 'tools/replay/playhead-replay'), [path.join(folder, file)], { encoding: 'utf8' });
      assert.match(said, /all as recorded[^]*it breaks off there/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a log that nobody takes', { timeout: 240_000 }, () => {
  // Lines enough to fill any pipe are not waited for: it is full when the engine gets it.
  const provoke = async (engine) => {
    for (let n = 0; n < 30; n++) await refusedViewer(engine);
    await engine.createRoom({ title: 'one more' });
  };

  it('a disk that is full costs lines, and no tick', async (test) => {
    const full = openSync('/dev/full', 'w');
    await besieged({ log_level: 'trace' }, { stderr: full }, async (engine, witness) => {
      const seen = await witness.during(() => provoke(engine));
      test.diagnostic(inWords(seen));
      assertKept(seen);
      const ended = exitOf(engine.child);
      engine.child.kill('SIGTERM');
      assert.equal(await ended, 0);
    });
    closeSync(full);
  });

  it('a pipe whose reader hangs costs lines, and no tick; afterwards it is told how many', async (test) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-log-'));
    const fifo = path.join(folder, 'log');
    execFileSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, constants.O_WRONLY);
    const filler = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK); // does not wait, unlike the engine's
    const readAll = () => {
      let text = '';
      const part = Buffer.alloc(65_536);
      for (;;) {
        try {
          const got = readSync(reader, part);
          if (got === 0) return text;
          text += part.toString('utf8', 0, got);
        } catch (error) {
          if (error.code === 'EAGAIN') return text;
          throw error;
        }
      }
    };
    await assert.rejects(async () => {
      for (;;) writeSync(filler, Buffer.alloc(4096, '-'));
    }, { code: 'EAGAIN' });
    try {
      await besieged({ log_level: 'info' }, { stderr: writer }, async (engine, witness) => {
        const seen = await witness.during(() => provoke(engine));
        test.diagnostic(inWords(seen));
        assertKept(seen);
        assert.match(readAll(), /^-+$/);
        await provoke(engine);
        assert.match(readAll(), /lines_lost=\d+/);
      });
    } finally {
      for (const each of [reader, writer, filler]) closeSync(each);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('without standard descriptors no viewer gets the log', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-bare-'));
    const script = path.join(folder, 'config.lua');
    const port = await freePort();
    writeFileSync(script, `return { listen = "127.0.0.1:${port}", log_level = "trace", rooms = { { id = "target", listed = true } } }\n`);
    const child = spawn('sh', ['-c', 'exec "$0" "$1" <&- >&- 2>&-', path.join(build, 'engine/app/playhead'), script], { stdio: 'inherit' });
    const ended = exitOf(child);
    const engine = { port };
    try {
      await until(async () => (await rawStatus(engine, health).catch(() => 0)) === 200, 'it is ready', 10_000);
      for (const descriptor of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${child.pid}/fd/${descriptor}`), '/dev/null');
      const other = new RawConnection(engine).send(handshakeOf('target'));
      await until(() => other.text.includes('\r\n\r\n'), 'the handshake');
      for (let n = 0; n < 5; n++) await refusedViewer(engine);
      await sleep(200);
      assert.match(other.text, /^HTTP\/1\.1 101 [^]*\r\n\r\n$/, 'and nothing behind it');
      other.destroy();
    } finally {
      child.kill('SIGTERM');
      assert.equal(await ended, 0);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a process that is stopped', { timeout: 180_000 }, () => {
  it('goes on where it would have been, with everybody in it', async (test) => {
    const silence = 5; // seconds, less than the longest stop
    await besieged({ limits: { silence_timeout_s: silence, viewer_grace_s: 60 } }, {}, async (engine, witness) => {
      const token = await engine.token('target');
      const crowd = [];
      const ping = frame(encodeClientMessage({ type: 'ping', t0Us: 1 }));
      const alive = setInterval(() => {
        for (const viewer of crowd) {
          viewer.messages.length = 0;
          viewer.send(ping);
        }
      }, 1000).unref();
      for (let n = 0; n < 6; n++) crowd.push(...(await Promise.all(Array.from({ length: 50 }, () => join(engine, { room: 'target', token })))));
      const room = await engine.createRoom({ title: 'playing', media: { kind: 'file', url: '/media/a.mp4', title: 'A' } });
      const { viewer, until: untilSeen, leave } = await observe(engine, room, { originMs: 0 });
      try {
        await viewer.play();
        await untilSeen('it moves', () => viewer.view.motion.playing && viewer.positionMs() > 200);
        for (const seconds of [0.5, 2, 10]) {
          await witness.take();
          const before = await engine.figures();
          const start = { at: performance.now(), position: viewer.positionMs(), me: viewer.view.me };
          engine.child.kill('SIGSTOP');
          await sleep(seconds * 1000);
          engine.child.kill('SIGCONT');
          const woken = performance.now();
          await untilSeen('the room is live and answers', () => viewer.view.status === 'live');
          assert.equal((await viewer.setName(`after ${seconds}`)).verdict, 'applied');
          const backMs = performance.now() - woken;
          await sleep(2500); // long enough for whoever would be taken for dead
          const after = await engine.figures();
          const grown = (name) => after[name] - before[name];
          const seen = await witness.take();
          const moved = viewer.positionMs() - start.position;
          const passed = performance.now() - start.at;
          test.diagnostic(`stopped for ${seconds} s: ${grown('playhead_ticks_skipped_total')} ticks skipped, answers after ${backMs.toFixed(0)} ms, ` +
            `position off by ${(moved - passed).toFixed(1)} ms, slowest answer next door ${seen.worstMs.toFixed(0)} ms`);
          assert.ok(backMs < 3000, `answers after ${backMs} ms`);
          assert.ok(Math.abs(moved - passed) < 50, `the playhead moved ${moved} ms in ${passed} ms`);
          assert.equal(viewer.view.me, start.me, 'the same viewer');
          assert.equal(crowd.filter((each) => each.closed).length, 0, 'nobody was taken for dead');
          assert.equal(viewer.view.hashMismatches + seen.mismatches, 0);
          assert.deepEqual([seen.status, seen.unanswered], ['live', 0]);
          // Ticks that were missed are not caught up with: one stands for all of them.
          const missed = seconds * 20;
          assert.ok(grown('playhead_ticks_skipped_total') >= missed - 2, `${grown('playhead_ticks_skipped_total')} skipped`);
          assert.ok(grown('playhead_ticks_total') <= (passed / 1000) * 20 - missed + 10, `${grown('playhead_ticks_total')} ticks in ${passed} ms`);
          assert.ok(crowd.every((each) => each.find('pong')), 'the others are answered again');
        }
      } finally {
        clearInterval(alive);
        leave();
        for (const each of crowd) each.destroy();
      }
    });
  });
});

describe('SIGTERM in the middle of everything', { timeout: 60_000 }, () => {
  it('ends in order within its time, whatever everybody is doing', async (test) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-hostile-'));
    writeFileSync(path.join(folder, 'a.mp4'), Buffer.alloc(16 * MiB, 'x'));
    const engine = await startBesieged({
      shards: 2,
      media_folder: folder,
      limits: { header_timeout_s: 30, body_timeout_s: 30, idle_timeout_s: 30, stall_timeout_s: 30, hello_timeout_s: 30, slow_time_max_s: 30 },
    });
    const token = await engine.token('target');
    const hello = frame(encodeClientMessage(helloOf({ room: 'target', token })));
    const each = 20;
    const kinds = {
      'says nothing': () => new RawConnection(engine),
      'is in a header': () => new RawConnection(engine).send('GET / HTTP/1.1\r\nHost: local'),
      'is in a body': () => new RawConnection(engine).send('POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"ti'),
      'is between requests': () => new RawConnection(engine).send(health),
      'takes nothing of a file': () => {
        const connection = new RawConnection(engine).send('GET /media/a.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n');
        connection.socket.pause();
        return connection;
      },
      'is in a handshake': () => new RawConnection(engine).send(handshakeOf('target').slice(0, 60)),
      'has not said hello': () => new RawViewer(engine, 'target'),
      'is in its hello': () => new RawViewer(engine, 'target').send(hello.subarray(0, 20)),
      'never reads': () => {
        const viewer = new RawViewer(engine, 'target').send(hello);
        viewer.socket.pause();
        return viewer;
      },
      'does not answer a Close': () => {
        const viewer = new RawViewer(engine, 'target').send(hello);
        viewer.socket.end = () => {};
        return viewer;
      },
      'is in a message': () => new RawViewer(engine, 'target').send(Buffer.concat([hello, frame(Buffer.alloc(1000), { final: false })])),
      'was just about to leave': () => new RawViewer(engine, 'target').send(Buffer.concat([hello, frame([3, 232], { code: opcode.close })])),
    };
    const connections = Object.entries(kinds).flatMap(([, make]) => Array.from({ length: each }, make));
    const good = await Promise.all(Array.from({ length: each }, () => join(engine, { room: 'target', token })));
    const flooding = setInterval(() => {
      for (const viewer of good) viewer.say({ type: 'ping', t0Us: 1 });
      new RawConnection(engine).send(handshakeOf('target')); // newcomers, all the while
    }, 20);
    await sleep(500);
    const ended = exitOf(engine.child);
    const since = performance.now();
    engine.child.kill('SIGTERM');
    const endings = await Promise.all(good.map((viewer) => viewer.ending()));
    const toldMs = performance.now() - since;
    assert.equal(await ended, 0);
    const tookMs = performance.now() - since;
    clearInterval(flooding);
    test.diagnostic(`${connections.length + good.length} connections; those who read and answer were gone after ${toldMs.toFixed(0)} ms, the process after ${tookMs.toFixed(0)} ms`);
    for (const ending of endings) assert.deepEqual(ending, { goodbye: 'draining', closeCode: 1001 });
    assert.deepEqual(await engine.neighbour.ending(), { goodbye: 'draining', closeCode: 1001 });
    assert.ok(toldMs < 2500, `those who read and answer were told after ${toldMs} ms`);
    assert.ok(tookMs < 6500, `the process ended after ${tookMs} ms`); // five seconds, and the machine's share
    for (const connection of connections) connection.destroy();
    rmSync(folder, { recursive: true, force: true });
    await engine.stop();
  });
});

describe('kill -9', { timeout: 120_000 }, () => {
  it('clients find the engine again that was started after it, by themselves', async (test) => {
    const config = { shards: 1, listen: `127.0.0.1:${await freePort()}`, web_root: '', media_folder: '', rooms: [{ id: 'neighbour', listed: true }] };
    let engine = await startEngine(config);
    const witnesses = await Promise.all(Array.from({ length: 3 }, () => startWitness(engine)));
    try {
      for (let round = 0; round < 2; round++) {
        await Promise.all(witnesses.map((witness) => witness.take()));
        const killed = exitOf(engine.child);
        engine.child.kill('SIGKILL');
        assert.equal(await killed, 'SIGKILL');
        await engine.stop();
        await sleep(1000);
        engine = await startEngine(config);
        const since = performance.now();
        const statuses = witnesses.map(() => []);
        const backMs = await Promise.all(
          witnesses.map(async (witness, n) => {
            for (;;) {
              const seen = await witness.take();
              statuses[n].push(...seen.statuses);
              if (seen.status === 'live' && seen.answers >= 2) {
                assert.equal(seen.mismatches, 0);
                return performance.now() - since;
              }
              assert.ok(performance.now() - since < 25_000, `not back: ${statuses[n].join(', ')}`);
              await sleep(300);
            }
          }),
        );
        test.diagnostic(`back and answered after ${backMs.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s; seen meanwhile: ${statuses[0].join(', ')}`);
        for (const each of statuses) assert.ok(each.includes('reconnecting'), each.join(', '));
      }
    } finally {
      for (const witness of witnesses) await witness.stop();
      await engine.stop();
    }
  });
});
