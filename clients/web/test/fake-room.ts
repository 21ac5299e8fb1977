// A Room without a network: the test says what the view is, and reads which commands were asked for.
import type {
  CommandArgs,
  CommandResult,
  LoadRequest,
  Permission,
  PluginEvent,
  PluginView,
  RoleName,
  Room,
  RoomEvent,
  RoomView,
  SharedField,
  SharedValue,
  ViewerView,
} from "@playhead/sdk";
import { act } from "react";

export const applied: CommandResult = { verdict: "applied", code: "none", message: "", retryMs: 0 };

export const noRoles: Readonly<Record<RoleName, boolean>> = {
  owner: false,
  moderator: false,
  host: false,
  cohost: false,
  member: false,
  muted: false,
};

/** A plugin that shares this. */
export function plugin(
  state: Readonly<Record<string, SharedField>>,
  more: Partial<PluginView> = {},
): PluginView {
  return { version: "1.0.0", codeHash: "c0ffee00", suspended: false, state, ...more };
}

/** Items of a list or a ring, numbered from 1. */
export function items<T extends SharedValue>(...values: readonly T[]) {
  return values.map((value, at) => ({ id: at + 1, index: at + 1, value }));
}

export function viewer(id: number, name: string, more: Partial<ViewerView> = {}): ViewerView {
  return {
    id,
    name,
    owner: false,
    roles: noRoles,
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
  plugins: {},
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
  /** Permission to the reason why this viewer has not got it. */
  denied: Readonly<Record<string, string>> = {};
  /** Server time now, in ticks of 50 ms. */
  tick = 1000;
  private readonly eventListeners = new Set<(event: RoomEvent) => void>();
  private readonly pluginEventListeners = new Set<(event: PluginEvent) => void>();

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

  pluginHappens(plugin: string, name: string, data: SharedValue): void {
    act(() => {
      for (const listener of [...this.pluginEventListeners])
        listener({ plugin, name, tick: this.tick, data });
    });
  }
  onPluginEvent(listener: (event: PluginEvent) => void): () => void {
    this.pluginEventListeners.add(listener);
    return () => this.pluginEventListeners.delete(listener);
  }
  command = (name: string, command: string, args: CommandArgs = {}) =>
    this.ask(`${name}.${command} ${JSON.stringify(args)}`);
  signal = (name: string, signal: string, args: CommandArgs = {}): void => {
    this.asked.push(`${name}:${signal} ${JSON.stringify(args)}`);
  };
  may = (permission: string): Permission => {
    const reason = this.denied[permission];
    return reason === undefined ? { allowed: true } : { allowed: false, plugin: "rules", reason };
  };
  untilTickMs = (tick: number): number => (tick - this.tick) * 50;

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
