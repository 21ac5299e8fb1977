// The public face of @playhead/sdk.
export type * from "./api.js";
export type * from "./player/player.js";
export type { SyncStatus } from "./sync-status.js";
export {
  defaultTokenStore,
  MemoryTokenStore,
  type Place,
  SessionTokenStore,
  type TokenStore,
} from "./token-store.js";
