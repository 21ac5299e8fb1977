// A client that may do everything wrong: raw sockets, hand-made HTTP and WebSocket frames. The right messages come from
// the SDK's own code (bundled here), so that what is wrong about a test is only what the test says.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';
import { root, sanitizer, startEngine } from '../harness/engine.mjs';

const sdk = path.join(root, 'clients/sdk');

async function loadSdk() {
  execFileSync(process.execPath, [path.join(sdk, 'scripts/generate.mjs')]);
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { encodeClientMessage } from './src/encode.ts';
        export { ERROR_CODES } from './src/messages.ts';
        export { decodeServerFrame } from './src/decode.ts';
        export * as flatbuffers from 'flatbuffers';
        export * as wire from './src/generated/client_generated.ts';`,
      resolveDir: sdk,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(module, module.exports, createRequire(import.meta.url));
  return module.exports;
}

export const { encodeClientMessage, ERROR_CODES, decodeServerFrame, flatbuffers, wire } = await loadSdk();

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until `condition` holds; what it last gave is in the error.
export async function until(condition, what, timeoutMs = 15_000) {
  const end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end) {
    last = await condition();
    if (last === true) return;
    await sleep(50);
  }
  throw new Error(`${what}: still ${JSON.stringify(last)} after ${timeoutMs} ms`);
}

// Throws if so many bytes more are resident than may be. A sanitizer pads what is there and keeps what is gone: what it takes
// says nothing of the engine.
export function assertGrown(bytes, bytesMax) {
  if (sanitizer === '') assert.ok(bytes < bytesMax, `${bytes} bytes more resident`);
}

// ---- the engine under attack

// Short deadlines, so that a test of one does not take its normal time.
export const limits = {
  header_timeout_s: 1,
  body_timeout_s: 1,
  idle_timeout_s: 2,
  stall_timeout_s: 2,
  hello_timeout_s: 1,
  silence_timeout_s: 5,
  viewer_grace_s: 1,
  empty_room_expiry_s: 1,
  slow_time_max_s: 2,
  rooms_created_per_minute: 100_000,
};

// An engine with a neighbour: a viewer in a room of its own, whom nothing of what follows may disturb.
export async function startBesieged(config = {}, options = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'playhead-besieged-'));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>app</title>');
  const engine = await startEngine({
    log_level: 'warn',
    web_root: folder,
    media_folder: folder,
    rooms: [{ id: 'neighbour', listed: true }, { id: 'target', listed: true }],
    ...config,
    limits: { ...limits, ...config.limits },
  }, options);
  const figures = async () =>
    Object.fromEntries(
      (await engine.metrics())
        .split('\n')
        .filter((line) => line && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  const token = async (room) => (await engine.api('GET', `/api/v1/rooms/${room}`)).join_token;
  const neighbour = await join(engine, { room: 'neighbour', token: await token('neighbour'), name: 'Neighbour' });
  const chatter = setInterval(() => neighbour.say({ type: 'ping', t0Us: 1 }), 1000); // or it would be taken for dead
  const stop = async () => {
    clearInterval(chatter);
    neighbour.destroy();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const descriptors = () => readdirSync(`/proc/${engine.child.pid}/fd`).length;
  await until(async () => (await figures()).playhead_sessions === 1, 'the neighbour joins');
  return { ...engine, figures, token, neighbour, descriptors, stop };
}

// What there is before an attack; the function it returns checks that it is so again afterwards, and that the
// neighbour's room went on all the while.
export async function guard(engine) {
  const settled = async () => {
    const now = await engine.figures();
    return {
      rooms: now.playhead_rooms,
      viewers: now.playhead_viewers,
      sessions: now.playhead_sessions,
      sockets: now.playhead_websocket_connections,
    };
  };
  const before = await settled();
  const ticks = await engine.figures();
  const descriptors = engine.descriptors();
  return async () => {
    if (engine.child.exitCode !== null || engine.child.signalCode !== null) {
      throw new Error(`the engine ended: ${engine.child.exitCode ?? engine.child.signalCode}`);
    }
    await until(async () => JSON.stringify(await settled()) === JSON.stringify(before) || (await settled()), `back to ${JSON.stringify(before)}`);
    // Our own keep-alive connections come and go, hence the margin; a leak in a loop is far beyond it.
    await until(() => engine.descriptors() <= descriptors + 4 || engine.descriptors(), `back to ${descriptors} descriptors`);
    const after = await engine.figures();
    if (after.playhead_ticks_total === ticks.playhead_ticks_total) throw new Error('no tick ran');
    // A busy machine takes the processor away for some ticks; only an attack that holds the shard makes one so late.
    const late = (figures_) => figures_.playhead_tick_lateness_seconds_count - figures_['playhead_tick_lateness_seconds_bucket{le="2.097152"}'];
    if (late(after) > late(ticks)) throw new Error(`${late(after) - late(ticks)} ticks were more than two seconds late`);
    if (engine.neighbour.closed) throw new Error('the neighbour was disconnected');
    engine.neighbour.messages.length = 0;
    engine.neighbour.say({ type: 'ping', t0Us: 1 });
    await engine.neighbour.untilMessage('pong');
  };
}

// ---- HTTP by hand

export class RawConnection {
  constructor(engine) {
    this.received = Buffer.alloc(0);
    this.closed = false;
    this.socket = engine.connect?.() ?? net.connect(engine.port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.onData?.();
    });
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('error', () => (this.closed = true));
  }

  send(bytes) {
    if (!this.closed) this.socket.write(bytes);
    return this;
  }

  destroy() {
    this.socket.destroy();
    this.closed = true;
  }

  get text() {
    return this.received.toString('latin1');
  }

  // The status of the first answer; 0 if the connection was closed without one.
  async status(timeoutMs = 10_000) {
    await until(() => this.text.includes('\r\n\r\n') || this.closed, 'an answer', timeoutMs);
    return Number(this.text.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0);
  }

  untilClosed(timeoutMs = 15_000) {
    return until(() => this.closed, 'the connection is closed', timeoutMs);
  }
}

export async function rawStatus(engine, bytes) {
  const connection = new RawConnection(engine).send(bytes);
  const status = await connection.status();
  connection.destroy();
  return status;
}

export const handshakeOf = (room, fields = {}) => {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': 'playhead.v1',
    ...fields,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  return `GET /ws/${room} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
};

