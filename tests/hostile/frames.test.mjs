// WebSocket frames beyond what RFC 6455 has rules for (those are in tests/conformance): the connection ends with the code that
// says why, and only that connection.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { frame, guard, handshakeOf, join, opcode, startBesieged } from './client.mjs';

describe('hostile frames', { timeout: 120_000 }, () => {
  let engine;
  let token;
  let undisturbed;
  const enter = () => join(engine, { room: 'target', token });

  before(async () => {
    engine = await startBesieged();
    token = await engine.token('target');
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(() => engine?.stop());

  it('a flood of control frames ends the connection', async () => {
    for (const code of [opcode.ping, opcode.pong]) {
      const viewer = await enter();
      const one = frame(Buffer.alloc(125), { code });
      for (let n = 0; n < 5000 && !viewer.closed; n++) viewer.send(one);
      assert.equal((await viewer.ending()).closeCode, 4012);
    }
  });

  it('random bytes after the handshake end the connection', async () => {
    let seed = 6455;
    const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
    const viewers = await Promise.all(Array.from({ length: 60 }, enter));
    for (const viewer of viewers) {
      viewer.send(Buffer.from(Array.from({ length: 1 + (next() % 600) }, () => next() & 0xff)));
      viewer.socket.end();
    }
    await Promise.all(viewers.map((viewer) => viewer.untilClosed()));
  });

  it('a second handshake inside the first connection is bytes like others', async () => {
    const viewer = await enter();
    viewer.send(handshakeOf('target'));
    assert.equal((await viewer.ending()).closeCode, 1002);
  });
});
