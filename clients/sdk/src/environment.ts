// Time, chance, sockets and the page, as the SDK asks for them: a test gives its own, a browser's are below.

import { SUBPROTOCOL } from "./messages.js";
import type { LoopTimers } from "./sync/sync-loop.js";

/** A request that takes longer has failed. Unit: ms. */
const POST_MS_MAX = 10_000;

export interface SocketHandlers {
  opened(): void;
  /** One binary message, and the local time at which it arrived. */
  message(bytes: Uint8Array, receivedMs: number): void;
  /** A text message: no engine sends one. */
  text(): void;
  /** Once, whatever happened; nothing follows. */
  closed(code: number): void;
}

export interface Socket {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** No handler is called afterwards. */
  close(): void;
  /** Bytes accepted by send() that have not left yet. */
  readonly buffered: number;
}

/** What the page tells: hints, never facts. */
export interface Page {
  readonly visible: boolean;
  readonly online: boolean;
  /** Visible or hidden, online or offline, going away (then `visible` is false). Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
}

export interface Environment extends LoopTimers {
  /** Wall clock; unlike now() it goes on while the machine sleeps. Unit: ms. */
  wallMs(): number;
  /** [0, 1) */
  random(): number;
  openSocket(url: string, handlers: SocketHandlers): Socket;
  /** A POST of JSON; rejects when there is no answer. */
  post(url: string, body: unknown): Promise<Response>;
  readonly page: Page;
}

/** How a browser's WebSocket is made; `ws` from npm fits as well. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** A socket on any implementation of the WebSocket interface. */
export function socketOn(
  make: (url: string, protocol: string) => WebSocketLike,
  now: () => number,
  url: string,
  handlers: SocketHandlers,
): Socket {
  const socket = make(url, SUBPROTOCOL);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => handlers.opened();
  socket.onmessage = (event: { readonly data: unknown }) => {
    const receivedMs = now();
    if (event.data instanceof ArrayBuffer) handlers.message(new Uint8Array(event.data), receivedMs);
    else handlers.text();
  };
  socket.onclose = (event: { readonly code: number }) => handlers.closed(event.code);
  // An error is always followed by a close; it says nothing that the close does not.
  socket.onerror = () => {};
  return {
    send: (bytes) => socket.send(bytes),
    close: () => {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
    get buffered() {
      return socket.bufferedAmount;
    },
  };
}

/** The page of a browser; elsewhere one that is always visible and online. */
function browserPage(): Page {
  if (typeof document === "undefined" || typeof window === "undefined") {
    return { visible: true, online: true, onChange: () => () => {} };
  }
  let leaving = false;
  return {
    get visible() {
      return !leaving && document.visibilityState === "visible";
    },
    get online() {
      return navigator.onLine;
    },
    onChange: (listener) => {
      const hide = () => {
        leaving = true;
        listener();
      };
      // Also fired when a page comes back out of the browser's back/forward cache.
      const show = () => {
        leaving = false;
        listener();
      };
      document.addEventListener("visibilitychange", listener);
      window.addEventListener("online", listener);
      window.addEventListener("offline", listener);
      window.addEventListener("pagehide", hide);
      window.addEventListener("pageshow", show);
      return () => {
        document.removeEventListener("visibilitychange", listener);
        window.removeEventListener("online", listener);
        window.removeEventListener("offline", listener);
        window.removeEventListener("pagehide", hide);
        window.removeEventListener("pageshow", show);
      };
    },
  };
}

export function browserEnvironment(): Environment {
  const channel = new MessageChannel();
  const queue: (() => void)[] = [];
  const port: MessagePort & { unref?: () => void } = channel.port1;
  port.onmessage = () => queue.shift()?.();
  port.unref?.(); // Node: a room that was left keeps no process alive
  const now = () => performance.now();
  return {
    now,
    wallMs: () => Date.now(),
    random: () => Math.random(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    // A message to oneself is the only wake-up that browsers do not delay.
    soon: (run) => {
      queue.push(run);
      channel.port2.postMessage(undefined);
    },
    openSocket: (url, handlers) =>
      socketOn((address, protocol) => new WebSocket(address, protocol), now, url, handlers),
    post: (url, body) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(POST_MS_MAX),
      }),
    page: browserPage(),
  };
}
