// Viewers in virtual time, as the controller's tests want them.

import type { PlayerCapabilities } from "../player/player.js";
import { type Behaviour, SimulatedPlayer, SimulatedViewer } from "./simulated-player.js";

/** A viewer that has just opened the page. */
export function viewer(
  behaviour: Partial<Behaviour> = {},
  capabilities: Partial<PlayerCapabilities> = {},
): SimulatedViewer {
  return new SimulatedViewer(new SimulatedPlayer(behaviour, capabilities));
}

/** A viewer that has been playing with its room for a while. */
export function steadyViewer(
  behaviour: Partial<Behaviour> = {},
  capabilities: Partial<PlayerCapabilities> = {},
): SimulatedViewer {
  const one = viewer(behaviour, capabilities);
  one.pauseRoom(10_000);
  one.run(500);
  one.schedulePlay(10_000, 500);
  one.run(8_000);
  return one;
}

/** How long from now until the true error stays within the limit, over the next ms. */
export function settleMs(one: SimulatedViewer, forMs: number, limitMs = 10): number {
  const from = one.player.nowMs;
  let outside = from;
  one.run(forMs, () => {
    if (Math.abs(one.trueErrorMs) > limitMs) outside = one.player.nowMs;
  });
  return outside - from;
}
