import type { PluginView, Room } from "@playhead/sdk";
import { useEffect, useRef, useState } from "react";
import { fieldsOf, mapOf, maybeNumber } from "../plugin";

/**
 * What this viewer has chosen: of a motion 1 is yes and 2 no, of a poll the number of the option. The room keeps ballots
 * to itself, so a page that was reloaded asks for its own: once, and only if there was something to choose as it came,
 * since thousands who all ask when a vote begins would be a storm about nothing.
 */
export function useChoices(room: Room, live: boolean, { state }: PluginView) {
  const anything = useRef(false);
  anything.current = mapOf(state.motions).size + mapOf(state.polls).size > 0;
  const [choices, setChoices] = useState<ReadonlyMap<number, number>>(new Map());
  useEffect(() => {
    if (!live || !anything.current) return;
    let over = false;
    void room.command("vote", "mine").then(({ verdict, data }) => {
      if (over || verdict !== "applied") return;
      const known = Object.entries(fieldsOf(fieldsOf(data).choices)).flatMap(([id, choice]) => {
        const number = maybeNumber(choice);
        return number === undefined ? [] : [[Number(id), number] as const];
      });
      setChoices((before) => new Map([...known, ...before]));
    });
    return () => {
      over = true;
    };
  }, [room, live]);
  const choose = (id: number, choice: number) =>
    setChoices((before) => new Map(before).set(id, choice));
  return { choices, choose };
}
