// The public face of @playhead/sdk.
export type * from "./api.js";
export {
  browserEnvironment,
  type Environment,
  type Page,
  type Socket,
  type SocketHandlers,
  socketOn,
  type WebSocketLike,
} from "./environment.js";
export { mediaKindOf } from "./media-kind.js";
export * from "./player/index.js";
export { joinRoom } from "./room.js";
export type { SyncStatus } from "./sync/sync-loop.js";
export {
  defaultTokenStore,
  MemoryTokenStore,
  type Place,
  SessionTokenStore,
  type TokenStore,
} from "./token-store.js";