// ---- WebSocket by hand

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// One frame, well-formed unless told otherwise. `form`: bits of the length field (7, 16 or 64), however short it is;
// `length`: what it says, whatever is true.
export function frame(payload, { code = opcode.binary, final = true, masked = true, reserved = 0, length, form, key = randomBytes(4) } = {}) {
  const data = Buffer.from(payload);
  const size = length ?? data.length;
  const bits = form ?? (size < 126 ? 7 : size < 65536 ? 16 : 64);
  const head = [(final ? 0x80 : 0) | (reserved << 4) | code];
  const mask = masked ? 0x80 : 0;
  if (bits === 7) head.push(mask | size);
  else if (bits === 16) head.push(mask | 126, size >> 8, size & 0xff);
  else {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(BigInt(size));
    head.push(mask | 127, ...wide);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), data]);
  return Buffer.concat([Buffer.from(head), Buffer.from(key), data.map((byte, index) => byte ^ key[index % 4])]);
}

export class RawViewer extends RawConnection {
  constructor(engine, room, fields) {
    super(engine);
    this.messages = [];
    this.closeCode = undefined;
    this.upgraded = false;
    this.onData = () => this.#read();
    const request = handshakeOf(room, fields);
    this.key = request.match(/Sec-WebSocket-Key: (.*)\r/)?.[1];
    this.send(request);
  }

  #read() {
    if (!this.upgraded) {
      const end = this.received.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.received.subarray(0, end + 4).toString('latin1');
      if (!this.head.startsWith('HTTP/1.1 101')) return;
      this.upgraded = true;
      this.received = this.received.subarray(end + 4);
    }
    while (this.received.length >= 2) {
      const code = this.received[0] & 0x0f;
      let size = this.received[1] & 0x7f;
      let at = 2;
      if (size === 126) {
        if (this.received.length < 4) return;
        size = this.received.readUInt16BE(2);
        at = 4;
      } else if (size === 127) {
        if (this.received.length < 10) return;
        size = Number(this.received.readBigUInt64BE(2));
        at = 10;
      }
      if (this.received.length < at + size) return;
      const payload = this.received.subarray(at, at + size);
      this.received = this.received.subarray(at + size);
      if (code === opcode.binary) this.messages.push(...[decodeServerFrame(new Uint8Array(payload))].flat());
      if (code === opcode.close) {
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.socket.end(); // or the engine waits a while for our answer
      }
    }
  }

  async untilUpgraded() {
    await until(() => this.upgraded || this.closed || this.text.startsWith('HTTP/1.1 4'), 'the handshake');
    if (!this.upgraded) throw new Error(`no upgrade: ${this.text.split('\r\n')[0]}`);
    const accept = createHash('sha1').update(`${this.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (!this.head.includes(`Sec-WebSocket-Accept: ${accept}\r\n`)) throw new Error('a wrong Sec-WebSocket-Accept');
    return this;
  }

  say(message) {
    return this.send(frame(encodeClientMessage(message)));
  }

  find(type) {
    return this.messages.find((message) => message.type === type);
  }

  async untilMessage(type, timeoutMs) {
    await until(() => this.find(type) !== undefined || (this.closed ? 'closed' : false), `a ${type}`, timeoutMs);
    return this.find(type);
  }

  // How it ended: the Goodbye's code, if one came, and the close code, if one came.
  async ending(timeoutMs) {
    await this.untilClosed(timeoutMs);
    return { goodbye: this.find('goodbye')?.code, closeCode: this.closeCode };
  }
}

export const helloOf = ({ room, token, resumeToken = '', name = 'Mallory', ...others }) => ({
  type: 'hello',
  room,
  joinToken: token ?? '',
  resumeToken,
  name,
  haveEpoch: 0,
  haveVersion: 0,
  client: 'hostile',
  ...others,
});

export async function join(engine, who) {
  const viewer = new RawViewer(engine, who.room);
  await viewer.untilUpgraded();
  viewer.say(helloOf(who));
  await viewer.untilMessage('welcome');
  return viewer;
}

export const goldenFrames = JSON.parse(readFileSync(path.join(root, 'tests/vectors/wire.json'), 'utf8')).client_frames;
