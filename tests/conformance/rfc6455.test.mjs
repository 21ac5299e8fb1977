// RFC 6455 row by row, over plain TCP, against the engine as users start it. The rows are in rfc6455-handshake.mjs and
// rfc6455-frames.mjs; each says which section it is from.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { encodeClientMessage, frame, helloOf, opcode, startBesieged } from '../hostile/client.mjs';
import { Peer, serverFrames } from './peer.mjs';
import { frameTable } from './rfc6455-frames.mjs';
import { acceptOf, handshakeTable, key } from './rfc6455-handshake.mjs';

// Started here, since the rows hold a token of this run. Nothing is closed for being slow: that is for tests/hostile.
const engine = await startBesieged({ limits: { header_timeout_s: 10, hello_timeout_s: 30, silence_timeout_s: 60 } });
const hello = encodeClientMessage(helloOf({ room: 'target', token: await engine.token('target') }));
const ask = encodeClientMessage({ type: 'ping', t0Us: 7 });
const rows = frameTable({ hello, ask });

const probe = 'still there?';

// Nothing but the bytes at hand decides; the engine has no reason to wait with any of it.
const promptMs = 1000;

async function checkFrames({ joined = false, send, says = [], close, bytes }, sending) {
  const peer = await Peer.open(engine.port, 'target');
  try {
    if (joined) {
      peer.send(frame(hello));
      await peer.until(() => peer.words().includes('welcome'));
      peer.forget();
    }
    await sending(peer, send);
    // A welcome comes with a tick: before what is answered at once, behind it, or not at all if the end is sooner. A room
    // that nobody has joined says nothing else by itself.
    const atOnce = (words) => words.filter((word) => word !== 'welcome');
    const closing = close === undefined ? [] : [close === 'empty' ? 'close' : `close ${close}`];
    const expected = [...atOnce(says), ...closing];
    const since = performance.now();
    await peer.until(() => close === undefined
      && atOnce(peer.words()).length >= expected.length
      && (!says.includes('welcome') || peer.words().includes('welcome'))
      && (bytes === undefined || peer.received.length >= bytes.length));
    if (bytes) assert.equal(peer.received.toString('hex'), bytes.toString('hex'));
    else assert.deepEqual(atOnce(peer.words()), expected);
    assert.equal(peer.words().includes('welcome'), says.includes('welcome') || (close !== undefined && peer.words().includes('welcome')));
    if (close !== undefined) {
      assert.equal(peer.error, undefined, 'the stream ends in order');
      assert.ok(peer.ended, 'the stream ends');
      assert.ok(performance.now() - since < promptMs, `the end took ${performance.now() - since} ms`);
      assert.equal(serverFrames(peer.received).rest.length, 0, 'whole frames only');
    } else {
      const heard = peer.words().length;
      peer.send(frame(probe, { code: opcode.ping }));
      await peer.until(() => peer.words().length > heard);
      assert.equal(peer.words().filter((word) => word.startsWith('pong ')).at(-1), `pong ${Buffer.from(probe).toString('hex')}`, 'it goes on');
      assert.deepEqual([peer.ended, peer.error], [false, undefined]);
    }
  } finally {
    peer.destroy();
  }
}

async function checkHandshake({ send, status, fields = {}, key: key_ = key }) {
  const peer = new Peer(engine.port);
  try {
    peer.send(Buffer.from(send, 'latin1'));
    const head = await peer.head();
    assert.equal(head.status, status);
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(head.all(name), value === undefined ? [] : [value]);
    if (status !== 101) {
      assert.deepEqual(head.all('Sec-WebSocket-Accept'), []);
      return;
    }
    assert.match(head.line, /^HTTP\/1\.1 101 /);
    assert.deepEqual(head.all('Upgrade').map((value) => value.toLowerCase()), ['websocket']);
    assert.deepEqual(head.all('Connection').map((value) => value.toLowerCase()), ['upgrade']);
    assert.deepEqual(head.all('Sec-WebSocket-Accept'), [acceptOf(key_)]);
    assert.deepEqual(head.all('Sec-WebSocket-Protocol'), ['playhead.v1']);
    assert.deepEqual(head.all('Sec-WebSocket-Extensions'), []);
    peer.send(frame(probe, { code: opcode.ping }));
    await peer.until(() => peer.words().length > 0);
    assert.deepEqual(peer.words(), [`pong ${Buffer.from(probe).toString('hex')}`]);
  } finally {
    peer.destroy();
  }
}

describe('RFC 6455', { timeout: 300_000 }, () => {
  after(() => engine.stop());

  describe('the opening handshake', () => {
    for (const row of handshakeTable) it(`${row.section} ${row.rule}`, () => checkHandshake(row));

    it('4.2.2 what comes on the heels of the handshake is read', async () => {
      const peer = new Peer(engine.port);
      peer.send(Buffer.concat([Buffer.from(handshakeTable[0].send), frame('early', { code: opcode.ping })]));
      assert.equal((await peer.head()).status, 101);
      await peer.until(() => peer.words().length > 0);
      assert.deepEqual(peer.words(), [`pong ${Buffer.from('early').toString('hex')}`]);
      peer.destroy();
    });
  });

  describe('frames, in one segment', () => {
    for (const row of rows) it(`${row.section} ${row.rule}`, () => checkFrames(row, (peer, bytes) => peer.send(bytes)));
  });

  // TCP keeps no borders of what was written (section 1.7): the same rows, cut small.
  describe('frames, in many segments', () => {
    for (const row of rows) it(`${row.section} ${row.rule}`, () => checkFrames(row, (peer, bytes) => peer.sendCut(bytes)));
  });

  describe('the end', () => {
    it('7.1.1 a peer that hangs up after its Close is waited for no longer', async () => {
      const before = (await engine.figures()).playhead_websocket_connections;
      const peer = await Peer.open(engine.port, 'target');
      peer.send(frame([3, 232], { code: opcode.close }));
      await peer.until(() => false);
      peer.socket.end();
      const since = performance.now();
      while ((await engine.figures()).playhead_websocket_connections > before) {
        assert.ok(performance.now() - since < 500, 'the socket is closed');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      peer.destroy();
    });

    it('5.5.1 an engine that closes says nothing behind its Close, and answers no other one', async () => {
      const peer = await Peer.open(engine.port, 'target');
      peer.send(frame(ask)); // a Hello is what comes first
      await peer.until(() => peer.words().some((word) => word.startsWith('close')));
      peer.send(Buffer.concat([frame([3, 232], { code: opcode.close }), frame('x', { code: opcode.ping })]));
      await peer.until(() => false);
      assert.deepEqual([peer.error, peer.ended], [undefined, true]);
      assert.deepEqual(peer.words().map((word) => word.split(' ')[0]), ['goodbye', 'close']);
      peer.destroy();
    });
  });
});
