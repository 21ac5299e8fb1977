// Crowds that want nothing good, by the hundred and by the thousand, all in the thread that has the room next door too. A
// well-behaved viewer of that room (witness.mjs) must notice nothing, and afterwards the engine is as it was.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { assertGrown, encodeClientMessage, ERROR_CODES, frame, guard, handshakeOf, helloOf, join, opcode, RawConnection, RawViewer, rawStatus, sleep, startBesieged, until } from './client.mjs';
import { assertKept, heldUpMs, inWords, startWitness } from './witness.mjs';

const MiB = 1024 * 1024;
const health = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('floods', { timeout: 300_000 }, () => {
  let engine;
  let token;
  let witness;
  let undisturbed;
  // Short, but not so short that those who mean well miss them on a busy machine.
  const limits = { http_connections_max: 1500, commands_per_s: 1000, command_burst: 1000, header_timeout_s: 3, hello_timeout_s: 3, silence_timeout_s: 10 };
  const enter = (more = {}) => join(engine, { room: 'target', token, ...more });
  // Does `work` and sees to it that the room next door kept its ticks.
  const withWitness = async (test, work) => {
    const seen = await witness.during(work);
    test.diagnostic(inWords(seen));
    assertKept(seen);
  };
  const untilAllClosed = (connections, timeoutMs = 30_000) =>
    until(() => connections.every((each) => each.closed) || connections.filter((each) => !each.closed).length, 'all are closed', timeoutMs);

  before(async () => {
    engine = await startBesieged({ shards: 1, limits });
    token = await engine.token('target');
    witness = await startWitness(engine);
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(async () => {
    await witness?.stop();
    await engine?.stop();
  });

  // These two first: they measure memory, and that of an engine which has not been through anything says most.
  it('a hundred viewers that never read cost a bounded amount each, and leave the others what is theirs', async (test) => {
    await withWitness(test, async () => {
      const slowClosed = async () => (await engine.figures()).playhead_slow_closed_total;
      const [before, closedBefore] = [await engine.figures(), await slowClosed()];
      const lazy = [];
      for (let n = 0; n < 4; n++) lazy.push(...(await Promise.all(Array.from({ length: 25 }, () => enter()))));
      for (const viewer of lazy) viewer.socket.pause();
      const busy = await enter();
      let sequence = 0;
      let resident = 0;
      const idling = encodeClientMessage({ type: 'ping', t0Us: 1 });
      // Not to be taken for dead before they are found to be slow.
      const alive = setInterval(() => lazy.forEach((viewer) => viewer.send(frame(idling))), 2000);
      try {
        await until(async () => {
          for (let n = 0; n < 5; n++) {
            sequence += 1;
            const command = { type: 'command', sequence, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1 };
            const url = `/media/${sequence}${'x'.repeat(1900)}`;
            busy.say({ ...command, action: { kind: 'load', mediaKind: 1, url, title: 'T', positionUs: 0, play: false } });
          }
          resident = Math.max(resident, (await engine.figures()).process_resident_memory_bytes);
          const closed = (await slowClosed()) - closedBefore;
          return closed >= lazy.length || closed;
        }, 'all the slow ones are closed', 90_000);
      } finally {
        clearInterval(alive);
      }
      busy.messages.length = 0;
      busy.say({ type: 'command', sequence: sequence + 1, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1, action: { kind: 'setRate', ratePermille: 1500 } });
      await busy.untilMessage('delta');
      const grown = resident - before.process_resident_memory_bytes;
      test.diagnostic(`a hundred that do not read: ${(grown / MiB).toFixed(1)} MiB at most`);
      assertGrown(grown, 100 * 128 * 1024); // slow_bytes_max, and the frame it was over with
      for (const viewer of [...lazy, busy]) viewer.destroy();
    });
  });

  it('messages that are begun and never ended cost their limit, and are over with their viewers', async (test) => {
    const begun = Buffer.concat([
      frame(Buffer.alloc(16 * 1024 - 64), { final: false }),
      ...Array.from({ length: 62 }, () => frame([0], { code: opcode.continuation, final: false })),
    ]);
    await withWitness(test, async () => {
      const before = (await engine.figures()).process_resident_memory_bytes;
      const viewers = [];
      for (let n = 0; n < 8; n++) viewers.push(...(await Promise.all(Array.from({ length: 50 }, () => enter()))));
      for (const viewer of viewers) viewer.send(begun);
      await sleep(1000);
      const grown = (await engine.figures()).process_resident_memory_bytes - before;
      test.diagnostic(`400 viewers with an open message each: ${(grown / MiB).toFixed(1)} MiB`);
      assertGrown(grown, 400 * 64 * 1024); // the message, what it grew through, the viewer
      await untilAllClosed(viewers); // silent for silence_timeout_s: half a message is nothing heard
      assert.deepEqual([...new Set(viewers.map((each) => each.closeCode))], [4000 + ERROR_CODES.indexOf('idle')]);
    });
  });

  it('handshakes that come letter by letter, five hundred at a time, hold nobody up', async (test) => {
    const request = handshakeOf('target');
    const timeouts = async () => (await engine.figures()).playhead_http_timeouts_total;
    const before = await timeouts();
    await withWitness(test, async () => {
      const slow = [];
      const begin = () => {
        const connection = new RawConnection(engine);
        connection.letters = 0;
        slow.push(connection);
      };
      for (let n = 0; n < 500; n++) begin();
      // None of them ever stops talking; one that is cut off comes again.
      for (const end = Date.now() + 4000; Date.now() < end; await sleep(100)) {
        for (const connection of slow.filter((each) => !each.closed)) connection.send(request[connection.letters++ % (request.length - 2)]);
        while (slow.filter((each) => !each.closed).length < 500) begin();
        const [since, heldBefore] = [performance.now(), heldUpMs(engine.child.pid)];
        assert.equal(await rawStatus(engine, health), 200);
        const [waited, held] = [performance.now() - since, heldUpMs(engine.child.pid) - heldBefore];
        assert.ok(waited < 1000 + held, `somebody else waited ${waited} ms, ${held} of it for the machine`);
      }
      await untilAllClosed(slow);
      assert.ok(slow.every((each) => each.text === '' || each.text.startsWith('HTTP/1.1 408 ')), 'each was told why');
    });
    const cut = (await timeouts()) - before;
    test.diagnostic(`${cut} were cut off`);
    assert.ok(cut >= 1000, `${cut} were cut off`);
  });

  it('two thousand that connect and say nothing keep the place of others no longer than a header may take', async (test) => {
    await withWitness(test, async () => {
      const idle = Array.from({ length: 2000 }, () => new RawConnection(engine));
      await until(() => idle.filter((each) => each.text.startsWith('HTTP/1.1 503 ')).length >= 500, '500 are beyond the limit and told so');
      await until(async () => (await rawStatus(engine, health)) === 200, 'others are served again', 10_000);
      await untilAllClosed(idle);
    });
  });

  it('a thousand that shake hands and say nothing are asked to leave', async (test) => {
    await withWitness(test, async () => {
      const idle = [];
      for (let n = 0; n < 10; n++) {
        const some = Array.from({ length: 100 }, () => new RawViewer(engine, 'target'));
        await Promise.all(some.map((each) => each.untilUpgraded()));
        idle.push(...some);
      }
      await untilAllClosed(idle);
      const codes = new Set(idle.map((each) => each.closeCode));
      assert.deepEqual([...codes], [4000 + ERROR_CODES.indexOf('hello_expected')]);
    });
  });

  it('ten thousand come at once and are gone at once', async (test) => {
    await withWitness(test, async () => {
      const crowd = Array.from({ length: 10_000 }, (_, n) => {
        const connection = new RawConnection(engine);
        if (n % 3 === 1) connection.send(handshakeOf('target').slice(0, 50));
        if (n % 3 === 2) connection.send(handshakeOf('target'));
        return connection;
      });
      await until(() => crowd.filter((each) => each.socket.readyState === 'open' || each.closed).length >= 8000, 'most are there');
      for (const [n, connection] of crowd.entries()) n % 2 === 0 ? connection.socket.resetAndDestroy() : connection.destroy();
    });
  });

  it('a thousand viewers join, and are all gone in the same moment', async (test) => {
    await withWitness(test, async () => {
      const viewers = [];
      for (let n = 0; n < 20; n++) viewers.push(...(await Promise.all(Array.from({ length: 50 }, () => enter()))));
      assert.equal(viewers.filter((each) => each.closed).length, 0);
      for (const viewer of viewers) viewer.socket.resetAndDestroy();
      await until(async () => (await engine.figures()).playhead_sessions === 2 || (await engine.figures()).playhead_sessions, 'they are gone');
    });
  });

  it('fifty that ping as fast as they can are sent away, and again when they come back', async (test) => {
    const flood = Buffer.concat(Array.from({ length: 100 }, () => frame(Buffer.alloc(125), { code: opcode.ping })));
    const ends = [];
    await withWitness(test, async () => {
      const end = Date.now() + 3000;
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          while (Date.now() < end) {
            const viewer = await enter();
            while (!viewer.closed && viewer.closeCode === undefined) {
              viewer.send(flood);
              await sleep(5);
            }
            ends.push(viewer.closeCode);
            viewer.destroy();
          }
        }),
      );
    });
    test.diagnostic(`${ends.length} floods were ended`);
    assert.ok(ends.length >= 50);
    assert.deepEqual([...new Set(ends)], [4000 + ERROR_CODES.indexOf('rate_limited')]);
  });

  it('[F9] messages of a million fragments end with the first that is too many, whoever goes on sending', async (test) => {
    const more = Buffer.concat(Array.from({ length: 5000 }, () => frame([], { code: opcode.continuation, final: false })));
    const before = (await engine.figures()).process_resident_memory_bytes;
    let connections = 0;
    let sent = 0;
    await withWitness(test, async () => {
      const end = Date.now() + 2000;
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          while (Date.now() < end || sent < 1_000_000) {
            const peer = new RawConnection(engine).send(handshakeOf('target'));
            await until(() => peer.text.includes('\r\n\r\n'), 'the handshake');
            peer.send(frame([], { final: false }));
            // It hears the Close and does not care; a socket that takes no more is not filled up any further.
            for (; !peer.closed; await sleep(1)) {
              if (peer.socket.writableLength > 4 * more.length) continue;
              peer.send(more);
              sent += 5000;
            }
            assert.equal(peer.received.subarray(peer.received.indexOf('\r\n\r\n') + 4).readUInt16BE(2), 1009);
            connections += 1;
          }
        }),
      );
    });
    const grown = (await engine.figures()).process_resident_memory_bytes - before;
    test.diagnostic(`${sent} fragments over ${connections} connections; ${(grown / MiB).toFixed(1)} MiB more`);
    assertGrown(grown, 16 * MiB);
  });
});
