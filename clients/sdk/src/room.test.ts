import { describe, expect, it } from "vitest";
import { stateHashOf } from "../test/fake-engine.js";
import { Stage, steadyLink } from "../test/setup.js";
import type { CommandResult, RoomEvent } from "./api.js";

/** What a promise has come to, for promises that may not have come to anything yet. */
function outcomeOf(promise: Promise<CommandResult>): { result?: CommandResult } {
  const outcome: { result?: CommandResult } = {};
  void promise.then((result) => {
    outcome.result = result;
  });
  return outcome;
}

describe("joining", () => {
  it("goes from connecting over joining to live and shows what the room holds", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4", 60_000_000);
    const { room } = stage.join();
    const seen: string[] = [];
    room.subscribe(() => {
      if (seen.at(-1) !== room.view.status) seen.push(room.view.status);
    });
    expect(room.view.status).toBe("connecting");
    await stage.time.advance(1000);
    expect(seen).toEqual(["connecting", "joining", "live"].slice(seen[0] === "joining" ? 1 : 0));
    expect(room.view.media).toMatchObject({
      kind: "file",
      url: "/media/demo.mp4",
      durationMs: 60_000,
    });
    expect(room.view.viewers).toMatchObject([{ id: 1, name: "Ada", owner: true, hue: 138 }]);
    expect(room.view.me).toBe(1);
  });

  it("knows the server's clock within the path's uncertainty a second later", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live({ link: steadyLink(40) });
    const clock = room.view.clock;
    expect(clock?.settled).toBe(true);
    const truth = stage.engine.serverMs() - environment.now();
    expect(Math.abs((clock?.offsetMs ?? 0) - truth)).toBeLessThan(0.01);
    expect(clock?.rttMs).toBeCloseTo(80, 1);
  });

  it("gives the same view object until something changes, and the same parts after", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    const before = room.view;
    expect(room.view).toBe(before);
    void room.setName("Bob");
    expect(room.view).not.toBe(before);
    expect(room.view.media).toBe(before.media);
    expect(room.view.motion).toBe(before.motion);
    expect(room.view.viewers).toBe(before.viewers);
  });
});

