// A real mpv, asked over its IPC socket beside whoever else controls it: where it is, at which moment of the true clock.
import net from 'node:net';
import { monotonicMs } from './engine.mjs';

const requestTimeoutMs = 5000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Mpv {
  // Connects once the socket is there; rejects when nothing answers in time.
  static async attach(path, timeoutMs = 20_000) {
    const endMs = monotonicMs() + timeoutMs;
    for (;;) {
      try {
        const socket = await new Promise((resolve, reject) => {
          const trying = net.connect(path, () => resolve(trying)).once('error', reject);
        });
        const mpv = new Mpv(socket, path);
        mpv.pid = await mpv.get('pid');
        for (const name of ['pause', 'speed', 'seeking']) await mpv.command('observe_property', 1, name);
        return mpv;
      } catch (error) {
        if (monotonicMs() > endMs) throw new Error(`no mpv answers at ${path}: ${error.message}`);
        await sleep(50);
      }
    }
  }

  constructor(socket, path) {
    this.path = path;
    this.socket = socket;
    this.waiting = new Map();
    this.asked = 0;
    this.now = { pause: true, speed: 1, seeking: false };
    this.seeks = []; // [atMs]
    this.speeds = []; // [atMs, speed]
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      const atMs = monotonicMs();
      const lines = (text + chunk).split('\n');
      text = lines.pop();
      for (const line of lines) if (line !== '') this.heard(JSON.parse(line), atMs);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error(`mpv at ${path} is gone`));
      this.waiting.clear();
    });
  }

  heard(message, atMs) {
    if (message.event === 'property-change') {
      this.now[message.name] = message.data;
      if (message.name === 'speed') this.speeds.push([atMs, message.data]);
    } else if (message.event === 'seek') {
      this.seeks.push([atMs]);
    }
    const asked = this.waiting.get(message.request_id);
    if (message.event === undefined && asked) {
      this.waiting.delete(message.request_id);
      asked.resolve({ error: message.error, value: message.data, atMs: (asked.sentMs + atMs) / 2, roundTripMs: atMs - asked.sentMs });
    }
  }

  // { error, value, atMs, roundTripMs }: mpv answered at atMs, give or take half the round trip.
  ask(...command) {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) throw new Error(`mpv at ${this.path} is gone`);
      const id = ++this.asked;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`mpv at ${this.path} did not answer ${JSON.stringify(command)}`));
      }, requestTimeoutMs);
      const done = (settle) => (result) => {
        clearTimeout(timer);
        settle(result);
      };
      this.waiting.set(id, { resolve: done(resolve), reject: done(reject), sentMs: monotonicMs() });
      this.socket.write(`${JSON.stringify({ command, request_id: id })}\n`);
    });
  }

  async command(...command) {
    const answer = await this.ask(...command);
    if (answer.error !== 'success') throw new Error(`mpv refused ${JSON.stringify(command)}: ${answer.error}`);
    return answer;
  }

  // Undefined while mpv has no such value.
  async get(property) {
    const { error, value } = await this.ask('get_property', property);
    return error === 'success' ? value : undefined;
  }

  // What a person does with the space bar and the arrows. Returns when it was done.
  play = async () => (await this.command('set_property', 'pause', false)).atMs;
  pause = async () => (await this.command('set_property', 'pause', true)).atMs;
  seek = async (positionMs) => (await this.command('seek', positionMs / 1000, 'absolute+exact')).atMs;

  // A row as timeline.mjs wants it, [atMs, positionS, paused, seeking, readyState, rate], and the round trip behind it.
  // The position is audio-pts, which moves smoothly; time-pos moves in whole frames. Undefined in the middle of a seek.
  async sample() {
    const { error, value, atMs, roundTripMs } = await this.ask('get_property', 'audio-pts');
    if (error !== 'success' || typeof value !== 'number') return undefined;
    return Object.assign([atMs, value, +this.now.pause, +this.now.seeking, 4, this.now.speed], { roundTripMs });
  }

  close() {
    this.socket.destroy();
  }
}

// Samples players back to back, every so often, until stop(); returns the rows of each, and the rounds in which all answered.
export class Watch {
  constructor(players, everyMs) {
    this.rows = players.map(() => []);
    this.rounds = [];
    this.running = true;
    this.ended = this.run(players, everyMs);
    this.ended.catch(() => {}); // told by stop()
  }

  async run(players, everyMs) {
    for (let dueMs = monotonicMs(); this.running; dueMs = Math.max(dueMs + everyMs, monotonicMs())) {
      await sleep(Math.max(0, dueMs - monotonicMs()));
      const round = await Promise.all(players.map((each) => each.sample()));
      round.forEach((row, n) => row && this.rows[n].push(row));
      if (!round.includes(undefined)) this.rounds.push(round);
    }
  }

  async stop() {
    this.running = false;
    await this.ended;
    return this;
  }
}
