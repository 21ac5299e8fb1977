// The life of a room's connection: opens a socket, says hello, notices silence, and comes back after a loss with the
// token and version it holds. It reads messages but knows nothing of rooms.
//
//   connecting -> joining (hello sent) -> live (welcome and a state) -> reconnecting -> connecting ...
//   any -> closed, when trying again is no use or the page has left.

import type { ErrorCodeName, Problem, RoomStatus } from "./api.js";
import { decodeServerFrame, MalformedFrame } from "./decode.js";
import { encodeClientMessage } from "./encode.js";
import type { Environment, Socket } from "./environment.js";
import type { ClientMessage, Hello, ServerMessage, Welcome } from "./messages.js";
import { afterEnding, type Ending, endingOfClose, endingOfGoodbye } from "./retry.js";

/** From opening the socket until the first state. Unit: ms. */
export const JOIN_MS_MAX = 10_000;
/** The engine says something at least once a second; so much silence means that nobody is there. Unit: ms. */
export const SILENCE_MS_MAX = 6_000;
/** After a late timer (a page that slept) the engine has so long to say something. Unit: ms. */
export const WAKE_MS = 2_000;
/** A connection that was live for so long starts counting failures afresh. Unit: ms. */
export const STABLE_MS = 10_000;
/** More malformed frames than this on one connection, and it is closed. */
export const MALFORMED_MAX = 3;
/** So much unsent, and what may be lost (pings, reports) is not added to it. Unit: bytes. */
export const BUFFERED_BYTES_MAX = 64 * 1024;

export interface ConnectionEvents {
  /** What to say first; asked for at every attempt. */
  hello(): Hello;
  /** The link alone does not open the room: gets what does into the next hello, or says why it cannot. */
  askForToken(): Promise<Ending | undefined>;
  /** The place is lost: the next hello is a new viewer's. */
  forgetPlace(): void;
  welcome(message: Welcome): void;
  /** Everything but welcome and goodbye. Returns true once a state is held, which makes the connection live. */
  message(message: ServerMessage, receivedMs: number): boolean;
  /** A frame that could not be read: something may be missing. */
  malformed(reason: string): void;
  /** Status or problem changed. */
  changed(): void;
  /** The socket is gone: nothing sent before this has a sure fate. */
  lost(): void;
}

