import { describe, expect, it } from "vitest";
import { seeded } from "../test/fake-environment.js";
import type { SharedValue } from "./api.js";
import { MalformedValue, readValue, VALUE_DEPTH_MAX, writeValue } from "./shared-value.js";
import { beginSharedHash } from "./state-hash.js";

const again = (value: SharedValue): SharedValue => readValue(writeValue(value));
const bytes = (...all: number[]): Uint8Array => new Uint8Array(all);

function hashOf(value: Uint8Array): number {
  const item = beginSharedHash("p", "f", null);
  readValue(value, item);
  return item.finish();
}

function nested(depth: number): SharedValue {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe("values of plugins", () => {
  it.each<[string, SharedValue]>([
    ["nil", null],
    ["booleans", [true, false]],
    ["integers of every width", [0, -1, 127, -128, 128, 32_767, -32_769, 2 ** 31, -(2 ** 31) - 1]],
    ["the largest integers a number holds", [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
    ["numbers", [0.1, -1e300, 5e-324]],
    ["texts", ["", "a", "Zoë 🎬", "\ufeff", "x".repeat(300), "x".repeat(70_0)]],
    ["nothing in lists and maps", [[], {}, [[], {}]]],
    ["maps", { b: 1, a: { "": null, ä: [true] } }],
    ["names that mean something to JavaScript", JSON.parse('{"__proto__": 1, "constructor": 2}')],
    ["a list of more than 255", Array.from({ length: 700 }, (_, i) => i * 100)],
    [
      "texts that lie further back than a byte counts",
      Array.from({ length: 90 }, () => "x".repeat(90)),
    ],
  ])("%s are read as they were written", (_, value) => {
    expect(again(value)).toEqual(value);
  });

  it("are written the same whatever order their members were set in", () => {
    expect(writeValue({ a: 1, b: 2, ab: 3 })).toEqual(writeValue({ ab: 3, b: 2, a: 1 }));
  });

  it("leave out members that are undefined, and know no negative zero", () => {
    expect(again({ a: undefined, b: 1 } as never)).toEqual({ b: 1 });
    expect(Object.is(again(-0), 0)).toBe(true);
  });

  it("take a whole number for an integer", () => {
    expect(writeValue(3)).toEqual(bytes(3, 1 << 2, 1));
    expect(writeValue(3.5)).toEqual(bytes(0, 0, 0, 0, 0, 0, 12, 64, (3 << 2) | 3, 8));
  });

  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["infinity", [Number.POSITIVE_INFINITY]],
    ["half a character", "\ud83c"],
    ["a key with a zero", { "a\0b": 1 }],
    ["a function", { a: () => 1 }],
    ["a large integer type", 5n],
    ["more depth than is read", nested(VALUE_DEPTH_MAX)],
    ["more parts than are read", Array.from({ length: 9000 }, () => 1)],
    ["more bytes than are read", "x".repeat(65_536)],
  ])("%s cannot be written, and that is said", (_, value) => {
    expect(() => writeValue(value as SharedValue)).toThrow(MalformedValue);
  });

  it("end a cycle with a refusal, not with the stack", () => {
    const cycle: SharedValue[] = [];
    cycle.push(cycle);
    expect(() => writeValue(cycle)).toThrow(MalformedValue);
  });
});

describe("reading values that nobody should send", () => {
  it.each<[string, Uint8Array]>([
    ["an empty one", bytes()],
    ["a width of three bytes", bytes(0, 0, 0, 4, 3)],
    ["an unknown type", bytes(0, 40 << 2, 1)],
    ["a blob", bytes(1, 7, 1, 25 << 2, 1)],
    ["a text that ends beyond the end", bytes(200, 65, 0, 2, 5 << 2, 1)],
    ["an offset beyond the start", bytes(9, 5 << 2, 1)],
    ["a list that holds itself", bytes(1, 1, (10 << 2) | 0, 2, 10 << 2, 1)],
    ["a number that is no number", bytes(0, 0, 0, 0, 0, 0, 0xf8, 0x7f, (3 << 2) | 3, 8)],
    ["text that is no UTF-8", bytes(1, 0xff, 0, 2, 5 << 2, 1)],
  ])("refuses %s", (_, value) => {
    expect(() => readValue(value)).toThrow();
  });

  it("refuses a map whose keys are out of order or there twice", () => {
    const written = writeValue({ a: 1, b: 2 });
    const swapped = written.slice();
    const a = swapped.indexOf(97);
    expect(written[a + 2]).toBe(98);
    swapped[a] = 98;
    expect(() => readValue(swapped)).toThrow(/order/);
    swapped[a + 2] = 97;
    expect(() => readValue(swapped)).toThrow(/order/);
  });

  it("reads or refuses whatever chance makes of a value, and is done soon", () => {
    const random = seeded(3);
    const whole = writeValue({ list: [1, "two", { three: 3.5 }], text: "x".repeat(40), n: null });
    for (let round = 0; round < 20_000; round += 1) {
      const bent = whole.slice(0, whole.length - Math.floor(random() * 3));
      for (let i = 0; i < 3; i += 1)
        bent[Math.floor(random() * bent.length)] = Math.floor(random() * 256);
      try {
        readValue(bent);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});

describe("the hash of a value", () => {
  it("[V1] is the same for an integer and a double that is whole, and for both zeros", () => {
    const threePointNought = bytes(0, 0, 0, 0, 0, 0, 8, 64, (3 << 2) | 3, 8);
    expect(readValue(threePointNought)).toBe(3);
    expect(hashOf(threePointNought)).toBe(hashOf(writeValue(3)));
    const negativeZero = bytes(0, 0, 0, 0, 0, 0, 0, 0x80, (3 << 2) | 3, 8);
    expect(Object.is(readValue(negativeZero), 0)).toBe(true);
    expect(hashOf(negativeZero)).toBe(hashOf(writeValue(0)));
  });

  it("does not depend on how wide an integer was written", () => {
    const wide = bytes(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, (1 << 2) | 3, 8);
    expect(readValue(wide)).toBe(-2);
    expect(hashOf(wide)).toBe(hashOf(writeValue(-2)));
  });

  it("is of all 64 bits, also of integers that a number rounds", () => {
    const large = (low: number) => bytes(low, 0, 0, 0, 0, 0, 0, 0x40, (1 << 2) | 3, 8);
    expect(readValue(large(1))).toBe(readValue(large(0)));
    expect(hashOf(large(1))).not.toBe(hashOf(large(0)));
  });

  it("tells apart what looks alike", () => {
    const values: SharedValue[] = [null, false, 0, "", [], {}, [null], { a: null }, ["a"], "a"];
    expect(new Set(values.map((value) => hashOf(writeValue(value)))).size).toBe(values.length);
  });
});
