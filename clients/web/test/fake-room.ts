// A Room without a network: the test says what the view is, and reads which commands were asked for.
import type {
  CommandResult,
  LoadRequest,
  Room,
  RoomEvent,
  RoomView,
  ViewerView,
} from "@playhead/sdk";
import { act } from "react";

export const applied: CommandResult = { verdict: "applied", code: "none", message: "", retryMs: 0 };

export function viewer(id: number, name: string, more: Partial<ViewerView> = {}): ViewerView {
  return {
    id,
    name,
    owner: false,
    connected: true,
    hue: (id * 137) % 360,
    stalled: false,
    away: false,
    blocked: false,
    inexact: false,
    ...more,
  };
}

const paused = { media: 1, positionMs: 0, anchorMs: 0, rate: 1, playing: false } as const;

export const liveView: RoomView = {
  status: "live",
  room: "den",
  me: 1,
  info: { title: "Film night", listed: false },
  media: { instance: 0, kind: "none", url: "", title: "", durationMs: 0 },
  motion: { current: paused, playing: false, rate: 1 },
  confirmedMotion: { current: paused, playing: false, rate: 1 },
  viewers: [viewer(1, "Ann")],
  viewerCount: 1,
  pendingCommands: 0,
  hashMismatches: 0,
};

export const withFilm = (durationMs = 60_000): RoomView["media"] => ({
  instance: 1,
  kind: "file",
  url: "/media/film.mp4",
  title: "Film",
  durationMs,
});

export class FakeRoom implements Room {
  view: RoomView;
  /** "play", "seek 5000"…, in order. */
  readonly asked: string[] = [];
  answer: CommandResult = applied;
  position = 0;
  private readonly listeners = new Set<() => void>();
  private readonly eventListeners = new Set<(event: RoomEvent) => void>();

  constructor(view: Partial<RoomView> = {}) {
    this.view = { ...liveView, ...view };
  }

  change(view: Partial<RoomView>): void {
    this.view = { ...this.view, ...view };
    act(() => {
      for (const listener of [...this.listeners]) listener();
    });
  }

  happen(event: RoomEvent): void {
    act(() => {
      for (const listener of [...this.eventListeners]) listener(event);
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }
  private ask(what: string): Promise<CommandResult> {
    this.asked.push(what);
    return Promise.resolve(this.answer);
  }
  play = () => this.ask("play");
  pause = () => this.ask("pause");
  seek = (positionMs: number) => this.ask(`seek ${positionMs}`);
  setRate = (rate: number) => this.ask(`rate ${rate}`);
  load = (media: LoadRequest) => this.ask(`load ${media.kind} ${media.url} ${media.positionMs}`);
  setName = (name: string) => this.ask(`name ${name}`);
  scrub = (positionMs: number): void => {
    this.asked.push(`scrub ${positionMs}`);
  };
  endScrub = () => this.ask("endScrub");
  attachPlayer = () => () => {};
  positionMs = () => this.position;
  retry = (): void => {
    this.asked.push("retry");
  };
  leave = (): void => {
    this.asked.push("leave");
  };
}