export class Connection {
  private status_: RoomStatus = "connecting";
  private problem_: Problem | undefined;
  private socket: Socket | undefined;
  private welcomed = false;
  private presentedResume = false;
  private hasJoinToken = false;
  private asked = false;
  private goodbye: Ending | undefined;
  private failures = 0;
  private malformedFrames = 0;
  private liveSinceMs = 0;
  private receivedMs = 0;
  private retryFloorMs = 0;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly url: string,
    private readonly environment: Environment,
    private readonly events: ConnectionEvents,
  ) {}

  get status(): RoomStatus {
    return this.status_;
  }
  get problem(): Problem | undefined {
    return this.problem_;
  }
  /** Welcomed: commands may be sent. */
  get open(): boolean {
    return this.welcomed;
  }

  /** Opens the socket now, unless one is open. */
  start(): void {
    if (this.socket !== undefined) return;
    this.cancelTimer?.();
    this.welcomed = false;
    this.goodbye = undefined;
    this.malformedFrames = 0;
    this.setStatus(this.failures === 0 && this.liveSinceMs === 0 ? "connecting" : "reconnecting");
    this.retryFloorMs = 0;
    try {
      this.socket = this.openSocket();
    } catch (error) {
      // An address that is no address: trying again is no use.
      this.close("malformed", error instanceof Error ? error.message : String(error));
      return;
    }
    this.cancelTimer = this.environment.after(JOIN_MS_MAX, () =>
      this.end({ ...unreachable("the engine did not answer in time"), resumable: true }),
    );
  }

  /** A person asked, or the page says that the network is back: does not wait out the rest of the pause. */
  retry(hint: "person" | "page"): void {
    if (this.socket !== undefined) return;
    if (this.status_ === "closed" ? hint === "page" : this.environment.now() < this.retryFloorMs)
      return;
    this.failures = hint === "person" ? 0 : this.failures;
    this.start();
  }

  /** False when nothing can be sent now. */
  send(message: ClientMessage, importance: "needed" | "mayBeLost" = "needed"): boolean {
    if (this.socket === undefined || !this.welcomed) return false;
    if (importance === "mayBeLost" && this.socket.buffered > BUFFERED_BYTES_MAX) return false;
    this.socket.send(encodeClientMessage(message));
    return true;
  }

  /** For good. */
  close(code: ErrorCodeName, message: string): void {
    this.cancelTimer?.();
    this.dropSocket();
    this.setStatus("closed", { code, message });
  }

  private openSocket(): Socket {
    // A socket that was let go of may still speak; only the current one is listened to.
    let current = true;
    const socket = this.environment.openSocket(this.url, {
      opened: () => {
        if (current) this.opened();
      },
      message: (bytes, receivedMs) => {
        if (current) this.received(bytes, receivedMs);
      },
      text: () => {
        if (current) this.refuse("a text message");
      },
      closed: (code) => {
        if (current) this.end(this.goodbye ?? endingOfClose(code));
      },
    });
    return {
      send: (bytes) => socket.send(bytes),
      close: () => {
        current = false;
        socket.close();
      },
      get buffered() {
        return socket.buffered;
      },
    };
  }

  private opened(): void {
    const hello = this.events.hello();
    this.presentedResume = hello.resumeToken !== "";
    this.hasJoinToken = hello.joinToken !== "";
    if (this.status_ === "connecting") this.setStatus("joining");
    this.socket?.send(encodeClientMessage(hello));
  }

  private received(bytes: Uint8Array, receivedMs: number): void {
    this.receivedMs = this.environment.now();
    let message: ServerMessage;
    try {
      message = decodeServerFrame(bytes);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      this.refuse(error.message);
      return;
    }
    if (message.type === "goodbye") {
      this.goodbye = endingOfGoodbye(message);
      // The engine closes now; a close that never comes must not keep us.
      this.end(this.goodbye);
    } else if (message.type === "welcome") {
      if (this.welcomed) {
        this.refuse("a second welcome");
        return;
      }
      this.welcomed = true;
      this.events.welcome(message);
    } else if (!this.welcomed) {
      this.refuse(`${message.type} before welcome`);
    } else if (this.events.message(message, receivedMs) && this.status_ !== "live") {
      this.becomeLive();
    }
  }

  private becomeLive(): void {
    if (this.socket === undefined) return;
    this.liveSinceMs = this.environment.now();
    this.cancelTimer?.();
    this.watchSilence(SILENCE_MS_MAX);
    this.setStatus("live");
  }

  private watchSilence(delayMs: number): void {
    const dueMs = this.environment.now() + delayMs;
    this.cancelTimer = this.environment.after(delayMs, () => {
      const nowMs = this.environment.now();
      const silentMs = nowMs - this.receivedMs;
      if (silentMs < SILENCE_MS_MAX) this.watchSilence(SILENCE_MS_MAX - silentMs);
      // A page that was asleep has not read what may already be waiting for it.
      else if (nowMs - dueMs > WAKE_MS) this.watchSilence(WAKE_MS);
      else this.end({ ...unreachable("the engine has fallen silent"), resumable: true });
    });
  }

  private refuse(reason: string): void {
    this.malformedFrames += 1;
    if (this.malformedFrames > MALFORMED_MAX || !this.welcomed) {
      const message = `the engine sent what cannot be read: ${reason}`;
      this.end({ code: "malformed", message, resumable: true, retryMs: 0 });
    } else {
      this.events.malformed(reason);
    }
  }

  private end(ending: Ending): void {
    const nowMs = this.environment.now();
    const wasStable = this.status_ === "live" && nowMs - this.liveSinceMs >= STABLE_MS;
    this.failures = wasStable ? 1 : this.failures + 1;
    this.cancelTimer?.();
    this.dropSocket();
    // Another ending than the one that asking is the answer to.
    if (ending.code !== "token_stale") this.asked = false;
    const attempts = {
      failures: this.failures,
      resumed: this.presentedResume,
      hasJoinToken: this.hasJoinToken,
      asked: this.asked,
    };
    const decision = afterEnding(ending, attempts, this.environment.random());
    const { code, message } = ending;
    if (decision.kind === "close") {
      this.setStatus("closed", { code, message });
      return;
    }
    if (decision.kind === "ask") {
      this.askForToken();
      return;
    }
    if (decision.forget) this.events.forgetPlace();
    this.retryFloorMs = nowMs + decision.floorMs;
    this.cancelTimer = this.environment.after(decision.delayMs, () => this.start());
    this.setStatus("reconnecting", { code, message, retryAtMs: nowMs + decision.delayMs });
  }

  private askForToken(): void {
    this.asked = true;
    let current = true;
    this.cancelTimer = () => {
      current = false;
    };
    void this.events.askForToken().then((failed) => {
      if (!current) return;
      if (failed) this.end(failed);
      else this.start();
    });
  }

  private dropSocket(): void {
    this.welcomed = false;
    if (this.socket === undefined) return;
    this.socket.close();
    this.socket = undefined;
    this.events.lost();
  }

  private setStatus(status: RoomStatus, problem?: Problem): void {
    // While trying again, why the last attempt failed still stands.
    if (status === "reconnecting" && problem === undefined && this.problem_ !== undefined) {
      const { code, message } = this.problem_;
      this.problem_ = { code, message };
    } else {
      this.problem_ = problem;
    }
    this.status_ = status;
    this.events.changed();
  }
}

function unreachable(message: string): Omit<Ending, "resumable"> {
  return { code: "unreachable", message, retryMs: 0 };
}
