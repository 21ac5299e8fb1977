import { describe, expect, it } from "vitest";
import { viewer } from "../../../test/fake-room";
import {
  candidates,
  continues,
  lengthOf,
  lineOf,
  mentionBeingTyped,
  mentionsIn,
  piecesOf,
  typingWords,
} from "./lines";

const times = (text: string) =>
  piecesOf(text, []).flatMap((piece) => (piece.kind === "time" ? [piece.positionMs / 1000] : []));

describe("times in a line", () => {
  it.each<[string, number[]]>([
    ["look at 1:23!", [83]],
    ["1:02:03 and 0:05", [3723, 5]],
    ["90:00", [5400]],
    ["at 12:60 or 1:75:00, no times", []],
    ["ratio 1:2, 10:200, 1.12:30, 1:2:3:04", []],
    ["", []],
  ])("%j has %j", (text, seconds) => {
    expect(times(text)).toEqual(seconds);
  });

  it("leave every character of the text where it was", () => {
    const text = "see 1:23, @Ann Lee and @Ann: 0:00";
    const pieces = piecesOf(text, ["Ann", "Ann Lee"]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces.filter(({ kind }) => kind === "mention").map(({ text: name }) => name)).toEqual([
      "@Ann Lee",
      "@Ann",
    ]);
  });
});

describe("mentions", () => {
  const viewers = [viewer(1, "Ann"), viewer(2, "Ann Lee"), viewer(3, "Ben")];
  it("name the viewers whose names stand behind an @", () => {
    expect(mentionsIn("hi @Ben", viewers)).toEqual([3]);
    expect(mentionsIn("Ben", viewers)).toEqual([]);
    expect(mentionsIn("@Ann Lee", viewers)).toEqual([1, 2]);
  });
  it("are looked for from the @ before the caret", () => {
    expect(mentionBeingTyped("hi @be", 6)).toEqual({ at: 3, begin: "be" });
    expect(mentionBeingTyped("a@be", 4)).toBeUndefined();
    expect(mentionBeingTyped("hi", 2)).toBeUndefined();
    expect(mentionBeingTyped("@", 1)).toEqual({ at: 0, begin: "" });
  });
  it("offer others whose name begins so", () => {
    expect(candidates("AN", viewers, 1).map(({ id }) => id)).toEqual([2]);
    expect(candidates("", viewers, 3).map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("lines", () => {
  const item = (index: number, value: object) => ({ index, value: value as never });
  it("are read once, with what is absent left open", () => {
    const one = item(4, { from: 2, name: "Ben", text: "hi", tick: 100 });
    expect(lineOf(one)).toBe(lineOf(one));
    expect(lineOf(one)).toMatchObject({ index: 4, positionMs: undefined, mentions: [] });
  });
  it("follow each other under one name while they come soon and answer nobody", () => {
    const line = (tick: number, more: object = {}) =>
      lineOf(item(1, { from: 2, name: "Ben", text: "hi", tick, ...more }));
    expect(continues(line(200), line(100))).toBe(true);
    expect(continues(line(9000), line(100))).toBe(false);
    expect(continues(line(200, { reply_to: 1 }), line(100))).toBe(false);
    expect(continues(line(200), undefined)).toBe(false);
    expect(continues(line(200, { from: 3 }), line(100))).toBe(false);
  });
  it("are counted in characters, as the engine does", () => {
    expect(lengthOf("🎬é")).toBe(2);
  });
});

describe("who is typing", () => {
  it.each([
    [[], 0, ""],
    [["Ann"], 0, "Ann is typing…"],
    [["Ann", "Ben"], 0, "Ann and Ben are typing…"],
    [["Ann", "Ben", "Cem", "Dee"], 2, "Ann, Ben, Cem and 3 more are typing…"],
    [[], 1, "1 more is typing…"],
  ])("%j and %i more: %s", (names, more, words) => {
    expect(typingWords(names, more)).toBe(words);
  });
});
