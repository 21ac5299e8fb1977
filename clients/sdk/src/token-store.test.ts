import { describe, expect, it } from "vitest";
import { SessionTokenStore } from "./token-store.js";

class FakeStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const place = { resumeToken: "r.demo.x", sequence: 12 };

describe("the token store", () => {
  it("gives a place back once, to the room it belongs to", () => {
    const store = new SessionTokenStore(new FakeStorage());
    store.put("demo", place);
    expect(store.take("other")).toBeUndefined();
    expect(store.take("demo")).toEqual(place);
    expect(store.take("demo")).toBeUndefined();
  });

  it("does not believe what someone else wrote", () => {
    const storage = new FakeStorage();
    const store = new SessionTokenStore(storage);
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      '{"resumeToken":1,"sequence":1}',
      '{"resumeToken":"","sequence":1}',
      '{"resumeToken":"r","sequence":-1}',
      '{"resumeToken":"r","sequence":1.5}',
      '{"resumeToken":"r","sequence":4294967296}',
      JSON.stringify({ resumeToken: "r".repeat(513), sequence: 1 }),
    ]) {
      storage.setItem("playhead.place.demo", text);
      expect([text, store.take("demo")]).toEqual([text, undefined]);
    }
  });

  it("does without storage where it is forbidden or full", () => {
    const refuse = () => {
      throw new Error("forbidden");
    };
    const store = new SessionTokenStore({ getItem: refuse, setItem: refuse, removeItem: refuse });
    store.put("demo", place);
    expect(store.take("demo")).toBeUndefined();
  });
});
