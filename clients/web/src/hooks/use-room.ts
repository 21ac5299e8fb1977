import type { Room, RoomView } from "@playhead/sdk";
import { useCallback, useSyncExternalStore } from "react";

/** The room as it is now; renders again when anything of it changes. */
export function useRoomView(room: Room): RoomView {
  const subscribe = useCallback((listener: () => void) => room.subscribe(listener), [room]);
  return useSyncExternalStore(subscribe, () => room.view);
}