describe("commands", () => {
  it("shows play at once, and the room's answer replaces it", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    stage.engine.load("/media/demo.mp4");
    await stage.time.advance(200);
    const outcome = outcomeOf(room.play());
    expect(room.view.motion.playing).toBe(true);
    expect(room.view.confirmedMotion.playing).toBe(false);
    expect(room.view.pendingCommands).toBe(1);
    await stage.time.advance(200);
    expect(outcome.result).toEqual({ verdict: "applied", code: "none", message: "", retryMs: 0 });
    expect(room.view.motion).toEqual(room.view.confirmedMotion);
    expect(room.view.pendingCommands).toBe(0);
  });

  it("takes back what was shown when the room refuses", async () => {
    const stage = new Stage();
    const first = await stage.live();
    stage.engine.load("/media/a.mp4");
    await stage.time.advance(200);
    // The room loads other media while this command is under way.
    const outcome = outcomeOf(first.room.play());
    stage.engine.load("/media/b.mp4");
    expect(first.room.view.motion.playing).toBe(true);
    await stage.time.advance(300);
    expect(outcome.result).toMatchObject({ verdict: "refused", code: "wrong_media" });
    expect(first.room.view.motion.playing).toBe(false);
  });

  it("takes back what was shown when someone acted later, though it arrived first", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const far = await stage.live({ link: steadyLink(200) });
    const near = await stage.live({ link: steadyLink(5) });
    const late = outcomeOf(far.room.seek(10_000));
    await stage.time.advance(50);
    const early = outcomeOf(near.room.seek(50_000));
    expect(far.room.view.motion.current.positionMs).toBe(10_000);
    await stage.time.advance(600);
    expect(early.result?.verdict).toBe("applied");
    expect(late.result?.verdict).toBe("superseded");
    expect(far.room.view.motion.current.positionMs).toBe(50_000);
    expect(near.room.view.motion.current.positionMs).toBe(50_000);
  });

  it("does not move what it shows between the room's state and its reply", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    stage.engine.load("/media/demo.mp4");
    await stage.time.advance(200);
    void room.play();
    await stage.time.advance(1000);
    const positions: number[] = [];
    room.subscribe(() => {
      const { motion, confirmedMotion } = room.view;
      positions.push(motion.pending?.positionMs ?? -1);
      if (confirmedMotion.pending?.positionMs === 30_000) expect(motion).toEqual(confirmedMotion);
    });
    void room.seek(30_000);
    await stage.time.advance(300);
    expect(new Set(positions)).toEqual(new Set([30_000]));
  });

  it("pauses at the position that its author saw", async () => {
    const stage = new Stage();
    const { room } = await stage.live({ link: steadyLink(80) });
    stage.engine.load("/media/demo.mp4");
    await stage.time.advance(300);
    void room.play();
    await stage.time.advance(3000);
    const seen = room.positionMs();
    void room.pause();
    expect(room.positionMs()).toBeCloseTo(seen, 2);
    await stage.time.advance(500);
    expect(room.positionMs()).toBeCloseTo(seen, 2);
    expect(stage.engine.state.motion.current.anchorPositionUs / 1000).toBeCloseTo(seen, 2);
  });

  it("refuses nonsense before it reaches the wire", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    const before = stage.engine.received.filter(({ type }) => type === "command").length;
    for (const result of await Promise.all([
      room.seek(Number.NaN),
      room.seek(Number.POSITIVE_INFINITY),
      room.setRate(9),
      room.setRate(Number.NaN),
      room.load({ url: "/a.mp4", positionMs: -1 }),
    ])) {
      expect(result).toMatchObject({ verdict: "refused", code: "out_of_range" });
    }
    await stage.time.advance(200);
    expect(stage.engine.received.filter(({ type }) => type === "command")).toHaveLength(before);
  });

  it("numbers and stamps commands so that both grow, also within one microsecond", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room } = await stage.live();
    for (let i = 0; i < 5; i += 1) void room.seek(i * 1000);
    await stage.time.advance(200);
    const commands = stage.engine.received.filter((message) => message.type === "command");
    expect(commands.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(commands.map(({ issuedLogical }) => issuedLogical)).toEqual([0, 1, 2, 3, 4]);
    expect(stage.engine.state.motion.current.anchorPositionUs).toBe(4_000_000);
  });

  it("hears of what others did, once", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    const events: RoomEvent[] = [];
    room.onEvent((event) => events.push(event));
    stage.engine.sendToAll({ type: "event", kind: "sought", viewer: 3, tick: 1, positionUs: 1500 });
    await stage.time.advance(100);
    expect(events).toEqual([{ kind: "sought", viewer: 3, positionMs: 1.5 }]);
  });
});

