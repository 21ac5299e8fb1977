// A room joined to the model engine, over links with a delay, on one time line.

import type { JoinOptions, Room } from "../src/api.js";
import { joinRoom } from "../src/room.js";
import { MemoryTokenStore } from "../src/token-store.js";
import { FakeEngine, type Link } from "./fake-engine.js";
import { FakeEnvironment, FakeTime, seeded } from "./fake-environment.js";

export interface Client {
  readonly environment: FakeEnvironment;
  readonly room: Room;
  readonly store: MemoryTokenStore;
}

export function steadyLink(delayMs = 20): Link {
  return { delayMs: () => delayMs, duplicate: () => false };
}

export class Stage {
  readonly time = new FakeTime();
  readonly engine = new FakeEngine(this.time);
  readonly random: () => number;

  constructor(seed = 1) {
    this.random = seeded(seed);
  }

  /** `options` may carry the store of an earlier page: a reload. */
  join(options: Partial<JoinOptions> & { link?: Link; store?: MemoryTokenStore } = {}): Client {
    const environment = new FakeEnvironment(this.time, this.random);
    environment.clockOffsetMs = Math.round(this.random() * 1_000_000);
    this.engine.serve(environment, options.link ?? steadyLink());
    const store = options.store ?? new MemoryTokenStore();
    const { link: _, ...rest } = options;
    const room = joinRoom(
      {
        url: "ws://engine/ws/demo",
        room: "demo",
        joinToken: "j.demo.x",
        name: "Ada",
        ...rest,
        store,
      },
      environment,
    );
    return { environment, room, store };
  }

  async live(options: Parameters<Stage["join"]>[0] = {}): Promise<Client> {
    const client = this.join(options);
    await this.time.advance(1500);
    if (client.room.view.status !== "live") throw new Error(`is ${client.room.view.status}`);
    return client;
  }
}
