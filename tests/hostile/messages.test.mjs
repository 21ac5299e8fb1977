// Messages in good frames that are wrong in themselves, or come from who should not send them: a Goodbye that says why,
// the close code 4000 + its error code, and nobody else any the wiser.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import {
  encodeClientMessage, ERROR_CODES, flatbuffers, frame, goldenFrames, guard, helloOf, join, RawViewer, sleep,
  startBesieged, until, wire,
} from './client.mjs';

const codeOf = (name) => 4000 + ERROR_CODES.indexOf(name);
const golden = (name) => Buffer.from(goldenFrames.find((each) => each.name === name).hex, 'hex');
const refusal = (name) => ({ goodbye: name, closeCode: codeOf(name) });

function helloBytes({ room, token, min = 1, max = 1 }) {
  const builder = new flatbuffers.Builder(256);
  const [roomAt, tokenAt] = [builder.createString(room), builder.createString(token)];
  wire.Hello.startHello(builder);
  wire.Hello.addProtocolMin(builder, min);
  wire.Hello.addProtocolMax(builder, max);
  wire.Hello.addRoom(builder, roomAt);
  wire.Hello.addJoinToken(builder, tokenAt);
  const hello = wire.Hello.endHello(builder);
  wire.ClientFrame.startClientFrame(builder);
  wire.ClientFrame.addMessageType(builder, wire.ClientMessage.Hello);
  wire.ClientFrame.addMessage(builder, hello);
  builder.finish(wire.ClientFrame.endClientFrame(builder));
  return builder.asUint8Array();
}