describe("a lost connection", () => {
  it("comes back as the same viewer, with a delta from what it held", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    const me = room.view.me;
    stage.engine.cut();
    expect(room.view).toMatchObject({ status: "reconnecting", problem: { code: "unreachable" } });
    stage.engine.load("/media/late.mp4");
    await stage.time.advance(1500);
    expect(room.view).toMatchObject({ status: "live", me });
    expect(room.view.problem).toBeUndefined();
    expect(room.view.media.url).toBe("/media/late.mp4");
    expect(environment.sockets.length).toBe(2);
    const hellos = stage.engine.received.filter((message) => message.type === "hello");
    expect(hellos[1]).toMatchObject({ resumeToken: `r.${me}`, haveEpoch: stage.engine.epoch });
    expect(hellos[1]?.haveVersion).toBeGreaterThan(0);
  });

  it("sends unanswered commands again under their number, and the room applies them once", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room } = await stage.live();
    const outcome = outcomeOf(room.seek(7000));
    // The command has arrived and was applied; its reply is lost.
    await stage.time.advance(20);
    await stage.time.advance(50 - (stage.engine.serverMs() % 50) + 1);
    stage.engine.cut();
    expect(outcome.result).toBeUndefined();
    expect(room.view.motion.current.positionMs).toBe(7000);
    await stage.time.advance(1500);
    expect(outcome.result?.verdict).toBe("applied");
    expect(stage.engine.applied.filter((key) => key === "1:1")).toHaveLength(1);
    const sent = stage.engine.received.filter((message) => message.type === "command");
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it("keeps a command given while reconnecting, and sends it then", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room } = await stage.live();
    stage.engine.cut();
    const outcome = outcomeOf(room.seek(9000));
    expect(room.view.motion.current.positionMs).toBe(9000);
    await stage.time.advance(1500);
    expect(outcome.result?.verdict).toBe("applied");
  });

  it("gives a command up that could not be sent for ten seconds, and shows the room again", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room, environment } = await stage.live();
    environment.onOpen = undefined;
    stage.engine.cut();
    const outcome = outcomeOf(room.seek(9000));
    await stage.time.advance(9_000);
    expect(outcome.result).toBeUndefined();
    await stage.time.advance(3_000);
    expect(outcome.result).toMatchObject({ verdict: "refused", code: "unreachable" });
    expect(room.view.motion.current.positionMs).toBe(0);
  });

  it("notices an engine that has fallen silent", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    environment.socket.onSend = undefined;
    const send = stage.engine.send;
    stage.engine.send = () => {};
    await stage.time.advance(8_000);
    expect(room.view.status).toBe("reconnecting");
    expect(room.view.problem?.message).toMatch(/silent/);
    stage.engine.send = send;
    await stage.time.advance(15_000);
    expect(room.view.status).toBe("live");
  });

  it("does not wait when the page says that the network is back, except where the engine asked for it", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    environment.random();
    stage.engine.goodbye({ code: "draining", message: "", resumable: true, retryMs: 5000 });
    await stage.time.advance(100);
    expect(room.view.status).toBe("reconnecting");
    environment.page.set({ online: true });
    await stage.time.advance(1000);
    expect(environment.sockets).toHaveLength(1);
    await stage.time.advance(5500);
    expect(room.view.status).toBe("live");
  });

  it("closes for good when replaced, and takes over again when a person asks", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    stage.engine.goodbye({ code: "replaced", message: "elsewhere", resumable: false, retryMs: 0 });
    await stage.time.advance(60_000);
    expect(room.view).toMatchObject({ status: "closed", problem: { code: "replaced" } });
    expect(await room.play()).toMatchObject({ verdict: "refused", code: "replaced" });
    room.retry();
    await stage.time.advance(1000);
    expect(room.view.status).toBe("live");
  });

  it("starts its clock afresh with another run of the engine, which knows it no more", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    stage.engine.cut();
    stage.engine.clockId = "43";
    stage.engine.aheadMs = 900_000;
    await stage.time.advance(2500);
    const truth = stage.engine.serverMs() - environment.now();
    expect(room.view.clock?.settled).toBe(true);
    expect(Math.abs((room.view.clock?.offsetMs ?? 0) - truth)).toBeLessThan(0.01);
  });
});

describe("a hostile or mistaken engine", () => {
  it("is asked for a snapshot after a state that does not match its hash, and not in a storm", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    stage.engine.hashError = 1;
    await stage.time.advance(20_000);
    expect(room.view.hashMismatches).toBeGreaterThan(0);
    const asked = stage.engine.received.filter((message) => message.type === "resync");
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThan(8);
    expect(asked[0]).toMatchObject({ mismatch: true });
    stage.engine.hashError = 0;
    const before = room.view.hashMismatches;
    await stage.time.advance(5_000);
    expect(room.view.hashMismatches).toBe(before);
    expect(room.view.status).toBe("live");
  });

  it("is asked for a snapshot after a frame that cannot be read, and left after many", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    environment.socket.receive(new Uint8Array([1, 2, 3]));
    await stage.time.advance(100);
    expect(stage.engine.received.at(-1)).toBeDefined();
    expect(stage.engine.received.some((m) => m.type === "resync" && !m.mismatch)).toBe(true);
    expect(room.view.status).toBe("live");
    for (let i = 0; i < 4; i += 1) environment.socket.receive(new Uint8Array(7));
    expect(room.view).toMatchObject({ status: "reconnecting", problem: { code: "malformed" } });
    await stage.time.advance(2000);
    expect(room.view.status).toBe("live");
  });

  it("is not believed before its welcome, nor when it speaks text", async () => {
    const stage = new Stage();
    const { room, environment } = stage.join();
    environment.socket.handlers.opened();
    environment.socket.handlers.text();
    expect(room.view).toMatchObject({ status: "reconnecting", problem: { code: "malformed" } });
  });

  it("is given up after a few faults in a row", async () => {
    const stage = new Stage();
    const { room, environment } = stage.join();
    environment.onOpen = (socket) => {
      stage.time.after(1, () => {
        socket.handlers.opened();
        socket.handlers.text();
      });
    };
    environment.socket.handlers.text();
    await stage.time.advance(60_000);
    expect(room.view).toMatchObject({ status: "closed", problem: { code: "malformed" } });
    expect(environment.sockets).toHaveLength(3);
  });

  it("cannot answer commands that were never given", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room } = await stage.live();
    const reply = {
      type: "reply",
      sequence: 1,
      verdict: "refused",
      code: "internal",
      message: "",
      retryMs: 0,
      tick: 1,
      version: 1,
    } as const;
    stage.engine.sendToAll(reply);
    await stage.time.advance(100);
    expect(room.view.pendingCommands).toBe(0);
    expect(await Promise.race([room.play(), stage.time.advance(500)])).toMatchObject({
      verdict: "applied",
    });
  });
});

