// Why something was not done, in words for people.
import type { CommandResult, Permission, RoomView } from "@playhead/sdk";
import { formatDuration } from "./format";

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const capital = trimmed.charAt(0).toLocaleUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** Plugins that let wait say for how long in their data, the engine's own limits in the answer itself. */
export function retryMsOf({ retryMs, data }: CommandResult): number {
  if (retryMs > 0) return retryMs;
  const said =
    typeof data === "object" && data !== null && "retry_ms" in data ? data.retry_ms : undefined;
  return typeof said === "number" && said > 0 ? said : 0;
}

export function refusalWords(result: CommandResult): string {
  const waitMs = retryMsOf(result);
  const again = waitMs > 0 ? ` Again in ${formatDuration(Math.max(1000, waitMs))}.` : "";
  switch (result.code) {
    case "unknown_command":
      return "This room does not know how. Reload the page if its plugins have changed.";
    case "plugin_failed":
      return `${sentence(result.message) || "A part of the room broke down over it."} It recovers by itself.`;
    default:
      return `${sentence(result.message) || `The room said “${result.code}”.`}${again}`;
  }
}

/** Why a viewer may not; empty when they may, or when nothing can be asked for anyway. */
export function deniedReason({ allowed, reason, plugin }: Permission): string {
  if (allowed) return "";
  return sentence(reason ?? "") || `The room's “${plugin ?? "rules"}” does not allow it.`;
}

export const notLive = (view: RoomView): string => (view.status === "live" ? "" : "Not connected.");
