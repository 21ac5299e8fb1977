export {
  type MediaElementLike,
  MediaElementPlayer,
  type MediaElementPlayerOptions,
  VIDEO_CAPABILITIES,
} from "./media-element-player.js";
export type { Player, PlayerCapabilities, PlayerReport, UserIntent } from "./player.js";
