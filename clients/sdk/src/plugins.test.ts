// Plugins as an app meets them: a joined room on the model engine.

import { describe, expect, it } from "vitest";
import { aboutPlugin, stateHashOf } from "../test/fake-engine.js";
import { Stage } from "../test/setup.js";
import type { CommandResult, PluginEvent } from "./api.js";

async function withChat() {
  const stage = new Stage();
  stage.engine.load("/media/demo.mp4");
  stage.engine.share("chat", "@plugin", null, aboutPlugin({ log: "ring", slow_s: "value" }));
  stage.engine.share("chat", "log", 1, { text: "hello" });
  return { stage, client: await stage.live() };
}

const deny = { roles: 4, except: 0, reason: "only the host" };

describe("the plugins of a room", () => {
  it("are in the view of whoever joins, and follow the room", async () => {
    const { stage, client } = await withChat();
    const { room } = client;
    expect(room.view.plugins.chat?.state.log).toMatchObject([{ value: { text: "hello" } }]);
    const before = room.view.plugins;
    stage.engine.share("chat", "log", 2, { text: "again" });
    stage.engine.share("chat", "log", 1);
    await stage.time.advance(200);
    expect(room.view.plugins).not.toBe(before);
    expect(room.view.plugins.chat?.state.log).toMatchObject([{ index: 2 }]);
    expect(room.view.hashMismatches).toBe(0);
    expect(stateHashOf(stage.engine.state)).toBeGreaterThan(0);
  });

  it("keep their identity while only other things change", async () => {
    const { stage, client } = await withChat();
    const before = client.room.view.plugins;
    void client.room.setName("Zoë");
    await stage.time.advance(2000);
    expect(client.room.view.viewers[0]?.name).toBe("Zoë");
    expect(client.room.view.plugins).toBe(before);
  });

  it("are repaired by a snapshot when they are not the engine's", async () => {
    const { stage, client } = await withChat();
    stage.engine.hashError = 1;
    stage.engine.share("chat", "log", 2, { text: "again" });
    await stage.time.advance(200);
    stage.engine.hashError = 0;
    await stage.time.advance(3000);
    expect(client.room.view.hashMismatches).toBeGreaterThan(0);
    expect(client.room.view.plugins.chat?.state.log).toHaveLength(2);
  });
});

describe("commands of plugins", () => {
  it("carry their arguments there and their result back", async () => {
    const { stage, client } = await withChat();
    stage.engine.onCommand = (viewer, { plugin, name, args }) => ({
      data: { viewer, plugin, name, args },
    });
    let result: CommandResult | undefined;
    void client.room.command("chat", "say", { text: "hi", reply_to: undefined }).then((answer) => {
      result = answer;
    });
    await stage.time.advance(200);
    expect(result).toEqual({
      verdict: "applied",
      code: "none",
      message: "",
      retryMs: 0,
      data: { viewer: 1, plugin: "chat", name: "say", args: { text: "hi" } },
    });
  });

  it("say who denied them and why", async () => {
    const { stage, client } = await withChat();
    stage.engine.onCommand = () => ({
      verdict: "refused",
      code: "denied",
      message: "slow mode",
      retryMs: 1500,
      plugin: "chat",
      reason: "slow",
      data: { slow_s: 5 },
    });
    let result: CommandResult | undefined;
    void client.room.command("chat", "say", { text: "hi" }).then((answer) => {
      result = answer;
    });
    await stage.time.advance(200);
    expect(result).toMatchObject({ code: "denied", plugin: "chat", reason: "slow", retryMs: 1500 });
  });

  it("with arguments that cannot be sent are refused without being sent", async () => {
    const { stage, client } = await withChat();
    const sent = client.environment.socket.sent.length;
    const result = await client.room.command("chat", "say", { at: Number.NaN });
    expect(result).toMatchObject({ verdict: "refused", code: "malformed" });
    client.room.signal("cursors", "move", { x: Number.POSITIVE_INFINITY });
    expect(client.environment.socket.sent.length).toBe(sent);
    expect(stage.engine.received.some(({ type }) => type === "signal")).toBe(false);
  });
});

describe("signals and events of plugins", () => {
  it("pass without an answer, and are told once", async () => {
    const { stage, client } = await withChat();
    const events: PluginEvent[] = [];
    const stop = client.room.onPluginEvent((event) => events.push(event));
    client.room.signal("chat", "typing", { on: true });
    const event = { plugin: "chat", name: "typing", tick: 7, data: { viewers: [2] } };
    stage.engine.sendToAll({ type: "pluginEvent", ...event });
    await stage.time.advance(100);
    stop();
    stage.engine.sendToAll({ type: "pluginEvent", ...event });
    await stage.time.advance(100);
    expect(events).toEqual([event]);
    expect(stage.engine.received).toContainEqual({
      type: "signal",
      plugin: "chat",
      name: "typing",
      args: { on: true },
    });
  });
});

describe("what a viewer may do", () => {
  it("is asked for oneself or for somebody else, and follows roles and rules", async () => {
    const { stage, client } = await withChat();
    const { room } = client;
    const other = await stage.live();
    expect(room.may("playback.pause")).toEqual({ allowed: true });
    stage.engine.share("host_control", "@permissions", "playback", { ...deny, roles: 1 });
    await stage.time.advance(200);
    expect(room.may("playback.pause").allowed).toBe(true);
    expect(other.room.may("playback.pause")).toEqual({
      allowed: false,
      plugin: "host_control",
      reason: "only the host",
    });
    expect(other.room.may("playback.pause", 1).allowed).toBe(true);
    expect(room.may("playback.pause", 2).allowed).toBe(false);
    expect(room.may("playback.pause", 999).allowed).toBe(false);
  });

  it("decides whether an own command is shown before the room has answered", async () => {
    const { stage, client } = await withChat();
    stage.engine.share("host_control", "@permissions", "playback.play", deny);
    await stage.time.advance(200);
    void client.room.play();
    expect(client.room.view.motion.playing).toBe(false);
    expect(client.room.view.pendingCommands).toBe(1);
    stage.engine.share("host_control", "@permissions", "playback.play");
    await stage.time.advance(200);
    void client.room.play();
    expect(client.room.view.motion.playing).toBe(true);
  });

  it("shows the roles of viewers by name", async () => {
    const { client } = await withChat();
    expect(client.room.view.viewers[0]?.roles).toEqual({
      owner: true,
      moderator: false,
      host: false,
      cohost: false,
      member: false,
      muted: false,
    });
  });
});

describe("moments that plugins name by tick", () => {
  it("are told as the time until then", async () => {
    const { stage, client } = await withChat();
    const inMs = client.room.untilTickMs(stage.engine.tick() + 20) ?? Number.NaN;
    expect(inMs).toBeGreaterThan(940);
    expect(inMs).toBeLessThan(1010);
    expect(new Stage().join().room.untilTickMs(5)).toBeUndefined();
  });
});
