import type { CommandArgs, CommandResult, Room } from "@playhead/sdk";
import { useCallback } from "react";
import { refusalWords } from "../lib/refusals";
import type { Tell } from "./use-toasts";

export type Run = (what: string, name: string, args?: CommandArgs) => Promise<CommandResult>;

/** Commands of one plugin; a refusal is told ("Could not mute: …"), the result is for whoever wants to know more. */
export function useCommand(room: Room, plugin: string, tell: Tell): Run {
  return useCallback(
    async (what, name, args) => {
      const result = await room.command(plugin, name, args);
      if (result.verdict === "refused") tell(`Could not ${what}. ${refusalWords(result)}`, "bad");
      return result;
    },
    [room, plugin, tell],
  );
}
