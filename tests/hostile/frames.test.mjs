// WebSocket frames as RFC 6455 forbids them: the connection ends with the code that says why, and only that connection.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { encodeClientMessage, frame, guard, handshakeOf, helloOf, join, opcode, RawViewer, startBesieged } from './client.mjs';

const ping = encodeClientMessage({ type: 'ping', t0Us: 7 });
const closeFrame = (code, reason = '') => frame([code >> 8, code & 0xff, ...Buffer.from(reason, 'latin1')], { code: opcode.close });

describe('hostile frames', { timeout: 120_000 }, () => {
  let engine;
  let token;
  let undisturbed;
  const enter = () => join(engine, { room: 'target', token });
  // Joins, sends the bytes, and tells the close code that follows.
  const codeAfter = async (...frames) => {
    const viewer = await enter();
    for (const each of frames) viewer.send(each);
    return (await viewer.ending()).closeCode;
  };

  before(async () => {
    engine = await startBesieged();
    token = await engine.token('target');
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(() => engine?.stop());

  it('an unmasked frame breaks the rules', async () => {
    assert.equal(await codeAfter(frame(ping, { masked: false })), 1002);
    assert.equal(await codeAfter(frame([], { masked: false, code: opcode.ping })), 1002);
  });

  it('reserved bits and reserved opcodes break the rules', async () => {
    for (const reserved of [1, 2, 4, 7]) assert.equal(await codeAfter(frame(ping, { reserved })), 1002, `bits ${reserved}`);
    for (const code of [3, 5, 7, 11, 15]) assert.equal(await codeAfter(frame(ping, { code })), 1002, `opcode ${code}`);
  });

  it('a text frame is refused as text, whatever it says', async () => {
    const viewer = await enter();
    viewer.send(frame('{"play":true}', { code: opcode.text }));
    assert.equal((await viewer.ending()).closeCode, 1003);
    assert.equal(await codeAfter(frame([0xff, 0xfe], { code: opcode.text })), 1003);
  });

  it('an oversize message is refused by its length, before its bytes have come', async () => {
    const viewer = await enter();
    viewer.send(frame([], { length: 16 * 1024 + 1 }));
    assert.equal((await viewer.ending()).closeCode, 1009);
    assert.equal(await codeAfter(frame([], { length: 2 ** 40 })), 1009);
    assert.equal(await codeAfter(frame([], { length: 2 ** 63 })), 1002);
  });

  it('lengths that are not written the shortest way break the rules', async () => {
    assert.equal(await codeAfter(Buffer.from([0x82, 0xfe, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0])), 1002);
    assert.equal(await codeAfter(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x10, 0, 1, 2, 3, 4])), 1002);
  });

  it('a message in fragments is put together', async () => {
    const viewer = await enter();
    viewer.send(frame(ping.subarray(0, 5), { final: false }));
    viewer.send(frame([], { code: opcode.ping }));
    viewer.send(frame(ping.subarray(5, 6), { code: opcode.continuation, final: false }));
    viewer.send(frame(ping.subarray(6), { code: opcode.continuation }));
    assert.equal((await viewer.untilMessage('pong')).t0Us, 7);
    viewer.destroy();
  });

  it('a message fragmented for ever is refused, in bytes and in pieces', async () => {
    const viewer = await enter();
    viewer.send(frame(Buffer.alloc(4096), { final: false }));
    for (let n = 0; n < 8; n++) viewer.send(frame(Buffer.alloc(4096), { code: opcode.continuation, final: false }));
    assert.equal((await viewer.ending()).closeCode, 1009);
    const dripping = await enter();
    dripping.send(frame([], { final: false }));
    for (let n = 0; n < 1000; n++) dripping.send(frame([], { code: opcode.continuation, final: false }));
    assert.equal((await dripping.ending()).closeCode, 1009);
  });

  it('fragments out of order break the rules', async () => {
    assert.equal(await codeAfter(frame(ping, { code: opcode.continuation })), 1002);
    assert.equal(await codeAfter(frame(ping, { final: false }), frame(ping)), 1002);
  });

  it('control frames that are long or fragmented break the rules', async () => {
    assert.equal(await codeAfter(frame(Buffer.alloc(126), { code: opcode.ping })), 1002);
    assert.equal(await codeAfter(frame([], { code: opcode.ping, final: false })), 1002);
    assert.equal(await codeAfter(frame([], { code: opcode.close, final: false })), 1002);
  });

  it('a flood of control frames ends the connection', async () => {
    for (const code of [opcode.ping, opcode.pong]) {
      const viewer = await enter();
      const one = frame(Buffer.alloc(125), { code });
      for (let n = 0; n < 5000 && !viewer.closed; n++) viewer.send(one);
      assert.equal((await viewer.ending()).closeCode, 4012);
    }
  });

  it('closing is answered in kind, and nonsense in a close frame breaks the rules', async () => {
    assert.equal(await codeAfter(closeFrame(1000, 'bye')), 1000);
    assert.equal(await codeAfter(closeFrame(4321)), 4321);
    assert.equal(await codeAfter(frame([], { code: opcode.close })), 1005);
    assert.equal(await codeAfter(frame([3], { code: opcode.close })), 1002);
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 65535]) assert.equal(await codeAfter(closeFrame(code)), 1002, `code ${code}`);
    assert.equal(await codeAfter(closeFrame(1000, '\xff\xfe')), 1007);
  });

  it('what follows a close frame is not read', async () => {
    const viewer = await enter();
    viewer.send(Buffer.concat([closeFrame(1000), frame(ping), Buffer.alloc(50_000, 0x55)]));
    assert.equal((await viewer.ending()).closeCode, 1000);
    assert.equal(viewer.find('pong'), undefined);
  });

  it('frames that come with the handshake, or byte by byte, are read like others', async () => {
    const hasty = new RawViewer(engine, 'target');
    hasty.send(frame(encodeClientMessage(helloOf({ room: 'target', token }))));
    await hasty.untilMessage('welcome');
    hasty.destroy();
    const slow = new RawViewer(engine, 'target');
    await slow.untilUpgraded();
    slow.socket.setNoDelay(true);
    for (const byte of frame(encodeClientMessage(helloOf({ room: 'target', token })))) slow.send(Buffer.from([byte]));
    await slow.untilMessage('welcome');
    slow.destroy();
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
    assert.equal(await codeAfter(handshakeOf('target')), 1002);
  });
});
