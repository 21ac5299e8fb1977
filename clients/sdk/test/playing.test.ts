// Rooms with players attached: the whole SDK from socket to player, on a fake clock.

import { describe, expect, it } from "vitest";
import type { Player, PlayerReport, UserIntent } from "../src/player/player.js";
import { type Behaviour, SimulatedPlayer } from "../src/sync/simulated-player.js";
import type { FakeEnvironment } from "./fake-environment.js";
import { type Client, Stage, steadyLink } from "./setup.js";

/** A simulated player on a client's clock. */
class StagePlayer implements Player {
  readonly simulated: SimulatedPlayer;
  intent: ((intent: UserIntent) => void) | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly environment: FakeEnvironment,
    behaviour: Partial<Behaviour> = {},
  ) {
    this.simulated = new SimulatedPlayer(behaviour);
    this.simulated.nowMs = environment.now();
  }

  get capabilities() {
    return this.simulated.capabilities;
  }
  report(): PlayerReport {
    this.simulated.advance(this.environment.now());
    return this.simulated.report();
  }
  play(): void {
    this.act({ kind: "play" });
  }
  pause(): void {
    this.act({ kind: "pause" });
  }
  seek(positionMs: number): void {
    this.act({ kind: "seek", positionMs });
  }
  setRate(rate: number, preservesPitch: boolean): void {
    this.act({ kind: "rate", rate, preservesPitch });
  }
  unblock(): void {}
  dispose(): void {}
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  onIntent(listener: (intent: UserIntent) => void): () => void {
    this.intent = listener;
    return () => {
      this.intent = undefined;
    };
  }

  /** A change of the simulated player from outside, told as an adapter would. */
  happen(change: () => void): void {
    this.report();
    change();
    for (const listener of [...this.listeners]) listener();
  }
  private act(action: Parameters<SimulatedPlayer["apply"]>[0]): void {
    this.report();
    this.simulated.apply(action);
  }
}

function attach(client: Client, behaviour: Partial<Behaviour> = {}): StagePlayer {
  const player = new StagePlayer(client.environment, behaviour);
  client.room.attachPlayer(player);
  return player;
}

async function twoPlaying(): Promise<{
  stage: Stage;
  near: Client;
  far: Client;
  players: readonly [StagePlayer, StagePlayer];
}> {
  const stage = new Stage();
  stage.engine.load("/media/demo.mp4", 600_000_000);
  const near = await stage.live({ link: steadyLink(5) });
  const far = await stage.live({ link: steadyLink(70) });
  const players = [attach(near), attach(far, { playLatencyMs: 70, drift: 0.0003 })] as const;
  void far.room.play();
  await stage.time.advance(4_000);
  return { stage, near, far, players };
}

const skewMs = ([a, b]: readonly [StagePlayer, StagePlayer]) =>
  Math.abs(a.report().positionMs - b.report().positionMs);

describe("players of one room", () => {
  it("play in step over unequal links, and at the room's position", async () => {
    const { near, players } = await twoPlaying();
    expect(skewMs(players)).toBeLessThan(5);
    expect(players[0].report().positionMs).toBeGreaterThan(2_000);
    expect(Math.abs(players[0].report().positionMs - near.room.positionMs())).toBeLessThan(5);
    expect(near.room.view.sync).toMatchObject({ stalled: false, blocked: false, inexact: false });
  });

  it("are in step again within 800 ms of a seek", async () => {
    const { stage, near, players } = await twoPlaying();
    void near.room.seek(90_000);
    await stage.time.advance(800);
    expect(skewMs(players)).toBeLessThan(10);
    expect(players[1].report().positionMs).toBeGreaterThan(90_000);
  });

  it("stop at one position when someone pauses, the one that the author saw", async () => {
    const { stage, far, players } = await twoPlaying();
    const seenMs = players[1].report().positionMs;
    void far.room.pause();
    await stage.time.advance(600);
    for (const player of players) {
      expect(player.report().paused).toBe(true);
      expect(Math.abs(player.report().positionMs - seenMs)).toBeLessThan(1);
    }
  });

  it("bring what a user does to a player itself to everyone", async () => {
    const { stage, players } = await twoPlaying();
    players[0].happen(() => {
      players[0].simulated.apply({ kind: "pause" });
      players[0].intent?.({ kind: "pause", positionMs: players[0].report().positionMs });
    });
    await stage.time.advance(600);
    expect(players[1].report().paused).toBe(true);
    expect(stage.engine.state.motion.current.playing).toBe(false);
  });

  it("do not wait for one that stalls, and take it back afterwards", async () => {
    const { stage, near, far, players } = await twoPlaying();
    players[1].happen(() => players[1].simulated.setStalled(true));
    await stage.time.advance(1_500);
    expect(far.room.view.sync?.stalled).toBe(true);
    expect(Math.abs(players[0].report().positionMs - near.room.positionMs())).toBeLessThan(5);
    players[1].happen(() => players[1].simulated.setStalled(false));
    await stage.time.advance(800);
    expect(skewMs(players)).toBeLessThan(10);
  });

  it("go on in step through a lost connection of one of them", async () => {
    const { stage, far, players } = await twoPlaying();
    far.environment.socket.handlers.closed(1006);
    await stage.time.advance(3_000);
    expect(far.room.view.status).toBe("live");
    expect(skewMs(players)).toBeLessThan(5);
  });

  it("report their drift, delay, buffer and duration", async () => {
    const { stage } = await twoPlaying();
    const reports = stage.engine.received.filter((message) => message.type === "report");
    const last = reports.at(-1);
    expect(last).toMatchObject({ media: 1, durationUs: 600_000_000, flags: 0 });
    expect(Math.abs(last?.driftUs ?? Number.NaN)).toBeLessThan(5_000);
    expect(last?.bufferMs).toBeGreaterThan(0);
  });

  it("are let go of when detached: nothing moves them any more", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4", 600_000_000);
    const client = await stage.live();
    const player = new StagePlayer(client.environment);
    const detach = client.room.attachPlayer(player);
    detach();
    void client.room.play();
    await stage.time.advance(2_000);
    expect(player.report().paused).toBe(true);
    expect(player.intent).toBeUndefined();
    expect(client.room.view.sync).toBeUndefined();
  });
});
