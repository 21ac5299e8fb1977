import { describe, expect, it } from "vitest";
import { aboutPlugin, sharedRow } from "../test/fake-engine.js";
import type { RingItem, SharedValue } from "./api.js";
import type { EntryKey } from "./messages.js";
import { PluginViews, permissionOf } from "./plugin-view.js";
import { SharedTables } from "./shared-tables.js";

/** A room's plugin state that a test writes entry by entry. */
class Shared {
  readonly tables = new SharedTables();
  readonly views = new PluginViews();

  put(plugin: string, field: string, key: EntryKey, value: SharedValue): this {
    this.tables.write([{ plugin, field, key, row: sharedRow(plugin, field, key, value) }]);
    return this;
  }
  remove(plugin: string, field: string, key: EntryKey): this {
    this.tables.write([{ plugin, field, key }]);
    return this;
  }
  get state() {
    return this.tables.write([]);
  }
  view(plugin: string) {
    return this.views.of(this.state)[plugin];
  }
}

const kinds = { n: "counter", mode: "value", votes: "map", in: "set", items: "list", log: "ring" };
const withPlugin = () => new Shared().put("p", "@plugin", null, aboutPlugin(kinds));

describe("the state of plugins", () => {
  it("has every declared field in the shape of its kind, also before anything was put into it", () => {
    expect(withPlugin().view("p")).toEqual({
      version: "1.0.0",
      codeHash: "c0ffee00",
      suspended: false,
      state: { n: 0, mode: null, votes: new Map(), in: new Set(), items: [], log: [] },
    });
  });

  it("shows values, counters, maps and sets", () => {
    const shared = withPlugin()
      .put("p", "n", null, 7)
      .put("p", "mode", null, { name: "host" })
      .put("p", "votes", 10, true)
      .put("p", "votes", 9, false)
      .put("p", "in", "b", true)
      .put("p", "in", "a", true);
    const state = shared.view("p")?.state;
    expect(state?.n).toBe(7);
    expect(state?.mode).toEqual({ name: "host" });
    expect([...((state?.votes ?? []) as Map<number, boolean>)]).toEqual([
      [9, false],
      [10, true],
    ]);
    expect([...((state?.in ?? []) as Set<string>)]).toEqual(["a", "b"]);
  });

  it("shows a list in its order and a ring from its oldest item", () => {
    const shared = withPlugin()
      .put("p", "items", null, [3, 1])
      .put("p", "items", 1, "one")
      .put("p", "items", 3, "three")
      .put("p", "log", 12, "newer")
      .put("p", "log", 4, "older");
    const state = shared.view("p")?.state;
    expect(state?.items).toMatchObject([
      { id: 3, value: "three" },
      { id: 1, value: "one" },
    ]);
    expect(state?.log).toMatchObject([
      { index: 4, value: "older" },
      { index: 12, value: "newer" },
    ]);
  });

  it("leaves out of a list what has an order but no item, and an item without a place", () => {
    const shared = withPlugin().put("p", "items", null, [5, "x"]).put("p", "items", 1, "one");
    expect(shared.view("p")?.state.items).toEqual([]);
  });

  it("keeps the identity of plugins, fields and items that did not change", () => {
    const shared = withPlugin()
      .put("q", "@plugin", null, aboutPlugin({}))
      .put("p", "votes", 1, true)
      .put("p", "log", 1, { text: "a" });
    const before = shared.views.of(shared.state);
    expect(shared.views.of(shared.state)).toBe(before);
    shared.put("p", "log", 2, { text: "b" });
    const after = shared.views.of(shared.state);
    expect(after.q).toBe(before.q);
    expect(after.p).not.toBe(before.p);
    expect(after.p?.state.votes).toBe(before.p?.state.votes);
    const first = (views: typeof before) =>
      (views.p?.state.log as readonly RingItem[] | undefined)?.[0];
    expect(first(after)).toBeDefined();
    expect(first(after)).toBe(first(before));
  });

  it("forgets what was removed, and a plugin that is gone", () => {
    const shared = withPlugin().put("p", "votes", 1, true);
    const full = shared.tables.hash;
    shared.put("p", "votes", 2, true).remove("p", "votes", 2).remove("p", "votes", 2);
    expect(shared.tables.hash).toBe(full);
    shared.remove("p", "votes", 1).remove("p", "@plugin", null);
    expect(shared.view("p")).toBeUndefined();
    expect(shared.tables.hash).toBe(0);
    expect(shared.state.size).toBe(0);
  });

  it("says that a plugin is suspended, and which code runs", () => {
    const shared = new Shared().put(
      "p",
      "@plugin",
      null,
      aboutPlugin({}, { suspended: true, hash: "12345678" }),
    );
    expect(shared.view("p")).toMatchObject({ suspended: true, codeHash: "12345678" });
  });

  it("shows no plugin that has not said what it is", () => {
    expect(new Shared().put("p", "votes", 1, true).view("p")).toBeUndefined();
    expect(new Shared().put("__proto__", "@plugin", null, aboutPlugin({})).views).toBeDefined();
  });
});

describe("permissions", () => {
  const owner = 1;
  const host = 4;
  const muted = 32;
  const anyone = 0x8000_0000;
  const rule = (roles: number, except = 0, reason = "no") => ({ roles, except, reason });

  it("allow whatever no rule names", () => {
    expect(permissionOf(new Shared().state, "playback.play", 0)).toEqual({ allowed: true });
  });

  it("are those of the roles, and the answer names the plugin and the reason", () => {
    const { state } = new Shared().put(
      "host_control",
      "@permissions",
      "playback",
      rule(host | owner, 0, "only the host"),
    );
    expect(permissionOf(state, "playback.pause", host).allowed).toBe(true);
    expect(permissionOf(state, "playback.pause", 0)).toEqual({
      allowed: false,
      plugin: "host_control",
      reason: "only the host",
    });
  });

  it("cover what begins with their name and a dot, and nothing else", () => {
    const { state } = new Shared().put("p", "@permissions", "chat", rule(owner));
    expect(permissionOf(state, "chat.say.loudly", 0).allowed).toBe(false);
    expect(permissionOf(state, "chat", 0).allowed).toBe(false);
    expect(permissionOf(state, "chatter", 0).allowed).toBe(true);
    expect(permissionOf(state, "chatter.say", 0).allowed).toBe(true);
  });

  it("let everybody but the exceptions do what anyone may", () => {
    const { state } = new Shared().put("roles", "@permissions", "chat.say", rule(anyone, muted));
    expect(permissionOf(state, "chat.say", 0).allowed).toBe(true);
    expect(permissionOf(state, "chat.say", owner | muted).allowed).toBe(false);
  });

  it("must be given by every plugin that has a rule", () => {
    const { state } = new Shared()
      .put("a", "@permissions", "playback", rule(anyone))
      .put("b", "@permissions", "playback.seek", rule(0, 0, "nobody seeks"));
    expect(permissionOf(state, "playback.play", owner).allowed).toBe(true);
    expect(permissionOf(state, "playback.seek", owner)).toMatchObject({ plugin: "b" });
  });
});
