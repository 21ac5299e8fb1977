// What went wrong with the connection, and what the person can do about it.
import type { ErrorCodeName } from "@playhead/sdk";

export interface Advice {
  headline: string;
  help: string;
  /** What the button offers; undefined when trying again cannot help. */
  action?: "retry" | "reload" | "home";
}

export function adviceOn(code: ErrorCodeName, message: string): Advice {
  switch (code) {
    case "token_missing":
    case "token_malformed":
      return {
        headline: "This link is not complete.",
        help: "The part after # is the key to the room. Ask for the whole link and open that.",
        action: "home",
      };
    case "token_wrong":
    case "token_foreign":
    case "token_stale":
      return {
        headline: "This link no longer opens the room.",
        help: "It belongs to another room, or the server was restarted since. Ask for a new link.",
        action: "home",
      };
    case "room_unknown":
      return {
        headline: "There is no such room.",
        help: "Rooms go away some time after the last viewer has left. You can make a new one.",
        action: "home",
      };
    case "room_closed":
      return {
        headline: "The room was closed.",
        help: "You can make a new one.",
        action: "home",
      };
    case "kicked":
      return {
        headline: "You were shown the door.",
        help: message ? `The reason: ${message}` : "A moderator of the room did it.",
        action: "retry",
      };
    case "banned":
      return {
        headline: "You are banned from this room.",
        help: message || "A moderator of the room did it.",
        action: "home",
      };
    case "room_full":
      return {
        headline: "The room is full.",
        help: "Try again when someone has left.",
        action: "retry",
      };
    case "replaced":
      return {
        headline: "You opened this room somewhere else.",
        help: "Only one page at a time can hold your place. This one let go of it.",
        action: "retry",
      };
    case "draining":
      return {
        headline: "The server is being restarted.",
        help: "Your place is kept; this page comes back by itself.",
        action: "retry",
      };
    case "slow":
      return {
        headline: "Your connection could not keep up.",
        help: "The server closed it rather than send you old news.",
        action: "retry",
      };
    case "idle":
      return {
        headline: "The connection went silent.",
        help: "This happens when a computer sleeps or a network changes.",
        action: "retry",
      };
    case "rate_limited":
      return {
        headline: "Too many at once.",
        help: message || "Wait a moment and try again.",
        action: "retry",
      };
    case "unsupported_protocol":
      return {
        headline: "This page is older than the server.",
        help: "Reload it to get the current one.",
        action: "reload",
      };
    case "unreachable":
      return {
        headline: "The server does not answer.",
        help: "Check your network. This page goes on trying.",
        action: "retry",
      };
    case "left":
      return { headline: "You left the room.", help: "You can come back.", action: "reload" };
    default:
      return {
        headline: "The connection was closed.",
        help: message || `The server gave the reason “${code}”.`,
        action: "reload",
      };
  }
}
