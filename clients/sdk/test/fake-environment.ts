// A clock that only moves when told, timers on it, a page that does as it is told, and chance from a seed.

import type { Environment, Page, Socket, SocketHandlers } from "../src/environment.js";

/** Source: Vigna, splitmix32 as commonly used for seeding; good enough to shuffle tests. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** One time line for all clients and the engine of a test. */
export class FakeTime {
  nowMs = 0;
  private timers: Timer[] = [];
  private order = 0;

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + Math.max(0, delayMs), order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Runs what is due, in order, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await settle();
      let next: Timer | undefined;
      for (const timer of this.timers) {
        if (timer.atMs > endMs) continue;
        if (
          next === undefined ||
          timer.atMs < next.atMs ||
          (timer.atMs === next.atMs && timer.order < next.order)
        )
          next = timer;
      }
      if (next === undefined) break;
      const due = next;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.run();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  get waiting(): number {
    return this.timers.length;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i += 1) await Promise.resolve();
}

export class FakePage implements Page {
  visible = true;
  online = true;
  private readonly listeners = new Set<() => void>();

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  set(change: { visible?: boolean; online?: boolean }): void {
    Object.assign(this, change);
    for (const listener of [...this.listeners]) listener();
  }
}

/** One client's end of a socket, in the hands of a test. */
export class FakeSocket implements Socket {
  readonly sent: Uint8Array[] = [];
  buffered = 0;
  closedByClient = false;
  onSend: ((bytes: Uint8Array) => void) | undefined;
  onClose: (() => void) | undefined;

  constructor(
    readonly url: string,
    readonly handlers: SocketHandlers,
    private readonly now: () => number,
  ) {}

  /** As if the engine had sent it. */
  receive(bytes: Uint8Array): void {
    if (!this.closedByClient) this.handlers.message(bytes, this.now());
  }
  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.closedByClient) return;
    this.sent.push(bytes);
    this.onSend?.(bytes);
  }
  close(): void {
    this.closedByClient = true;
    this.onClose?.();
  }
}

export class FakeEnvironment implements Environment {
  readonly page = new FakePage();
  readonly sockets: FakeSocket[] = [];
  /** How far this client's clock is from the time line. */
  clockOffsetMs = 0;
  sleptMs = 0;
  onOpen: ((socket: FakeSocket) => void) | undefined;

  constructor(
    readonly time: FakeTime,
    readonly random: () => number = () => 0.5,
  ) {}

  now(): number {
    return this.time.nowMs + this.clockOffsetMs;
  }
  wallMs(): number {
    return 1_700_000_000_000 + this.time.nowMs + this.sleptMs;
  }
  after(delayMs: number, run: () => void): () => void {
    return this.time.after(delayMs, run);
  }
  /** Never at once: a loop that waits by asking again and again must see time pass. */
  soon(run: () => void): void {
    this.time.after(0.1, run);
  }
  /** There is no engine to ask. */
  post(): Promise<Response> {
    return Promise.reject(new Error("nobody answers"));
  }
  openSocket(url: string, handlers: SocketHandlers): Socket {
    const socket = new FakeSocket(url, handlers, () => this.now());
    this.sockets.push(socket);
    this.onOpen?.(socket);
    return socket;
  }
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket has been opened");
    return socket;
  }
}
