// A WebSocket client that sends exactly the bytes it is given, and reads what comes back as strictly as RFC 6455 lets a
// client be: anything that a server must not send is an error here, whatever the row under test is about.
import net from 'node:net';
import { decodeServerFrame, handshakeOf, opcode } from '../hostile/client.mjs';

const nameOf = new Map(Object.entries(opcode).map(([name, code]) => [code, name]));

// The whole frames at the front of `bytes`, as { name, payload }, and what is left behind them.
export function serverFrames(bytes) {
  const frames = [];
  let rest = bytes;
  for (;;) {
    if (rest.length < 2) return { frames, rest };
    const [first, second] = rest;
    const name = nameOf.get(first & 0x0f);
    const wrong = (why) => new Error(`the server's frame ${rest.subarray(0, 16).toString('hex')}...: ${why}`);
    if (name === undefined) throw wrong('a reserved opcode (5.2)');
    if (first & 0x70) throw wrong('a reserved bit without an extension (5.2)');
    if (second & 0x80) throw wrong('it is masked (5.1)');
    const control = (first & 0x08) !== 0;
    if (control && !(first & 0x80)) throw wrong('a fragmented control frame (5.5)');
    if (control && second > 125) throw wrong('a control frame of more than 125 bytes (5.5)');
    if (name === 'text' || name === 'continuation' || !(first & 0x80)) throw wrong('our messages are binary, in one frame');
    const head = second < 126 ? 2 : second === 126 ? 4 : 10;
    if (rest.length < head) return { frames, rest };
    const length = head === 2 ? second : head === 4 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (length < [0, 126, 65_536][[2, 4, 10].indexOf(head)]) throw wrong('a length that is not in its shortest form (5.2)');
    if (rest.length < head + length) return { frames, rest };
    const payload = rest.subarray(head, head + length);
    if (frames.some((before) => before.name === 'close')) throw wrong('something behind a Close frame (5.5.1)');
    if (name === 'close' && length === 1) throw wrong('a close code of one byte (5.5.1)');
    frames.push({ name, payload });
    rest = rest.subarray(head + length);
  }
}

// What a server said, as the tables write it: "pong 78", "close 1002", "close" for one without a code; of messages their
// type, and only of those that answer something (a room's state and beacons come when they come).
const answers = new Set(['welcome', 'pong', 'goodbye', 'reply']);
export function wordsOf(frames) {
  return frames.flatMap(({ name, payload }) => {
    if (name === 'pong' || name === 'ping') return [`${name} ${payload.toString('hex')}`];
    if (name === 'close') return [payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)}`];
    const message = decodeServerFrame(new Uint8Array(payload));
    return [message].flat().filter((each) => answers.has(each.type)).map((each) => (each.type === 'pong' ? 'answer' : each.type));
  });
}

export class Peer {
  #waiting = [];

  constructor(port) {
    this.received = Buffer.alloc(0);
    this.ended = false; // in order, with a FIN
    this.error = undefined;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#look();
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.#look();
    });
    this.socket.on('error', (error) => {
      this.error = error;
      this.#look();
    });
  }

  #look() {
    for (const look of this.#waiting) look();
  }

  send(bytes) {
    this.socket.write(bytes);
  }

  // One segment each for the first bytes, where headers are; then in lumps.
  async sendCut(bytes) {
    for (let at = 0; at < bytes.length && this.error === undefined; ) {
      const size = at < 40 ? 1 : Math.max(1, Math.ceil((bytes.length - 40) / 10));
      await new Promise((resolve) => this.socket.write(bytes.subarray(at, at + size), resolve));
      at += size;
    }
  }

  destroy() {
    this.socket.destroy();
  }

  // Resolves once `holds`, and when it cannot come to hold any more; the caller looks at what there is.
  until(holds, timeoutMs = 5000) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.splice(this.#waiting.indexOf(look), 1);
        settle(value);
      };
      const look = () => {
        try {
          if (holds() || this.ended || this.error !== undefined) finish(resolve);
        } catch (error) {
          finish(reject, error);
        }
      };
      const timer = setTimeout(() => finish(resolve), timeoutMs);
      this.#waiting.push(look);
      look();
    });
  }

  // The head of the answer to a handshake, and what came behind it.
  async head() {
    await this.until(() => this.received.includes('\r\n\r\n'));
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no answer to the handshake: ${this.error ?? JSON.stringify(this.received.toString('latin1'))}`);
    const [line, ...fields] = this.received.subarray(0, end).toString('latin1').split('\r\n');
    this.received = this.received.subarray(end + 4);
    return {
      line,
      status: Number(line.split(' ')[1]),
      all: (name) => fields.filter((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`)).map((field) => field.slice(name.length + 1).trim()),
    };
  }

  // A connection past its handshake.
  static async open(port, room, fields) {
    const peer = new Peer(port);
    peer.send(handshakeOf(room, fields));
    const { line } = await peer.head();
    if (!line.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${line}`);
    return peer;
  }

  // Lets go of the whole frames received so far.
  forget() {
    this.received = serverFrames(this.received).rest;
  }

  words() {
    return wordsOf(serverFrames(this.received).frames);
  }
}
