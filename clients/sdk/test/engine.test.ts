// The SDK against the engine itself: real sockets, real clocks, the shipped binary.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { JoinOptions, Room, RoomEvent } from "../src/api.js";
import { browserEnvironment, type Environment, socketOn } from "../src/environment.js";
import { joinRoom } from "../src/room.js";
import { MemoryTokenStore } from "../src/token-store.js";
import { type CreatedRoom, EngineProcess } from "./engine-process.js";

const binary = process.env.PLAYHEAD_BINARY ?? "";
if (binary === "") {
  console.warn("engine.test.ts is skipped: set PLAYHEAD_BINARY to the engine's binary to run it");
}

interface Client {
  readonly room: Room;
  /** The socket in use, to be cut. */
  readonly socket: () => WebSocket | undefined;
}

/** Waits until something holds; says what it saw last if it never does. */
async function until(
  what: string,
  holds: () => boolean,
  room?: Room,
  limitMs = 5_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endMs) {
      throw new Error(`not within ${limitMs} ms: ${what}\n${JSON.stringify(room?.view, null, 1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(binary === "")("two rooms of the SDK on one engine", () => {
  let engine: EngineProcess;
  let created: CreatedRoom;
  const joined: Room[] = [];

  beforeAll(async () => {
    engine = await EngineProcess.start(binary);
  }, 30_000);
  afterAll(async () => {
    await engine?.stop();
  }, 15_000);
  afterEach(() => {
    for (const room of joined.splice(0)) room.leave();
  });

  function join(options: Partial<JoinOptions> = {}): Client {
    let socket: WebSocket | undefined;
    const environment: Environment = {
      ...browserEnvironment(),
      openSocket: (url, handlers) =>
        socketOn(
          (address, protocol) => {
            socket = new WebSocket(address, protocol);
            return socket;
          },
          () => performance.now(),
          url,
          handlers,
        ),
    };
    const room = joinRoom(
      {
        url: engine.socketUrl(created.room),
        room: created.room,
        joinToken: created.join_token,
        store: new MemoryTokenStore(),
        ...options,
      },
      environment,
    );
    joined.push(room);
    return { room, socket: () => socket };
  }

  async function twoLive(): Promise<[Client, Client]> {
    created = await engine.createRoom({
      title: "Cinema",
      media: { kind: "file", url: "/media/demo.mp4", title: "Demo" },
    });
    const ada = join({ name: "Ada", joinToken: created.owner_token });
    const bob = join({ name: "Bob" });
    for (const { room } of [ada, bob]) {
      await until(
        "both live with a settled clock",
        () => room.view.status === "live" && room.view.clock?.settled === true,
        room,
      );
    }
    await until("both on the roster", () => ada.room.view.viewers.length === 2, ada.room);
    return [ada, bob];
  }

  it("see each other and the same media", async () => {
    const [ada, bob] = await twoLive();
    for (const { room } of [ada, bob]) {
      expect(room.view.info.title).toBe("Cinema");
      expect(room.view.media).toMatchObject({
        kind: "file",
        url: "/media/demo.mp4",
        title: "Demo",
      });
      expect(room.view.viewerCount).toBe(2);
      const names = room.view.viewers.map(({ name, owner }) => [name, owner]);
      expect(names.sort()).toEqual([
        ["Ada", true],
        ["Bob", false],
      ]);
      expect(room.view.hashMismatches).toBe(0);
    }
  }, 20_000);

  it("play, seek, change the rate and pause as one", async () => {
    const [ada, bob] = await twoLive();
    const events: RoomEvent[] = [];
    bob.room.onEvent((event) => events.push(event));

    expect(await ada.room.play()).toMatchObject({ verdict: "applied" });
    await until("Bob plays too", () => bob.room.view.motion.playing, bob.room);
    expect(bob.room.view.confirmedMotion).toEqual(ada.room.view.confirmedMotion);
    await until("it moves", () => bob.room.positionMs() > 200, bob.room);
    expect(Math.abs(bob.room.positionMs() - ada.room.positionMs())).toBeLessThan(5);

    expect(await bob.room.setRate(1.5)).toMatchObject({ verdict: "applied" });
    expect(await bob.room.seek(30_000)).toMatchObject({ verdict: "applied" });
    await until("Ada is there", () => ada.room.view.motion.rate === 1.5, ada.room);
    await until("it moves from there", () => ada.room.positionMs() > 30_000, ada.room);

    const seenMs = ada.room.positionMs();
    expect(await ada.room.pause()).toMatchObject({ verdict: "applied" });
    await until("Bob is paused", () => !bob.room.view.motion.playing, bob.room);
    expect(bob.room.positionMs()).toBe(ada.room.positionMs());
    expect(Math.abs(ada.room.positionMs() - seenMs)).toBeLessThan(30);
    expect(events.map(({ kind }) => kind)).toEqual(["played", "rateChanged", "sought", "paused"]);
    for (const { room } of [ada, bob]) expect(room.view.hashMismatches).toBe(0);
  }, 20_000);

  it("never show another motion than the room's between an action and its answer", async () => {
    const [ada] = await twoLive();
    await ada.room.play();
    const targets: number[] = [];
    const stop = ada.room.subscribe(() => {
      const { current, pending } = ada.room.view.motion;
      targets.push((pending ?? current).positionMs);
    });
    const answer = ada.room.seek(42_000);
    expect((await answer).verdict).toBe("applied");
    stop();
    expect(new Set(targets)).toEqual(new Set([42_000]));
  }, 20_000);

  it("keep a viewer through a lost connection, and its command with it", async () => {
    const [ada, bob] = await twoLive();
    const { me } = bob.room.view;
    bob.socket()?.terminate();
    const answer = bob.room.seek(12_000);
    await until("Bob is lost", () => bob.room.view.status === "reconnecting", bob.room);
    await ada.room.setName("Ada L.");
    expect(await answer).toMatchObject({ verdict: "applied" });
    await until("Bob is back", () => bob.room.view.status === "live", bob.room);
    expect(bob.room.view.me).toBe(me);
    expect(bob.room.view.viewerCount).toBe(2);
    expect(bob.room.view.viewers.some(({ name }) => name === "Ada L.")).toBe(true);
    await until("Ada saw it", () => ada.room.view.motion.current.positionMs === 12_000, ada.room);
  }, 20_000);

  it("scrub with few seeks and end where the slider was let go", async () => {
    const [ada, bob] = await twoLive();
    for (let i = 0; i <= 50; i += 1) {
      ada.room.scrub(i * 1_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await ada.room.endScrub()).toMatchObject({ verdict: "applied" });
    await until("Bob is there", () => bob.room.view.motion.current.positionMs === 50_000, bob.room);
  }, 20_000);

  it("tell each other how they are doing", async () => {
    const [ada, bob] = await twoLive();
    const ownId = bob.room.view.me;
    await until(
      "Ada reads Bob's report",
      () => ada.room.view.viewers.some(({ id, away }) => id === ownId && away),
      ada.room,
    );
  }, 20_000);

  it("are told why they may not come in", async () => {
    await twoLive();
    const refusedWith = async (options: Partial<JoinOptions>) => {
      const { room } = join(options);
      await until("closed", () => room.view.status === "closed", room);
      return room.view.problem?.code;
    };
    const other = await engine.createRoom({});
    const wrong = `${created.join_token.slice(0, -4)}AAAA`;
    expect(await refusedWith({ joinToken: "" })).toBe("token_missing");
    expect(await refusedWith({ joinToken: "nonsense" })).toBe("token_malformed");
    expect(await refusedWith({ joinToken: wrong })).toBe("token_wrong");
    expect(await refusedWith({ joinToken: other.join_token })).toBe("token_foreign");
    const nowhere = "no-such-room";
    const url = engine.socketUrl(nowhere);
    expect(await refusedWith({ room: nowhere, url })).toBe("room_unknown");
  }, 30_000);

  it("ask for connect tokens where the engine takes nothing else, also after a loss", async () => {
    const strict = await EngineProcess.start(binary, "connect_tokens_only = true");
    try {
      created = await strict.createRoom({ title: "Strict" });
      const url = strict.socketUrl(created.room);
      const { room, socket } = join({ url, joinToken: created.owner_token });
      await until("live", () => room.view.status === "live", room);
      socket()?.terminate();
      await until("gone", () => room.view.status !== "live", room);
      await until("back", () => room.view.status === "live", room);
      const wrong = join({ url, joinToken: `${created.join_token.slice(0, -4)}AAAA` }).room;
      await until("closed", () => wrong.view.status === "closed", wrong);
      expect(wrong.view.problem?.code).toBe("token_wrong");
    } finally {
      for (const room of joined.splice(0)) room.leave();
      await strict.stop();
    }
  }, 30_000);

  it("are refused with a reason for commands that cannot be", async () => {
    created = await engine.createRoom({ title: "Empty" });
    const { room } = join();
    await until("live", () => room.view.status === "live", room);
    expect(await room.play()).toMatchObject({ verdict: "refused", code: "no_media" });
    expect(room.view.motion.playing).toBe(false);
    const bad = await room.load({ kind: "file", url: "javascript:alert(1)" });
    expect(bad.verdict).toBe("refused");
    expect(bad.message).not.toBe("");
    expect(await room.load({ url: "/media/demo.mp4", play: true })).toMatchObject({
      verdict: "applied",
    });
    await until("it plays", () => room.view.motion.playing, room);
  }, 20_000);

  it("held the engine's state the whole time", async () => {
    expect(await engine.metric("playhead_hash_mismatches_total")).toBe(0);
  });
});