describe("a page", () => {
  it("is the same viewer after a reload, and goes on counting its commands", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const first = await stage.live();
    void first.room.seek(1000);
    await stage.time.advance(200);
    first.environment.page.set({ visible: false });
    stage.engine.cut(1001);
    first.room.leave();
    const second = await stage.live({ store: first.store });
    expect(second.room.view.me).toBe(1);
    const outcome = outcomeOf(second.room.seek(2000));
    await stage.time.advance(200);
    expect(outcome.result?.verdict).toBe("applied");
    expect(stage.engine.applied).toEqual(["1:1", "1:2"]);
  });

  it("goes on counting also after commands that it gave while hidden", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const first = await stage.live();
    first.environment.page.set({ visible: false });
    void first.room.seek(1000);
    await stage.time.advance(200);
    // The browser discards the page without a word.
    first.environment.onOpen = undefined;
    stage.engine.cut();
    const second = await stage.live({ store: first.store });
    expect(second.room.view.me).toBe(1);
    void second.room.seek(2000);
    await stage.time.advance(200);
    expect(stage.engine.applied).toEqual(["1:1", "1:2"]);
    first.room.leave();
  });

  it("that was duplicated while in view is another viewer", async () => {
    const stage = new Stage();
    const first = await stage.live();
    first.environment.page.set({ visible: false });
    first.environment.page.set({ visible: true });
    const second = await stage.live({ store: first.store });
    expect(second.room.view.me).toBe(2);
    expect(first.room.view.status).toBe("live");
  });

  it("starts its clock afresh after a sleep", async () => {
    const stage = new Stage();
    const { room, environment } = await stage.live();
    await stage.time.advance(30_000);
    // The monotonic clock stood still for an hour, the engine's did not.
    environment.sleptMs += 3_600_000;
    stage.engine.aheadMs += 3_600_000;
    await stage.time.advance(3_000);
    const truth = stage.engine.serverMs() - environment.now();
    expect(Math.abs((room.view.clock?.offsetMs ?? 0) - truth)).toBeLessThan(0.01);
  });

  it("leaves nothing behind when it leaves: no place, no timer, no waiting command", async () => {
    const stage = new Stage();
    stage.engine.load("/media/demo.mp4");
    const { room } = await stage.live();
    const outcome = outcomeOf(room.play());
    const idle = new Stage();
    room.leave();
    await stage.time.advance(1000);
    await idle.time.advance(1000);
    expect(outcome.result).toMatchObject({ verdict: "refused", code: "left" });
    expect(stage.engine.state.viewers.size).toBe(0);
    expect(stage.time.waiting).toBe(idle.time.waiting);
    expect(await room.play()).toMatchObject({ verdict: "refused", code: "left" });
    room.retry();
    expect(room.view.status).toBe("closed");
  });
});

describe("reports", () => {
  it("go out about once a second and say that nobody watches without a player", async () => {
    const stage = new Stage();
    await stage.live();
    const count = () => stage.engine.received.filter(({ type }) => type === "report").length;
    const before = count();
    await stage.time.advance(10_000);
    expect(count() - before).toBe(10);
    const report = stage.engine.received.find((message) => message.type === "report");
    expect(report).toMatchObject({ flags: 2, durationUs: 0 });
    expect(report?.type === "report" && report.delayUs).toBeGreaterThan(19_000);
  });

  it("of everyone are shown beside their names", async () => {
    const stage = new Stage();
    const { room } = await stage.live();
    stage.engine.sendToAll({
      type: "beacon",
      serverTimeUs: 0,
      tick: 0,
      version: stage.engine.version,
      stateHash: stateHashOf(stage.engine.state),
      fresh: false,
      telemetry: [{ viewer: 1, driftUs: -2500, delayMs: 30, bufferMs: 900, flags: 1 }],
    });
    await stage.time.advance(25);
    expect(room.view.viewers[0]).toMatchObject({
      driftMs: -2.5,
      delayMs: 30,
      bufferMs: 900,
      stalled: true,
      away: false,
    });
  });
});
