import { describe, expect, it } from "vitest";
import type { CommandResult } from "../src/api.js";
import { stateHashOf } from "./fake-engine.js";
import { type Client, Stage } from "./setup.js";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

describe("disorder", () => {
  // Commands, doubled frames, delays that change, lost connections, pages that hide: whatever happened, when it has
  // calmed down everyone holds the engine's state, every command was answered, and none was applied twice.
  it.each(SEEDS)("ends in the engine's state for everyone (seed %i)", async (seed) => {
    const stage = new Stage(seed);
    const { random, engine, time } = stage;
    const log: string[] = [];
    engine.load("/media/demo.mp4", 600_000_000);
    const clients: Client[] = [];
    for (let i = 0; i < 4; i += 1) {
      const meanMs = 5 + random() * 150;
      clients.push(
        stage.join({
          name: `viewer ${i}`,
          link: { delayMs: () => meanMs + random() * 40, duplicate: () => random() < 0.1 },
        }),
      );
    }
    const results: Promise<CommandResult>[] = [];
    let answered = 0;
    const give = (result: Promise<CommandResult>) => {
      results.push(result);
      void result.then(() => {
        answered += 1;
      });
    };
    for (let step = 0; step < 120; step += 1) {
      const client = clients[Math.floor(random() * clients.length)] as Client;
      const dice = Math.floor(random() * 12);
      log.push(`${Math.round(time.nowMs)} ms: client ${clients.indexOf(client)} does ${dice}`);
      if (dice <= 1) give(client.room.play());
      else if (dice <= 3) give(client.room.pause());
      else if (dice <= 5) give(client.room.seek(Math.floor(random() * 600_000)));
      else if (dice === 6) give(client.room.setRate(0.5 + random()));
      else if (dice === 7) give(client.room.setName(`name ${step}`));
      else if (dice === 8) client.room.scrub(random() * 600_000);
      else if (dice === 9) client.environment.socket.handlers.closed(1006);
      else if (dice === 10) engine.cut();
      else client.environment.page.set({ visible: !client.environment.page.visible });
      await time.advance(random() * 400);
    }
    await time.advance(40_000);
    try {
      expect(answered).toBe(results.length);
      expect(new Set(engine.applied).size).toBe(engine.applied.length);
      for (const { room } of clients) {
        const { view } = room;
        expect(view.status).toBe("live");
        expect(view.pendingCommands).toBe(0);
        expect(view.hashMismatches).toBe(0);
        expect(view.motion).toEqual(view.confirmedMotion);
        expect(view.viewers.map(({ name }) => name)).toEqual(
          [...engine.state.viewers.values()].map(({ name }) => name),
        );
        expect(view.confirmedMotion.current.positionMs).toBe(
          engine.state.motion.current.anchorPositionUs / 1000,
        );
      }
      expect(stateHashOf(engine.state)).toBeGreaterThan(0);
    } catch (error) {
      console.error(`seed ${seed}\n${log.join("\n")}`);
      throw error;
    }
  });
});
