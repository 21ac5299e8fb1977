import { describe, expect, it } from "vitest";
import { deviceId } from "./device.js";

function storage(content: Record<string, string> = {}) {
  return {
    content,
    getItem: (key: string) => content[key] ?? null,
    setItem: (key: string, value: string) => {
      content[key] = value;
    },
  };
}

describe("the id of a browser", () => {
  it("is made once and kept", () => {
    const kept = storage();
    const id = deviceId(kept);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(deviceId(kept)).toBe(id);
    expect(deviceId(storage())).not.toBe(id);
  });

  it("is made anew when something else lies in its place", () => {
    const kept = storage({ "playhead.device": "x".repeat(500) });
    const id = deviceId(kept);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(deviceId(kept)).toBe(id);
  });

  it("is one for the page where storage is forbidden", () => {
    const forbidden = () => {
      throw new Error("forbidden");
    };
    expect(deviceId({ getItem: forbidden, setItem: forbidden })).toMatch(/^[0-9a-f]{32}$/);
    expect(deviceId(undefined)).toMatch(/^[0-9a-f]{32}$/);
  });
});
