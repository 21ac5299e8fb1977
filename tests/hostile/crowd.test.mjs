// Viewers who come, go, vanish and never read, in numbers: afterwards the engine is as it was.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { assertGrown, encodeClientMessage, frame, guard, helloOf, join, RawConnection, RawViewer, sleep, startBesieged, until } from './client.mjs';

describe('hostile crowds', { timeout: 240_000 }, () => {
  let engine;
  let token;
  let undisturbed;
  const enter = (more = {}) => join(engine, { room: 'target', token, ...more });

  before(async () => {
    engine = await startBesieged({ limits: { commands_per_s: 1000, command_burst: 1000 } });
    token = await engine.token('target');
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(() => engine?.stop());

  it('a thousand joins and leaves leave nothing behind', async () => {
    const before = await engine.figures();
    const together = 25;
    const visit = async (n) => {
      const viewer = await enter({ name: `visitor ${n}` });
      if (n % 4 === 0) return viewer.destroy(); // without a word
      if (n % 4 === 1) viewer.send(frame([], { code: 8 }));
      else viewer.say({ type: 'bye' });
      await viewer.untilClosed();
    };
    for (let n = 0; n < 1000; n += together) await Promise.all(Array.from({ length: together }, (_, k) => visit(n + k)));
    const afterwards = await engine.figures();
    assert.ok(afterwards.playhead_sessions_opened_total - before.playhead_sessions_opened_total >= 1000);
    await undisturbed();
    const grown = (await engine.figures()).process_resident_memory_bytes - before.process_resident_memory_bytes;
    assertGrown(grown, 32 * 1024 * 1024);
  });

  it('a viewer that vanishes without closing loses its place after its time', async () => {
    const viewer = await enter();
    viewer.socket.pause(); // a cut cable: nothing is said, nothing is read
    await until(async () => (await engine.figures()).playhead_sessions === 1, 'the silent one is taken for dead', 20_000);
    viewer.destroy();
  });

  it('connections that stop at any stage of joining are cleaned away', async () => {
    const stopped = [];
    for (let n = 0; n < 30; n++) {
      stopped.push(new RawConnection(engine));
      stopped.push(new RawConnection(engine).send('GET /ws/target HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'));
      stopped.push(new RawViewer(engine, 'target'));
      const cut = new RawViewer(engine, 'target');
      cut.send(frame(encodeClientMessage(helloOf({ room: 'target', token }))).subarray(0, 20));
      stopped.push(cut);
    }
    await Promise.all(stopped.map((connection) => connection.untilClosed(30_000)));
  });

  it('sockets that close in the middle of a handshake are forgotten', async () => {
    for (let n = 0; n < 200; n++) {
      const viewer = new RawViewer(engine, 'target');
      if (n % 3 === 0) await viewer.untilUpgraded();
      viewer.socket.resetAndDestroy();
    }
    await sleep(200);
  });

  it('rooms made and left in numbers expire', async () => {
    const before = (await engine.figures()).playhead_rooms;
    await Promise.all(Array.from({ length: 300 }, (_, n) => engine.createRoom({ title: `room ${n}` })));
    const room = await engine.createRoom({ title: 'entered' });
    const viewer = await join(engine, { room: room.room, token: room.join_token });
    assert.equal((await engine.figures()).playhead_rooms >= before + 1, true);
    viewer.destroy();
    await until(async () => (await engine.figures()).playhead_rooms === before, 'the rooms expire', 30_000);
  });
});

describe('a viewer that never reads', { timeout: 150_000 }, () => {
  it('is let go while the others go on', async () => {
    const engine = await startBesieged({ limits: { commands_per_s: 1000, command_burst: 1000, silence_timeout_s: 60 } });
    const token = await engine.token('target');
    const lazy = await join(engine, { room: 'target', token });
    lazy.socket.pause();
    const busy = await join(engine, { room: 'target', token });
    let sequence = 0;
    const chatter = setInterval(() => {
      for (let n = 0; n < 5; n++) {
        sequence += 1;
        const command = { type: 'command', sequence, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1 };
        const url = `/media/${sequence}${'x'.repeat(1900)}`;
        busy.say({ ...command, action: { kind: 'load', mediaKind: 1, url, title: 'T', positionUs: 0, play: false } });
      }
    }, 20);
    try {
      await until(async () => (await engine.figures()).playhead_slow_closed_total === 1, 'the slow one is closed', 60_000);
      busy.messages.length = 0;
      await busy.untilMessage('delta');
      assert.equal(busy.closed, false);
      assert.equal(engine.neighbour.closed, false);
    } finally {
      clearInterval(chatter);
      lazy.destroy();
      busy.destroy();
    }
    await until(async () => (await engine.figures()).playhead_websocket_connections === 1, 'its socket is gone');
    await engine.stop();
  });
});