describe('hostile messages', { timeout: 180_000 }, () => {
  let engine;
  let token;
  let undisturbed;
  const connect = async (room = 'target') => new RawViewer(engine, room).untilUpgraded();
  const enter = (more = {}) => join(engine, { room: 'target', token, ...more });
  const endingAfter = async (message, viewer) => {
    const sender = viewer ?? (await connect());
    sender.send(frame(message instanceof Uint8Array ? message : encodeClientMessage(message)));
    return sender.ending();
  };
  const hello = (more = {}) => helloOf({ room: 'target', token, ...more });

  before(async () => {
    engine = await startBesieged();
    token = await engine.token('target');
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(() => undisturbed());
  after(() => engine?.stop());

  it('who never says hello is asked to leave', async () => {
    const mute = await connect();
    assert.deepEqual(await mute.ending(), refusal('hello_expected'));
  });

  it('a command, a ping or a report before hello is refused', async () => {
    for (const name of ['play', 'pause', 'seek', 'load', 'ping', 'report', 'resync', 'bye']) {
      assert.deepEqual(await endingAfter(golden(name)), refusal('hello_expected'), name);
    }
  });

  it('a second hello ends the session', async () => {
    assert.deepEqual(await endingAfter(hello(), await enter()), refusal('hello_repeated'));
  });

  it('a protocol version we do not speak is refused', async () => {
    assert.deepEqual(await endingAfter(helloBytes({ room: 'target', token, min: 2, max: 9 })), refusal('unsupported_protocol'));
    assert.deepEqual(await endingAfter(helloBytes({ room: 'target', token, min: 0, max: 0 })), refusal('unsupported_protocol'));
    const wide = await connect();
    wide.send(frame(helloBytes({ room: 'target', token, min: 0, max: 65535 })));
    assert.equal((await wide.untilMessage('welcome')).protocol, 1);
    wide.destroy();
  });

  it('tokens that are missing, mangled, wrong, foreign or stale are each refused by name', async () => {
    const foreign = await engine.token('neighbour');
    const wrong = `${token.slice(0, -3)}${token.slice(-3) === 'AAA' ? 'BBB' : 'AAA'}`.replace(/.$/, 'A');
    assert.deepEqual(await endingAfter(hello({ token: '' })), refusal('token_missing'));
    for (const bad of ['x', token.slice(1), `${token}A`, token.slice(0, -1), token.replace('j.', 'z.'), token.replace(/.$/, '!'), 'j..', 'j.target.', '\u0000'.repeat(30)]) {
      assert.deepEqual(await endingAfter(hello({ token: bad })), refusal('token_malformed'), bad);
    }
    assert.deepEqual(await endingAfter(hello({ token: wrong })), refusal('token_wrong'));
    assert.deepEqual(await endingAfter(hello({ token: token.replace('j.', 'o.') })), refusal('token_wrong'));
    assert.deepEqual(await endingAfter(hello({ token: foreign })), refusal('token_foreign'));
    assert.deepEqual(await endingAfter(hello({ token: '', resumeToken: `r.target.${token.split('.')[2]}` })), refusal('token_stale'));
  });

  it('a resume token works while its place is kept, and is stale after', async () => {
    const first = await enter({ name: 'Returning' });
    const { viewer: id, resumeToken } = first.find('welcome');
    first.destroy();
    const again = await join(engine, { room: 'target', token: '', resumeToken });
    assert.deepEqual([again.find('welcome').viewer, again.find('welcome').resumed], [id, true]);
    const third = await join(engine, { room: 'target', token: '', resumeToken });
    assert.deepEqual(await again.ending(), refusal('replaced'));
    third.say({ type: 'bye' });
    await third.untilClosed();
    assert.deepEqual(await endingAfter(hello({ token: '', resumeToken })), refusal('token_stale'));
  });

  it('a room that does not exist says so in words a browser can hear', async () => {
    const lost = await connect('nowhere');
    lost.say(helloOf({ room: 'nowhere', token: `j.nowhere.${token.split('.')[2]}` }));
    assert.deepEqual(await lost.ending(), refusal('room_unknown'));
  });

  it('a hello for another room than that of the address is refused', async () => {
    const foreign = await engine.token('neighbour');
    assert.deepEqual(await endingAfter(helloOf({ room: 'neighbour', token: foreign })), refusal('malformed'));
  });

  it('every truncation of every kind of message ends one session at most', async () => {
    for (const { hex } of goldenFrames) {
      const bytes = Buffer.from(hex, 'hex');
      const cuts = [0, 1, 3, 4, 7, 8, 12, 16, bytes.length - 1, bytes.length - 4].filter((cut) => cut >= 0 && cut < bytes.length);
      const viewers = await Promise.all(cuts.map(() => enter()));
      for (const [n, cut] of cuts.entries()) {
        viewers[n].send(frame(bytes.subarray(0, cut)));
        viewers[n].send(frame(encodeClientMessage({ type: 'ping', t0Us: 1 })));
      }
      await until(() => viewers.every((viewer) => viewer.closed || viewer.find('pong')), 'an answer to each');
      for (const viewer of viewers) viewer.destroy();
    }
  });

  it('messages with any bits turned over end one session at most', async () => {
    let seed = 17;
    const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
    for (let round = 0; round < 6; round++) {
      const viewers = await Promise.all(Array.from({ length: 40 }, () => enter()));
      for (const viewer of viewers) {
        const bytes = Buffer.from(goldenFrames[next() % goldenFrames.length].hex, 'hex');
        for (let turn = 0; turn <= next() % 6; turn++) bytes[next() % bytes.length] ^= 1 << (next() % 8);
        viewer.send(frame(bytes));
        viewer.send(frame(encodeClientMessage({ type: 'ping', t0Us: 1 })));
      }
      await until(() => viewers.every((viewer) => viewer.closed || viewer.find('pong')), 'an answer to each');
      for (const viewer of viewers) viewer.destroy();
    }
  });

  it('random messages are malformed', async () => {
    let seed = 4711;
    const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
    const viewers = await Promise.all(Array.from({ length: 40 }, () => enter()));
    for (const viewer of viewers) viewer.send(frame(Buffer.from(Array.from({ length: next() % 300 }, () => next() & 0xff))));
    for (const viewer of viewers) assert.deepEqual(await viewer.ending(), refusal('malformed'));
  });

  it('positions and rates out of all bounds are refused, and the session lives', async () => {
    const fresh = await engine.createRoom({ title: 'out of bounds' });
    const viewer = await join(engine, { room: fresh.room, token: fresh.join_token });
    let sequence = 0;
    const command = async (action, more = {}) => {
      sequence += 1;
      viewer.messages = viewer.messages.filter((message) => message.type !== 'reply');
      viewer.say({ type: 'command', sequence, media: 1, issuedAtUs: 0, issuedLogical: 0, positionUs: -1, action, ...more });
      await until(() => viewer.messages.some((message) => message.type === 'reply') || viewer.closed, `an answer to ${action.kind}`);
      const reply = viewer.find('reply');
      return reply && [reply.sequence === sequence ? reply.verdict : 'of another', reply.code];
    };
    assert.deepEqual(await command({ kind: 'play' }), ['refused', 'no_media']);
    const load = { kind: 'load', mediaKind: 1, url: '/media/a.mp4', title: '<b>A</b>', positionUs: 0, play: false };
    assert.deepEqual(await command({ ...load, positionUs: -5 }), ['refused', 'out_of_range']);
    assert.deepEqual(await command({ ...load, url: 'javascript:alert(1)' }), ['refused', 'malformed']);
    assert.deepEqual(await command({ ...load, url: `/media/${'a'.repeat(3000)}` }), ['refused', 'too_large']);
    assert.deepEqual(await command(load), ['applied', 'none']);
    const instance = 1;
    for (const positionUs of [-1, -(2 ** 62), 2 ** 62]) {
      assert.deepEqual(await command({ kind: 'seek', positionUs }, { media: instance }), ['refused', 'out_of_range'], `${positionUs}`);
    }
    await sleep(1500); // the budget of commands fills up again
    for (const ratePermille of [0, -1000, 249, 2001, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.deepEqual(await command({ kind: 'setRate', ratePermille }, { media: instance }), ['refused', 'out_of_range'], `${ratePermille}`);
    }
    assert.deepEqual(await command({ kind: 'pause' }, { media: 999 }), ['refused', 'wrong_media']);
    viewer.destroy();
  });

  it('a name made of markup and control characters is text, and short', async () => {
    const viewer = await enter({ name: `<img src=x onerror=alert(1)>\u202e\u0000\u200b${'n'.repeat(200)}` });
    await viewer.untilMessage('snapshot');
    const row = viewer.find('snapshot').fields.viewers.find((each) => each.id === viewer.find('welcome').viewer);
    assert.match(row.name, /^<img src=x onerror=alert\(1\)>/);
    assert.ok([...row.name].length <= 32 && !/[\u0000-\u001f\u200b\u202e]/.test(row.name), JSON.stringify(row.name));
    viewer.destroy();
  });

  it('one who talks without end is limited, then asked to leave', async () => {
    const viewer = await enter();
    const one = frame(encodeClientMessage({ type: 'command', sequence: 1, media: 1, issuedAtUs: 0, issuedLogical: 0, positionUs: -1, action: { kind: 'play' } }));
    for (let n = 0; n < 3000 && !viewer.closed; n++) viewer.send(one);
    assert.deepEqual(await viewer.ending(), refusal('rate_limited'));
  });

  it('one who sends signals without end is limited, then asked to leave', async () => {
    const viewer = await enter();
    const one = frame(encodeClientMessage({ type: 'signal', plugin: 'cursors', name: 'move', args: { x: 0.5, y: 0.5 } }));
    for (let n = 0; n < 3000 && !viewer.closed; n++) viewer.send(one);
    assert.deepEqual(await viewer.ending(), refusal('rate_limited'));
  });

  it('commands for plugins that are not here are refused one by one', async () => {
    const viewer = await enter();
    const names = ['chat', '@engine', '@plugin', '', '../chat', 'chat\u0000'];
    names.forEach((plugin, n) => {
      viewer.say({
        type: 'command', sequence: n + 1, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1,
        action: { kind: 'plugin', plugin, name: 'say', args: { text: 'x' } },
      });
    });
    const replies = () => viewer.messages.filter((message) => message.type === 'reply');
    await until(() => viewer.closed || replies().length === names.length, 'the answers');
    assert.deepEqual(replies().map((reply) => reply.code), names.map(() => 'unknown_command'));
    viewer.destroy();
  });

  it('reports of nonsense move nobody', async () => {
    const viewer = await enter();
    for (const n of [2 ** 31 - 1, -(2 ** 31), 0]) {
      viewer.say({
        type: 'report', version: 0xffffffff, media: 0xffffffff, driftUs: n, delayUs: 0xffffffff, clockErrorUs: 0xffffffff,
        bufferMs: 0xffffffff, durationUs: 2 ** 52, flags: 255,
      });
    }
    viewer.say({ type: 'ping', t0Us: -(2 ** 52) });
    await until(() => viewer.closed || viewer.find('pong') !== undefined, 'an answer');
    viewer.destroy();
  });
});
